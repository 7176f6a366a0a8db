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

// What the test wants to see of an operation that the power did not end.
static void journal(struct nor_memory *n, uint8_t kind, uint32_t at, const uint8_t *octets, uint32_t size) {
    if (!n->keep_journal) return;
    uint8_t *grown = realloc(n->journal, n->journal_size + NOR_JOURNAL_HEAD + size);
    if (grown == NULL) return;
    uint32_t head[3] = {kind, at, size};
    memcpy(grown + n->journal_size, head, NOR_JOURNAL_HEAD);
    if (size > 0) memcpy(grown + n->journal_size + NOR_JOURNAL_HEAD, octets, size);
    n->journal = grown;
    n->journal_size += NOR_JOURNAL_HEAD + size;
}

void nor_decay(struct nor_memory *n, uint32_t sector) {
    uint8_t *at = n->memory + (size_t)sector * n->nor.sector_size;
    for (uint32_t i = 0; i < n->nor.sector_size; i++) {
        uint64_t chance = next_random(n);
        at[i] &= (uint8_t)(chance >> 24 | chance >> 32);
        if (at[i] != 0xff) n->programmed[(at + i - n->memory) / n->nor.unit] = 1;
    }
}

static bool is_stuck(const struct nor_memory *n, uint32_t sector) { return sector >= n->stuck && sector - n->stuck < n->stuck_count; }

// Nothing of boards/common asks for what is outside of the part.
static bool outside(struct nor_memory *n, uint32_t at, uint32_t size) {
    uint32_t all = n->nor.sectors * n->nor.sector_size;
    if (at <= all && size <= all - at) return false;
    n->broken_rule = true;
    return true;
}

static int32_t nor_read(void *context, uint32_t at, void *to, uint32_t size) {
    struct nor_memory *n = context;
    if (n->dead || outside(n, at, size)) return -1;
    memcpy(to, n->memory + at, size);
    return 0;
}

static bool within_rules(struct nor_memory *n, uint32_t at, const uint8_t *octets, uint32_t size) {
    if (at % n->nor.unit != 0 || size % n->nor.unit != 0 || size == 0) n->broken_rule = true;
    for (uint32_t unit = at / n->nor.unit; unit < (at + size) / n->nor.unit; unit++) {
        if (n->programmed[unit]) n->broken_rule = true;
        n->programmed[unit] = 1;
    }
    for (uint32_t i = 0; i < size; i++)
        if (octets[i] & ~n->memory[at + i]) n->broken_rule = true;
    return !n->broken_rule;
}

static int32_t nor_program(void *context, uint32_t at, const void *from, uint32_t size) {
    struct nor_memory *n = context;
    const uint8_t *octets = from;
    bool was_dead = n->dead;
    if (outside(n, at, size) || (!was_dead && !within_rules(n, at, octets, size))) return -1;
    if (!was_dead && !n->fresh[at / n->nor.sector_size]) n->stale_programs++;
    if (!was_dead && is_stuck(n, at / n->nor.sector_size)) {
        n->operations++;
        return n->stuck_silent ? 0 : -1;
    }
    if (power_fails(n)) {
        if (!was_dead) tear(n, n->memory + at, octets, size);
        return -1;
    }
    memcpy(n->memory + at, octets, size);
    journal(n, 1, at, octets, size);
    return 0;
}

static int32_t nor_erase(void *context, uint32_t sector) {
    struct nor_memory *n = context;
    if (sector >= n->nor.sectors) return n->broken_rule = true, -1;
    uint8_t *at = n->memory + (size_t)sector * n->nor.sector_size;
    bool was_dead = n->dead;
    if (!was_dead && is_stuck(n, sector)) {
        n->operations++;
        return n->stuck_silent ? 0 : -1;
    }
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
    memset(n->programmed + (size_t)sector * n->nor.sector_size / n->nor.unit, 0, n->nor.sector_size / n->nor.unit);
    n->erases++;
    n->fresh[sector] = 1;
    journal(n, 2, sector * n->nor.sector_size, NULL, 0);
    return 0;
}

bool nor_begin(struct nor_memory *n, uint8_t *memory, size_t size, uint32_t sector_size, uint32_t unit) {
    memset(n, 0, sizeof *n);
    if (sector_size == 0 || unit == 0 || size > BYTES_MAX || size % sector_size != 0 || sector_size % unit != 0) return false;
    n->memory = memory;
    n->random = 1;
    n->nor = (struct kw_nor){n, sector_size, unit, (uint32_t)(size / sector_size), nor_read, nor_program, nor_erase, memory};
    n->programmed = calloc(size / unit + 1, 1);
    n->fresh = calloc(size / sector_size + 1, 1);
    if (n->fresh == NULL || n->programmed == NULL) {
        nor_end(n);
        return false;
    }
    for (size_t i = 0, at = 0; at < size; i++)
        for (size_t end = at + unit; at < end; at++)
            if (memory[at] != 0xff) n->programmed[i] = 1;
    return true;
}

void nor_end(struct nor_memory *n) {
    free(n->programmed);
    free(n->fresh);
    free(n->journal);
    n->programmed = n->fresh = n->journal = NULL;
}
