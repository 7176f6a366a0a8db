#include "image.h"
#include <string.h>
#include "image_slots.h"
#include "nor_flash.h"
#include "octets.h"

#define STATE_SECTORS 2u
#define HEADER 56u // octets of a ZigBee OTA header that announce the package
enum { AT_MANUFACTURER = 10, AT_TYPE = 12, AT_VERSION = 14 };
enum { FLAG_TRIAL = 1, FLAG_FACTORY = 2 };

static bool fits(const struct kw_image_config *c) {
    const struct kw_nor *nor = c->nor;
    const struct kw_image_layout *l = &c->layout;
    if (nor->mapped == NULL || !kw_nor_unit_fits(nor) || nor->sector_size < 1024 || nor->sector_size > 65536 ||
        nor->sector_size % KW_IMAGE_PAGE != 0)
        return false;
    if (l->slot_sectors == 0 || l->slot_sectors > UINT16_MAX || l->file_sectors > UINT16_MAX || l->files > KW_IMAGE_FILES_MAX) return false;
    if ((l->files > 0) != (l->file_sectors > 0) || (l->files > 0 && c->library == NULL) ||
        l->slot_sectors * nor->sector_size <= KW_IMAGE_SLOT_HEAD)
        return false;
    return STATE_SECTORS + 2 * l->slot_sectors + l->files * l->file_sectors <= nor->sectors;
}

int32_t kw_images_open(struct kw_images *s, const struct kw_image_config *config) {
    memset(s, 0, sizeof *s);
    s->config = config;
    s->source = KW_IMAGE_NOTHING;
    if (!fits(config)) return KW_ERR_RESERVED;
    kw_slots_load(s);
    return KW_OK;
}

static bool has(const struct kw_images *s, uint32_t image) { return image <= s->config->layout.files; }

static int32_t forget(struct kw_images *s, uint32_t image) {
    struct kw_image_record *r = &s->record;
    struct kw_image_load *load = kw_slots_loading(s, image);
    if (load != NULL) kw_attempt_ends(load);
    r->entries[image] = (struct kw_image_entry){0};
    if (image == 0) {
        // A module that was confirmed once stays, for the day when the confirmed one is lost.
        if (r->quality[r->slot] == KW_IMAGE_READY && s->source != r->slot) r->quality[r->slot] = KW_IMAGE_EMPTY;
        r->trial = KW_IMAGE_NO_SLOT;
        r->tries = 0;
    }
    return kw_slots_save(s) ? KW_OK : kw_slots_refuse(s, image, KW_IMAGE_REASON_FLASH, 0);
}

int32_t kw_image_begin(struct kw_images *s, uint32_t image, const struct kw_package_key *key) {
    if (!has(s, image)) return KW_ERR_NOT_FOUND;
    if (s->on_trial) return KW_ERR_BUSY;
    if (key->size == 0) return forget(s, image);
    return key->size > kw_slots_capacity(s, image) ? KW_ERR_NO_BUFFER : kw_slots_begin(s, image, key);
}

int32_t kw_image_write(struct kw_images *s, uint32_t image, uint32_t offset, const uint8_t *at, uint32_t size) {
    if (!has(s, image)) return KW_ERR_NOT_FOUND;
    struct kw_image_load *load = kw_slots_loading(s, image);
    const struct kw_image_entry *e = &s->record.entries[image];
    if (load == NULL) return e->status == KW_FILE_STATUS_WAITING ? (int32_t)e->key.size : KW_ERR_NOT_FOUND;
    return offset == load->package.offset ? kw_slots_write(load, at, size) : (int32_t)load->package.offset;
}

int32_t kw_image_read(struct kw_images *s, uint32_t image, uint32_t offset, uint8_t *at, uint32_t capacity) {
    if (image == 0 || !has(s, image) || s->record.entries[image].status != KW_FILE_STATUS_WAITING) return KW_ERR_NOT_FOUND;
    uint32_t size = s->record.entries[image].key.size;
    if (offset >= size) return 0;
    uint32_t part = capacity < size - offset ? capacity : size - offset;
    memcpy(at, s->config->nor->mapped + kw_slots_file_base(s, image) + offset, part);
    return (int32_t)part;
}

int32_t kw_image_finish(struct kw_images *s, uint32_t image) {
    if (!has(s, image)) return KW_ERR_NOT_FOUND;
    struct kw_image_load *load = kw_slots_loading(s, image);
    if (s->record.entries[image].status == KW_FILE_STATUS_WAITING) return KW_OK; // also while its head is written once more
    return load == NULL ? KW_ERR_NOT_FOUND : kw_slots_finish(load);
}

int32_t kw_image_activate(struct kw_images *s, uint32_t image) {
    struct kw_image_record *r = &s->record;
    if (image != 0 || r->entries[0].status != KW_FILE_STATUS_WAITING || r->quality[r->slot] != KW_IMAGE_READY || s->on_trial)
        return KW_ERR_NOT_FOUND;
    struct kw_image_record before = *r;
    s->own.open = false;
    r->trial = r->slot;
    r->tries = KW_IMAGE_TRIES_MAX;
    r->entries[0].status = KW_FILE_STATUS_ACTIVATING;
    if (kw_slots_save(s)) return KW_OK;
    *r = before;
    r->entries[0].reason = KW_IMAGE_REASON_FLASH;
    return KW_ERR_REFUSED;
}

// ---- State ----

static uint32_t offset_of(struct kw_images *s, uint32_t image) {
    const struct kw_image_load *load = kw_slots_loading(s, image);
    if (load != NULL) return load->package.offset;
    const struct kw_image_entry *e = &s->record.entries[image];
    return e->status >= KW_FILE_STATUS_WAITING ? e->key.size : 0;
}

int32_t kw_image_state(struct kw_images *s, uint32_t image, uint8_t *at, uint32_t capacity) {
    if (!has(s, image)) return KW_ERR_NOT_FOUND;
    if (capacity < KW_IMAGE_STATE) return KW_ERR_NO_BUFFER;
    const struct kw_image_entry *e = &s->record.entries[image];
    const struct kw_image_identity *board = s->config->identity;
    uint32_t offset = offset_of(s, image);
    bool whole = e->status == KW_FILE_STATUS_LOADING && offset == e->key.size;
    memset(at, 0, KW_IMAGE_STATE);
    at[KW_IMAGE_STATUS] = whole ? KW_FILE_STATUS_VERIFYING : e->status;
    at[KW_IMAGE_REASON] = e->reason;
    kw_put16(at + KW_IMAGE_MANUFACTURER, image == 0 ? board->manufacturer : e->key.manufacturer);
    kw_put16(at + KW_IMAGE_TYPE, image == 0 ? board->type : e->key.type);
    kw_put16(at + KW_IMAGE_HARDWARE, board->hardware);
    kw_put32(at + KW_IMAGE_VERSION, e->key.version);
    kw_put32(at + KW_IMAGE_SIZE, e->key.size);
    kw_put32(at + KW_IMAGE_OFFSET, offset);
    kw_put32(at + KW_IMAGE_RUNNING, s->version);
    at[KW_IMAGE_FLAGS] = (uint8_t)((s->on_trial ? FLAG_TRIAL : 0) | (s->source == KW_IMAGE_FACTORY ? FLAG_FACTORY : 0));
    at[KW_IMAGE_TRIES] = s->record.tries;
    kw_put16(at + KW_IMAGE_DETAIL, e->detail);
    at[KW_IMAGE_ROLE] = board->role;
    at[KW_IMAGE_FILES] = (uint8_t)s->config->layout.files;
    at[KW_IMAGE_PHASE] = (uint8_t)s->phase;
    kw_put32(at + KW_IMAGE_NOT_BEFORE, e->not_before);
    kw_put32(at + KW_IMAGE_CAPACITY, kw_slots_capacity(s, image));
    kw_put32(at + KW_IMAGE_COUNTER, s->record.counter);
    kw_put32(at + KW_IMAGE_EPOCH, s->record.epoch);
    return KW_IMAGE_STATE;
}

// ---- Manufacture ----

int32_t kw_images_install(struct kw_images *s, const uint8_t *package, uint32_t size) {
    if (size < HEADER) return KW_ERR_TRUNCATED;
    if (s->source != KW_IMAGE_NOTHING) return KW_ERR_BUSY;
    struct kw_package_key key = {(uint16_t)kw_get16(package + AT_MANUFACTURER), (uint16_t)kw_get16(package + AT_TYPE),
                                 kw_get16(package + AT_VERSION) | kw_get16(package + AT_VERSION + 2) << 16, size};
    int32_t answer = kw_image_begin(s, 0, &key);
    // Once, or twice where an earlier attempt was cut: the answer jumps.
    for (uint32_t at = 0; answer >= 0 && (uint32_t)answer < size; at = (uint32_t)answer)
        answer = kw_image_write(s, 0, at, package + at, size - at);
    if (answer >= 0) answer = kw_image_finish(s, 0);
    if (answer != KW_OK) return answer;
    struct kw_image_record *r = &s->record;
    const struct kw_package *p = &s->own.package;
    struct kw_slot_content content;
    enum kw_image_reason reason = kw_slots_verify(s, r->slot, &content); // for its verdict
    if (reason != KW_IMAGE_REASON_NONE) return kw_slots_refuse(s, 0, reason, 0);
    memcpy(r->verdict, content.verdict, sizeof r->verdict);
    r->confirmed = r->slot;
    r->quality[r->slot] = KW_IMAGE_GOOD;
    r->counter = p->manifest.counter;
    r->epoch = p->key.epoch;
    r->entries[0].status = KW_FILE_STATUS_ACTIVATED;
    r->attempts = 0;
    return kw_slots_save(s) && kw_slots_mirror(s) ? KW_OK : kw_slots_refuse(s, 0, KW_IMAGE_REASON_FLASH, 0);
}
