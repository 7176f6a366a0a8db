// One entry, or one head, of the record store.
#include <string.h>
#include "nor_flash.h"
#include "octets.h"
#include "store_log.h"

#define MAGIC 0x3253574bu // "KWS2"
#define HEAD_SIZE 32u
#define HEAD_SEALED 24u // octets before its tag
#define TAG 8u
#define NAMED 4u      // octets of a label that are associated data: number and size
#define NONCE_UNIT 8u // offsets in nonces count these; no entry begins within one
#define BLANK 0xff
#define TRIES 8u // of a read that the part says has failed, or that does not open

static uint32_t sealed_octets(uint32_t size) { return (size == KW_STORE_LOST ? 0 : size) + TAG; }

static uint32_t whole_units(const struct kw_store *s, uint32_t size) { return (size + s->nor->unit - 1u) & ~(s->nor->unit - 1u); }

uint32_t kw_entry_body(const struct kw_store *s, uint32_t size) { return whole_units(s, KW_LABEL_SIZE + sealed_octets(size)); }

uint32_t kw_entry_span(const struct kw_store *s, uint32_t size) { return kw_entry_body(s, size) + whole_units(s, KW_LABEL_SIZE); }

bool kw_flash_reads(struct kw_store *s, uint32_t at, void *to, uint32_t size) {
    for (uint32_t turn = 0; turn < TRIES; turn++)
        if (s->nor->read(s->nor->context, at, to, size) == 0) return true;
    return false;
}

// ---- Seal ----

static void make_nonce(uint8_t nonce[13], uint32_t sequence, const uint8_t salt[7], uint32_t offset) {
    kw_put32(nonce, sequence);
    memcpy(nonce + 4, salt, 7);
    kw_put16(nonce + 11, offset / NONCE_UNIT);
}

static struct kw_ccm_text head_text(uint8_t *head, uint8_t nonce[13]) {
    make_nonce(nonce, kw_get32(head + 4), head + 12, 0);
    return (struct kw_ccm_text){nonce, 13, head, HEAD_SEALED, head + HEAD_SEALED, 0, head + HEAD_SEALED, TAG};
}

// The entry in the buffer, at its place in the flash.
static struct kw_ccm_text entry_text(struct kw_store *s, uint8_t nonce[13], uint32_t at, uint32_t size) {
    uint32_t sector = at / s->nor->sector_size;
    uint8_t *text = s->buffer + KW_LABEL_SIZE;
    make_nonce(nonce, s->sequence[sector], s->salt[sector], at % s->nor->sector_size);
    size = sealed_octets(size) - TAG;
    return (struct kw_ccm_text){nonce, 13, s->buffer, NAMED, text, size, text + size, TAG};
}

// Seven octets that no earlier opening had.  What they were made from is gone afterwards.
static void fresh_salt(struct kw_store *s, uint8_t salt[7]) {
    uint8_t input[33], digest[32];
    memcpy(input, s->noise, 32);
    input[32] = 1;
    kw_sha256(digest, input, sizeof input);
    memcpy(salt, digest, 7);
    input[32] = 2;
    kw_sha256(s->noise, input, sizeof input);
    kw_wipe(input, sizeof input);
}

// ---- Heads ----

static void invert(uint8_t head[HEAD_SIZE]) {
    for (uint32_t i = 0; i < HEAD_SIZE; i++) head[i] = (uint8_t)~head[i];
}

bool kw_head_write(struct kw_store *s, uint32_t sector, uint32_t sequence) {
    uint8_t head[HEAD_SIZE] = {0}, nonce[13];
    uint32_t base = sector * s->nor->sector_size;
    kw_put32(head, MAGIC);
    kw_put32(head + 4, sequence);
    kw_put32(head + 8, s->tail);
    fresh_salt(s, head + 12);
    struct kw_ccm_text text = head_text(head, nonce);
    if (!kw_ccm_seal(&s->key, &text)) return false;
    uint8_t salt[7];
    memcpy(salt, head + 12, sizeof salt);
    if (!kw_nor_program(s->nor, base, head, HEAD_SIZE)) return false;
    invert(head);
    if (!kw_nor_program(s->nor, base + HEAD_SIZE, head, HEAD_SIZE)) return false;
    s->sequence[sector] = sequence;
    memcpy(s->salt[sector], salt, sizeof salt);
    return true;
}

enum kw_head kw_head_read(struct kw_store *s, uint32_t sector, uint32_t *tail) {
    uint8_t head[HEAD_SIZE] = {0}, nonce[13];
    enum kw_head found = KW_HEAD_UNREADABLE;
    // Both, more than once: what does not open may have been read wrong, and the newest sector must not be overlooked.
    for (uint32_t turn = 0; turn < 2 * TRIES; turn++) {
        bool read = kw_flash_reads(s, sector * s->nor->sector_size + (turn & 1) * HEAD_SIZE, head, HEAD_SIZE);
        if (read) found = KW_HEAD_NONE;
        if ((turn & 1) != 0) invert(head);
        if (!read || kw_get32(head) != MAGIC || kw_get32(head + 4) == 0) continue;
        struct kw_ccm_text text = head_text(head, nonce);
        if (!kw_ccm_open(&s->key, &text)) continue;
        s->sequence[sector] = kw_get32(head + 4);
        memcpy(s->salt[sector], head + 12, 7);
        *tail = kw_get32(head + 8);
        return KW_HEAD_WHOLE;
    }
    return found;
}

// ---- Entries ----

bool kw_entry_write(struct kw_store *s, uint32_t at, uint32_t number, uint32_t size) {
    uint8_t nonce[13], foot[KW_NOR_UNIT_MAX];
    uint32_t body = kw_entry_body(s, size), used = KW_LABEL_SIZE + sealed_octets(size);
    struct kw_label label = {number, size, 0};
    kw_label_put(s->buffer, KW_LABEL_HEAD, &label); // number and size, which the seal covers
    struct kw_ccm_text text = entry_text(s, nonce, at, size);
    if (!kw_ccm_seal(&s->key, &text)) return false;
    label.fold = kw_fold(text.text, sealed_octets(size));
    kw_label_put(s->buffer, KW_LABEL_HEAD, &label);
    memset(s->buffer + used, BLANK, body - used);
    if (!kw_nor_program(s->nor, at, s->buffer, body)) return false;
    memset(foot, BLANK, sizeof foot);
    kw_label_put(foot, KW_LABEL_FOOT, &label);
    kw_nor_program(s->nor, at + body, foot, whole_units(s, KW_LABEL_SIZE)); // without it the entry still opens
    return true;
}

static bool read_sealed(struct kw_store *s, uint32_t at, const struct kw_label *label) {
    uint8_t nonce[13];
    uint8_t *sealed = s->buffer + KW_LABEL_SIZE;
    uint32_t size = sealed_octets(label->size);
    for (uint32_t turn = 0; turn < TRIES; turn++) {
        if (!kw_flash_reads(s, at + KW_LABEL_SIZE, sealed, size)) return false;
        kw_put16(s->buffer, label->number);
        kw_put16(s->buffer + 2, label->size);
        bool mend = (turn & 1) != 0;
        uint32_t bit = kw_fold(sealed, size) ^ label->fold;
        if (mend && bit >= 8 * size) continue;
        if (mend) sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct kw_ccm_text text = entry_text(s, nonce, at, label->size);
        if (!kw_ccm_open(&s->key, &text)) continue;
        if (mend) s->mended++;
        if (mend && label->number != 0) s->worn = (uint16_t)label->number;
        return true;
    }
    return false;
}

static bool is_named(uint32_t number) {
    return number <= KW_STORE_NUMBER_MAX || number - KW_STORE_KEY_FIRST < KW_STORE_KEYS || number - KW_STORE_OWN_FIRST < KW_STORE_OWN;
}

// Whether the label at `at` can be one: known as such, and of something that the store writes.
static bool label_at(struct kw_store *s, uint32_t at, enum kw_label_place place, struct kw_label *label) {
    uint8_t octets[KW_LABEL_SIZE];
    if (!kw_flash_reads(s, at, octets, sizeof octets) || kw_nor_blank(octets, sizeof octets)) return false;
    if (!kw_label_get(label, place, octets)) return false;
    return is_named(label->number) && (label->size <= KW_STORE_RECORD_MAX || label->size == KW_STORE_LOST);
}

static bool same(const struct kw_label *a, const struct kw_label *b) {
    return a->number == b->number && a->size == b->size && a->fold == b->fold;
}

bool kw_entry_open(struct kw_store *s, uint32_t at, uint32_t number, uint32_t size) {
    struct kw_label label, wanted = {number, size, 0};
    for (enum kw_label_place place = KW_LABEL_HEAD; place <= KW_LABEL_FOOT; place++) {
        bool found = label_at(s, at + (place == KW_LABEL_FOOT ? kw_entry_body(s, size) : 0), place, &label);
        if (!found || label.number != number || label.size != size) continue;
        wanted = label;
        break;
    }
    return read_sealed(s, at, &wanted);
}

enum kw_found kw_entry_find(struct kw_store *s, uint32_t sector, uint32_t from, uint32_t offset, struct kw_label *label, uint32_t *begin,
                            uint32_t *end) {
    struct kw_label foot;
    uint32_t base = sector * s->nor->sector_size, room = s->nor->sector_size - offset;
    bool follows = offset == from;
    if (label_at(s, base + offset, KW_LABEL_HEAD, label) && kw_entry_span(s, label->size) <= room) {
        bool both = label_at(s, base + offset + kw_entry_body(s, label->size), KW_LABEL_FOOT, &foot) && same(label, &foot);
        *begin = offset;
        *end = offset + kw_entry_span(s, label->size);
        // Marks and erasures act at once, and within a place that is not understood anything may look like a label.
        bool believed = both && follows && label->size != 0 && label->number != 0;
        if (believed || read_sealed(s, base + offset, label)) return KW_FOUND_ENTRY;
        return both && follows ? KW_FOUND_LOST : KW_FOUND_NOTHING;
    }
    // The second label of an entry whose first one is lost.
    if (follows || !label_at(s, base + offset, KW_LABEL_FOOT, label)) return KW_FOUND_NOTHING;
    if (kw_entry_body(s, label->size) > offset - from) return KW_FOUND_NOTHING;
    *begin = offset - kw_entry_body(s, label->size);
    *end = offset + whole_units(s, KW_LABEL_SIZE);
    if (read_sealed(s, base + *begin, label)) return KW_FOUND_ENTRY;
    return *begin == from ? KW_FOUND_LOST : KW_FOUND_NOTHING;
}
