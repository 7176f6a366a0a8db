// class NativeDevice: boards/common with JavaScript as its surroundings.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "octets.h"

#define BOOTS_MAX 4 // on trial, confirmed, the other one, the factory's

#define ARENA_MAX (256u << 20)

// ---- Life ----

static void release(struct device *d) {
    if (d->closed) return;
    d->closed = true;
    if (d->surroundings != NULL) napi_delete_reference(d->env, d->surroundings);
    if (d->thrown != NULL) napi_delete_reference(d->env, d->thrown);
    kept_drop(&d->nor);
    nor_end(&d->flash);
    if (d->images != NULL) device_images_close(d->images);
    free(d->images);
    d->images = NULL;
    free(d->wasm.at);
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

struct device_options {
    napi_value images, surroundings;
    uint8_t seed[32], device_key[16];
    uint32_t arena_size, memory_limit, code_room, shake, fuel, fail_allocation, sector_size, unit;
    bool trace, eager;
};

static bool take_device(napi_env env, napi_value options, struct device *d, struct device_options *o) {
#define AT(member) offsetof(struct device_options, member)
    static const struct option list[] = {
        {"images", OPTION_OBJECT, AT(images), 0, false},
        {"surroundings", OPTION_OBJECT, AT(surroundings), 0, true},
        {"seed", OPTION_OCTETS, AT(seed), 32, true},
        {"deviceKey", OPTION_OCTETS, AT(device_key), 16, true},
        {"arenaSize", OPTION_U32, AT(arena_size), 0, true},
        {"memoryLimit", OPTION_U32, AT(memory_limit), 0, false},
        {"codeRoom", OPTION_U32, AT(code_room), 0, false},
        {"shake", OPTION_U32, AT(shake), 0, false},
        {"fuel", OPTION_U32, AT(fuel), 0, false},
        {"failAllocation", OPTION_U32, AT(fail_allocation), 0, false},
        {"sectorSize", OPTION_U32, AT(sector_size), 0, false},
        {"unit", OPTION_U32, AT(unit), 0, false},
        {"trace", OPTION_TRUE, AT(trace), 0, false},
        {"eager", OPTION_TRUE, AT(eager), 0, false},
    };
#undef AT
    static const struct option own[] = {
        {"wasm", OPTION_COPY, offsetof(struct device, wasm), 0, false},
        {"nor", OPTION_KEPT, offsetof(struct device, nor), 0, true},
    };
    return TAKE_OPTIONS(env, options, list, o) && TAKE_OPTIONS(env, options, own, d);
}

static const char *open_store(struct device *d, const struct device_options *o) {
    uint8_t noise[32];
    if (!kept_whole(&d->nor) || !nor_begin(&d->flash, d->nor.at, d->nor.size, o->sector_size, o->unit))
        return "nor must be a whole number of sectors";
    kw_sha256(noise, o->seed, 32); // the store's salts are not the module's random octets
    int32_t answer = kw_store_open(&d->store, &d->flash.nor, o->device_key, noise);
    if (answer == KW_ERR_NOT_FOUND) answer = kw_store_format(&d->store);
    return answer == KW_OK ? NULL : "nor has too few or too small sectors for a store";
}

static const char *open_images(struct device *d, const struct device_options *o) {
    memcpy(d->images->device_key, o->device_key, sizeof d->images->device_key);
    kw_sha256(d->images->noise, o->seed, 32);
    kw_sha256(d->images->noise, d->images->noise, 32); // the first hash is the store's noise
    return device_images_open(d->images) == KW_OK ? NULL : "images.nor does not have the sectors that its layout asks for";
}

// What is wrong with the options, or null; `taken` is false where it has been said.
static const char *prepare(struct device *d, napi_value options, uint8_t seed[32], bool *taken) {
    struct device_options o = {.sector_size = 4096, .unit = 8};
    *taken = take_device(d->env, options, d, &o);
    if (!*taken) return NULL;
    if ((d->wasm.at != NULL) == (o.images != NULL)) return "a device needs wasm, or images";
    if (o.images != NULL) {
        if ((d->images = calloc(1, sizeof *d->images)) == NULL) return "there is no memory for the images";
        *taken = take_images(d->env, o.images, d->images);
        if (!*taken) return NULL;
    }
    if (o.arena_size < 1024 || o.arena_size > ARENA_MAX || (d->arena = malloc(o.arena_size)) == NULL)
        return "arenaSize must be 1024 to 268435456, and there must be memory";
    napi_create_reference(d->env, o.surroundings, 1, &d->surroundings);
    const char *problem = open_store(d, &o);
    if (problem == NULL && d->images != NULL) problem = open_images(d, &o);
    if (problem != NULL) return problem;
    device_edge(d);
    memcpy(seed, o.seed, sizeof o.seed);
    d->machine.arena.fail_after = o.fail_allocation;
    d->config = (struct kw_config){
        .board = &d->board,
        .store = &d->store,
        .images = d->images == NULL ? NULL : &d->images->slots,
        .wasm = d->wasm.at,
        .wasm_size = (uint32_t)d->wasm.size,
        .memory_limit = o.memory_limit,
        .arena = d->arena,
        .arena_size = o.arena_size,
        .code_room = o.code_room,
        .shake = o.shake,
        .seed = seed,
        .trace = o.trace ? &d->trace : NULL,
        .fuel = o.fuel,
        .eager = o.eager,
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

// Throws what a callback threw, or that the flash went away under the call; true when there was something.
static bool rethrow(struct device *d) {
    napi_value box = NULL, error = NULL;
    if (d->thrown == NULL) {
        if (d->lost) fail(d->env, "the flash of the device was detached, or changed its size");
        return d->lost;
    }
    napi_get_reference_value(d->env, d->thrown, &box);
    napi_get_named_property(d->env, box, THROWN, &error);
    napi_delete_reference(d->env, d->thrown);
    d->thrown = NULL;
    napi_throw(d->env, error);
    return true;
}

// new NativeDevice({ wasm or images, memoryLimit, seed, arenaSize, codeRoom, nor, sectorSize, deviceKey, surroundings, trace, fuel, eager, shake })
static napi_value construct(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint8_t seed[32];
    bool taken;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL) return fail(env, "there is no memory for a device");
    d->env = env;
    if (!wrap(&a, info, KIND_DEVICE, d, finalize)) return (free(d), NULL);
    const char *problem = prepare(d, a.values[0], seed, &taken);
    if (taken && problem == NULL) {
        load(d);
        d->config.seed = NULL;
        kw_wipe(seed, sizeof seed); // the generator has it
        if (!rethrow(d)) return a.self;
    }
    release(d);
    return problem == NULL ? NULL : fail(env, problem);
}

// The device that a method is about: open, its flash where it was, and its module not running, but for what may be done meanwhile.
static struct device *device_of(struct arguments *a, bool meanwhile) {
    struct device *d = self_of(a, KIND_DEVICE);
    if (d == NULL) return NULL;
    const char *problem = d->closed                          ? "the device is closed"
                          : d->machine.running && !meanwhile ? "the module is running; call again when its call has returned"
                          : !device_whole(d)                 ? "the flash of the device was detached, or changed its size"
                                                             : NULL;
    if (problem == NULL) return d;
    fail(a->env, problem);
    return NULL;
}

// start(now, reason): true when the module ended well; else `stop()` says how it ended
static napi_value start(napi_env env, napi_callback_info info) {
    struct arguments a;
    int64_t now;
    uint32_t reason;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, false);
    if (d == NULL || !want_i64(&a, 0, "now", &now) || !want_u32(&a, 1, "reason", &reason)) return NULL;
    d->stop = kw_start(&d->machine, now, reason);
    return rethrow(d) ? NULL : boolean_of(env, d->stop == KW_STOP_NONE);
}

// poll(now): the deadline, or null
static napi_value poll(napi_env env, napi_callback_info info) {
    struct arguments a;
    int64_t now, deadline;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, false);
    if (d == NULL || !want_i64(&a, 0, "now", &now)) return NULL;
    d->stop = kw_poll(&d->machine, now, &deadline);
    if (rethrow(d)) return NULL;
    return d->stop == KW_STOP_NONE ? bigint_of(env, deadline) : null_of(env);
}

static napi_value push(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes event;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL || !want_bytes(&a, 0, "event", &event)) return NULL;
    return boolean_of(env, kw_push(&d->machine, event.at, (uint32_t)event.size));
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
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL) return NULL;
    result = object_of(env);
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
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
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
    result = object_of(env);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) set(env, result, all[i].name, number_of(env, all[i].value));
    return result;
}

// drops(): the lowest layer, and behind it the counters
static napi_value drops(napi_env env, napi_callback_info info) {
    struct arguments a;
    const uint8_t *at;
    uint32_t layer, count;
    uint8_t told[4 + KW_DROPS_SIZE];
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL) return NULL;
    at = kw_drops(&d->machine, &layer, &count);
    if (at == NULL) return buffer_of(env, at, 0);
    kw_put32(told, layer);
    memcpy(told + 4, at, 4 * count);
    return buffer_of(env, told, 4 + 4 * count);
}

// takeTrace(): the records written since the last call, without the four octets a file begins with
static napi_value take_trace(napi_env env, napi_callback_info info) {
    struct arguments a;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
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
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, false);
    if (d == NULL || !want_bytes(&a, 0, "recording", &recording)) return NULL;
    struct kw_config config = d->config;
    config.board = &kw_replay_board;
    config.trace = &d->trace;
    d->traced_size = 0;
    uint8_t room[KW_REPLAY_ROOM_LINKS] = {0};
    return number_of(env, kw_replay(&d->machine, &config, &(struct kw_source){&recording, read_recording, room, sizeof room}, NULL));
}

static napi_value read_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint32_t record;
    uint8_t octets[KW_STORE_RECORD_MAX];
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL || !want_u32(&a, 0, "record", &record)) return NULL;
    int32_t size = kw_store_read_any(&d->store, record, octets, sizeof octets);
    return size < 0 ? number_of(env, size) : buffer_of(env, octets, (size_t)size);
}

static napi_value write_record(napi_env env, napi_callback_info info) {
    struct arguments a;
    struct bytes octets;
    uint32_t record;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL || !want_u32(&a, 0, "record", &record) || !want_bytes(&a, 1, "octets", &octets)) return NULL;
    return number_of(env, octets.size > KW_STORE_RECORD_MAX ? KW_ERR_NO_BUFFER
                                                            : kw_store_write_any(&d->store, record, octets.at, (uint32_t)octets.size));
}

// images(): null, or { source, state } with enum kw_image_source and what image_state(0) writes
static napi_value images(napi_env env, napi_callback_info info) {
    struct arguments a;
    uint8_t state[KW_IMAGE_STATE];
    napi_value result;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = device_of(&a, true);
    if (d == NULL) return NULL;
    if (d->images == NULL) return null_of(env);
    int32_t size = kw_image_state(&d->images->slots, 0, state, sizeof state);
    result = object_of(env);
    set(env, result, "source", number_of(env, d->images->source));
    set(env, result, "state", buffer_of(env, state, size < 0 ? 0 : (size_t)size));
    return result;
}

static napi_value close_device(napi_env env, napi_callback_info info) {
    struct arguments a;
    if (!take_arguments(env, info, &a)) return NULL;
    struct device *d = self_of(&a, KIND_DEVICE);
    if (d == NULL) return NULL;
    if (d->machine.running) return fail(env, "the module is running; close the device after its call has returned");
    release(d);
    return NULL;
}

napi_value define_device(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        METHOD("start", start),
        METHOD("poll", poll),
        METHOD("push", push),
        METHOD("stop", stop),
        METHOD("stats", stats),
        METHOD("drops", drops),
        METHOD("takeTrace", take_trace),
        METHOD("replay", replay),
        METHOD("readRecord", read_record),
        METHOD("writeRecord", write_record),
        METHOD("images", images),
        METHOD("close", close_device),
    };
    define_class(env, exports, "NativeDevice", construct, sizeof methods / sizeof *methods, methods);
    return exports;
}
