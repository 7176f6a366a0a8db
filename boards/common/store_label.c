#include "store_label.h"
#include "octets.h"

#define CHECKED 6u         // octets before the check
#define POLYNOMIAL 0x1021u // x^16 + x^12 + x^5 + 1: of 64 bits it tells apart any one that is wrong, and finds any two and three

static const uint16_t begins[] = {[KW_LABEL_HEAD] = 0x4b57, [KW_LABEL_FOOT] = 0xa35c};

static uint32_t step(uint32_t crc) { return (crc << 1 ^ ((crc & 0x8000) != 0 ? POLYNOMIAL : 0)) & 0xffff; }

static uint32_t crc_of(uint32_t crc, const uint8_t *at, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) {
        crc ^= (uint32_t)at[i] << 8;
        for (uint32_t bit = 0; bit < 8; bit++) crc = step(crc);
    }
    return crc;
}

void kw_label_put(uint8_t at[KW_LABEL_SIZE], enum kw_label_place place, const struct kw_label *label) {
    kw_put16(at, label->number);
    kw_put16(at + 2, label->size);
    kw_put16(at + 4, label->fold);
    uint32_t crc = crc_of(begins[place], at, CHECKED);
    at[CHECKED] = (uint8_t)(crc >> 8);
    at[CHECKED + 1] = (uint8_t)crc;
}

bool kw_label_get(struct kw_label *label, enum kw_label_place place, uint8_t at[KW_LABEL_SIZE]) {
    uint32_t rest = crc_of(begins[place], at, KW_LABEL_SIZE); // 0 for a whole one, and x^n when the bit n before the end is wrong
    uint32_t one = 1, bit = 0;
    for (; rest != 0 && rest != one && bit < 8 * KW_LABEL_SIZE; bit++) one = step(one);
    if (bit == 8 * KW_LABEL_SIZE) return false;
    if (rest != 0) at[KW_LABEL_SIZE - 1 - bit / 8] ^= (uint8_t)(1u << bit % 8);
    *label = (struct kw_label){kw_get16(at), kw_get16(at + 2), kw_get16(at + 4)};
    return true;
}

// Of four bits, whether an odd number is set; then of eight.
static uint32_t odd(uint32_t octet) { return 0x6996u >> ((octet ^ octet >> 4) & 15) & 1; }

uint32_t kw_fold(const uint8_t *at, uint32_t size) {
    uint32_t rows = 0, columns = 0;
    for (uint32_t i = 0; i < size; i++) {
        columns ^= at[i];
        if (odd(at[i]) != 0) rows ^= i;
    }
    return rows << 3 | odd(columns & 0xf0) << 2 | odd(columns & 0xcc) << 1 | odd(columns & 0xaa);
}
