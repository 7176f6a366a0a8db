#include "nor_flash.h"
#include <string.h>

#define BLANK 0xff

bool kw_nor_unit_fits(const struct kw_nor *nor) { return nor->unit == 8 || nor->unit == 16 || nor->unit == KW_NOR_UNIT_MAX; }

bool kw_nor_blank(const uint8_t *at, uint32_t size) {
    for (uint32_t i = 0; i < size; i++)
        if (at[i] != BLANK) return false;
    return true;
}

bool kw_nor_program(const struct kw_nor *nor, uint32_t at, const uint8_t *from, uint32_t size) {
    uint8_t check[KW_NOR_CHECK];
    if (nor->program(nor->context, at, from, size) != 0) return false;
    for (uint32_t done = 0; done < size; done += KW_NOR_CHECK) {
        uint32_t part = size - done < KW_NOR_CHECK ? size - done : KW_NOR_CHECK;
        if (nor->read(nor->context, at + done, check, part) != 0 || memcmp(check, from + done, part) != 0) return false;
    }
    return true;
}

bool kw_nor_erase(const struct kw_nor *nor, uint32_t sector) {
    uint8_t check[KW_NOR_CHECK];
    uint32_t at = sector * nor->sector_size, end = at + nor->sector_size;
    if (nor->erase(nor->context, sector) != 0) return false;
    for (; at < end; at += KW_NOR_CHECK)
        if (nor->read(nor->context, at, check, KW_NOR_CHECK) != 0 || !kw_nor_blank(check, KW_NOR_CHECK)) return false;
    return true;
}
