// The labels of the record store's entries: what an entry is, in eight octets that survive a bit that rots.
//
//   label  | number u16 | size u16 | fold u16 | check u16, most significant octet first |
//
// One stands before the sealed octets, one behind them.  `check` is a CRC-16 over the rest, with another start behind than before; it
// finds the bit of the label that is wrong, `fold` the bit of the sealed octets.
#ifndef KW_STORE_LABEL_H
#define KW_STORE_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#define KW_LABEL_SIZE 8u

struct kw_label {
    uint32_t number, size, fold;
};

enum kw_label_place { KW_LABEL_HEAD, KW_LABEL_FOOT };

void kw_label_put(uint8_t at[KW_LABEL_SIZE], enum kw_label_place place, const struct kw_label *label);
// False when more than one bit of it is wrong.  A single one is put right, in the octets too.
bool kw_label_get(struct kw_label *label, enum kw_label_place place, uint8_t at[KW_LABEL_SIZE]);

// Index of the wrong bit, where one is wrong: that of the octets as they are xor that of the octets as they were.
uint32_t kw_fold(const uint8_t *at, uint32_t size);

#endif
