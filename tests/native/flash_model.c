#include "flash_model.h"
#include <string.h>

// The library brings its TLS too, which nothing here uses, and which would ask the system for randomness.
#include <bearssl.h>
br_prng_seeder br_prng_seeder_system(const char **name) {
    (void)name;
    return 0;
}

uint32_t model_random(uint64_t *state) { // xorshift64*
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

static bool overlaps(const struct model *m, uint32_t at, uint32_t size) { return m->struck && at < m->bad_end && at + size > m->bad_from; }

static void strike(struct model *m, uint32_t from, uint32_t size) {
    m->struck = true;
    m->bad_from = from;
    m->bad_end = from + size;
}

static int32_t model_read(void *context, uint32_t at, void *to, uint32_t size) {
    struct model *m = context;
    uint8_t *octets = to;
    bool now = ++m->reads == m->when;
    if (m->fault == FAULT_READ_ALWAYS && now) strike(m, at & ~(m->nor.unit - 1), m->nor.unit);
    if (m->fault == FAULT_READ_ALWAYS && overlaps(m, at, size)) return -1;
    if (m->fault == FAULT_READ_ONCE && now) return -1;
    for (uint32_t i = 0; i < size; i++) octets[i] = (uint8_t)(m->cells[at + i] & ~m->stuck[at + i]);
    if (m->fault == FAULT_READ_WRONG && now) octets[size / 2] ^= 0x20;
    return 0;
}

static void write_units(struct model *m, uint32_t at, const uint8_t *octets, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) {
        uint8_t *programmed = &m->programmed[(at + i) / m->nor.unit];
        if (i % m->nor.unit == 0) {
            m->rule_breaks += *programmed;
            *programmed = 1;
        }
        m->cells[at + i] &= (uint8_t)(octets[i] & ~m->stuck[at + i]);
    }
}

static int32_t model_program(void *context, uint32_t at, const void *from, uint32_t size) {
    struct model *m = context;
    bool now = ++m->programs == m->when;
    if (at % m->nor.unit != 0 || size % m->nor.unit != 0) m->rule_breaks++;
    if (m->fault == FAULT_PROGRAM_ALWAYS && now) strike(m, at, m->nor.unit);
    if (m->fault == FAULT_PROGRAM_ALWAYS && overlaps(m, at, size)) return -1;
    if (m->fault == FAULT_PROGRAM_ONCE && now) return -1;
    if (m->fault == FAULT_PROGRAM_SILENT && now) return 0;
    if (m->fault == FAULT_PROGRAM_HALF && now) size = size / 2 & ~(m->nor.unit - 1);
    write_units(m, at, from, size);
    return m->fault == FAULT_PROGRAM_HALF && now ? -1 : 0;
}

static int32_t model_erase(void *context, uint32_t sector) {
    struct model *m = context;
    uint32_t size = m->nor.sector_size, at = sector * size;
    bool now = ++m->erases == m->when;
    m->erases_of[sector]++;
    if (m->fault == FAULT_ERASE_ALWAYS && now) strike(m, at, size);
    if (m->fault == FAULT_ERASE_ALWAYS && overlaps(m, at, size)) return -1;
    if (m->fault == FAULT_ERASE_ONCE && now) return -1;
    if (m->fault == FAULT_ERASE_SILENT && now) return 0;
    for (uint32_t i = at; i < at + size; i++) m->cells[i] = (uint8_t)~m->stuck[i];
    memset(m->programmed + at / m->nor.unit, 0, size / m->nor.unit);
    return 0;
}

void model_begin(struct model *m, uint32_t sector_size, uint32_t sectors, uint32_t unit) {
    memset(m, 0, sizeof *m);
    memset(m->cells, 0xff, sizeof m->cells);
    m->nor = (struct kw_nor){m, sector_size, unit, sectors, model_read, model_program, model_erase, m->cells};
}

void model_stick(struct model *m, uint32_t bit) {
    m->stuck[bit / 8] |= (uint8_t)(1u << bit % 8);
    m->cells[bit / 8] &= (uint8_t)~m->stuck[bit / 8];
}

void model_rot(struct model *m, uint32_t bit) { m->cells[bit / 8] ^= (uint8_t)(1u << bit % 8); }
