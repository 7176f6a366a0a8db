// A package on its way into the slot beside the running module's, and a file on its way into the library.
//
// The slot's head, the envelope, is written before the module: it has been verified by then, and a slot verifies only when the SHA-256
// over the whole module agrees, which no half of one has.  A sector is erased just before its first page, in the uptime that
// programs it, whatever it reads like.  After each full sector a snapshot says where to go on; what a cut left behind it is erased again.
#include <string.h>
#include "gate.h"
#include "image_slots.h"
#include "nor_flash.h"

#define BLANK 0xff

static const struct kw_nor *nor_of(const struct kw_image_load *load) { return load->s->config->nor; }
static struct kw_image_entry *entry_of(struct kw_image_load *load) { return &load->s->record.entries[load->image]; }

static struct kw_image_load *load_of(struct kw_images *s, uint32_t image) { return image == 0 ? &s->own : s->config->library; }

struct kw_image_load *kw_slots_loading(struct kw_images *s, uint32_t image) {
    struct kw_image_load *load = load_of(s, image);
    return load->open && load->image == image ? load : NULL;
}

uint32_t kw_slots_capacity(const struct kw_images *s, uint32_t image) {
    return image == 0 ? kw_slots_size(s) : s->config->layout.file_sectors * s->config->nor->sector_size;
}

uint32_t kw_slots_file_base(const struct kw_images *s, uint32_t image) {
    return kw_slots_base(s, 2) + (image - 1) * s->config->layout.file_sectors * s->config->nor->sector_size;
}

// ---- Refusals ----

static uint8_t status_after(enum kw_image_reason reason) {
    switch (reason) {
    case KW_IMAGE_REASON_ROOT_SIGNATURE:
    case KW_IMAGE_REASON_MANIFEST_SIGNATURE:
    case KW_IMAGE_REASON_PAYLOAD_DIGEST:
    case KW_IMAGE_REASON_IMAGE_DIGEST:
    case KW_IMAGE_REASON_GATE: return KW_FILE_STATUS_SIGNATURE_FAILED;
    default: return KW_FILE_STATUS_FAILED;
    }
}

int32_t kw_slots_refuse(struct kw_images *s, uint32_t image, enum kw_image_reason reason, uint32_t detail) {
    struct kw_image_load *load = kw_slots_loading(s, image);
    struct kw_image_entry *e = &s->record.entries[image];
    if (load != NULL) {
        e->key = load->package.expected;
        kw_attempt_ends(load);
    }
    e->status = status_after(reason);
    e->reason = (uint8_t)reason;
    e->detail = (uint16_t)detail;
    e->sectors = 0;
    kw_slots_save(s); // where that fails, the answer still says why, and after a reset the package is begun again
    return e->status == KW_FILE_STATUS_SIGNATURE_FAILED ? KW_ERR_BAD_MIC : KW_ERR_REFUSED;
}

// ---- Beginning ----

static bool same_key(const struct kw_package_key *a, const struct kw_package_key *b) {
    return a->manufacturer == b->manufacturer && a->type == b->type && a->version == b->version && a->size == b->size;
}

// The slot that a package goes to: never the running one, else where the same one was begun, else the one of less use.
static uint32_t target_of(const struct kw_images *s, bool begun) {
    if (s->source <= KW_IMAGE_SLOT_B) return 1u - s->source;
    if (s->record.confirmed != KW_IMAGE_NO_SLOT) return 1u - s->record.confirmed;
    if (begun) return s->record.slot;
    return s->record.quality[1] < s->record.quality[0] ? 1 : 0;
}

static void package_restart(struct kw_image_load *load) {
    struct kw_images *s = load->s;
    struct kw_package *p = &load->package;
    p->board = load->image == 0 ? s->config->identity : NULL;
    p->root = s->config->identity->root;
    memcpy(p->destination, s->config->address, sizeof p->destination);
    p->epoch = s->record.epoch;
    p->counter = s->record.counter;
    p->running = s->version;
    kw_package_begin(p);
    br_sha256_init(&load->head);
    load->writer.at = load->writer.fill = 0;
}

// What the flash holds of a file stops to count, before its first sector is erased.
static bool forget_file(struct kw_image_load *load) {
    struct kw_image_entry *e = entry_of(load);
    *e = (struct kw_image_entry){.key = load->package.expected, .status = KW_FILE_STATUS_LOADING};
    load->resuming = false;
    return kw_slots_save(load->s);
}

int32_t kw_slots_begin(struct kw_images *s, uint32_t image, const struct kw_package_key *key) {
    struct kw_image_load *load = load_of(s, image);
    struct kw_image_entry *e = &s->record.entries[image];
    bool there = e->status == KW_FILE_STATUS_WAITING || (e->status == KW_FILE_STATUS_LOADING && e->sectors > 0);
    bool begun = there && same_key(&e->key, key);
    uint32_t slot = image == 0 ? target_of(s, begun) : 0;
    if (image == 0 && slot == s->record.confirmed) return KW_ERR_BUSY; // a trial that ended badly still runs
    bool resuming = begun && (image != 0 || slot == s->record.slot);
    if (image == 0 && !resuming && !kw_attempt_may(s)) return KW_ERR_BUSY;
    load->s = s;
    load->open = true;
    load->image = image;
    load->resuming = resuming;
    load->spent = false;
    load->package.expected = *key;
    load->writer.base = image == 0 ? kw_slots_base(s, slot) : kw_slots_file_base(s, image);
    package_restart(load);
    e->reason = KW_IMAGE_REASON_NONE;
    e->detail = 0;
    if (load->resuming) return 0;
    if (image != 0) return forget_file(load) ? 0 : kw_slots_refuse(s, image, KW_IMAGE_REASON_FLASH, 0);
    // What the slot holds keeps its worth until a manifest has proved good; only a trial that waits for the reboot ends here.
    bool cancelled = s->record.trial != KW_IMAGE_NO_SLOT;
    *e = (struct kw_image_entry){.key = *key, .status = KW_FILE_STATUS_LOADING};
    s->record.trial = KW_IMAGE_NO_SLOT;
    s->record.tries = 0;
    s->record.slot = (uint8_t)slot;
    return !cancelled || kw_slots_save(s) ? 0 : kw_slots_refuse(s, image, KW_IMAGE_REASON_FLASH, 0);
}

// ---- Into the slot ----

// Octets of the module that were made before; the youngest are still in the page.
static bool read_back(void *context, uint32_t at, uint8_t *to, uint32_t size) {
    struct kw_image_load *load = context;
    const struct kw_nor *nor = nor_of(load);
    uint32_t from = KW_IMAGE_SLOT_HEAD + at, flushed = load->writer.at;
    uint32_t old = from >= flushed ? 0 : flushed - from < size ? flushed - from : size;
    if (old > 0 && nor->read(nor->context, load->writer.base + from, to, old) != 0) return false;
    if (old < size) memcpy(to + old, load->writer.page + (from + old - flushed), size - old);
    return true;
}

static struct kw_decode_io decode_io(struct kw_image_load *load) {
    return (struct kw_decode_io){load, read_back, load->s->wasm, load->s->wasm_size, load->package.manifest.image_size};
}

// The page, padded; erases the sector that it begins.
static bool write_page(const struct kw_nor *nor, struct kw_image_writer *w) {
    uint32_t at = w->base + w->at;
    memset(w->page + w->fill, BLANK, KW_IMAGE_PAGE - w->fill);
    if (at % nor->sector_size == 0 && !kw_nor_erase(nor, at / nor->sector_size)) return false;
    // A blank page is there already: its sector was erased, and read, in this uptime.
    if (!kw_nor_blank(w->page, KW_IMAGE_PAGE) && !kw_nor_program(nor, at, w->page, KW_IMAGE_PAGE)) return false;
    w->at += KW_IMAGE_PAGE;
    w->fill = 0;
    return true;
}

// A page into the flash, and after the sector's last one a snapshot; `offset` is that of the file's next octet.
static bool flush(struct kw_image_load *load, uint32_t offset) {
    struct kw_image_record *r = &load->s->record;
    uint32_t sector = nor_of(load)->sector_size;
    if (!write_page(nor_of(load), &load->writer)) return false;
    if (load->writer.at % sector != 0) return true;
    entry_of(load)->sectors = (uint16_t)(load->writer.at / sector);
    if (load->image == 0) {
        r->offset = offset;
        r->decoder = load->decoder;
    }
    return kw_slots_save(load->s);
}

static enum kw_image_reason write_head(struct kw_image_load *load) {
    struct kw_image_writer *w = &load->writer;
    const struct kw_package *p = &load->package;
    uint8_t sizes[4] = {(uint8_t)p->certificate_size, (uint8_t)(p->certificate_size >> 8), (uint8_t)p->manifest_size,
                        (uint8_t)(p->manifest_size >> 8)};
    uint32_t size = p->certificate_size + p->manifest_size;
    for (uint32_t at = 0; at < KW_IMAGE_SLOT_HEAD; at += KW_IMAGE_PAGE) {
        for (uint32_t i = 0; i < KW_IMAGE_PAGE && at + i < sizeof sizes + size; i++, w->fill++)
            w->page[i] = at + i < sizeof sizes ? sizes[at + i] : p->envelope[at + i - sizeof sizes];
        if (!flush(load, p->payload_at)) return KW_IMAGE_REASON_FLASH;
    }
    return KW_IMAGE_REASON_NONE;
}

// Whether a delta is against the module that runs; a reset may have brought another one than it was begun with.
static bool base_runs(const struct kw_images *s, const struct kw_manifest *m) {
    uint8_t digest[32];
    if (m->encoding != KW_ENCODING_DELTA) return true;
    if (s->wasm == NULL) return false;
    kw_sha256(digest, s->wasm, s->wasm_size);
    return memcmp(digest, m->base_digest, sizeof digest) == 0;
}

// The slot's content goes; durably, before its first sector does.
static enum kw_image_reason take_slot(struct kw_image_load *load, const uint8_t head[KW_IMAGE_HEAD_DIGEST]) {
    struct kw_image_record *r = &load->s->record;
    const struct kw_manifest *m = &load->package.manifest;
    if (m->image_size > kw_slots_size(load->s) - KW_IMAGE_SLOT_HEAD) return KW_IMAGE_REASON_SIZE;
    if (!base_runs(load->s, m)) return KW_IMAGE_REASON_BASE;
    r->entries[0] = (struct kw_image_entry){.key = load->package.expected, .status = KW_FILE_STATUS_LOADING, .not_before = m->not_before};
    r->quality[r->slot] = KW_IMAGE_EMPTY;
    r->verifications = 0;
    kw_attempt_anew(load);
    memcpy(r->head, head, sizeof r->head);
    kw_decode_begin(&load->decoder, (enum kw_encoding)m->encoding);
    r->decoder = load->decoder;
    r->offset = load->package.payload_at;
    return kw_slots_save(load->s) ? write_head(load) : KW_IMAGE_REASON_FLASH;
}

static enum kw_image_reason decode(struct kw_image_load *load, const uint8_t *at, uint32_t size) {
    struct kw_decode_io io = decode_io(load);
    struct kw_image_writer *w = &load->writer;
    const uint8_t *end = at + size;
    for (bool more = true; more;) {
        uint32_t room = KW_IMAGE_PAGE - w->fill;
        int32_t made = kw_decode(&load->decoder, &io, &at, end, w->page + w->fill, room);
        if (made < 0) return (enum kw_image_reason)(-made);
        w->fill += (uint32_t)made;
        more = (uint32_t)made == room;
        if (more && !flush(load, load->package.offset - (uint32_t)(end - at))) return KW_IMAGE_REASON_FLASH;
    }
    return at == end ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_ENCODING;
}

// The manifest is good.  The slot goes on where the flash ends when it is the very same file up to here.
static enum kw_image_reason own_payload(struct kw_image_load *load) {
    struct kw_image_record *r = &load->s->record;
    struct kw_package *p = &load->package;
    uint8_t digest[32];
    br_sha256_out(&load->head, digest);
    if (!load->resuming) return take_slot(load, digest);
    if (memcmp(digest, r->head, sizeof r->head) != 0) return kw_attempt_may(load->s) ? take_slot(load, digest) : KW_IMAGE_REASON_CHANGED;
    if (r->entries[0].status == KW_FILE_STATUS_WAITING) {
        load->open = false;
        return KW_IMAGE_REASON_NONE;
    }
    if (!kw_attempt_goes_on(load)) return KW_IMAGE_REASON_ABORTED;
    if (!base_runs(load->s, &p->manifest)) return KW_IMAGE_REASON_BASE;
    uint32_t upto = r->entries[0].sectors * nor_of(load)->sector_size;
    // A cut inside the slot's head, which has more than one of the smallest sectors, leaves nothing to go on behind.
    if (upto < KW_IMAGE_SLOT_HEAD || r->offset < p->payload_at || !kw_package_skip(p, r->offset - p->payload_at))
        return take_slot(load, digest);
    load->writer.at = upto;
    load->decoder = r->decoder;
    return decode(load, load->writer.page, 0); // what the octets before the cut still make
}

// ---- Into the library ----

static enum kw_image_reason store(struct kw_image_load *load, const uint8_t *at, uint32_t size) {
    struct kw_image_writer *w = &load->writer;
    while (size > 0) {
        uint32_t room = KW_IMAGE_PAGE - w->fill, part = size < room ? size : room;
        memcpy(w->page + w->fill, at, part);
        w->fill += part;
        at += part;
        size -= part;
        if (w->fill == KW_IMAGE_PAGE && !flush(load, 0)) return KW_IMAGE_REASON_FLASH;
    }
    return KW_IMAGE_REASON_NONE;
}

static const uint8_t *file_of(const struct kw_image_load *load) { return nor_of(load)->mapped + load->writer.base; }

// Octets up to the payload of a file that the flash may hold: the same as those there?  `upto` is how much of it counts.
static bool file_agrees(const struct kw_image_load *load, uint32_t offset, const uint8_t *at, uint32_t size) {
    const struct kw_image_entry *e = &load->s->record.entries[load->image];
    uint32_t upto = e->status == KW_FILE_STATUS_WAITING ? e->key.size : e->sectors * nor_of(load)->sector_size;
    return offset <= upto && size <= upto - offset && memcmp(file_of(load) + offset, at, size) == 0;
}

// Goes on behind the finished sectors; what they hold behind the payload is parsed again.
static enum kw_image_reason file_payload(struct kw_image_load *load) {
    struct kw_package *p = &load->package;
    struct kw_image_entry *e = entry_of(load);
    e->not_before = p->manifest.not_before;
    if (!load->resuming) return KW_IMAGE_REASON_NONE;
    load->resuming = false;
    if (e->status == KW_FILE_STATUS_WAITING) {
        load->open = false;
        return KW_IMAGE_REASON_NONE;
    }
    uint32_t upto = e->sectors * nor_of(load)->sector_size, payload = upto - p->offset;
    if (payload > p->manifest.payload_size) payload = p->manifest.payload_size;
    if (!kw_package_skip(p, payload)) return KW_IMAGE_REASON_FLASH;
    if (p->offset < upto) {
        int32_t taken = kw_package_take(p, file_of(load) + p->offset, upto - p->offset);
        if (taken < 0) return (enum kw_image_reason)(-taken);
    }
    load->writer.at = upto;
    return KW_IMAGE_REASON_NONE;
}

// ---- Octets of a package ----

static enum kw_image_reason keep(struct kw_image_load *load, enum kw_package_part part, const uint8_t *at, uint32_t size) {
    if (load->image != 0) return load->resuming ? KW_IMAGE_REASON_NONE : store(load, at, size);
    if (part == KW_PACKAGE_HEAD) br_sha256_update(&load->head, at, size);
    return part == KW_PACKAGE_PAYLOAD ? decode(load, at, size) : KW_IMAGE_REASON_NONE;
}

static int32_t wanted(struct kw_image_load *load) { return (int32_t)(load->open ? load->package.offset : load->package.expected.size); }

int32_t kw_slots_write(struct kw_image_load *load, const uint8_t *at, uint32_t size) {
    struct kw_package *p = &load->package;
    enum kw_image_reason reason = KW_IMAGE_REASON_NONE;
    while (size > 0 && load->open) {
        enum kw_package_part part = p->part;
        uint32_t offset = p->offset;
        int32_t taken = kw_package_take(p, at, size);
        if (taken < 0) return kw_slots_refuse(load->s, load->image, (enum kw_image_reason)(-taken), 0);
        if (load->image != 0 && load->resuming && !file_agrees(load, offset, at, (uint32_t)taken)) {
            // Another file under the same name: from its first octet on.
            package_restart(load);
            return forget_file(load) ? 0 : kw_slots_refuse(load->s, load->image, KW_IMAGE_REASON_FLASH, 0);
        }
        reason = keep(load, part, at, (uint32_t)taken);
        uint32_t before = p->offset;
        bool payload = reason == KW_IMAGE_REASON_NONE && part == KW_PACKAGE_HEAD && p->part != KW_PACKAGE_HEAD;
        if (payload) reason = load->image == 0 ? own_payload(load) : file_payload(load);
        if (reason != KW_IMAGE_REASON_NONE) return kw_slots_refuse(load->s, load->image, reason, 0);
        if (p->offset != before) break; // it goes on further ahead
        at += taken;
        size -= (uint32_t)taken;
    }
    return wanted(load);
}

// ---- The end ----

static void feed(void *context) {
    const struct kw_images *s = context;
    s->config->alive();
}

// The load gate over the slot, which tells the watchdog of each body, and whether the module asks for the memory that was signed.
static enum kw_image_reason pass_gate(struct kw_images *s, const struct kw_slot_content *content, uint32_t *detail) {
    const struct kw_manifest *m = &content->manifest;
    struct kw_gate_watch watch = {s->feeds && s->config->alive != NULL ? feed : NULL, s};
    uint32_t at;
    *detail = kw_gate(content->wasm, m->image_size, m->memory, &watch, &at);
    if (*detail != KW_GATE_OK) return KW_IMAGE_REASON_GATE;
    uint32_t need = kw_gate_memory(content->wasm, m->image_size);
    return need == 0 || need == m->memory ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_MEMORY;
}

static enum kw_image_reason finish_own(struct kw_image_load *load, uint32_t *detail) {
    struct kw_images *s = load->s;
    struct kw_slot_content content;
    struct kw_decode_io io = decode_io(load);
    if (!kw_decode_done(&load->decoder, &io)) return KW_IMAGE_REASON_ENCODING;
    if (load->writer.fill > 0 && !write_page(nor_of(load), &load->writer)) return KW_IMAGE_REASON_FLASH;
    // What follows takes long, and a watchdog may end it: the next boot knows.
    entry_of(load)->status = KW_FILE_STATUS_VERIFYING;
    s->record.verifications++;
    if (!kw_slots_save(s)) return KW_IMAGE_REASON_FLASH;
    enum kw_image_reason reason = kw_slots_verify(s, s->record.slot, &content);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    reason = pass_gate(s, &content, detail);
    if (reason != KW_IMAGE_REASON_NONE) return reason;
    s->record.quality[s->record.slot] = KW_IMAGE_READY;
    return KW_IMAGE_REASON_NONE;
}

static enum kw_image_reason finish_file(struct kw_image_load *load) {
    const struct kw_package *p = &load->package;
    uint8_t digest[32];
    if (load->writer.fill > 0 && !write_page(nor_of(load), &load->writer)) return KW_IMAGE_REASON_FLASH;
    if (p->manifest_size == 0) return KW_IMAGE_REASON_NONE; // nobody has signed it
    kw_sha256(digest, file_of(load) + p->payload_at, p->manifest.payload_size);
    return memcmp(digest, p->manifest.payload_digest, sizeof digest) == 0 ? KW_IMAGE_REASON_NONE : KW_IMAGE_REASON_PAYLOAD_DIGEST;
}

int32_t kw_slots_finish(struct kw_image_load *load) {
    struct kw_images *s = load->s;
    uint32_t detail = 0;
    enum kw_image_reason reason = kw_package_end(&load->package);
    if (reason == KW_IMAGE_REASON_NONE) reason = load->image == 0 ? finish_own(load, &detail) : finish_file(load);
    if (reason != KW_IMAGE_REASON_NONE) return kw_slots_refuse(s, load->image, reason, reason == KW_IMAGE_REASON_GATE ? detail : 0);
    entry_of(load)->status = KW_FILE_STATUS_WAITING;
    if (!kw_slots_save(s)) {
        if (load->image == 0) s->record.quality[s->record.slot] = KW_IMAGE_EMPTY;
        return kw_slots_refuse(s, load->image, KW_IMAGE_REASON_FLASH, 0);
    }
    load->open = false;
    return KW_OK;
}
