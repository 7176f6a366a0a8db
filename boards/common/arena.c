// First fit over blocks in address order; neighbours that are free are joined when a search passes them.
//
//   | size u32 | used u32 | octets, a multiple of 8 ... | size | used | ...
#include "arena.h"
#include <string.h>

// For AddressSanitizer, what is not allocated is out of bounds, the heads too; this file itself is then compiled without it.
#ifdef KW_ARENA_POISON
#include <sanitizer/asan_interface.h>
#define CLOSE(at, size) __asan_poison_memory_region(at, size)
#define OPEN(at, size) __asan_unpoison_memory_region(at, size)
#else
#define CLOSE(at, size) ((void)(at), (void)(size))
#define OPEN(at, size) ((void)(at), (void)(size))
#endif

struct block {
    uint32_t size; // octets after this head
    uint32_t use;
};

enum { FREE, USED, KEPT };

#define HEAD ((uint32_t)sizeof(struct block))
#define SPLIT_MIN 16u // a rest smaller than this stays with its block

static KW_PER_THREAD struct kw_arena *current;

static struct block *block_at(const struct kw_arena *a, uint32_t offset) { return (struct block *)(void *)(a->base + offset); }
static struct block *block_of(void *at) { return (struct block *)(void *)((uint8_t *)at - HEAD); }

void kw_arena_reset(struct kw_arena *a, void *memory, uint32_t size) {
    a->base = memory;
    a->size = a->limit = size & ~7u;
    a->used = a->peak = a->allocations = 0;
    a->evict = NULL;
    if (a->size < HEAD) {
        a->size = 0;
        return;
    }
    *block_at(a, 0) = (struct block){a->size - HEAD, FREE};
    CLOSE(a->base, a->size);
}

struct kw_arena *kw_arena_enter(struct kw_arena *a) {
    struct kw_arena *before = current;
    current = a;
    return before;
}

static _Noreturn void leave(void) { longjmp(current->full, 1); }

// Joins the free blocks that follow `b`.
static void join(const struct kw_arena *a, struct block *b) {
    const uint8_t *end = a->base + a->size;
    for (;;) {
        struct block *next = (struct block *)(void *)((uint8_t *)b + HEAD + b->size);
        if ((uint8_t *)next >= end || next->use != FREE) return;
        b->size += HEAD + next->size;
    }
}

// Cuts what exceeds `size` off a used block.
static void trim(struct block *b, uint32_t size) {
    if (b->size - size < HEAD + SPLIT_MIN) return;
    struct block *rest = (struct block *)(void *)((uint8_t *)b + HEAD + size);
    *rest = (struct block){b->size - size - HEAD, FREE};
    CLOSE(rest, b->size - size);
    b->size = size;
}

static void account(struct kw_arena *a, uint32_t added, uint32_t removed) {
    a->used += added;
    a->used -= removed;
    if (a->used > a->peak) a->peak = a->used;
}

static uint32_t rounded(size_t size) {
    if (size > current->size) leave();
    return size == 0 ? 8u : ((uint32_t)size + 7u) & ~7u;
}

// A free block of so many octets, or null.
static struct block *find(struct kw_arena *a, uint32_t size) {
    if (a->used + HEAD + size > a->limit) return NULL;
    for (uint32_t offset = 0; offset < a->size;) {
        struct block *b = block_at(a, offset);
        if (b->use == FREE) {
            join(a, b);
            if (b->size >= size) return b;
        }
        offset += HEAD + b->size;
    }
    return NULL;
}

// Null when nothing more may go.
static void *take(uint32_t size, uint32_t use) {
    struct kw_arena *a = current;
    struct block *b;
    while ((b = find(a, size)) == NULL)
        if (a->evict == NULL || !a->evict(a->context)) return NULL;
    b->use = use;
    trim(b, size);
    account(a, HEAD + b->size, 0);
    OPEN((uint8_t *)b + HEAD, b->size);
    return (uint8_t *)b + HEAD;
}

static void *allocate(size_t wanted, uint32_t use) {
    uint32_t size = rounded(wanted);
    if (++current->allocations == current->fail_after) leave();
    void *at = take(size, use);
    if (at == NULL) leave();
    return at;
}

void *kw_arena_lend(size_t size) { return take(rounded(size), USED); }

void *kw_arena_calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) leave();
    void *at = allocate(count * size, USED);
    memset(at, 0, block_of(at)->size);
    return at;
}

void *kw_arena_realloc(void *at, size_t wanted) {
    if (at == NULL) return allocate(wanted, USED);
    uint32_t size = rounded(wanted);
    struct block *b = block_of(at);
    uint32_t before = b->size;
    join(current, b);
    if (b->size >= size) {
        trim(b, size);
        account(current, b->size, before);
        OPEN(at, b->size);
        return at;
    }
    trim(b, before);
    // A join that was taken back by trim keeps the rest only when it is too small to stand alone.
    account(current, b->size, before);
    void *to = allocate(wanted, USED);
    memcpy(to, at, before);
    kw_arena_free(at);
    return to;
}

void kw_arena_free(void *at) {
    if (at == NULL) return;
    struct block *b = block_of(at);
    b->use = FREE;
    CLOSE(at, b->size);
    account(current, 0, HEAD + b->size);
}

void *kw_arena_keep(size_t size) { return allocate(size, KEPT); }

uint32_t kw_arena_size(const void *at) { return HEAD + ((const struct block *)(const void *)((const uint8_t *)at - HEAD))->size; }

void *kw_arena_next_kept(const struct kw_arena *a, const void *after) {
    uint32_t offset = after == NULL ? 0 : (uint32_t)((const uint8_t *)after - a->base) - HEAD + kw_arena_size(after);
    for (; offset < a->size; offset += HEAD + block_at(a, offset)->size)
        if (block_at(a, offset)->use == KEPT) return (uint8_t *)block_at(a, offset) + HEAD;
    return NULL;
}
