// One block of memory for everything wasm3 allocates.  When it is full it asks its owner for room, and when nothing can go it does
// not answer: it leaves by longjmp, because wasm3 0.9.0 does not survive a null pointer while it parses (fault B of its 0.9.0),
// and the owner drops the arena whole.
#ifndef KW_ARENA_H
#define KW_ARENA_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where several threads run machines, each has its own of what is in force; a board has one thread.
#ifdef KW_THREADS
#define KW_PER_THREAD _Thread_local
#else
#define KW_PER_THREAD
#endif

struct kw_arena {
    uint8_t *base;
    uint32_t size;       // a multiple of 8
    uint32_t used, peak; // octets in use with their headers
    uint32_t limit;      // octets in use at most
    uint32_t fail_after; // tests: this allocation finds the arena full; 0 = never
    uint32_t allocations;
    bool (*evict)(void *context); // frees a block and answers true, or nothing may go; null where nothing ever may
    void *context;
    jmp_buf full; // set by kw_arena_enter's caller
};

// Forgets all that was allocated.
void kw_arena_reset(struct kw_arena *a, void *memory, uint32_t size);

// Makes `a` the arena of the allocations that follow, null for none, and answers the one before.  The caller sets a->full.
struct kw_arena *kw_arena_enter(struct kw_arena *a);

// The allocator's side of calloc, realloc and free; wasm3_core.c gives it to wasm3.
void *kw_arena_calloc(size_t count, size_t size);
void *kw_arena_realloc(void *at, size_t size);
void kw_arena_free(void *at);
// The same for who can do without: null where no room can be made.
void *kw_arena_lend(size_t size);

// A block that `evict` may free; blocks of this kind can be walked in the order of their addresses.
void *kw_arena_keep(size_t size);
uint32_t kw_arena_size(const void *at); // of a block with its head
// The kept block behind `after`, or the first for null; null when there is none.
void *kw_arena_next_kept(const struct kw_arena *a, const void *after);

#endif
