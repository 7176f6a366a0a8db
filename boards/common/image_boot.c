#include <string.h>
#include "image_slots.h"
#include "octets.h"

#define STATE_SECTORS 2u

uint32_t kw_slots_size(const struct kw_images *s) { return s->config->layout.slot_sectors * s->config->nor->sector_size; }

uint32_t kw_slots_end(const struct kw_images *s) {
    const struct kw_image_layout *l = &s->config->layout;
    return STATE_SECTORS + 2 * l->slot_sectors + l->files * l->file_sectors;
}

uint32_t kw_slots_base(const struct kw_images *s, uint32_t slot) {
    return (STATE_SECTORS + slot * s->config->layout.slot_sectors) * s->config->nor->sector_size;
}

// ---- Whether a slot holds what the root key vouches for ----

// What the answer of both signatures follows from: the octets that are signed, both keys (the release key's is in the certificate), and
// the native firmware, because a newer one may see more.
static void verdict_of(const struct kw_images *s, const uint8_t *at, uint32_t size, uint8_t out[KW_IMAGE_VERDICT]) {
    static const uint8_t label[] = "kilowasm verdict";
    const struct kw_image_identity *board = s->config->identity;
    uint8_t version[4], digest[32];
    br_sha256_context hash;
    kw_put32(version, board->native_version);
    br_sha256_init(&hash);
    br_sha256_update(&hash, label, sizeof label);
    br_sha256_update(&hash, version, sizeof version);
    br_sha256_update(&hash, board->root, sizeof board->root);
    br_sha256_update(&hash, at, size);
    br_sha256_out(&hash, digest);
    memcpy(out, digest, KW_IMAGE_VERDICT);
}

static enum kw_image_reason certificate_verify(const struct kw_images *s, const uint8_t *at, uint32_t size, bool known,
                                               struct kw_release_key *key) {
    return known ? kw_release_key_recall(key, at, size) : kw_release_key_read(key, at, size, s->config->identity->root);
}

static enum kw_image_reason manifest_verify(const uint8_t *at, uint32_t size, bool known, struct kw_slot_content *out) {
    return known ? kw_manifest_recall(&out->manifest, at, size, &out->key) : kw_manifest_read(&out->manifest, at, size, &out->key);
}

// `remembered`: the verdict of a former verification, or null.  It spares the signatures and nothing else.
static enum kw_image_reason verify(const struct kw_images *s, uint32_t slot, const uint8_t *remembered, struct kw_slot_content *out) {
    const uint8_t *at = s->config->nor->mapped + kw_slots_base(s, slot);
    uint32_t certificate = kw_get16(at), manifest = kw_get16(at + 2);
    uint8_t digest[32];
    if (certificate == 0 || certificate > KW_CERTIFICATE_MAX) return KW_IMAGE_REASON_RELEASE_KEY;
    if (manifest == 0 || manifest > KW_MANIFEST_MAX) return KW_IMAGE_REASON_MANIFEST;
    verdict_of(s, at, 4 + certificate + manifest, out->verdict);
    bool known = remembered != NULL && memcmp(out->verdict, remembered, KW_IMAGE_VERDICT) == 0;
    enum kw_image_reason reason = certificate_verify(s, at + 4, certificate, known, &out->key);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    if (out->key.epoch < s->record.epoch) return KW_IMAGE_REASON_REVOKED;
    const struct kw_manifest *m = &out->manifest;
    reason = manifest_verify(at + 4 + certificate, manifest, known, out);
    if (reason == KW_IMAGE_REASON_NONE) reason = kw_manifest_fits(m, s->config->identity, s->config->address);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    if (m->counter < s->record.counter) return KW_IMAGE_REASON_COUNTER;
    if (m->image_size > kw_slots_size(s) - KW_IMAGE_SLOT_HEAD) return KW_IMAGE_REASON_SIZE;
    out->wasm = at + KW_IMAGE_SLOT_HEAD;
    kw_sha256(digest, out->wasm, m->image_size);
    return memcmp(digest, m->image_digest, sizeof digest) == 0 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_IMAGE_DIGEST;
}

enum kw_image_reason kw_slots_verify(const struct kw_images *s, uint32_t slot, struct kw_slot_content *out) {
    return verify(s, slot, NULL, out);
}

// At boot no poll feeds the watchdog; a module that asks for verifications has it fed a few times a poll only (image_imports.c).
static enum kw_image_reason verify_at_boot(const struct kw_images *s, uint32_t slot, const uint8_t *remembered,
                                           struct kw_slot_content *out) {
    if (s->config->alive != NULL) s->config->alive();
    return verify(s, slot, remembered, out);
}

// ---- What runs ----

static void run(struct kw_images *s, enum kw_image_source source, const struct kw_slot_content *content) {
    s->source = source;
    s->on_trial = false;
    s->wasm = content->wasm;
    s->wasm_size = content->manifest.image_size;
    s->version = content->manifest.version;
    s->counter = content->manifest.counter;
    s->epoch = content->key.epoch;
    s->phase = content->manifest.phase;
    memcpy(s->verdict, content->verdict, sizeof s->verdict);
}

static bool may_run(const struct kw_images *s, uint32_t source) { return source <= KW_IMAGE_SLOT_B && (s->refused >> source & 1) == 0; }

static void end_trial(struct kw_images *s) {
    s->record.trial = KW_IMAGE_NO_SLOT;
    s->record.tries = 0;
    s->on_trial = false;
}

// Ends a trial badly.  Where no state sector takes it, it is true for this uptime.
void kw_slots_give_up(struct kw_images *s, enum kw_image_reason reason, uint32_t detail) {
    struct kw_image_entry *own = &s->record.entries[0];
    uint32_t slot = s->record.trial;
    s->record.quality[slot] = reason == KW_IMAGE_REASON_LOST ? KW_IMAGE_EMPTY : KW_IMAGE_GIVEN_UP;
    own->status = KW_FILE_STATUS_ACTIVATION_FAILED;
    own->reason = (uint8_t)reason;
    own->detail = (uint16_t)detail;
    end_trial(s);
    kw_slots_save(s);
}

// Counts the try; the module runs only when that is durable, or a module that resets the board would be tried for ever.
static bool try_slot(struct kw_images *s, uint32_t slot, const struct kw_slot_content *content) {
    struct kw_image_record before = s->record;
    s->record.tries--;
    if (!kw_slots_save(s)) {
        s->record = before;
        s->record.entries[0].reason = KW_IMAGE_REASON_FLASH;
        return false;
    }
    run(s, (enum kw_image_source)slot, content);
    s->on_trial = true;
    return true;
}

static bool boot_trial(struct kw_images *s, struct kw_slot_content *content) {
    uint32_t slot = s->record.trial;
    if (slot == KW_IMAGE_NO_SLOT || !may_run(s, slot)) return false;
    if (s->record.tries == 0) return kw_slots_give_up(s, KW_IMAGE_REASON_NOT_CONFIRMED, 0), false;
    if (verify_at_boot(s, slot, NULL, content) == KW_IMAGE_REASON_NONE) return try_slot(s, slot, content);
    return kw_slots_give_up(s, KW_IMAGE_REASON_LOST, 0), false;
}

// The confirmed slot does not run any more.
static void lose(struct kw_images *s, enum kw_image_reason reason, uint32_t detail) {
    struct kw_image_entry *own = &s->record.entries[0];
    s->record.quality[s->record.confirmed] = KW_IMAGE_EMPTY;
    s->record.confirmed = KW_IMAGE_NO_SLOT;
    memset(s->record.verdict, 0, sizeof s->record.verdict);
    own->reason = (uint8_t)reason;
    own->detail = (uint16_t)detail;
    if (own->status == KW_FILE_STATUS_ACTIVATED) own->status = KW_FILE_STATUS_ACTIVATION_FAILED;
    kw_slots_save(s);
}

static bool boot_confirmed(struct kw_images *s, struct kw_slot_content *content) {
    uint32_t slot = s->record.confirmed;
    if (slot == KW_IMAGE_NO_SLOT || !may_run(s, slot)) return false;
    if (verify_at_boot(s, slot, s->record.verdict, content) != KW_IMAGE_REASON_NONE) return lose(s, KW_IMAGE_REASON_LOST, 0), false;
    if (memcmp(s->record.verdict, content->verdict, KW_IMAGE_VERDICT) != 0) {
        // The state comes from another native firmware.  Where no sector takes it, the next boot verifies again.
        memcpy(s->record.verdict, content->verdict, KW_IMAGE_VERDICT);
        kw_slots_save(s);
    }
    run(s, (enum kw_image_source)slot, content);
    return true;
}

// The slot of this quality that verifies, the one with the higher version where both do; KW_IMAGE_NO_SLOT without one.
static uint32_t best_of(struct kw_images *s, enum kw_image_quality quality, struct kw_slot_content *content) {
    uint32_t best = KW_IMAGE_NO_SLOT;
    for (uint32_t slot = 0; slot < 2; slot++) {
        struct kw_slot_content one;
        if (s->record.quality[slot] != quality || !may_run(s, slot) || verify_at_boot(s, slot, NULL, &one) != KW_IMAGE_REASON_NONE)
            continue;
        if (best != KW_IMAGE_NO_SLOT && one.manifest.version <= content->manifest.version) continue;
        best = slot;
        *content = one;
    }
    return best;
}

// One that was confirmed before is so again; its counter has been compared with the stored one.  Where the state is blank, a
// programmer filled the slot at manufacture: no cut and no update leaves both sectors erased.
static bool boot_former(struct kw_images *s, struct kw_slot_content *content) {
    struct kw_image_record *r = &s->record;
    uint32_t slot = best_of(s, KW_IMAGE_GOOD, content);
    if (slot == KW_IMAGE_NO_SLOT && s->log.blank) slot = best_of(s, KW_IMAGE_UNKNOWN, content);
    if (slot == KW_IMAGE_NO_SLOT) return false;
    r->confirmed = (uint8_t)slot;
    r->quality[slot] = KW_IMAGE_GOOD;
    memcpy(r->verdict, content->verdict, sizeof r->verdict);
    if (content->manifest.counter > r->counter) r->counter = content->manifest.counter;
    if (content->key.epoch > r->epoch) r->epoch = content->key.epoch;
    if (r->entries[0].status == KW_FILE_STATUS_NONE) {
        r->entries[0].status = KW_FILE_STATUS_ACTIVATED;
        r->entries[0].key.version = content->manifest.version;
    }
    if (kw_slots_save(s) && s->log.blank) kw_slots_mirror(s);
    run(s, (enum kw_image_source)slot, content);
    return true;
}

// One that was never confirmed, or of which nothing is known because the state was lost, goes on trial.
static bool boot_untried(struct kw_images *s, struct kw_slot_content *content) {
    uint32_t slot = best_of(s, KW_IMAGE_READY, content);
    if (slot == KW_IMAGE_NO_SLOT) slot = best_of(s, KW_IMAGE_UNKNOWN, content);
    if (slot == KW_IMAGE_NO_SLOT) return false;
    struct kw_image_record before = s->record;
    struct kw_image_entry *own = &s->record.entries[0];
    s->record.trial = (uint8_t)slot;
    s->record.tries = KW_IMAGE_TRIES_MAX;
    s->record.quality[slot] = KW_IMAGE_READY;
    s->record.slot = (uint8_t)slot;
    own->status = KW_FILE_STATUS_ACTIVATING;
    own->key.version = content->manifest.version;
    if (try_slot(s, slot, content)) return true;
    s->record = before;
    return false;
}

static bool boot_factory(struct kw_images *s) {
    const struct kw_image_config *c = s->config;
    if (c->factory == NULL || (s->refused >> KW_IMAGE_FACTORY & 1) != 0) return false;
    struct kw_slot_content content = {.wasm = c->factory};
    content.manifest.image_size = c->factory_size;
    while (content.manifest.phase < 7 && !(c->identity->phases >> content.manifest.phase & 1)) content.manifest.phase++;
    run(s, KW_IMAGE_FACTORY, &content);
    return true;
}

// Where there is no factory module, a module that was given up is better than none.
static bool boot_anything(struct kw_images *s, struct kw_slot_content *content) {
    for (uint32_t quality = KW_IMAGE_READY + 1; quality-- > 0;) {
        uint32_t slot = best_of(s, (enum kw_image_quality)quality, content);
        if (slot == KW_IMAGE_NO_SLOT) continue;
        run(s, (enum kw_image_source)slot, content);
        return true;
    }
    return false;
}

// A reset came in the middle of a verification.  The octets are all there, so it is begun again, but not for ever: it may have been
// the verification that the watchdog ended.
static void end_verification(struct kw_images *s) {
    struct kw_image_entry *own = &s->record.entries[0];
    if (own->status != KW_FILE_STATUS_VERIFYING) return;
    own->status = KW_FILE_STATUS_LOADING;
    if (s->record.verifications < KW_IMAGE_TRIES_MAX) return;
    own->status = KW_FILE_STATUS_FAILED;
    own->reason = KW_IMAGE_REASON_STOPPED;
    own->sectors = 0;
    kw_slots_save(s);
}

enum kw_image_source kw_images_boot(struct kw_images *s, const uint8_t **wasm, uint32_t *size) {
    struct kw_slot_content content;
    s->source = KW_IMAGE_NOTHING;
    s->on_trial = false;
    s->wasm = NULL;
    s->wasm_size = s->version = s->counter = s->epoch = s->phase = 0;
    s->own.open = false;
    if (s->config->library != NULL) s->config->library->open = false;
    if (!s->log.mirrored) kw_slots_mirror(s);
    end_verification(s);
    bool found = boot_trial(s, &content) || boot_confirmed(s, &content) || boot_former(s, &content) || boot_untried(s, &content);
    if (found || boot_factory(s) || boot_anything(s, &content)) {
        *wasm = s->wasm;
        *size = s->wasm_size;
    }
    return s->source;
}

void kw_images_refused(struct kw_images *s, enum kw_image_reason reason, uint32_t detail) {
    s->refused |= (uint8_t)(1u << s->source);
    if (s->source > KW_IMAGE_SLOT_B) return;
    if (s->on_trial) kw_slots_give_up(s, reason, detail);
    else if (s->record.confirmed == s->source) lose(s, reason, detail);
}

bool kw_images_overdue(struct kw_images *s, int64_t now) {
    int64_t periods = now / KW_IMAGE_ATTEMPT_MS;
    s->clocked = true;
    s->periods = periods > UINT16_MAX ? UINT16_MAX : (uint16_t)periods;
    return s->on_trial && now >= KW_IMAGE_TRIAL_MS;
}

// ---- Confirmation ----

int32_t kw_image_confirm(struct kw_images *s, bool healthy) {
    if (!s->on_trial) return KW_ERR_NOT_FOUND;
    if (!healthy) return kw_slots_give_up(s, KW_IMAGE_REASON_UNHEALTHY, 0), KW_OK;
    struct kw_image_record before = s->record;
    struct kw_image_record *r = &s->record;
    r->confirmed = r->trial;
    r->quality[r->confirmed] = KW_IMAGE_GOOD;
    memcpy(r->verdict, s->verdict, sizeof r->verdict); // of this uptime's boot, which verified in full
    if (s->counter > r->counter) r->counter = s->counter;
    if (s->epoch > r->epoch) r->epoch = s->epoch;
    r->entries[0].status = KW_FILE_STATUS_ACTIVATED;
    r->entries[0].reason = KW_IMAGE_REASON_NONE;
    r->trial = KW_IMAGE_NO_SLOT;
    r->tries = r->attempts = 0;
    if (!kw_slots_save(s)) {
        *r = before;
        r->entries[0].reason = KW_IMAGE_REASON_FLASH;
        return KW_ERR_REFUSED;
    }
    s->on_trial = false;
    kw_slots_mirror(s);
    return KW_OK;
}
