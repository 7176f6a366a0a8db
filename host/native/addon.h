// The add-on's own parts: reading arguments, flash in memory, and the three files that define what JavaScript sees.
#ifndef KW_ADDON_H
#define KW_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "board.h"

// ---- value.c: arguments and results.  Each `want_` throws a TypeError that names the value and answers false. ----

struct bytes {
    uint8_t *at;
    size_t size;
};

#define ARGUMENTS_MAX 8
struct arguments {
    napi_env env;
    napi_value self;
    napi_value values[ARGUMENTS_MAX];
    size_t count;
};

void take_arguments(napi_env env, napi_callback_info info, struct arguments *a);
bool want_bytes(struct arguments *a, size_t index, const char *name, struct bytes *out);
bool want_u32(struct arguments *a, size_t index, const char *name, uint32_t *out);
bool want_i64(struct arguments *a, size_t index, const char *name, int64_t *out);
// A property of an object; false, without an error, when it is absent, undefined or null.
bool property(napi_env env, napi_value object, const char *name, napi_value *out);
bool property_bytes(napi_env env, napi_value object, const char *name, struct bytes *out);
uint32_t property_u32(napi_env env, napi_value object, const char *name, uint32_t otherwise);
bool property_true(napi_env env, napi_value object, const char *name);

napi_value buffer_of(napi_env env, const void *at, size_t size);
napi_value number_of(napi_env env, int64_t value);
napi_value boolean_of(napi_env env, bool value);
napi_value text_of(napi_env env, const char *text);
napi_value null_of(napi_env env);
void set(napi_env env, napi_value object, const char *name, napi_value value);
napi_value fail(napi_env env, const char *message);
// Whatever `wrap` stored in `this`, or null with an error thrown.
void *self_of(struct arguments *a);

// ---- nor.c: NOR flash in memory, with the rules of the real thing and a power cut where a test wants it ----

enum cut_mode { CUT_LOST, CUT_PREFIX, CUT_DONE, CUT_MIXED, CUT_RANDOM, CUT_MODES };

struct nor_memory {
    struct kw_nor nor;
    uint8_t *memory;
    uint8_t *programmed; // one per unit: 1 = programmed since the erase
    uint64_t random;     // state of the generator for torn operations
    uint32_t operations; // programs and erases so far
    uint32_t cut_at;     // the operation that the power fails in, 0 = none
    enum cut_mode mode;
    uint32_t erases;             // of these operations
    uint32_t stuck, stuck_count; // sectors that take neither program nor erase
    bool stuck_silent;           // and says that it did
    uint8_t *fresh;              // one per sector: 1 = erased in this uptime
    uint32_t stale_programs;     // into sectors that were not
    bool keep_journal;
    uint8_t *journal; // each whole operation: kind u32 (1 program, 2 erase), offset u32, size u32, octets
    size_t journal_size;
    bool dead;        // the power has failed
    bool broken_rule; // a program that would set a bit, or hits a unit twice
};

// `memory` belongs to the caller; a unit that is not blank counts as programmed.  False for a size that is no whole number of sectors.
bool nor_begin(struct nor_memory *n, uint8_t *memory, size_t size, uint32_t sector_size, uint32_t unit);
void nor_end(struct nor_memory *n);
// A sector whose erase was cut short reads blank at first, and in part as zeros later.
void nor_decay(struct nor_memory *n, uint32_t sector);
#define NOR_JOURNAL_HEAD 12u

// ---- What JavaScript sees ----

napi_value define_device(napi_env env, napi_value exports);
napi_value define_store(napi_env env, napi_value exports);
napi_value define_images(napi_env env, napi_value exports);
napi_value define_functions(napi_env env, napi_value exports);
napi_value define_package(napi_env env, napi_value exports);

#endif
