// class NativeDevice: boards/common with JavaScript as its surroundings.
#include <stdlib.h>
#include <string.h>
#include "addon.h"
#include "machine.h"

#define TRACE_MAX (64u * 1024u * 1024u)

enum { SURROUND_RADIO_SET, SURROUND_RADIO_SEND, SURROUND_SENSE, SURROUND_DISPLAY, SURROUND_UPLINK, SURROUND_LOG, SURROUND_KEY, SURROUND_COUNT };
static const char *const surround_names[SURROUND_COUNT] = {"radioSet", "radioSend", "sense", "display", "uplinkSend", "log", "keySet"};

struct device {
    napi_env env;
    struct kw_machine machine;
    struct kw_store store;
    struct nor_memory flash;
    struct kw_board board;
    struct kw_trace trace;
    struct kw_config config;
    uint8_t *arena;
    napi_ref kept;       // an array of what must stay alive: the module's octets, the flash, the surroundings
    napi_ref thrown;     // what a callback threw first
    enum kw_stop stop;
    uint8_t *traced;
    size_t traced_size, traced_room;
    bool trace_lost, closed;
};

enum { KEPT_WASM, KEPT_NOR, KEPT_SURROUNDINGS };

// ---- Surroundings ----

// Calls a function of the surroundings.  What it throws is kept and thrown when the module's call has ended.
static int32_t ask(struct device *d, int which, size_t count, napi_value *arguments) {
    napi_value kept, surroundings, function, result;
    int32_t answer = KW_OK;
    if (d->thrown != NULL) return KW_ERR_BUSY;
    napi_get_reference_value(d->env, d->kept, &kept);
    napi_get_element(d->env, kept, KEPT_SURROUNDINGS, &surroundings);
    napi_get_named_property(d->env, surroundings, surround_names[which], &function);
    if (napi_call_function(d->env, surroundings, function, count, arguments, &result) == napi_ok) {
        napi_get_value_int32(d->env, result, &answer); // a function without an answer leaves KW_OK
        return answer;
    }
    napi_value error;
    bool pending = false;
    napi_is_exception_pending(d->env, &pending);
    if (pending) napi_get_and_clear_last_exception(d->env, &error);
    else napi_create_error(d->env, NULL, text_of(d->env, "a function of the surroundings is missing"), &error);
    napi_value box;
    napi_create_array_with_length(d->env, 1, &box);
    napi_set_element(d->env, box, 0, error);
    napi_create_reference(d->env, box, 1, &d->thrown);
    return KW_ERR_BUSY;
}

#define SURROUND(d, which, count, ...) \
    napi_handle_scope scope; \
    napi_open_handle_scope((d)->env, &scope); \
    napi_value values[] = {__VA_ARGS__}; \
    int32_t answer = ask(d, which, count, values); \
    napi_close_handle_scope((d)->env, scope)

static napi_value bigint_of(napi_env env, int64_t value) {
    napi_value result;
    napi_create_bigint_int64(env, value, &result);
    return result;
}

static int32_t radio_set(void *context, uint32_t parameter, int64_t value) {
    struct device *d = context;
    SURROUND(d, SURROUND_RADIO_SET, 2, number_of(d->env, parameter), bigint_of(d->env, value));
    return answer;
}

static int32_t radio_send(void *context, const uint8_t *psdu, uint32_t size, uint8_t handle) {
    struct device *d = context;
    SURROUND(d, SURROUND_RADIO_SEND, 2, buffer_of(d->env, psdu, size), number_of(d->env, handle));
    return answer;
}

static int32_t sense(void *context, uint32_t quantity, uint32_t period_ms) {
    struct device *d = context;
    SURROUND(d, SURROUND_SENSE, 2, number_of(d->env, quantity), number_of(d->env, period_ms));
    return answer;
}

static int32_t display(void *context, uint32_t line, const uint8_t *text, uint32_t size) {
    struct device *d = context;
    SURROUND(d, SURROUND_DISPLAY, 2, number_of(d->env, line), buffer_of(d->env, text, size));
    return answer == KW_ERR_BUSY ? answer : KW_OK;
}

static int32_t uplink_send(void *context, const uint8_t *octets, uint32_t size) {
    struct device *d = context;
    SURROUND(d, SURROUND_UPLINK, 1, buffer_of(d->env, octets, size));
    return answer;
}

static void log_note(void *context, uint32_t code, const uint8_t *octets, uint32_t size) {
    struct device *d = context;
    SURROUND(d, SURROUND_LOG, 2, number_of(d->env, code), buffer_of(d->env, octets, size));
    (void)answer;
}

static void key_set(void *context, uint32_t slot, const uint8_t key[16]) {
    struct device *d = context;
    SURROUND(d, SURROUND_KEY, 2, number_of(d->env, slot), buffer_of(d->env, key, 16));
    (void)answer;
}

static void trace_write(void *context, const void *octets, uint32_t size) {
    struct device *d = context;
    if (d->trace_lost || d->traced_size + size > TRACE_MAX) {
        d->trace_lost = true;
        return;
    }
    if (d->traced_size + size > d->traced_room) {
        size_t room = (d->traced_size + size) * 2 + 4096;
        uint8_t *more = realloc(d->traced, room);
        if (more == NULL) {
            d->trace_lost = true;
            return;
        }
        d->traced = more;
        d->traced_room = room;
    }
    memcpy(d->traced + d->traced_size, octets, size);
    d->traced_size += size;
}

// ---- Life ----

static void release(struct device *d) {
    if (d->closed) return;
    d->closed = true;
    if (d->kept != NULL) napi_delete_reference(d->env, d->kept);
    nor_end(&d->flash);
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
    if (!property_bytes(env, options, "nor", &nor) || !property_bytes(env, options, "deviceKey", &key)) return "a device needs nor and deviceKey";
    if (key.size != 16) return "deviceKey must have 16 octets";
    if (!nor_begin(&d->flash, nor.at, nor.size, property_u32(env, options, "sectorSize", 4096))) return "nor must be a whole number of sectors";
    kw_sha256(noise, seed, 32); // the store's salts are not the module's random octets
    int32_t answer = kw_store_open(&d->store, &d->flash.nor, key.at, noise);
    if (answer == KW_ERR_NOT_FOUND) answer = kw_store_format(&d->store);
    return answer == KW_OK ? NULL : "nor has too few or too small sectors for a store";
}

static const char *prepare(struct device *d, napi_env env, napi_value options, struct kw_config *config, uint8_t seed[32]) {
    struct bytes wasm, given;
    uint32_t arena = property_u32(env, options, "arenaSize", 0);
    if (!property_bytes(env, options, "wasm", &wasm) || wasm.size > UINT32_MAX) return "a device needs wasm";
    if (!property_bytes(env, options, "seed", &given) || given.size != 32) return "seed must have 32 octets";
    if (arena < 1024 || (d->arena = malloc(arena)) == NULL) return "arenaSize must be 1024 or more, and there must be memory";
    memcpy(seed, given.at, 32);
    const char *problem = open_store(d, env, options, seed);
    if (problem != NULL) return problem;
    d->board = (struct kw_board){d, radio_set, radio_send, sense, display, uplink_send, log_note, key_set, NULL};
    d->trace = (struct kw_trace){d, trace_write};
    d->machine.arena.fail_after = property_u32(env, options, "failAllocation", 0);
    *config = (struct kw_config){
        .board = &d->board, .store = &d->store, .wasm = wasm.at, .wasm_size = (uint32_t)wasm.size,
        .memory_limit = property_u32(env, options, "memoryLimit", 0), .arena = d->arena, .arena_size = arena,
        .reserve = property_u32(env, options, "reserve", 0), .seed = seed,
        .trace = property_true(env, options, "trace") ? &d->trace : NULL,
        .fuel = property_u32(env, options, "fuel", 0), .eager = property_true(env, options, "eager"),
    };
    return NULL;
}

// new NativeDevice({ wasm, memoryLimit, seed, arenaSize, reserve, nor, sectorSize, deviceKey, surroundings, trace, fuel, eager })
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
    napi_create_reference(env, list, 1, &d->kept);
    const char *problem = prepare(d, env, a.values[0], &d->config, seed);
    if (problem != NULL) {
        release(d);
        return fail(env, problem);
    }
    d->stop = kw_load(&d->machine, &d->config);
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

// stop(): { code, reason, offset, halt } of the last load, start or poll
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
    const struct { const char *name; uint32_t value; } all[] = {
        {"arenaSize", s.arena_size}, {"arenaUsed", s.arena_used}, {"arenaPeak", s.arena_peak}, {"arenaLoaded", s.arena_loaded},
        {"linear", s.linear}, {"translated", s.translated}, {"translatedPeak", s.translated_peak}, {"drops", s.drops}, {"wasmStackPeak", s.wasm_stack_peak},
        {"eventsDropped", s.events_dropped}, {"badMic", s.bad_mic}, {"allocations", d->machine.arena.allocations},
        {"waiting", d->machine.events}, {"storeErases", d->store.erases}, {"storeLive", d->store.live},
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
    return number_of(env, octets.size > KW_STORE_RECORD_MAX ? KW_ERR_NO_BUFFER : kw_store_write(&d->store, record, octets.at, (uint32_t)octets.size));
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

#define METHOD(name, call) {name, NULL, call, NULL, NULL, NULL, napi_default, NULL}

napi_value define_device(napi_env env, napi_value exports) {
    static const napi_property_descriptor methods[] = {
        METHOD("start", start), METHOD("poll", poll), METHOD("push", push), METHOD("stop", stop), METHOD("stats", stats),
        METHOD("takeTrace", take_trace), METHOD("replay", replay), METHOD("readRecord", read_record), METHOD("writeRecord", write_record), METHOD("close", close_device),
    };
    napi_value constructor;
    napi_define_class(env, "NativeDevice", NAPI_AUTO_LENGTH, construct, NULL, sizeof methods / sizeof *methods, methods, &constructor);
    set(env, exports, "NativeDevice", constructor);
    return exports;
}
