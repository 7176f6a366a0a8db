#include <string.h>
#include "image_slots.h"

#define BLANK 0xff
#define CHUNK 64u

bool kw_slots_blank(const uint8_t *at, uint32_t size) {
    for (uint32_t i = 0; i < size; i++)
        if (at[i] != BLANK) return false;
    return true;
}

// A program is believed when the flash reads as it should.
bool kw_slots_program(const struct kw_nor *nor, uint32_t at, const uint8_t *from, uint32_t size) {
    uint8_t check[CHUNK];
    if (nor->program(nor->context, at, from, size) != 0) return false;
    for (uint32_t done = 0; done < size; done += CHUNK) {
        uint32_t part = size - done < CHUNK ? size - done : CHUNK;
        if (nor->read(nor->context, at + done, check, part) != 0 || memcmp(check, from + done, part) != 0) return false;
    }
    return true;
}

// An erase is believed when every octet reads blank right after it, and only then.
bool kw_slots_erase(const struct kw_nor *nor, uint32_t sector) {
    uint8_t check[CHUNK];
    uint32_t at = sector * nor->sector_size, end = at + nor->sector_size;
    if (nor->erase(nor->context, sector) != 0) return false;
    for (; at < end; at += CHUNK)
        if (nor->read(nor->context, at, check, CHUNK) != 0 || !kw_slots_blank(check, CHUNK)) return false;
    return true;
}

bool kw_slots_flush(const struct kw_nor *nor, struct kw_image_writer *w) {
    uint32_t at = w->base + w->at;
    memset(w->page + w->fill, BLANK, KW_IMAGE_PAGE - w->fill);
    if (at % nor->sector_size == 0 && !kw_slots_erase(nor, at / nor->sector_size)) return false;
    // A blank page is there already: its sector was erased, and read, in this uptime.
    if (!kw_slots_blank(w->page, KW_IMAGE_PAGE) && !kw_slots_program(nor, at, w->page, KW_IMAGE_PAGE)) return false;
    w->at += KW_IMAGE_PAGE;
    w->fill = 0;
    return true;
}
