// The two halves of the record store, of which nobody else knows.
//
//   store_entry.c  one entry or head: written, read, put right
//   store.c        the log: which sectors, which entries count
#ifndef KW_STORE_LOG_H
#define KW_STORE_LOG_H

#include "store.h"
#include "store_label.h"

#define KW_ENTRIES_FROM 64u // octets of a sector's two heads

// Octets of flash of an entry up to its second label, and with it.
uint32_t kw_entry_body(const struct kw_store *s, uint32_t size);
uint32_t kw_entry_span(const struct kw_store *s, uint32_t size);

bool kw_flash_reads(struct kw_store *s, uint32_t at, void *to, uint32_t size);

// Both heads of an erased sector; the store takes over sequence and salt when they stand.
bool kw_head_write(struct kw_store *s, uint32_t sector, uint32_t sequence);
enum kw_head { KW_HEAD_NONE, KW_HEAD_WHOLE, KW_HEAD_UNREADABLE };
enum kw_head kw_head_read(struct kw_store *s, uint32_t sector, uint32_t *tail);

// Writes an entry whose octets stand in the buffer behind the room of the label.  Its place is spent also when this fails.
bool kw_entry_write(struct kw_store *s, uint32_t at, uint32_t number, uint32_t size);
// Opens the entry of this number and size, and leaves its octets in the buffer behind the label.
bool kw_entry_open(struct kw_store *s, uint32_t at, uint32_t number, uint32_t size);

enum kw_found {
    KW_FOUND_NOTHING, // no entry begins or ends here
    KW_FOUND_ENTRY,   // one that counts; a mark is open in the buffer
    KW_FOUND_LOST     // one that was whole once, and does not open
};
// Looks for an entry at `offset` of a sector, `from` being the end of the one before it.  Answers where it begins and ends.
enum kw_found kw_entry_find(struct kw_store *s, uint32_t sector, uint32_t from, uint32_t offset, struct kw_label *label, uint32_t *begin,
                            uint32_t *end);

#endif
