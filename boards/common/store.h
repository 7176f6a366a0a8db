// The sealed record store: a log over NOR flash, docs/abi.md store_read, store_write, key_set.
//
// What it promises: a write that was answered is durable; a write that was cut leaves the old record or the new one; a record is
// readable and changeable only with the device key.  What it does not: a thief who writes back a whole older image of the flash
// is not noticed, which takes a counter outside of the flash.
//
// A sector holds a head, then entries one after the other:
//
//   head   | magic u32 | sequence u32 | tail u32 | salt 7, zero 5 | tag 8 |                               32 octets
//   entry  | number u16 | size u16 | ~number u16 | ~size u16 | sealed octets | tag 8 | 0xff up to a unit of the flash |
//
// `sequence` grows with each sector opened.  Sectors whose sequence is below the greatest `tail` written are free, whatever they
// seem to hold: first a sector's live entries are copied, then an entry of number 0 raises the tail, and only then may the sector be
// erased, so a half-erased sector cannot bring back what was replaced or erased.
//
// Seal: AES-128-CCM, M = 8, L = 2.  Nonce: sequence u32, salt 7 octets, offset / 8 u16.  A sector is never continued after a mount, so no
// offset of a sequence is used twice, also after a cut; the salt, fresh for each opening, separates openings whose head was lost.
// Associated data: the head of the entry.
#ifndef KW_STORE_H
#define KW_STORE_H

#include "board.h"
#include "crypto.h"

#define KW_STORE_SECTORS_MAX 64u
#define KW_STORE_RECORD_MAX 512u // octets of one record
#define KW_STORE_RECORDS 64u     // records of a module
#define KW_STORE_NUMBER_MAX 0x7fffu
#define KW_STORE_KEYS 24u
#define KW_STORE_KEY_FIRST 0x8000u // a slot is the record KW_STORE_KEY_FIRST + slot, out of store_read's reach
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
    uint32_t noise_used;
    uint32_t tail, newest;
    uint32_t active;   // sector being written, valid while `position` is not 0
    uint32_t position; // next entry; 0 = the next write opens a sector
    uint32_t live;     // octets of live entries
    uint32_t erases;   // since open, for tests and reports
    uint8_t buffer[KW_STORE_ENTRY_MAX];
};

// Reads what is there.  `noise` is 32 random octets for the salts of this boot.  KW_ERR_NOT_FOUND when no sector was sealed with this
// key: then kw_store_format, once, at manufacture.  KW_ERR_RESERVED for a geometry out of kw_nor's bounds.
int32_t kw_store_open(struct kw_store *s, const struct kw_nor *nor, const uint8_t key[16], const uint8_t noise[32]);
// Starts an empty store in an opened one; what was there becomes unreadable as soon as this answers.
int32_t kw_store_format(struct kw_store *s);

// Size of the record, KW_ERR_NOT_FOUND, or KW_ERR_NO_BUFFER when it is larger than `capacity`.
int32_t kw_store_read(struct kw_store *s, uint32_t number, uint8_t *at, uint32_t capacity);
// KW_OK, durable; KW_ERR_NO_BUFFER when full; size 0 erases.
int32_t kw_store_write(struct kw_store *s, uint32_t number, const uint8_t *octets, uint32_t size);

int32_t kw_store_key_set(struct kw_store *s, uint32_t slot, const uint8_t key[16]);
int32_t kw_store_key_clear(struct kw_store *s, uint32_t slot);
// For crypto inside the board only.
int32_t kw_store_key_get(struct kw_store *s, uint32_t slot, uint8_t key[16]);

#endif
