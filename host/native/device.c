// class NativeDevice: boards/common with JavaScript as its surroundings.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"

#define BOOTS_MAX 4 // on trial, confirmed, the other one, the factory's

// ---- Life ----

static void release(struct device *d) {
    if (d->closed) return;
    d->closed = true;
    if (d->kept != NULL) napi_delete_reference(d->env, d->kept);
    nor_end(&d->flash);
    device_images_close(d->images);
    d->images = NULL;
    free(d->arena);
    free(d->traced);
    kw_wipe(&d->machine, sizeof d->machine);
    kw_wipe(&d->store, sizeof d->store);
}

static void finalize(napi_env env, void *data, void *hint) {
    (void)env, (void)hint;
    release(data);
    free(data);
}

static void keep(napi_env env, napi_value list, napi_value options, uint32_t index, const char *name) {
    napi_value value;
    if (property(env, options, name, &value)) napi_set_element(env, list, index, value);
}

static const char *open_store(struct device *d, napi_env env, napi_value options, const uint8_t seed[32]) {
    struct bytes nor, key;
    uint8_t noise[32];
    if (!property_bytes(env, options, "nor", &nor) || !property_bytes(env, options, "deviceKey", &key))
        return "a device needs nor and deviceKey";
    if (key.size != 16) return "deviceKey must have 16 octets";
    if (!nor_begin(&d->flash, nor.at, nor.size, property_u32(env, options, "sectorSize", 4096), property_u32(env, options, "unit", 8)))
        return "nor must be a whole number of sectors";
    kw_sha256(noise, seed, 32); // the store's salts are not the module's random octets
    int32_t answer = kw_store_open(&d->store, &d->flash.nor, key.at, noise);
    if (answer == KW_ERR_NOT_FOUND) answer = kw_store_format(&d->store);
    return answer == KW_OK ? NULL : "nor has too few or too small sectors for a store";
}

static const char *open_images(struct device *d, napi_env env, napi_value options, napi_value images, const uint8_t seed[32]) {
    struct bytes key;
    property_bytes(env, options, "deviceKey", &key); // open_store has seen it
    return device_images_open(&d->images, env, images, key.at, seed);
}

static const char *prepare(struct device *d, napi_env env, napi_value options, struct kw_config *config, uint8_t seed[32]) {
    struct bytes wasm = {0}, given;
    napi_value images;
    bool slots = property(env, options, "images", &images);
    uint32_t arena = property_u32(env, options, "arenaSize", 0);
    bool given_wasm = property_bytes(env, options, "wasm", &wasm) && wasm.size <= UINT32_MAX;
    if (given_wasm == slots) return "a device needs wasm, or images";
    if (!property_bytes(env, options, "seed", &given) || given.size != 32) return "seed must have 32 octets";
    if (arena < 1024 || (d->arena = malloc(arena)) == NULL) return "arenaSize must be 1024 or more, and there must be memory";
    memcpy(seed, given.at, 32);
    const char *problem = open_store(d, env, options, seed);
    if (problem == NULL && slots) problem = open_images(d, env, options, images, seed);
    if (problem != NULL) return problem;
    device_edge(d);
    d->machine.arena.fail_after = property_u32(env, options, "failAllocation", 0);
    *config = (struct kw_config){
        .board = &d->board,
        .store = &d->store,
        .images = d->images == NULL ? NULL : &d->images->slots,
        .wasm = wasm.at,
        .wasm_size = (uint32_t)wasm.size,
        .memory_limit = property_u32(env, options, "memoryLimit", 0),
        .arena = d->arena,
        .arena_size = arena,
        .code_room = property_u32(env, options, "codeRoom", 0),
        .shake = property_u32(env, options, "shake", 0),
        .seed = seed,
        .trace = property_true(env, options, "trace") ? &d->trace : NULL,
        .fuel = property_u32(env, options, "fuel", 0),
        .eager = property_true(env, options, "eager"),
    };
    return NULL;
}

// Loads the module that was given, or what the slots say until one is fit to run.
static void load(struct device *d) {
    for (int boot = 0; boot < BOOTS_MAX; boot++) {
        if (d->images != NULL) device_images_boot(d->images, &d->config.wasm, &d->config.wasm_size);
        d->stop = kw_load(&d->machine, &d->config);
        if (d->stop == KW_STOP_NONE || d->images == NULL || d->images->source >= KW_IMAGE_FACTORY) return;
        enum kw_image_reason reason = d->stop == KW_STOP_MEMORY ? KW_IMAGE_REASON_MEMORY : KW_IMAGE_REASON_GATE;
        kw_images_refused(&d->images->slots, reason, kw_gate_verdict(&d->machine));
    }
}

// new NativeDevice({ wasm or images, memoryLimit, seed, arenaSize, codeRoom, nor, sectorSize, deviceKey, surroundings, trace, fuel, eager, shake })
static napi_value construct(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint8_t seed[32];
    napi_value list;
    take_arguments(env, info, &a);
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL || a.count < 1) {
        free(d);
        return fail(env, "a device needs its options");
    }
    d->env = env;
    napi_wrap(env, a.self, d, finalize, NULL, NULL);
    napi_create_array(env, &list);
    keep(env, list, a.values[0], KEPT_WASM, "wasm");
    keep(env, list, a.values[0], KEPT_NOR, "nor");
    keep(env, list, a.values[0], KEPT_SURROUNDINGS, "surroundings");
    keep(env, list, a.values[0], KEPT_IMAGES, "images");
    napi_create_reference(env, list, 1, &d->kept);
    const char *problem = prepare(d, env, a.values[0], &d->config, seed);
    if (problem != NULL) {
        release(d);
        return fail(env, problem);
    }
    load(d);
    d->config.seed = NULL;
    return a.self;
}

static struct device *device_of(struct arguments *a) {
    struct device *d = self_of(a);
    if (d == NULL || !d->closed) return d;
    fail(a->env, "the device is closed");
    return NULL;
}

// Throws what a callback threw; true when there was something.
static bool rethrow(struct device *d) {
    napi_value box, error;
    if (d->thrown == NULL) return false;
    napi_get_reference_value(d->env, d->thrown, &box);
    napi_get_element(d->env, box, 0, &error);
    napi_delete_reference(d->env, d->thrown);
    d->thrown = NULL;
    napi_throw(d->env, error);
    return true;
}

// start(now, reason): true when the module ended well; else `stop()` says how it ended
static napi_value start(napi_env env, napi_callback_info info) {
    struct arguments a;
    int64_t now;
    uint32_t reason;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_i64(&a, 0, "now", &now) || !want_u32(&a, 1, "reason", &reason)) return NULL;
    d->stop = kw_start(&d->machine, now, reason);
    return rethrow(d) ? NULL : boolean_of(env, d->stop == KW_STOP_NONE);
}

// poll(now): the deadline, or null
static napi_value poll(napi_env env, napi_callback_info info) {
    struct arguments a;
    int64_t now, deadline;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_i64(&a, 0, "now", &now)) return NULL;
    d->stop = kw_poll(&d->machine, now, &deadline);
    if (rethrow(d)) return NULL;
    return d->stop == KW_STOP_NONE ? bigint_of(env, deadline) : null_of(env);
}

static napi_value push(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes event;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_bytes(&a, 0, "event", &event)) return NULL;
    return boolean_of(env, event.size <= UINT32_MAX && kw_push(&d->machine, event.at, (uint32_t)event.size));
}

static void set_place(struct device *d, napi_env env, napi_value result) {
    char text[2 * KW_MODULE_HASH + 1] = "";
    uint8_t hash[KW_MODULE_HASH];
    bool ran = (d->stop == KW_STOP_TRAP || d->stop == KW_STOP_FUEL) && kw_reason_offset(&d->machine) != 0;
    if (ran) kw_module_hash(&d->machine, hash);
    for (uint32_t i = 0; ran && i < KW_MODULE_HASH; i++) snprintf(text + 2 * i, 3, "%02x", hash[i]);
    set(env, result, "function", number_of(env, ran ? kw_reason_offset(&d->machine) : 0));
    set(env, result, "module", text_of(env, text));
}

// stop(): { code, reason, offset, halt, function, module } of the last load, start or poll
static napi_value stop(napi_env env, napi_callback_info info) {
    struct arguments a;
    napi_value result;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL) return NULL;
    napi_create_object(env, &result);
    set(env, result, "code", number_of(env, d->stop));
    set(env, result, "reason", text_of(env, kw_reason(&d->machine)));
    set(env, result, "offset", number_of(env, kw_reason_offset(&d->machine)));
    set(env, result, "halt", number_of(env, kw_halt_reason(&d->machine)));
    set_place(d, env, result);
    return result;
}

static napi_value stats(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct kw_stats s;
    napi_value result;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL) return NULL;
    kw_stats(&d->machine, &s);
    const struct {
        const char *name;
        uint32_t value;
    } all[] = {
        {"arenaSize", s.arena_size},
        {"arenaUsed", s.arena_used},
        {"arenaPeak", s.arena_peak},
        {"arenaLoaded", s.arena_loaded},
        {"linear", s.linear},
        {"translated", s.translated},
        {"translatedPeak", s.translated_peak},
        {"wasmStackPeak", s.wasm_stack_peak},
        {"translations", s.translations},
        {"retranslations", s.retranslations},
        {"evictions", s.evictions},
        {"eventsDropped", s.events_dropped},
        {"badMic", s.bad_mic},
        {"allocations", d->machine.arena.allocations},
        {"waiting", d->machine.events},
        {"storeErases", d->store.erases},
        {"storeLive", d->store.live},
    };
    napi_create_object(env, &result);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) set(env, result, all[i].name, number_of(env, all[i].value));
    return result;
}

// takeTrace(): the records written since the last call, without the four octets a file begins with
static napi_value take_trace(napi_env env, napi_callback_info info) {
    struct arguments a;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL) return NULL;
    if (d->trace_lost) return fail(env, "the trace exceeded 64 MiB between two calls of takeTrace");
    napi_value result = buffer_of(env, d->traced, d->traced_size);
    d->traced_size = 0;
    return result;
}

static bool read_recording(void *context, void *to, uint32_t size) {
    struct bytes *left = context;
    if (size > left->size) return false;
    memcpy(to, left->at, size);
    left->at += size;
    left->size -= size;
    return true;
}

// replay(recording): enum kw_replay_end; the trace, with its first octets, is what takeTrace gives then
static napi_value replay(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes recording;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_bytes(&a, 0, "recording", &recording)) return NULL;
    if (d->machine.running) return fail(env, "the module is running");
    struct kw_config config = d->config;
    config.board = &kw_replay_board;
    config.trace = &d->trace;
    d->traced_size = 0;
    return number_of(env, kw_replay(&d->machine, &config, &(struct kw_source){&recording, read_recording}, NULL));
}

static napi_value read_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t record;
    uint8_t octets[KW_STORE_RECORD_MAX];
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_u32(&a, 0, "record", &record)) return NULL;
    int32_t size = kw_store_read(&d->store, record, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
}

static napi_value write_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes octets;
    uint32_t record;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL || !want_u32(&a, 0, "record", &record) || !want_bytes(&a, 1, "octets", &octets)) return NULL;
    return number_of(env, octets.size > KW_STORE_RECORD_MAX ? KW_ERR_NO_BUFFER
                                                            : kw_store_write(&d->store, record, octets.at, (uint32_t)octets.size));
}

// images(): null, or { source, state } with enum kw_image_source and what image_state(0) writes
static napi_value images(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint8_t state[KW_IMAGE_STATE];
    napi_value result;
    take_arguments(env, info, &a);
    struct device *d = device_of(&a);
    if (d == NULL) return NULL;
    if (d->images == NULL) return null_of(env);
    int32_t size = kw_image_state(&d->images->slots, 0, state, sizeof state);
    napi_create_object(env, &result);
    set(env, result, "source", number_of(env, d->images->source));
    set(env, result, "state", buffer_of(env, state, size < 0 ? 0 : (size_t)size));
    return result;
}

static napi_value close_device(napi_env env, napi_callback_info info) {
    struct arguments a;
    take_arguments(env, info, &a);
    struct device *d = self_of(&a);
    if (d == NULL) return NULL;
    if (d->machine.running) return fail(env, "the module is running; close the device after its call has returned");
    release(d);
    return NULL;
}

#define METHOD(name, call) \
    { name, NULL, call, NULL, NULL, NULL, napi_default, NULL }

napi_value define_device(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        METHOD("start", start),
        METHOD("poll", poll),
        METHOD("push", push),
        METHOD("stop", stop),
        METHOD("stats", stats),
        METHOD("takeTrace", take_trace),
        METHOD("replay", replay),
        METHOD("readRecord", read_record),
        METHOD("writeRecord", write_record),
        METHOD("images", images),
        METHOD("close", close_device),
    };
    napi_value constructor;
    napi_define_class(env, "NativeDevice", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods, &constructor);
    set(env, exports, "NativeDevice", constructor);
    return exports;
}
