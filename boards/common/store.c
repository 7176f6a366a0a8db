#include "store.h"
#include <string.h>
#include "nor_flash.h"
#include "octets.h"
#include "store_log.h"

enum { MARK_NUMBER = 0 };
#define MARK_SIZE 12u // tail u32 | bad sectors u64
#define SPARES 2u
#define SMALL_FLASH 3u // sectors that are good; with fewer one is kept free

// ---- Index ----

static struct kw_store_place *find(struct kw_store *s, uint32_t number) {
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++)
        if (s->index[i].number == number) return &s->index[i];
    return NULL;
}

static bool is_key(uint32_t number) { return number - KW_STORE_KEY_FIRST < KW_STORE_KEYS; }
static bool is_own(uint32_t number) { return number - KW_STORE_OWN_FIRST < KW_STORE_OWN; }

// A place for a new number; keys have places of their own, so that records cannot crowd them out.
static struct kw_store_place *vacant(struct kw_store *s, uint32_t number) {
    uint32_t same = 0;
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++)
        if (s->index[i].number != 0 && is_key(s->index[i].number) == is_key(number)) same++;
    return same < (is_key(number) ? KW_STORE_KEYS : KW_STORE_RECORDS) ? find(s, 0) : NULL;
}

static void forget(struct kw_store *s, struct kw_store_place *place) {
    s->live -= kw_entry_span(s, place->size);
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
    s->live += kw_entry_span(s, size);
}

static bool open_place(struct kw_store *s, const struct kw_store_place *place) {
    return place != NULL && place->size != KW_STORE_LOST && kw_entry_open(s, place->at, place->number, place->size);
}

// ---- Sectors ----

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

static bool is_bad(const struct kw_store *s, uint32_t sector) { return (s->bad >> sector & 1) != 0; }

static uint32_t good_sectors(const struct kw_store *s) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->nor->sectors; i++) count += !is_bad(s, i);
    return count;
}

static uint32_t free_sectors(const struct kw_store *s) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->nor->sectors; i++) count += s->sequence[i] == 0 && !is_bad(s, i);
    return count;
}

static uint32_t spares_of(const struct kw_store *s) { return good_sectors(s) >= SMALL_FLASH ? SPARES : SPARES - 1u; }

// Frees what lies below the tail.
static void release(struct kw_store *s) {
    for (uint32_t i = 0; i < s->nor->sectors; i++)
        if (s->sequence[i] < s->tail) s->sequence[i] = 0;
}

static bool open_sector(struct kw_store *s, uint32_t sector) {
    s->erases++;
    // Twice: what passes does not make a sector bad.
    if (!kw_nor_erase(s->nor, sector) && !kw_nor_erase(s->nor, sector)) return false;
    if (!kw_head_write(s, sector, ++s->newest)) return false;
    s->active = sector;
    s->position = KW_ENTRIES_FROM;
    s->marked = false;
    return true;
}

// Opens the next free sector in turn, so that all wear alike; one that was bad only when there is no other.
static bool open_next(struct kw_store *s) {
    for (uint32_t last = 0; last < 2; last++) {
        for (uint32_t i = 1; i <= s->nor->sectors; i++) {
            uint32_t sector = (s->active + i) % s->nor->sectors;
            if (s->sequence[sector] != 0 || is_bad(s, sector) != (last == 1)) continue;
            bool opened = open_sector(s, sector);
            s->bad &= ~((uint64_t)1 << sector);
            s->bad |= (uint64_t)!opened << sector;
            if (opened) return true;
        }
    }
    return false;
}

// ---- The log ----

// A sector keeps room for its first marks.
static bool has_room(const struct kw_store *s, uint32_t number, uint32_t span) {
    uint32_t kept = s->marked || number == MARK_NUMBER ? 0 : 2 * kw_entry_span(s, MARK_SIZE);
    return s->position != 0 && s->position + span + kept <= s->nor->sector_size;
}

// Appends `octets`, or where they are null what `from` holds; in the sectors that are free when the active one does not take it.  Answers
// the entry's place, 0 when there is none.
static uint32_t put(struct kw_store *s, uint32_t number, uint32_t size, const uint8_t *octets, const struct kw_store_place *from) {
    uint32_t span = kw_entry_span(s, size);
    for (;;) {
        if (!has_room(s, number, span) && !open_next(s)) return 0;
        if (octets != NULL) memcpy(s->buffer + KW_LABEL_SIZE, octets, size);
        else if (size != 0 && size != KW_STORE_LOST && !open_place(s, from)) return 0;
        uint32_t at = s->active * s->nor->sector_size + s->position;
        s->position += span; // also when it fails: a place is written once
        if (!kw_entry_write(s, at, number, size)) continue;
        if (number == MARK_NUMBER) s->marked = true;
        return at;
    }
}

// Makes the active sector one whose entries count, and raises the tail.
static bool mark(struct kw_store *s, uint32_t tail) {
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t octets[MARK_SIZE];
        kw_put32(octets, tail);
        kw_put32(octets + 4, (uint32_t)s->bad);
        kw_put32(octets + 8, (uint32_t)(s->bad >> 32));
        if (put(s, MARK_NUMBER, MARK_SIZE, octets, NULL) == 0) return false;
    }
    s->tail = tail;
    release(s);
    return true;
}

// An entry that does not open while the flash can be read as such is lost.  A number stays, so that nothing older takes its place.
static bool move(struct kw_store *s, const struct kw_store_place *place) {
    uint8_t probe[KW_LABEL_SIZE];
    uint32_t size = place->size, number = place->number, at;
    if (!open_place(s, place)) {
        if (!kw_flash_reads(s, s->active * s->nor->sector_size, probe, sizeof probe)) return false;
        if (size != KW_STORE_LOST) s->lost++;
        size = KW_STORE_LOST;
    }
    at = put(s, number, size, NULL, place);
    if (at == 0) return false;
    note(s, number, size, at);
    return true;
}

// Moves what lives in the oldest sector into the active one, then raises the tail above it.
static bool collect(struct kw_store *s) {
    uint32_t oldest = after(s, 0), sector = sector_of(s, oldest);
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++) {
        struct kw_store_place place = s->index[i];
        if (place.number != 0 && place.at / s->nor->sector_size == sector && !move(s, &place)) return false;
    }
    return mark(s, after(s, oldest));
}

// Opens a sector, and empties old ones until the spares are there again or nothing is left to be gained.
static bool advance(struct kw_store *s) {
    s->position = 0;
    if (!open_next(s)) return false;
    uint32_t first = s->sequence[s->active];
    while (free_sectors(s) < spares_of(s) && after(s, 0) < first)
        if (!collect(s)) return false;
    return s->marked || mark(s, s->tail);
}

// ---- Mount ----

static void take_mark(struct kw_store *s, uint32_t *tail) {
    const uint8_t *octets = s->buffer + KW_LABEL_SIZE;
    if (kw_get32(octets) > *tail) *tail = kw_get32(octets);
    s->bad |= kw_get64(octets + 4);
}

// Goes through a sector.  `tail` null: notes its records; else only marks are looked for.  Answers whether there is one.
static bool scan(struct kw_store *s, uint32_t sector, uint32_t *tail) {
    struct kw_label label;
    bool marked = false;
    uint32_t from = KW_ENTRIES_FROM, base = sector * s->nor->sector_size, begin = 0, end = 0;
    for (uint32_t offset = from; offset + s->nor->unit <= s->nor->sector_size;) {
        enum kw_found found = kw_entry_find(s, sector, from, offset, &label, &begin, &end);
        offset = found == KW_FOUND_NOTHING ? offset + s->nor->unit : end;
        if (found == KW_FOUND_NOTHING) continue;
        from = end;
        if (label.number == MARK_NUMBER) marked = true;
        if (label.number == MARK_NUMBER && tail != NULL && found == KW_FOUND_ENTRY) take_mark(s, tail);
        if (label.number == MARK_NUMBER || tail != NULL) continue;
        s->lost += found == KW_FOUND_LOST;
        // What cannot be read today is asked again; only an erasure that cannot be read leaves nothing to ask for.
        note(s, label.number, found == KW_FOUND_LOST && label.size == 0 ? KW_STORE_LOST : label.size, base + begin);
    }
    return marked;
}

// Reads all heads; answers how many sectors cannot be read.  Their numbers are not given out again.
static uint32_t read_heads(struct kw_store *s, uint32_t tails[KW_STORE_SECTORS_MAX]) {
    uint32_t unreadable = 0;
    for (uint32_t i = 0; i < s->nor->sectors; i++) {
        s->sequence[i] = 0;
        enum kw_head head = kw_head_read(s, i, &tails[i]);
        if (head == KW_HEAD_UNREADABLE) {
            unreadable++;
            s->bad |= (uint64_t)1 << i;
        }
        if (s->sequence[i] > s->newest) s->newest = s->sequence[i];
    }
    s->newest += unreadable * KW_STORE_SECTORS_MAX;
    return unreadable;
}

// The newest sector with a mark; those above it hold copies only, and are left out.
static uint32_t newest_marked(struct kw_store *s, uint32_t tails[KW_STORE_SECTORS_MAX]) {
    for (;;) {
        uint32_t newest = 0;
        for (uint32_t sequence = after(s, 0); sequence != 0; sequence = after(s, sequence)) newest = sequence;
        uint32_t sector = sector_of(s, newest);
        if (newest == 0) return s->nor->sectors;
        if (scan(s, sector, &tails[sector])) return sector;
        s->sequence[sector] = 0;
    }
}

static int32_t mount(struct kw_store *s) {
    uint32_t tails[KW_STORE_SECTORS_MAX] = {0};
    memset(s->index, 0, sizeof s->index);
    s->live = s->position = s->worn = 0;
    s->marked = s->blind = false;
    uint32_t unreadable = read_heads(s, tails), newest = newest_marked(s, tails);
    s->blind = newest == s->nor->sectors && unreadable != 0;
    if (newest == s->nor->sectors) return unreadable != 0 ? KW_ERR_BAD_CHECKSUM : KW_ERR_NOT_FOUND;
    s->lost += unreadable;
    s->active = newest;
    s->tail = tails[newest];
    release(s);
    for (uint32_t sequence = after(s, 0); sequence != 0; sequence = after(s, sequence)) scan(s, sector_of(s, sequence), NULL);
    kw_wipe(s->buffer, sizeof s->buffer);
    return KW_OK;
}

int32_t kw_store_open(struct kw_store *s, const struct kw_nor *nor, const uint8_t key[16], const uint8_t noise[32]) {
    bool fits = nor->sector_size >= 1024 && nor->sector_size <= 65536 && nor->sector_size % KW_NOR_CHECK == 0;
    if (!fits || !kw_nor_unit_fits(nor) || nor->sectors < KW_STORE_SECTORS_MIN || nor->sectors > KW_STORE_SECTORS_MAX)
        return KW_ERR_RESERVED;
    memset(s, 0, sizeof *s);
    s->nor = nor;
    memcpy(s->noise, noise, sizeof s->noise);
    kw_ccm_key(&s->key, key, 16);
    return mount(s);
}

int32_t kw_store_format(struct kw_store *s) {
    uint32_t before = s->tail;
    s->tail = s->newest + 1; // of the sector that is opened now, or of one behind it
    if (open_next(s) && mark(s, s->tail)) {
        memset(s->index, 0, sizeof s->index);
        s->live = s->worn = 0;
        s->blind = false;
        return KW_OK;
    }
    s->tail = before;
    mount(s);
    return KW_ERR_NO_BUFFER;
}

// ---- Records ----

static int32_t read_number(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity) {
    if (s->blind) mount(s);
    if (s->blind) return KW_ERR_BAD_CHECKSUM;
    struct kw_store_place *place = find(s, number);
    if (place == NULL) return KW_ERR_NOT_FOUND;
    if (place->size == KW_STORE_LOST) return KW_ERR_BAD_CHECKSUM;
    if (place->size > capacity) return KW_ERR_NO_BUFFER;
    bool whole = open_place(s, place);
    if (whole) memcpy(at, s->buffer + KW_LABEL_SIZE, place->size);
    kw_wipe(s->buffer, sizeof s->buffer);
    return whole ? place->size : KW_ERR_BAD_CHECKSUM;
}

// Whether what lives would leave every sector in use with less room than an entry of this span: then no collection makes any.
static bool is_full(struct kw_store *s, uint32_t before, uint32_t span) {
    uint32_t usable = s->nor->sector_size - KW_ENTRIES_FROM - 2 * kw_entry_span(s, MARK_SIZE), used = good_sectors(s);
    uint32_t largest = span, live = s->live + span;
    for (uint32_t i = 0; i < KW_STORE_INDEX; i++) {
        uint32_t each = s->index[i].number == 0 ? 0 : kw_entry_span(s, s->index[i].size);
        if (each > largest) largest = each;
    }
    used = used > spares_of(s) ? used - spares_of(s) : 1;
    if (used == 1) return live > usable;
    live -= before;
    return live > usable && live > used * (usable - largest);
}

static int32_t append(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    uint32_t span = kw_entry_span(s, size);
    // Each turn either finds room in what the collection left, or moves the next sector; after one round there is none.
    for (uint32_t turn = 0; turn <= s->nor->sectors; turn++) {
        bool ready = (s->marked && has_room(s, number, span)) || advance(s);
        if (!ready) break;
        while (has_room(s, number, span)) {
            uint32_t at = s->active * s->nor->sector_size + s->position;
            if (size != 0) memcpy(s->buffer + KW_LABEL_SIZE, octets, size);
            s->position += span;
            if (!kw_entry_write(s, at, number, size)) continue;
            note(s, number, size, at);
            return KW_OK;
        }
    }
    return KW_ERR_NO_BUFFER;
}

// Writes a record anew that was read with a bit put right: the next bit of it to rot would be one too many.
static void renew(struct kw_store *s) {
    uint8_t octets[KW_STORE_RECORD_MAX];
    struct kw_store_place *place = find(s, s->worn);
    s->worn = 0;
    if (place == NULL || !open_place(s, place)) return;
    uint32_t size = place->size;
    memcpy(octets, s->buffer + KW_LABEL_SIZE, size);
    append(s, place->number, octets, size);
    kw_wipe(octets, sizeof octets);
    s->worn = 0;
}

static int32_t write_number(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    if (s->blind && mount(s) != KW_OK) return KW_ERR_NO_BUFFER;
    struct kw_store_place *place = find(s, number);
    uint32_t span = kw_entry_span(s, size), before = place == NULL ? 0 : kw_entry_span(s, place->size);
    if (size == 0 && place == NULL) return KW_OK;
    if (place == NULL && vacant(s, number) == NULL) return KW_ERR_NO_BUFFER;
    if (span > before && is_full(s, before, span)) return KW_ERR_NO_BUFFER;
    int32_t answer = append(s, number, octets, size);
    // The flash would not: what was opened meanwhile holds copies at best.  Without it there are sectors again, now or at the next write.
    if (answer != KW_OK && free_sectors(s) < spares_of(s) && mount(s) == KW_OK) answer = append(s, number, octets, size);
    if (answer == KW_OK && s->worn != 0) renew(s);
    kw_wipe(s->buffer, sizeof s->buffer);
    return answer;
}

int32_t kw_store_read_any(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity) {
    return is_own(number) ? read_number(s, number, at, capacity) : kw_store_read(s, number, at, capacity);
}

int32_t kw_store_write_any(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    if (!is_own(number) && (number == 0 || number > KW_STORE_NUMBER_MAX)) return KW_ERR_RESERVED;
    if (size > KW_STORE_RECORD_MAX) return KW_ERR_NO_BUFFER;
    return write_number(s, number, octets, size);
}

int32_t kw_store_read(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity) {
    if (number == 0 || number > KW_STORE_NUMBER_MAX) return KW_ERR_NOT_FOUND;
    return read_number(s, number, at, capacity);
}

int32_t kw_store_write(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size) {
    return is_own(number) ? KW_ERR_RESERVED : kw_store_write_any(s, number, octets, size);
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
