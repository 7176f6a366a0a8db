#include <stdlib.h>
#include <string.h>
#include "addon.h"

// xorshift64*: torn operations must repeat with their seed.
static uint64_t next_random(struct nor_memory *n) {
    n->random ^= n->random >> 12;
    n->random ^= n->random << 25;
    n->random ^= n->random >> 27;
    return n->random * UINT64_C(2685821657736338717);
}

// What the power leaves of an operation that would have turned `at` into `wanted`.
static void tear(struct nor_memory *n, uint8_t *at, const uint8_t *wanted, uint32_t size) {
    uint32_t prefix = (uint32_t)(next_random(n) % size);
    for (uint32_t i = 0; i < size; i++) {
        uint8_t chance = (uint8_t)(next_random(n) >> 24);
        switch (n->mode) {
        case CUT_PREFIX: at[i] = i < prefix ? wanted[i] : at[i]; break;
        case CUT_DONE: at[i] = wanted[i]; break;
        case CUT_MIXED: at[i] = (uint8_t)((at[i] & chance) | (wanted[i] & ~chance)); break;
        case CUT_RANDOM: at[i] = chance; break;
        default: break;
        }
    }
}

// True when the operation ends here.
static bool power_fails(struct nor_memory *n) {
    if (n->dead) return true;
    n->dead = ++n->operations == n->cut_at;
    return n->dead;
}

static int32_t nor_read(void *context, uint32_t at, void *to, uint32_t size) {
    struct nor_memory *n = context;
    if (n->dead) return -1;
    memcpy(to, n->memory + at, size);
    return 0;
}

static int32_t nor_program(void *context, uint32_t at, const void *from, uint32_t size) {
    struct nor_memory *n = context;
    const uint8_t *octets = from;
    bool was_dead = n->dead;
    if (at % KW_NOR_UNIT != 0 || size % KW_NOR_UNIT != 0 || size == 0) n->broken_rule = true;
    for (uint32_t unit = at / KW_NOR_UNIT; !was_dead && unit < (at + size) / KW_NOR_UNIT; unit++) {
        if (n->programmed[unit]) n->broken_rule = true;
        n->programmed[unit] = 1;
    }
    for (uint32_t i = 0; i < size && !was_dead; i++)
        if (octets[i] & ~n->memory[at + i]) n->broken_rule = true;
    if (n->broken_rule) return -1;
    if (power_fails(n)) {
        if (!was_dead) tear(n, n->memory + at, octets, size);
        return -1;
    }
    memcpy(n->memory + at, octets, size);
    return 0;
}

static int32_t nor_erase(void *context, uint32_t sector) {
    struct nor_memory *n = context;
    uint8_t *at = n->memory + (size_t)sector * n->nor.sector_size;
    bool was_dead = n->dead;
    if (power_fails(n)) {
        uint8_t *blank = malloc(n->nor.sector_size);
        if (blank != NULL && !was_dead) {
            memset(blank, 0xff, n->nor.sector_size);
            tear(n, at, blank, n->nor.sector_size);
        }
        free(blank);
        return -1;
    }
    memset(at, 0xff, n->nor.sector_size);
    memset(n->programmed + (size_t)sector * n->nor.sector_size / KW_NOR_UNIT, 0, n->nor.sector_size / KW_NOR_UNIT);
    return 0;
}

bool nor_begin(struct nor_memory *n, uint8_t *memory, size_t size, uint32_t sector_size) {
    memset(n, 0, sizeof *n);
    if (sector_size == 0 || size % sector_size != 0 || sector_size % KW_NOR_UNIT != 0) return false;
    n->memory = memory;
    n->random = 1;
    n->nor = (struct kw_nor){n, sector_size, (uint32_t)(size / sector_size), nor_read, nor_program, nor_erase};
    n->programmed = calloc(size / KW_NOR_UNIT + 1, 1);
    for (size_t i = 0; n->programmed != NULL && i < size; i++)
        if (memory[i] != 0xff) n->programmed[i / KW_NOR_UNIT] = 1;
    return n->programmed != NULL;
}

void nor_end(struct nor_memory *n) {
    free(n->programmed);
    n->programmed = NULL;
}
