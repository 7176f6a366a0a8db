// The sealed record store: a log over NOR flash, docs/abi.md store_read, store_write, key_set.
//
// What it promises: a write that was answered is durable; a write that was cut leaves the old record or the new one; a record is
// readable and changeable only with the device key.  A bit that rots is put right.  What is beyond that reads as an error: never as an older
// record, never as none.  It writes as long as one sector more is good than what lives needs.  What it does not: a thief who writes back a
// whole older image of the flash is not noticed, which takes a counter outside of the flash.
//
// A sector holds its head twice, the second time with all bits inverted, then entries one after the other:
//
//   head   | magic u32 | sequence u32 | tail u32 | salt 7, zero 5 | tag 8 |                               32 octets
//   entry  | label 8 | sealed octets | tag 8 | 0xff up to a unit of the flash | label 8 | 0xff up to a unit |
//
// The label (store_label.h) behind an entry is programmed when the entry has been read back.  So an entry that has both but does not
// open was whole once and has rotted; one without the second was cut while it was written, and the record before it counts.  An entry
// whose first label is lost is found from its second one, and what comes after a place that nobody understands is sought unit by unit.
// A number with the size KW_STORE_LOST says that this record's octets were lost when its sector was emptied.
//
// `sequence` grows with each sector opened.  Sectors whose sequence is below the greatest `tail` written are free, whatever they
// seem to hold: first a sector's live entries are copied, then a mark, an entry of number 0, raises the tail, and only then may the
// sector be erased, so a half-erased sector cannot bring back what was replaced or erased.  Records are written only behind a mark:
// a newest sector without one holds copies whose originals still stand, and a mount leaves it out.  Marks are written in pairs.
//
// Two sectors are kept free, so that one may turn out to be bad while the other is filled.  A sector that does not erase, or takes no
// head, is left alone until there is no other.
//
// Seal: AES-128-CCM, M = 8, L = 2.  Nonce: sequence u32, salt 7 octets, offset / 8 u16.  A sector is never continued after a mount and
// no place is written twice, so no offset of a sequence is used twice, also after a cut; the salt, fresh for each opening, separates
// openings whose head was lost.  Associated data: number and size.
#ifndef KW_STORE_H
#define KW_STORE_H

#include "board.h"
#include "crypto.h"

#define KW_STORE_SECTORS_MIN 3u
#define KW_STORE_SECTORS_MAX 64u
#define KW_STORE_RECORD_MAX 512u // octets of one record
#define KW_STORE_RECORDS 64u     // records of a module
#define KW_STORE_NUMBER_MAX 0x7fffu
#define KW_STORE_KEYS 80u          // network 2, own 2, partners 4, two for each of 32 devices; 7 of phase 2
#define KW_STORE_OWN_FIRST 0x8100u // the board's own records, out of the module's reach as well; they count among KW_STORE_RECORDS
#define KW_STORE_OWN 16u
#define KW_STORE_KEY_FIRST 0x8000u // a slot is the record KW_STORE_KEY_FIRST + slot, out of store_read's reach
#define KW_STORE_LOST 0x8000u      // size of a record that cannot be read any more
#define KW_STORE_INDEX (KW_STORE_RECORDS + KW_STORE_KEYS)
#define KW_STORE_ENTRY_MAX (8u + KW_STORE_RECORD_MAX + 8u + (KW_NOR_UNIT_MAX - 16u)) // padded to the largest unit

struct kw_store_place {
    uint16_t number; // 0 = free
    uint16_t size;
    uint32_t at; // of the entry
};

struct kw_store {
    const struct kw_nor *nor;
    struct kw_ccm key;
    struct kw_store_place index[KW_STORE_INDEX];
    uint32_t sequence[KW_STORE_SECTORS_MAX]; // of each sector in use, 0 = free
    uint8_t salt[KW_STORE_SECTORS_MAX][7];
    uint8_t noise[32];
    uint64_t bad; // a bit for each sector that would not erase, or take a head
    uint32_t tail, newest;
    uint32_t active;   // sector being written, valid while `position` is not 0
    uint32_t position; // next entry; 0 = the next write opens a sector
    bool marked;       // the active sector has a mark: records may follow
    bool blind;        // a mount in this uptime could not read the flash
    uint16_t worn;     // a record that was read with a bit put right, to be written anew
    uint32_t live;     // octets of live entries
    // For tests and reports, since open.
    uint32_t erases, mended, lost;
    uint8_t buffer[KW_STORE_ENTRY_MAX];
};

// Reads what is there.  `noise` is 32 random octets for the salts of this boot.  KW_ERR_NOT_FOUND when all of the flash could be read and
// no sector was sealed with this key: then kw_store_format, once, at manufacture.  KW_ERR_BAD_CHECKSUM when the flash cannot be read:
// try again, after a reset too, and never format.  KW_ERR_RESERVED for a geometry out of kw_nor's bounds.
int32_t kw_store_open(struct kw_store *s, const struct kw_nor *nor, const uint8_t key[16], const uint8_t noise[32]);
// Starts an empty store in an opened one; what was there becomes unreadable as soon as this answers.
int32_t kw_store_format(struct kw_store *s);

// Size of the record; KW_ERR_NOT_FOUND; KW_ERR_NO_BUFFER when it is larger than `capacity`; KW_ERR_BAD_CHECKSUM when it is there but
// cannot be read.
int32_t kw_store_read(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity);
// KW_OK, durable; KW_ERR_NO_BUFFER when full; size 0 erases.
int32_t kw_store_write(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size);

// The same for the board's own records as well: for what is written at manufacture, for recordings, and for identity.c.
int32_t kw_store_read_any(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity);
int32_t kw_store_write_any(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size);

int32_t kw_store_key_set(struct kw_store *s, uint32_t slot, const uint8_t key[16]);
int32_t kw_store_key_clear(struct kw_store *s, uint32_t slot);
// For crypto inside the board only.
int32_t kw_store_key_get(struct kw_store *s, uint32_t slot, uint8_t key[16]);

#endif
