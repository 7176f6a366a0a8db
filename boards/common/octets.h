// Numbers in octets, least significant first, at any alignment.
#ifndef KW_OCTETS_H
#define KW_OCTETS_H

#include <stdint.h>

static inline uint32_t kw_get16(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8; }
static inline uint32_t kw_get32(const uint8_t *at) { return kw_get16(at) | kw_get16(at + 2) << 16; }
static inline uint64_t kw_get64(const uint8_t *at) { return kw_get32(at) | (uint64_t)kw_get32(at + 4) << 32; }

static inline void kw_put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void kw_put32(uint8_t *at, uint32_t value) {
    kw_put16(at, value & 0xffff);
    kw_put16(at + 2, value >> 16);
}

#endif
