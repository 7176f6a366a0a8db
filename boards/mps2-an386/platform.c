#include "platform.h"
#include <string.h>
#include "../common/spinel.h"
#include "clock.h"
#include "console.h"
#include "oled.h"
#include "startup.h"
#include "uart.h"

#define RADIO_WAIT_MS 500

static struct kw_machine *machine;
static struct kw_spinel radio;

// A RadioSent event that found the queue full waits here: it may not be lost, or the radio stays busy.
static struct { bool waits; uint8_t handle, pending; int8_t status; } sent;

static void put_head(uint8_t *event, uint32_t kind, uint32_t size) {
    int64_t now = kw_clock_now();
    memset(event, 0, KW_EVENT_HEAD);
    event[KW_EVENT_KIND] = (uint8_t)kind;
    event[KW_EVENT_SIZE] = (uint8_t)size;
    event[KW_EVENT_SIZE + 1] = (uint8_t)(size >> 8);
    memcpy(event + KW_EVENT_TIME, &now, sizeof now);
}

static bool push_sent(void) {
    uint8_t event[KW_EVENT_HEAD];
    put_head(event, KW_EVENT_KIND_RADIO_SENT, 0);
    event[KW_EVENT_STATUS] = (uint8_t)sent.status;
    event[KW_EVENT_HANDLE] = sent.handle;
    event[KW_EVENT_PENDING] = sent.pending;
    return kw_push(machine, event, sizeof event);
}

static bool radio_write(void *context, const uint8_t *octets, uint32_t size) {
    (void)context;
    return kw_uart_write(KW_UART_RADIO, octets, size);
}

static void radio_received(void *context, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi) {
    (void)context;
    uint8_t event[KW_EVENT_HEAD + 127];
    put_head(event, KW_EVENT_KIND_RADIO_RECEIVED, size);
    event[KW_EVENT_LQI] = lqi;
    event[KW_EVENT_RSSI] = (uint8_t)rssi;
    memcpy(event + KW_EVENT_HEAD, psdu, size);
    kw_push(machine, event, KW_EVENT_HEAD + size); // a full queue counts what it drops
}

static void radio_sent(void *context, uint8_t handle, int8_t status, bool pending) {
    (void)context;
    sent.handle = handle;
    sent.status = status;
    sent.pending = pending;
    sent.waits = !push_sent();
}

static const struct kw_spinel_edge radio_edge = { .write = radio_write, .received = radio_received, .sent = radio_sent };

// One co-processor: interface 0, and no other.
static int32_t radio_set(void *context, uint32_t interface_number, uint32_t parameter, int64_t value) {
    (void)context;
    return interface_number != 0 ? KW_ERR_NOT_FOUND : kw_spinel_set(&radio, parameter, value);
}

static int32_t radio_send(void *context, uint32_t interface_number, const uint8_t *psdu, uint32_t size, uint8_t handle) {
    (void)context;
    return interface_number != 0 ? KW_ERR_NOT_FOUND : kw_spinel_send(&radio, psdu, size, handle);
}

// The meter's front end is at the other end of the console.
static int32_t sense(void *context, uint32_t quantity, uint32_t period_ms) {
    (void)context;
    if (quantity != KW_QUANTITY_ELECTRICITY_IMPORT) return KW_ERR_NOT_FOUND;
    console_begin('S');
    console_number(quantity);
    console_number(period_ms);
    return console_end() ? KW_OK : KW_ERR_NO_BUFFER;
}

static int32_t display(void *context, uint32_t line, const uint8_t *text, uint32_t size) {
    (void)context;
    kw_oled_line(line, text, size);
    console_begin('D');
    console_number(line);
    console_octets(text, size);
    console_end();
    return KW_OK;
}

static int32_t uplink_send(void *context, const uint8_t *octets, uint32_t size) {
    (void)context;
    if (size > CONSOLE_OCTETS_MAX) return KW_ERR_BAD_LENGTH;
    console_begin('U');
    console_octets(octets, size);
    return console_end() ? KW_OK : KW_ERR_NO_BUFFER;
}

static void note(void *context, uint32_t code, const uint8_t *octets, uint32_t size) {
    (void)context;
    console_begin('L');
    console_number(code);
    console_octets(octets, size < CONSOLE_OCTETS_MAX ? size : CONSOLE_OCTETS_MAX);
    console_end();
}

static void alive(void *context) {
    (void)context;
    kw_watchdog_feed();
}

const struct kw_board kw_platform = {
    .radio_set = radio_set,
    .radio_send = radio_send,
    .sense = sense,
    .display = display,
    .uplink_send = uplink_send,
    .log = note,
    .alive = alive,
};

void kw_platform_begin(struct kw_machine *m) {
    machine = m;
    kw_spinel_begin(&radio, &radio_edge);
}

static void take_radio(void) {
    for (int octet; (octet = kw_uart_take(KW_UART_RADIO)) >= 0;) kw_spinel_octet(&radio, (uint8_t)octet);
}

void kw_platform_wait_radio(void) {
    for (int64_t until = kw_clock_now() + RADIO_WAIT_MS; !radio.resets && kw_clock_now() < until; take_radio()) kw_clock_sleep(until);
    if (!radio.resets) console_say("the radio's co-processor does not answer");
}

static int32_t push_line(const struct console_line *line) {
    uint8_t event[CONSOLE_OCTETS_MAX];
    if (line->size < KW_EVENT_HEAD) return KW_ERR_TRUNCATED;
    // What the radio says comes from the radio only.
    uint8_t kind = line->octets[KW_EVENT_KIND];
    if (kind != KW_EVENT_KIND_MEASURED && kind != KW_EVENT_KIND_UPLINK) return KW_ERR_RESERVED;
    if (line->size - KW_EVENT_HEAD > KW_EVENT_PAYLOAD_MAX) return KW_ERR_BAD_LENGTH;
    put_head(event, kind, line->size - KW_EVENT_HEAD);
    memcpy(event + KW_EVENT_HEAD, line->octets + KW_EVENT_HEAD, line->size - KW_EVENT_HEAD);
    return kw_push(machine, event, line->size) ? KW_OK : KW_ERR_NO_BUFFER;
}

int64_t kw_platform_run(int64_t now) {
    if (sent.waits) sent.waits = !push_sent();
    take_radio();
    for (const struct console_line *line; (line = console_take());) {
        if (line->verb == 'M') kw_platform_report();
        console_answer(line->verb, line->verb == 'E' ? push_line(line) : line->verb == 'M' ? KW_OK : KW_ERR_RESERVED);
    }
    return kw_spinel_run(&radio, now);
}

void kw_platform_report(void) {
    struct kw_stats stats;
    kw_stats(machine, &stats);
    console_value("arena", stats.arena_size);
    console_value("arena_peak", stats.arena_peak);
    console_value("loaded", stats.arena_loaded);
    console_value("linear", stats.linear);
    console_value("translated_peak", stats.translated_peak);
    console_value("translations", stats.translations);
    console_value("retranslations", stats.retranslations);
    console_value("evictions", stats.evictions);
    console_value("events_dropped", stats.events_dropped);
    console_value("bad_mic", stats.bad_mic);
    console_value("stack", kw_stack_size());
    console_value("stack_peak", kw_stack_peak());
    console_value("radio_resets", radio.resets);
    console_value("radio_bad_frames", radio.bad_frames);
    console_value("radio_write_failures", radio.write_failures);
    console_value("lines_lost", console_lines_lost);
}
