// What a NativeDevice's module reaches: functions of a JavaScript object, and a trace in memory.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"

#define TRACE_MAX (64u * 1024u * 1024u)

enum {
    SURROUND_RADIO_SET,
    SURROUND_RADIO_SEND,
    SURROUND_SENSE,
    SURROUND_DISPLAY,
    SURROUND_UPLINK,
    SURROUND_LINK,
    SURROUND_LOG,
    SURROUND_KEY,
    SURROUND_TLS_KEY,
    SURROUND_COUNT
};
static const char *const surround_names[SURROUND_COUNT] = {"radioSet", "radioSend", "sense",  "display", "uplinkSend",
                                                           "linkSend", "log",       "keySet", "tlsKey"};

bool device_whole(const struct device *d) { return kept_whole(&d->nor) && (d->images == NULL || kept_whole(&d->images->nor)); }

static void keep_thrown(struct device *d) {
    napi_value error = NULL, box = object_of(d->env);
    bool pending = false;
    napi_is_exception_pending(d->env, &pending);
    if (pending) napi_get_and_clear_last_exception(d->env, &error);
    else napi_create_error(d->env, NULL, text_of(d->env, "a function of the surroundings is missing"), &error);
    set(d->env, box, THROWN, error);
    napi_create_reference(d->env, box, 1, &d->thrown);
}

// Calls a function of the surroundings.  What it throws is kept and thrown when the module's call has ended.
static int32_t ask(struct device *d, int which, size_t count, napi_value *arguments) {
    napi_value surroundings = NULL, function = NULL, result = NULL;
    int32_t answer = KW_OK;
    if (d->thrown != NULL) return KW_ERR_BUSY;
    napi_valuetype type = napi_undefined;
    bool called = napi_get_reference_value(d->env, d->surroundings, &surroundings) == napi_ok &&
                  napi_get_named_property(d->env, surroundings, surround_names[which], &function) == napi_ok &&
                  napi_typeof(d->env, function, &type) == napi_ok;
    if (called && type == napi_undefined && (which == SURROUND_LINK || which == SURROUND_TLS_KEY)) {
        d->lost = !device_whole(d);
        return KW_ERR_NOT_FOUND; // a device without links, or whose capture nobody reads
    }
    called = called && napi_call_function(d->env, surroundings, function, count, arguments, &result) == napi_ok;
    if (called) napi_get_value_int32(d->env, result, &answer); // a function without an answer leaves KW_OK
    else keep_thrown(d);
    d->lost = !device_whole(d);
    return called ? answer : KW_ERR_BUSY;
}

// Ends the module's call from within an import; what lies between keeps nothing open.
static void leave_if_lost(struct device *d) {
    if (d->lost) longjmp(d->machine.arena.full, 1);
}

#define SURROUND(d, which, count, ...) \
    napi_handle_scope scope; \
    napi_open_handle_scope((d)->env, &scope); \
    napi_value values[] = {__VA_ARGS__}; \
    int32_t answer = ask(d, which, count, values); \
    napi_close_handle_scope((d)->env, scope); \
    leave_if_lost(d)

static int32_t radio_set(void *context, uint32_t interface_number, uint32_t parameter, int64_t value) {
    struct device *d = context;
    SURROUND(d, SURROUND_RADIO_SET, 3, number_of(d->env, interface_number), number_of(d->env, parameter), bigint_of(d->env, value));
    return answer;
}

static int32_t radio_send(void *context, uint32_t interface_number, const uint8_t *psdu, uint32_t size, uint8_t handle) {
    struct device *d = context;
    SURROUND(d, SURROUND_RADIO_SEND, 3, number_of(d->env, interface_number), buffer_of(d->env, psdu, size), number_of(d->env, handle));
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

static int32_t link_send(void *context, uint32_t interface_number, const uint8_t *frame, uint32_t size) {
    struct device *d = context;
    SURROUND(d, SURROUND_LINK, 2, number_of(d->env, interface_number), buffer_of(d->env, frame, size));
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

// A line of an NSS key log.
static void tls_key(void *context, const uint8_t random[32], const uint8_t master[48]) {
    struct device *d = context;
    char line[16 + 2 * 32 + 1 + 2 * 48 + 1] = "CLIENT_RANDOM ";
    size_t at = strlen(line);
    for (size_t i = 0; i < 32; i++, at += 2) snprintf(line + at, 3, "%02x", random[i]);
    line[at++] = ' ';
    for (size_t i = 0; i < 48; i++, at += 2) snprintf(line + at, 3, "%02x", master[i]);
    SURROUND(d, SURROUND_TLS_KEY, 1, text_of(d->env, line));
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

void device_edge(struct device *d) {
    d->board = (struct kw_board){d, radio_set, radio_send, sense, display, uplink_send, link_send, log_note, key_set, tls_key, NULL};
    d->trace = (struct kw_trace){d, trace_write};
}
