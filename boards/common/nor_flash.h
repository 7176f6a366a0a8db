// Programs and erases that are believed only when they are read back; for the record store and the image slots.
#ifndef KW_NOR_FLASH_H
#define KW_NOR_FLASH_H

#include "board.h"

#define KW_NOR_CHECK 64u // octets read back at a time; a sector is a multiple of it

bool kw_nor_unit_fits(const struct kw_nor *nor);
bool kw_nor_blank(const uint8_t *at, uint32_t size);
// Whether the flash reads as it should after the program.
bool kw_nor_program(const struct kw_nor *nor, uint32_t at, const uint8_t *from, uint32_t size);
// Whether every octet of the sector reads blank right after the erase.
bool kw_nor_erase(const struct kw_nor *nor, uint32_t sector);

#endif
