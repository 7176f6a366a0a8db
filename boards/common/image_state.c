// The state of the slots: two or three sectors of snapshots, each the whole record, one behind the other.
//
//   snapshot | magic u32 | sequence u32 | salt 8 | counter u32 | epoch u32 | confirmed u8 | trial u8 | tries u8 | quality 2 | slot u8 |
//            | attempts u8 | verifications u8 | offset u32 | head digest 16 | decoder 48 | 5 entries of 24 | verdict 28 | tag 8 |                               256 octets
//   entry    | manufacturer u16 | type u16 | version u32 | size u32 | status u8 | reason u8 | detail u16 | sectors u16 | fold u16 | not before u32 |
//
// The first entry's fold is that of all octets before the tag, with a fold of 0 (store_label.h); the others' are 0.  One bit that rots is
// put right: by the fold, in the fold, or in the tag, which may differ in one.
//
// The newest whole snapshot counts.  The tag is that of AES-128-CCM over all octets before it, nothing is encrypted; the nonce is
// sequence and salt, and the salt is fresh for each snapshot, so that none comes back after a cut.
//
// After a reset the first snapshot goes to the other sector, erased just before: in the sector that holds the newest one, the place
// behind it may have been torn, and reads blank or not as it likes.  Only where no other sector can be used this one goes on,
// and leaves a place out.  It was read blank before its first snapshot was written, so what lies beyond is erased indeed.
#include <string.h>
#include "image_slots.h"
#include "nor_flash.h"
#include "octets.h"
#include "store_label.h"

#define SNAPSHOT KW_IMAGE_PAGE
#define TAG 8u
#define SEALED (SNAPSHOT - TAG)
#define STATE_MAX 3u
#define TRIES 9u          // of a read that fails, or does not open
#define JUMP 64u          // sequences left out by each uptime: more than a read that was wrong for once can hide
#define MAGIC 0x3149574bu // "KWI1"
enum {
    AT_SEQUENCE = 4,
    AT_SALT = 8,
    AT_COUNTER = 16,
    AT_EPOCH = 20,
    AT_CONFIRMED = 24,
    AT_TRIAL,
    AT_TRIES,
    AT_QUALITY,
    AT_SLOT = 29,
    AT_ATTEMPTS,
    AT_VERIFICATIONS,
    AT_OFFSET = 32,
    AT_HEAD = 36,
    AT_DECODER = 52,
    AT_ENTRIES = 100,
    ENTRY = 24,
    AT_FOLD = AT_ENTRIES + 18,
    AT_VERDICT = AT_ENTRIES + ENTRY * KW_IMAGE_ENTRIES
};
_Static_assert(AT_VERDICT + KW_IMAGE_VERDICT <= SEALED, "a snapshot holds the whole record");

// ---- A snapshot's octets ----

static void entry_put(uint8_t *at, const struct kw_image_entry *e) {
    kw_put16(at, e->key.manufacturer);
    kw_put16(at + 2, e->key.type);
    kw_put32(at + 4, e->key.version);
    kw_put32(at + 8, e->key.size);
    at[12] = e->status;
    at[13] = e->reason;
    kw_put16(at + 14, e->detail);
    kw_put16(at + 16, e->sectors);
    kw_put32(at + 20, e->not_before);
}

static void entry_get(struct kw_image_entry *e, const uint8_t *at, uint32_t sectors_max) {
    e->key = (struct kw_package_key){(uint16_t)kw_get16(at), (uint16_t)kw_get16(at + 2), kw_get32(at + 4), kw_get32(at + 8)};
    e->status = at[12];
    e->reason = at[13];
    e->detail = (uint16_t)kw_get16(at + 14);
    // Another native firmware may have had another layout.
    e->sectors = kw_get16(at + 16) > sectors_max ? 0 : (uint16_t)kw_get16(at + 16);
    e->not_before = kw_get32(at + 20);
}

static void record_put(uint8_t *at, const struct kw_image_record *r) {
    kw_put32(at + AT_COUNTER, r->counter);
    kw_put32(at + AT_EPOCH, r->epoch);
    at[AT_CONFIRMED] = r->confirmed;
    at[AT_TRIAL] = r->trial;
    at[AT_TRIES] = r->tries;
    memcpy(at + AT_QUALITY, r->quality, 2);
    at[AT_SLOT] = r->slot;
    at[AT_ATTEMPTS] = r->attempts;
    at[AT_VERIFICATIONS] = r->verifications;
    kw_put32(at + AT_OFFSET, r->offset);
    memcpy(at + AT_HEAD, r->head, sizeof r->head);
    memcpy(at + AT_DECODER, r->decoder.state, KW_DECODER_STATE);
    for (uint32_t i = 0; i < KW_IMAGE_ENTRIES; i++) entry_put(at + AT_ENTRIES + i * ENTRY, &r->entries[i]);
    memcpy(at + AT_VERDICT, r->verdict, sizeof r->verdict);
}

static uint8_t slot_or_none(uint8_t slot) { return slot > 1 ? KW_IMAGE_NO_SLOT : slot; }

static void record_get(struct kw_image_record *r, const uint8_t *at, const struct kw_image_layout *layout) {
    r->counter = kw_get32(at + AT_COUNTER);
    r->epoch = kw_get32(at + AT_EPOCH);
    r->confirmed = slot_or_none(at[AT_CONFIRMED]);
    r->trial = slot_or_none(at[AT_TRIAL]);
    r->tries = at[AT_TRIES];
    memcpy(r->quality, at + AT_QUALITY, 2);
    r->slot = at[AT_SLOT] & 1;
    r->attempts = at[AT_ATTEMPTS];
    r->verifications = at[AT_VERIFICATIONS];
    r->offset = kw_get32(at + AT_OFFSET);
    memcpy(r->head, at + AT_HEAD, sizeof r->head);
    memcpy(r->decoder.state, at + AT_DECODER, KW_DECODER_STATE);
    for (uint32_t i = 0; i < KW_IMAGE_ENTRIES; i++)
        entry_get(&r->entries[i], at + AT_ENTRIES + i * ENTRY, i == 0 ? layout->slot_sectors : layout->file_sectors);
    memcpy(r->verdict, at + AT_VERDICT, sizeof r->verdict);
}

static struct kw_ccm_text seal_of(uint8_t *snapshot, uint8_t nonce[13]) {
    memcpy(nonce, snapshot + AT_SEQUENCE, 12);
    nonce[12] = 0;
    return (struct kw_ccm_text){nonce, 13, snapshot, SEALED, snapshot + SEALED, 0, snapshot + SEALED, TAG};
}

// Eight octets that no earlier snapshot had.
static void fresh_salt(struct kw_images *s, uint8_t salt[8]) {
    uint8_t input[36], digest[32];
    memcpy(input, s->config->noise, 32);
    kw_put32(input + 32, ++s->log.salts);
    kw_sha256(digest, input, sizeof input);
    memcpy(salt, digest, 8);
}

static void make_snapshot(struct kw_images *s, uint8_t out[SNAPSHOT]) {
    uint8_t nonce[13];
    memset(out, 0, SNAPSHOT);
    kw_put32(out, MAGIC);
    kw_put32(out + AT_SEQUENCE, ++s->log.sequence); // also where it fails: what was torn may read whole one day
    fresh_salt(s, out + AT_SALT);
    record_put(out, &s->record);
    kw_put16(out + AT_FOLD, kw_fold(out, SEALED));
    struct kw_ccm_text text = seal_of(out, nonce);
    kw_ccm_seal(&s->log.key, &text);
}

static bool sealed(const struct kw_images *s, uint8_t at[SNAPSHOT]) {
    uint8_t nonce[13], tag[TAG];
    struct kw_ccm_text text = seal_of(at, nonce);
    text.tag = tag;
    if (kw_get32(at) != MAGIC || !kw_ccm_seal(&s->log.key, &text)) return false;
    uint32_t wrong = 0;
    for (uint32_t bit = 0; bit < 8 * TAG; bit++) wrong += (uint32_t)(tag[bit / 8] ^ at[SEALED + bit / 8]) >> bit % 8 & 1;
    return wrong <= 1;
}

enum mending { AS_IT_IS, BY_THE_FOLD, OF_THE_FOLD, MENDINGS };

static bool open_snapshot(const struct kw_images *s, uint8_t at[SNAPSHOT], enum mending how) {
    uint32_t fold = kw_get16(at + AT_FOLD);
    kw_put16(at + AT_FOLD, 0);
    uint32_t is = kw_fold(at, SEALED), bit = is ^ fold;
    kw_put16(at + AT_FOLD, how == OF_THE_FOLD ? is : fold);
    if (how == BY_THE_FOLD && bit >= 8 * SEALED) return false;
    if (how == BY_THE_FOLD) at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    return sealed(s, at);
}

// The third one lies behind everything else, where the region has a sector left: then one of them may go bad.
static uint32_t state_sectors(const struct kw_images *s) { return kw_slots_end(s) < s->config->nor->sectors ? 3 : 2; }

static uint32_t sector_at(const struct kw_images *s, uint32_t state) { return state < 2 ? state : kw_slots_end(s); }

static uint32_t base_of(const struct kw_images *s, uint32_t state) { return sector_at(s, state) * s->config->nor->sector_size; }

static uint32_t places(const struct kw_images *s) { return s->config->nor->sector_size / SNAPSHOT; }

// Reads the snapshot at a place; false when none lies there whole.
static bool read_snapshot(const struct kw_images *s, uint32_t sector, uint32_t place, uint8_t out[SNAPSHOT]) {
    const struct kw_nor *nor = s->config->nor;
    for (uint32_t turn = 0; turn < TRIES; turn++) {
        if (nor->read(nor->context, base_of(s, sector) + place * SNAPSHOT, out, SNAPSHOT) != 0) continue;
        if (kw_nor_blank(out, SNAPSHOT)) return false;
        if (open_snapshot(s, out, (enum mending)(turn % MENDINGS))) return true;
    }
    return false;
}

// ---- Reading ----

static void record_begin(struct kw_image_record *r) {
    memset(r, 0, sizeof *r);
    r->confirmed = r->trial = KW_IMAGE_NO_SLOT;
}

// Finds the newest snapshot of a sector: its sequence, counter and epoch; takes it over when it is the newest of all.
static uint32_t scan(struct kw_images *s, uint32_t sector, uint32_t *counter, uint32_t *epoch) {
    uint8_t snapshot[SNAPSHOT];
    uint32_t newest = 0;
    for (uint32_t place = 0; place < places(s); place++) {
        if (!read_snapshot(s, sector, place, snapshot) || kw_get32(snapshot + AT_SEQUENCE) <= newest) continue;
        newest = kw_get32(snapshot + AT_SEQUENCE);
        *counter = kw_get32(snapshot + AT_COUNTER);
        *epoch = kw_get32(snapshot + AT_EPOCH);
        if (newest <= s->log.sequence) continue;
        s->log.sequence = newest;
        s->log.sector = sector;
        s->log.begun = true;
        record_get(&s->record, snapshot, &s->config->layout);
    }
    return newest;
}

void kw_slots_load(struct kw_images *s) {
    static const uint8_t label[] = "kilowasm image state";
    uint8_t key[16];
    uint32_t counters[STATE_MAX] = {0}, epochs[STATE_MAX] = {0};
    kw_hmac_mmo(key, s->config->device_key, 16, label, sizeof label - 1);
    kw_ccm_key(&s->log.key, key, sizeof key);
    kw_wipe(key, sizeof key);
    record_begin(&s->record);
    s->log.sequence = s->log.next = s->log.salts = 0;
    s->log.begun = false;
    s->log.sector = 1;
    s->log.blank = true;
    s->log.mirrored = false;
    for (uint32_t sector = 0; sector < state_sectors(s); sector++) {
        scan(s, sector, &counters[sector], &epochs[sector]);
        s->log.blank &= kw_nor_blank(s->config->nor->mapped + base_of(s, sector), s->config->nor->sector_size);
    }
    s->log.sequence += JUMP;
    uint32_t newest = s->log.sector;
    for (uint32_t sector = 0; sector < state_sectors(s); sector++)
        s->log.mirrored |= sector != newest && counters[sector] == counters[newest] && epochs[sector] == epochs[newest];
}

// ---- Writing ----

static bool write_at(struct kw_images *s, uint32_t sector, uint32_t place, const uint8_t snapshot[SNAPSHOT]) {
    const struct kw_nor *nor = s->config->nor;
    if (!kw_nor_program(nor, base_of(s, sector) + place * SNAPSHOT, snapshot, SNAPSHOT)) return false;
    s->log.sector = sector;
    s->log.next = place + 1;
    s->log.begun = true;
    return true;
}

// Goes on in the sector of this uptime.  A place that did not take its snapshot is spent.
static bool go_on(struct kw_images *s, const uint8_t snapshot[SNAPSHOT]) {
    return s->log.next != 0 && s->log.next < places(s) && write_at(s, s->log.sector, s->log.next++, snapshot);
}

static bool open_sector(struct kw_images *s, uint32_t sector, const uint8_t snapshot[SNAPSHOT]) {
    return kw_nor_erase(s->config->nor, sector_at(s, sector)) && write_at(s, sector, 0, snapshot);
}

// The place behind everything that was ever written to a sector, and one further.
static uint32_t beyond(const struct kw_images *s, uint32_t sector) {
    const uint8_t *at = s->config->nor->mapped + base_of(s, sector);
    uint32_t place = places(s);
    while (place > 0 && kw_nor_blank(at + (place - 1) * SNAPSHOT, SNAPSHOT)) place--;
    return place + 1;
}

static bool go_on_beyond(struct kw_images *s, const uint8_t snapshot[SNAPSHOT]) {
    if (s->log.next == 0) s->log.next = beyond(s, s->log.sector);
    while (s->log.next < places(s))
        if (go_on(s, snapshot)) return true;
    return false;
}

// Opens another sector than that of the newest snapshot, the next one in turn that can be.
static bool open_other(struct kw_images *s, const uint8_t snapshot[SNAPSHOT]) {
    uint32_t newest = s->log.sector, count = state_sectors(s);
    for (uint32_t i = 1; i < count; i++)
        if (open_sector(s, (newest + i) % count, snapshot)) return true;
    return false;
}

bool kw_slots_save(struct kw_images *s) {
    uint8_t snapshot[SNAPSHOT];
    make_snapshot(s, snapshot);
    if (go_on(s, snapshot) || open_other(s, snapshot)) return true;
    // Never erased: the sector of the newest snapshot, unless there is none yet.
    return s->log.begun ? go_on_beyond(s, snapshot) : open_sector(s, s->log.sector, snapshot);
}

bool kw_slots_mirror(struct kw_images *s) {
    uint8_t snapshot[SNAPSHOT];
    make_snapshot(s, snapshot);
    s->log.mirrored = open_other(s, snapshot);
    return s->log.mirrored;
}
