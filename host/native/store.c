// class NativeStore: the sealed record store over flash in memory, with power cuts.  For provisioning an image and for tests.
#include "store.h"
#include <stdlib.h>
#include <string.h>
#include "addon.h"

struct native_store {
    struct nor_memory flash;
    struct kw_store store;
    struct kept nor;
    bool usable; // the flash has a geometry that a store can have
};

static void finalize(napi_env env, void *data, void *hint) {
    struct native_store *s = data;
    (void)env, (void)hint;
    kept_drop(&s->nor);
    nor_end(&s->flash);
    free(s);
}

struct store_options {
    uint8_t key[16], noise[32];
    uint32_t sector_size, unit, cut_at, cut_mode, cut_seed;
};

static const char *open_store(struct native_store *s, const struct store_options *o, int32_t *answer) {
    if (!kept_whole(&s->nor) || !nor_begin(&s->flash, s->nor.at, s->nor.size, o->sector_size, o->unit))
        return "nor must be a whole number of sectors";
    s->flash.cut_at = o->cut_at;
    s->flash.mode = (enum cut_mode)o->cut_mode;
    s->flash.random = UINT64_C(0x9e3779b97f4a7c15) ^ o->cut_seed;
    *answer = kw_store_open(&s->store, &s->flash.nor, o->key, o->noise);
    s->usable = *answer != KW_ERR_RESERVED;
    return NULL;
}

// new NativeStore({ nor, sectorSize, unit, key, noise, cutAt, cutMode, cutSeed })
static napi_value construct(napi_env env, napi_callback_info info) {
#define AT(member) offsetof(struct store_options, member)
    static const struct option list[] = {
        {"key", OPTION_OCTETS, AT(key), 16, true},
        {"noise", OPTION_OCTETS, AT(noise), 32, true},
        {"sectorSize", OPTION_U32, AT(sector_size), 0, false},
        {"unit", OPTION_U32, AT(unit), 0, false},
        {"cutAt", OPTION_U32, AT(cut_at), 0, false},
        {"cutMode", OPTION_U32, AT(cut_mode), 0, false},
        {"cutSeed", OPTION_U32, AT(cut_seed), 0, false},
    };
#undef AT
    static const struct option own[] = {{"nor", OPTION_KEPT, offsetof(struct native_store, nor), 0, true}};
    struct arguments a;
    struct store_options o = {.sector_size = 4096, .unit = 8, .cut_seed = 1};
    int32_t answer;
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = calloc(1, sizeof *s);
    if (s == NULL) return fail(env, "there is no memory for a store");
    if (!wrap(&a, info, KIND_STORE, s, finalize)) return (free(s), NULL);
    if (!TAKE_OPTIONS(env, a.values[0], list, &o) || !TAKE_OPTIONS(env, a.values[0], own, s)) return NULL;
    const char *problem = open_store(s, &o, &answer);
    if (problem != NULL) return fail(env, problem);
    set(env, a.self, "opened", number_of(env, answer));
    return a.self;
}

static struct native_store *store_of(struct arguments *a) {
    struct native_store *s = self_of(a, KIND_STORE);
    if (s == NULL || (s->usable && kept_whole(&s->nor))) return s;
    fail(a->env, s->usable ? "nor was detached, or changed its size" : "nor makes no store");
    return NULL;
}

static napi_value format(napi_env env, napi_callback_info info) {
    struct arguments a;
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    return s == NULL ? NULL : number_of(env, kw_store_format(&s->store));
}

// read(record): its octets, or a negative Err
static napi_value read_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t record;
    uint8_t octets[KW_STORE_RECORD_MAX];
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    if (s == NULL || !want_u32(&a, 0, "record", &record)) return NULL;
    int32_t size = kw_store_read_any(&s->store, record, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
}

static napi_value write_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes octets;
    uint32_t record;
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    if (s == NULL || !want_u32(&a, 0, "record", &record) || !want_bytes(&a, 1, "octets", &octets)) return NULL;
    return number_of(env, kw_store_write_any(&s->store, record, octets.at, (uint32_t)octets.size));
}

static napi_value key_set(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key;
    uint32_t slot;
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    if (s == NULL || !want_u32(&a, 0, "slot", &slot) || !want_bytes(&a, 1, "key", &key)) return NULL;
    if (key.size == 0) return number_of(env, kw_store_key_clear(&s->store, slot));
    if (key.size != 16) return fail(env, "a key has 16 octets");
    return number_of(env, kw_store_key_set(&s->store, slot, key.at));
}

static napi_value key_get(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t slot;
    uint8_t key[16];
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    if (s == NULL || !want_u32(&a, 0, "slot", &slot)) return NULL;
    int32_t size = kw_store_key_get(&s->store, slot, key);
    return size < 0 ? number_of(env, size) : buffer_of(env, key, sizeof key);
}

// stats(): { operations, erases, live, dead, brokenRule }
static napi_value stats(napi_env env, napi_callback_info info) {
    struct arguments a;
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    struct native_store *s = store_of(&a);
    if (s == NULL) return NULL;
    result = object_of(env);
    set(env, result, "operations", number_of(env, s->flash.operations));
    set(env, result, "erases", number_of(env, s->store.erases));
    set(env, result, "live", number_of(env, s->store.live));
    set(env, result, "dead", boolean_of(env, s->flash.dead));
    set(env, result, "brokenRule", boolean_of(env, s->flash.broken_rule));
    return result;
}

napi_value define_store(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        METHOD("format", format),  METHOD("read", read_record), METHOD("write", write_record),
        METHOD("keySet", key_set), METHOD("keyGet", key_get),   METHOD("stats", stats),
    };
    define_class(env, exports, "NativeStore", construct, sizeof methods / sizeof *methods, methods);
    return exports;
}
