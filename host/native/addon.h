// The add-on's own parts: reading arguments, flash in memory, and the files that define what JavaScript sees.
#ifndef KW_ADDON_H
#define KW_ADDON_H

#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "board.h"

// ---- value.c: the one place that takes what JavaScript gives ----
//
// Whatever is given may be of another type, and to read a property may run code that detaches, shrinks, closes or throws.  So:
//
//   * octets of an argument are used within their call only, and no JavaScript runs between `want_bytes` and their last use;
//   * octets of options are copied while the option is taken, or kept as a `struct kept`, which is looked at again at each call and after
//     each function of the surroundings;
//   * memory that several threads share is refused, because it may change between a check and a use;
//   * results are built by defining properties, which runs no setter.
//
// Each `want_` and `take_` throws an error that names the value and answers false.

#define BYTES_MAX ((size_t)INT32_MAX) // of one array: sizes fit 32 bits, with a few octets added

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

// False where the thread's stack has no room left for what a call may take.
bool take_arguments(napi_env env, napi_callback_info info, struct arguments *a);
bool want_bytes(struct arguments *a, size_t index, const char *name, struct bytes *out);
bool want_u32(struct arguments *a, size_t index, const char *name, uint32_t *out);
bool want_i64(struct arguments *a, size_t index, const char *name, int64_t *out);
// An element of an array, which may be anything.
bool element_bytes(napi_env env, napi_value array, uint32_t index, const char *name, struct bytes *out);

// A Uint8Array that outlives its call: used where it lies, as long as it is what it was.
struct kept {
    napi_env env;
    napi_ref array;
    uint8_t *at;
    size_t size;
};
bool kept_whole(const struct kept *k);
void kept_drop(struct kept *k);

// Octets of our own.
struct owned {
    uint8_t *at;
    size_t size;
};

enum option_kind {
    OPTION_U32,    // uint32_t
    OPTION_TRUE,   // bool: whether it is `true`
    OPTION_OCTETS, // uint8_t[size]
    OPTION_COPY,   // struct owned
    OPTION_KEPT,   // struct kept
    OPTION_OBJECT, // napi_value
};
struct option {
    const char *name; // for messages; the property is what stands behind its last dot
    enum option_kind kind;
    size_t at; // offset in `into`
    uint32_t size;
    bool needed;
};
// Reads each option once, in the list's order.  What is absent, undefined or null leaves `into` as it is.
bool take_options(napi_env env, napi_value object, const struct option *list, size_t count, void *into);
#define TAKE_OPTIONS(env, object, list, into) take_options(env, object, list, sizeof(list) / sizeof *(list), into)

// ---- Objects ----

enum kind { KIND_DEVICE, KIND_STORE, KIND_IMAGES, KINDS };
// Ties `data` to a new object; false, with an error thrown, when the class was not called with `new`.
bool wrap(struct arguments *a, napi_callback_info info, enum kind kind, void *data, napi_finalize finalize);
// What `wrap` tied to `this`, or null with an error thrown.
void *self_of(struct arguments *a, enum kind kind);
void define_class(napi_env env, napi_value exports, const char *name, napi_callback construct, size_t count,
                  const napi_property_descriptor *methods);
struct function {
    const char *name;
    napi_callback call;
};
void define_all(napi_env env, napi_value exports, const struct function *all, size_t count);
#define METHOD(name, call) \
    { name, NULL, call, NULL, NULL, NULL, napi_default, NULL }

// ---- Results; null where there is no memory, with an error thrown ----

napi_value buffer_of(napi_env env, const void *at, size_t size);
napi_value number_of(napi_env env, int64_t value);
napi_value bigint_of(napi_env env, int64_t value);
napi_value boolean_of(napi_env env, bool value);
napi_value text_of(napi_env env, const char *text);
napi_value null_of(napi_env env);
napi_value object_of(napi_env env);
void set(napi_env env, napi_value object, const char *name, napi_value value);
napi_value fail(napi_env env, const char *message);

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
    bool broken_rule; // a program that would set a bit, hits a unit twice, or an operation outside of the part
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
napi_value define_tap(napi_env env, napi_value exports);

#endif
