// class NativeStore: the sealed record store over flash in memory, with power cuts.  For provisioning an image and for tests.
#include "store.h"
#include <stdlib.h>
#include <string.h>
#include "addon.h"

struct native_store {
    struct nor_memory flash;
    struct kw_store store;
    napi_ref image; // keeps the octets alive
};

static void finalize(napi_env env, void *data, void *hint) {
    struct native_store *s = data;
    (void)hint;
    if (s->image != NULL) napi_delete_reference(env, s->image);
    nor_end(&s->flash);
    free(s);
}

// new NativeStore({ nor, sectorSize, key, noise, cutAt, cutMode, cutSeed })
static napi_value construct(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes nor, key, noise;
    napi_value image;
    take_arguments(env, info, &a);
    bool complete = a.count > 0 && property_bytes(env, a.values[0], "nor", &nor) && property_bytes(env, a.values[0], "key", &key) &&
                    property_bytes(env, a.values[0], "noise", &noise) && key.size == 16 && noise.size == 32;
    if (!complete) return fail(env, "a store needs nor, a key of 16 octets and noise of 32");
    struct native_store *s = calloc(1, sizeof *s);
    if (s == NULL) return fail(env, "no memory");
    if (!nor_begin(&s->flash, nor.at, nor.size, property_u32(env, a.values[0], "sectorSize", 4096),
                   property_u32(env, a.values[0], "unit", 8))) {
        free(s);
        return fail(env, "nor must be a whole number of sectors");
    }
    s->flash.cut_at = property_u32(env, a.values[0], "cutAt", 0);
    s->flash.mode = (enum cut_mode)property_u32(env, a.values[0], "cutMode", 0);
    s->flash.random = UINT64_C(0x9e3779b97f4a7c15) ^ property_u32(env, a.values[0], "cutSeed", 1);
    property(env, a.values[0], "nor", &image);
    napi_create_reference(env, image, 1, &s->image);
    napi_wrap(env, a.self, s, finalize, NULL, NULL);
    int32_t answer = kw_store_open(&s->store, &s->flash.nor, key.at, noise.at);
    set(env, a.self, "opened", number_of(env, answer));
    return a.self;
}

static napi_value format(napi_env env, napi_callback_info info) {
    struct arguments a;
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    return s == NULL ? NULL : number_of(env, kw_store_format(&s->store));
}

// read(record): its octets, or a negative Err
static napi_value read_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t record;
    uint8_t octets[KW_STORE_RECORD_MAX];
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    if (s == NULL || !want_u32(&a, 0, "record", &record)) return NULL;
    int32_t size = kw_store_read(&s->store, record, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
}

static napi_value write_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes octets;
    uint32_t record;
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    if (s == NULL || !want_u32(&a, 0, "record", &record) || !want_bytes(&a, 1, "octets", &octets)) return NULL;
    uint32_t size = octets.size > UINT32_MAX ? UINT32_MAX : (uint32_t)octets.size;
    return number_of(env, kw_store_write(&s->store, record, octets.at, size));
}

static napi_value key_set(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes key;
    uint32_t slot;
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    if (s == NULL || !want_u32(&a, 0, "slot", &slot) || !want_bytes(&a, 1, "key", &key)) return NULL;
    if (key.size == 0) return number_of(env, kw_store_key_clear(&s->store, slot));
    if (key.size != 16) return fail(env, "a key has 16 octets");
    return number_of(env, kw_store_key_set(&s->store, slot, key.at));
}

static napi_value key_get(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t slot;
    uint8_t key[16];
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    if (s == NULL || !want_u32(&a, 0, "slot", &slot)) return NULL;
    int32_t size = kw_store_key_get(&s->store, slot, key);
    return size < 0 ? number_of(env, size) : buffer_of(env, key, sizeof key);
}

// stats(): { operations, erases, live, dead, brokenRule }
static napi_value stats(napi_env env, napi_callback_info info) {
    struct arguments a;
    napi_value result;
    take_arguments(env, info, &a);
    struct native_store *s = self_of(&a);
    if (s == NULL) return NULL;
    napi_create_object(env, &result);
    set(env, result, "operations", number_of(env, s->flash.operations));
    set(env, result, "erases", number_of(env, s->store.erases));
    set(env, result, "live", number_of(env, s->store.live));
    set(env, result, "dead", boolean_of(env, s->flash.dead));
    set(env, result, "brokenRule", boolean_of(env, s->flash.broken_rule));
    return result;
}

napi_value define_store(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        {"format", NULL, format, NULL, NULL, NULL, napi_default, NULL},
        {"read", NULL, read_record, NULL, NULL, NULL, napi_default, NULL},
        {"write", NULL, write_record, NULL, NULL, NULL, napi_default, NULL},
        {"keySet", NULL, key_set, NULL, NULL, NULL, napi_default, NULL},
        {"keyGet", NULL, key_get, NULL, NULL, NULL, napi_default, NULL},
        {"stats", NULL, stats, NULL, NULL, NULL, napi_default, NULL},
    };
    napi_value constructor;
    napi_define_class(env, "NativeStore", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods, &constructor);
    set(env, exports, "NativeStore", constructor);
    return exports;
}
