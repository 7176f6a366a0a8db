// Runs modules that come on standard input, one after the other, as a board would: gate, load, start, some polls.
//
// With "alive ROOM" it counts what one module's poll tells the watchdog.
//
// in   u32 size, u32 memory limit, octets      out  one line for each: "gate N", "load N", or "ran N" with the last stop's number
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "gate.h"
#include "machine.h"
#include "replay.h"

#define MODULE_MAX (320u * 1024u)
#define ARENA (512u * 1024u)
#define SMALL_ARENA (72u * 1024u) // a page of linear memory is most of it
#define FUEL 200000u
#define POLLS 4
#define SECTOR 1024u
#define SECTORS 4u

static uint8_t flash[SECTOR * SECTORS];

static int32_t flash_read(void *context, uint32_t at, void *to, uint32_t size) {
    (void)context;
    memcpy(to, flash + at, size);
    return 0;
}

static int32_t flash_program(void *context, uint32_t at, const void *from, uint32_t size) {
    (void)context;
    memcpy(flash + at, from, size);
    return 0;
}

static int32_t flash_erase(void *context, uint32_t sector) {
    (void)context;
    memset(flash + sector * SECTOR, 0xff, SECTOR);
    return 0;
}

static struct kw_machine machine;
static struct kw_store store;
static unsigned feeds;

static void alive(void *context) {
    (void)context;
    feeds++;
}

static bool read_whole(void *to, size_t size) { return fread(to, 1, size, stdin) == size; }

// Octets that a module can ask for with `next`.
static void push_events(uint32_t turn) {
    uint8_t event[KW_EVENT_HEAD + 40];
    for (uint32_t i = 0; i < sizeof event; i++) event[i] = (uint8_t)(turn * 31 + i * 7);
    event[KW_EVENT_KIND] = (uint8_t)(1 + turn % 4);
    event[KW_EVENT_SIZE] = 40;
    event[KW_EVENT_SIZE + 1] = 0;
    kw_push(&machine, event, sizeof event);
}

static enum kw_stop run(void) {
    int64_t deadline;
    enum kw_stop stop = kw_start(&machine, 0, 0);
    for (uint32_t turn = 0; turn < POLLS && stop == KW_STOP_NONE; turn++) {
        push_events(turn);
        stop = kw_poll(&machine, turn * 1000, &deadline);
    }
    return stop;
}

// A fifth of the modules run with functions dropped by chance, a fifth in a small arena.
static struct kw_config configured(const uint8_t *wasm, uint32_t size, uint32_t memory_limit, void *arena) {
    static const struct kw_nor nor = {
        .sector_size = SECTOR, .sectors = SECTORS, .unit = 8, .read = flash_read, .program = flash_program, .erase = flash_erase};
    static const uint8_t zeros[32];
    memset(flash, 0xff, sizeof flash);
    if (kw_store_open(&store, &nor, zeros, zeros) != KW_OK && kw_store_format(&store) != KW_OK) exit(2);
    return (struct kw_config){
        .board = &kw_replay_board,
        .store = &store,
        .wasm = wasm,
        .wasm_size = size,
        .memory_limit = memory_limit,
        .arena = arena,
        .arena_size = size % 5 == 0 ? SMALL_ARENA : ARENA,
        .seed = zeros,
        .fuel = FUEL,
        .shake = size % 5 == 1 ? size : 0,
    };
}

// The module lies in a block of its own size, so that a read beyond its end is seen.
static void try_module(const uint8_t *wasm, uint32_t size, uint32_t memory_limit, void *arena) {
    uint32_t offset;
    enum kw_gate_reason reason = kw_gate(wasm, size, memory_limit, NULL, &offset);
    if (reason != KW_GATE_OK) {
        printf("gate %d\n", (int)reason);
        return;
    }
    struct kw_config config = configured(wasm, size, memory_limit, arena);
    enum kw_stop stop = kw_load(&machine, &config);
    if (stop != KW_STOP_NONE) printf("load %d\n", (int)stop);
    else printf("ran %d\n", (int)run());
}

// One module in a room for translated code: how often its first poll told the watchdog, and how much was translated.
static int count_feeds(uint32_t room, void *arena) {
    uint32_t head[2];
    uint8_t *wasm = read_whole(head, sizeof head) && head[0] <= MODULE_MAX ? malloc(head[0] + 1) : NULL;
    if (wasm == NULL || !read_whole(wasm, head[0])) return 2;
    struct kw_config config = configured(wasm, head[0], head[1], arena);
    struct kw_board board = kw_replay_board;
    struct kw_stats stats;
    int64_t deadline;
    board.alive = alive;
    config.board = &board;
    config.code_room = room;
    if (kw_load(&machine, &config) != KW_STOP_NONE || kw_start(&machine, 0, 0) != KW_STOP_NONE) return 3;
    feeds = 0; // of the gate
    kw_poll(&machine, 0, &deadline);
    kw_stats(&machine, &stats);
    printf("%u %u\n", feeds, (unsigned)stats.translations);
    free(wasm);
    return 0;
}

// What a memory error of the interpreter would be: a read one octet behind what it allocated.
static int read_beyond(void *memory) {
    static struct kw_arena arena;
    kw_arena_reset(&arena, memory, ARENA);
    kw_arena_enter(&arena);
    volatile uint8_t *at = setjmp(arena.full) == 0 ? kw_arena_calloc(1, 24) : NULL;
    return at == NULL ? 2 : at[24];
}

int main(int count, char **words) {
    uint32_t head[2];
    void *arena = aligned_alloc(16, ARENA);
    if (count > 1 && strcmp(words[1], "read-beyond") == 0) return read_beyond(arena);
    if (count > 2 && strcmp(words[1], "alive") == 0) return count_feeds((uint32_t)atoi(words[2]), arena);
    while (arena != NULL && read_whole(head, sizeof head)) {
        uint8_t *wasm = head[0] <= MODULE_MAX ? malloc(head[0] == 0 ? 1 : head[0]) : NULL;
        if (wasm == NULL || !read_whole(wasm, head[0])) return 2;
        try_module(wasm, head[0], head[1], arena);
        fflush(stdout);
        free(wasm);
    }
    free(arena);
    return 0;
}
