#include "store.h"
#include <string.h>
#include "nor_flash.h"
#include "octets.h"

enum { MAGIC = 0x3153574b, TAIL_NUMBER = 0 }; // "KWS1"
#define HEAD_SIZE 32u
#define HEAD_SEALED 24u // octets before its tag
#define TAG 8u
#define ENTRY_HEAD 8u
#define TAIL_SIZE 4u  // of the entry that raises the tail; every sector keeps room for one
#define NONCE_UNIT 8u // offsets in nonces count these; no entry begins within one
#define BLANK 0xff

// Octets of flash that an entry takes.
static uint32_t span_of(const struct kw_store *s, uint32_t size) {
    uint32_t unit = s->nor->unit;
    return (ENTRY_HEAD + size + TAG + unit - 1u) & ~(unit - 1u);
}

// ---- Seal ----

static void make_nonce(uint8_t nonce[13], uint32_t sequence, const uint8_t salt[7], uint32_t offset) {
    kw_put32(nonce, sequence);
    memcpy(nonce + 4, salt, 7);
    kw_put16(nonce + 11, offset / NONCE_UNIT);
}

static struct kw_ccm_text sealed_text(const uint8_t *nonce, const uint8_t *aad, uint32_t aad_size, uint8_t *text, uint32_t size) {
    return (struct kw_ccm_text){nonce, 13, aad, aad_size, text, size, text + size, TAG};
}

// The entry in s->buffer at `at`: head, then text with room for its tag.
static struct kw_ccm_text entry_text(struct kw_store *s, uint8_t nonce[13], uint32_t at) {
    uint32_t sector = at / s->nor->sector_size;
    make_nonce(nonce, s->sequence[sector], s->salt[sector], at % s->nor->sector_size);
    return sealed_text(nonce, s->buffer, ENTRY_HEAD, s->buffer + ENTRY_HEAD, kw_get16(s->buffer + 2));
}

// Seven octets that no earlier opening had.
static void fresh_salt(struct kw_store *s, uint8_t salt[7]) {
    uint8_t input[36], digest[32];
    memcpy(input, s->noise, 32);
    kw_put32(input + 32, ++s->noise_used);
    kw_sha256(digest, input, sizeof input);
    memcpy(salt, digest, 7);
}

// ---- Flash ----

static int32_t flash_read(struct kw_store *s, uint32_t at, void *to, uint32_t size) { return s->nor->read(s->nor->context, at, to, size); }

static bool open_sector(struct kw_store *s, uint32_t sector) {
    uint8_t head[HEAD_SIZE] = {0}, nonce[13];
    s->erases++;
    if (!kw_nor_erase(s->nor, sector)) return false;
    uint32_t sequence = ++s->newest;
    kw_put32(head, MAGIC);
    kw_put32(head + 4, sequence);
    kw_put32(head + 8, s->tail == 0 ? sequence : s->tail);
    fresh_salt(s, head + 12);
    make_nonce(nonce, sequence, head + 12, 0);
    struct kw_ccm_text text = {nonce, sizeof nonce, head, HEAD_SEALED, head + HEAD_SEALED, 0, head + HEAD_SEALED, TAG};
    if (!kw_ccm_seal(&s->key, &text) || !kw_nor_program(s->nor, sector * s->nor->sector_size, head, HEAD_SIZE)) return false;
    s->sequence[sector] = sequence;
    memcpy(s->salt[sector], head + 12, 7);
    if (s->tail == 0) s->tail = sequence;
    s->active = sector;
    s->position = HEAD_SIZE;
    return true;
}

// Reads the entry at `at`, checks it and leaves its octets in the buffer behind the head.
static bool read_entry(struct kw_store *s, uint32_t at) {
    uint8_t nonce[13];
    uint8_t *head = s->buffer;
    uint32_t room = s->nor->sector_size - at % s->nor->sector_size;
    if (room < ENTRY_HEAD + TAG || flash_read(s, at, head, ENTRY_HEAD) != 0) return false;
    uint32_t size = kw_get16(head + 2);
    if ((kw_get16(head) ^ kw_get16(head + 4)) != 0xffff || (size ^ kw_get16(head + 6)) != 0xffff) return false;
    if (size > KW_STORE_RECORD_MAX || span_of(s, size) > room) return false;
    if (flash_read(s, at + ENTRY_HEAD, head + ENTRY_HEAD, size + TAG) != 0) return false;
    struct kw_ccm_text text = entry_text(s, nonce, at);
    return kw_ccm_open(&s->key, &text);
}

// Appends an entry whose octets stand in the buffer behind its head.  A failure closes the sector: nothing may follow a torn entry.
static bool append(struct kw_store *s, uint32_t number, uint32_t size) {
    uint8_t nonce[13];
    uint32_t span = span_of(s, size), at = s->active * s->nor->sector_size + s->position;
    kw_put16(s->buffer, number);
    kw_put16(s->buffer + 2, size);
    kw_put16(s->buffer + 4, ~number & 0xffff);
    kw_put16(s->buffer + 6, ~size & 0xffff);
    struct kw_ccm_text text = entry_text(s, nonce, at);
    if (!kw_ccm_seal(&s->key, &text)) return false;
    memset(s->buffer + ENTRY_HEAD + size + TAG, BLANK, span - ENTRY_HEAD - size - TAG);
    bool done = kw_nor_program(s->nor, at, s->buffer, span);
    s->position = done ? s->position + span : 0;
    return done;
}

// ---- Index ----

static struct kw_store_place *find(struct kw_store *s, uint32_t number) {
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++)
        if (s->index[i].number == number) return &s->index[i];
    return NULL;
}

static bool is_key(uint32_t number) { return number >= KW_STORE_KEY_FIRST; }

// A place for a new number; keys have places of their own, so that records cannot crowd them out.
static struct kw_store_place *vacant(struct kw_store *s, uint32_t number) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++)
        if (s->index[i].number != 0 && is_key(s->index[i].number) == is_key(number)) same++;
    return same < (is_key(number) ? KW_STORE_KEYS : KW_STORE_RECORDS) ? find(s, 0) : NULL;
}

static void forget(struct kw_store *s, struct kw_store_place *place) {
    s->live -= span_of(s, place->size);
    *place = (struct kw_store_place){0, 0, 0};
}

// The newest entry of a number, as it is written or found again.
static void note(struct kw_store *s, uint32_t number, uint32_t size, uint32_t at) {
    struct kw_store_place *place = find(s, number);
    if (place != NULL) forget(s, place);
    if (size == 0) return;
    place = vacant(s, number);
    if (place == NULL) return;
    *place = (struct kw_store_place){(uint16_t)number, (uint16_t)size, at};
    s->live += span_of(s, size);
}

// ---- The log ----

static uint32_t sector_of(const struct kw_store *s, uint32_t sequence) {
    uint32_t sector = 0;
    while (sector < s->nor->sectors && s->sequence[sector] != sequence) sector++;
    return sector;
}

// The smallest sequence in use above `sequence`, 0 when there is none.
static uint32_t after(const struct kw_store *s, uint32_t sequence) {
    uint32_t least = 0;
    for (uint32_t i = 0; i < s->nor->sectors; i++)
        if (s->sequence[i] > sequence && (least == 0 || s->sequence[i] < least)) least = s->sequence[i];
    return least;
}

static uint32_t free_sectors(const struct kw_store *s) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->nor->sectors; i++) count += s->sequence[i] == 0;
    return count;
}

// Moves what lives in the oldest sector into the one just opened, then raises the tail above it.
static bool collect(struct kw_store *s) {
    uint32_t oldest = after(s, 0), sector = sector_of(s, oldest);
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++) {
        struct kw_store_place *place = &s->index[i];
        if (place->number == 0 || place->at / s->nor->sector_size != sector) continue;
        if (!read_entry(s, place->at)) {
            forget(s, place); // the flash lost it; the seal says so
            continue;
        }
        uint32_t at = s->active * s->nor->sector_size + s->position;
        if (!append(s, place->number, place->size)) return false;
        place->at = at;
    }
    uint32_t tail = after(s, oldest);
    kw_put32(s->buffer + ENTRY_HEAD, tail);
    if (!append(s, TAIL_NUMBER, TAIL_SIZE)) return false;
    s->tail = tail;
    s->sequence[sector] = 0;
    return true;
}

// Opens the next free sector in turn, so that all wear alike, and keeps one spare.
static bool advance(struct kw_store *s) {
    bool opened = false;
    s->position = 0;
    for (uint32_t i = 1; i <= s->nor->sectors && !opened; i++) {
        uint32_t sector = (s->active + i) % s->nor->sectors;
        opened = s->sequence[sector] == 0 && open_sector(s, sector);
    }
    if (!opened) return false;
    if (free_sectors(s) > 0 || collect(s)) return true;
    s->position = 0;
    return false;
}

static bool has_room(const struct kw_store *s, uint32_t span) {
    return s->position != 0 && s->position + span + span_of(s, TAIL_SIZE) <= s->nor->sector_size;
}

// ---- Mount ----

static bool read_head(struct kw_store *s, uint32_t sector, uint32_t *tail) {
    uint8_t head[HEAD_SIZE], nonce[13];
    if (flash_read(s, sector * s->nor->sector_size, head, HEAD_SIZE) != 0 || kw_get32(head) != MAGIC) return false;
    make_nonce(nonce, kw_get32(head + 4), head + 12, 0);
    struct kw_ccm_text text = {nonce, sizeof nonce, head, HEAD_SEALED, head + HEAD_SEALED, 0, head + HEAD_SEALED, TAG};
    if (kw_get32(head + 4) == 0 || !kw_ccm_open(&s->key, &text)) return false;
    s->sequence[sector] = kw_get32(head + 4);
    memcpy(s->salt[sector], head + 12, 7);
    *tail = kw_get32(head + 8);
    return true;
}

// Goes through a sector up to the first entry that is not whole.
static void scan(struct kw_store *s, uint32_t sector, bool tails_only) {
    uint32_t base = sector * s->nor->sector_size;
    for (uint32_t offset = HEAD_SIZE; offset < s->nor->sector_size;) {
        if (!read_entry(s, base + offset)) return;
        uint32_t number = kw_get16(s->buffer), size = kw_get16(s->buffer + 2);
        if (number == TAIL_NUMBER && size == TAIL_SIZE) {
            uint32_t tail = kw_get32(s->buffer + ENTRY_HEAD);
            if (tail > s->tail) s->tail = tail;
        } else if (!tails_only && number != TAIL_NUMBER) note(s, number, size, base + offset);
        offset += span_of(s, size);
    }
}

static int32_t mount(struct kw_store *s) {
    for (uint32_t i = 0; i < s->nor->sectors; i++) {
        uint32_t tail;
        if (!read_head(s, i, &tail) || s->sequence[i] <= s->newest) continue;
        s->newest = s->sequence[i];
        s->tail = tail;
        s->active = i;
    }
    if (s->newest == 0) return KW_ERR_NOT_FOUND;
    scan(s, s->active, true);
    for (uint32_t i = 0; i < s->nor->sectors; i++)
        if (s->sequence[i] < s->tail) s->sequence[i] = 0;
    // No sector to spare: the cut came while the newest one was being filled with copies.  The originals still stand.
    if (free_sectors(s) == 0) s->sequence[s->active] = 0;
    for (uint32_t sequence = after(s, 0); sequence != 0; sequence = after(s, sequence)) scan(s, sector_of(s, sequence), false);
    kw_wipe(s->buffer, sizeof s->buffer);
    return KW_OK;
}

int32_t kw_store_open(struct kw_store *s, const struct kw_nor *nor, const uint8_t key[16], const uint8_t noise[32]) {
    bool fits = nor->sector_size >= 1024 && nor->sector_size <= 65536 && nor->sector_size % KW_NOR_CHECK == 0;
    if (!fits || !kw_nor_unit_fits(nor) || nor->sectors < 3 || nor->sectors > KW_STORE_SECTORS_MAX) return KW_ERR_RESERVED;
    memset(s, 0, sizeof *s);
    s->nor = nor;
    memcpy(s->noise, noise, sizeof s->noise);
    kw_ccm_key(&s->key, key, 16);
    return mount(s);
}

int32_t kw_store_format(struct kw_store *s) {
    s->tail = 0; // the new sector's own sequence becomes the tail, which frees all others
    for (uint32_t i = 1; i <= s->nor->sectors; i++) {
        uint32_t sector = (s->active + i) % s->nor->sectors;
        if (s->sequence[sector] != 0 || !open_sector(s, sector)) continue;
        for (uint32_t k = 0; k < s->nor->sectors; k++)
            if (k != sector) s->sequence[k] = 0;
        memset(s->index, 0, sizeof s->index);
        s->live = 0;
        return KW_OK;
    }
    return KW_ERR_NO_BUFFER;
}

// ---- Records ----

static int32_t read_number(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity) {
    struct kw_store_place *place = find(s, number);
    if (place == NULL) return KW_ERR_NOT_FOUND;
    if (place->size > capacity) return KW_ERR_NO_BUFFER;
    bool whole = read_entry(s, place->at);
    if (whole) memcpy(at, s->buffer + ENTRY_HEAD, place->size);
    kw_wipe(s->buffer, sizeof s->buffer);
    return whole ? place->size : KW_ERR_BAD_CHECKSUM;
}

// What lives may fill all sectors but two, less what an entry that does not fit leaves unused at a sector's end.
static uint32_t capacity_of(const struct kw_store *s) {
    return (s->nor->sectors - 2u) * (s->nor->sector_size - HEAD_SIZE - span_of(s, TAIL_SIZE) - span_of(s, KW_STORE_RECORD_MAX));
}

static int32_t write_number(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    struct kw_store_place *place = find(s, number);
    uint32_t span = span_of(s, size), before = place == NULL ? 0 : span_of(s, place->size);
    if (size == 0 && place == NULL) return KW_OK;
    if (size != 0 && s->live - before + span > capacity_of(s)) return KW_ERR_NO_BUFFER;
    if (place == NULL && vacant(s, number) == NULL) return KW_ERR_NO_BUFFER;
    // Each turn either finds room in what the collection left, or moves the next sector; after one round there is none.
    for (uint32_t turn = 0; turn <= s->nor->sectors; turn++) {
        if (!has_room(s, span) && !advance(s)) break;
        if (!has_room(s, span)) continue;
        uint32_t at = s->active * s->nor->sector_size + s->position;
        if (size != 0) memcpy(s->buffer + ENTRY_HEAD, octets, size);
        bool done = append(s, number, size);
        kw_wipe(s->buffer, sizeof s->buffer);
        if (!done) continue;
        note(s, number, size, at);
        return KW_OK;
    }
    kw_wipe(s->buffer, sizeof s->buffer);
    return KW_ERR_NO_BUFFER;
}

int32_t kw_store_read(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity) {
    if (number == 0 || number > KW_STORE_NUMBER_MAX) return KW_ERR_NOT_FOUND;
    return read_number(s, number, at, capacity);
}

int32_t kw_store_write(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    if (number == 0 || number > KW_STORE_NUMBER_MAX) return KW_ERR_RESERVED;
    if (size > KW_STORE_RECORD_MAX) return KW_ERR_NO_BUFFER;
    return write_number(s, number, octets, size);
}

int32_t kw_store_key_set(struct kw_store *s, uint32_t slot, const uint8_t key[16]) {
    return slot < KW_STORE_KEYS ? write_number(s, KW_STORE_KEY_FIRST + slot, key, 16) : KW_ERR_NO_BUFFER;
}

int32_t kw_store_key_clear(struct kw_store *s, uint32_t slot) {
    return slot < KW_STORE_KEYS ? write_number(s, KW_STORE_KEY_FIRST + slot, NULL, 0) : KW_ERR_NO_BUFFER;
}

int32_t kw_store_key_get(struct kw_store *s, uint32_t slot, uint8_t key[16]) {
    return slot < KW_STORE_KEYS ? read_number(s, KW_STORE_KEY_FIRST + slot, key, 16) : KW_ERR_NOT_FOUND;
}
