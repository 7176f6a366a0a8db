#include "platform.h"
#include "../common/edge.h"
#include "../common/octets.h"
#include "../common/spinel.h"
#include "clock.h"
#include "console.h"
#include "oled.h"
#include "startup.h"
#include "uart.h"

#define RADIO_WAIT_MS 500

static struct kw_edge edge;
static struct kw_spinel radio;

static bool radio_write(void *context, const uint8_t *octets, uint32_t size) {
    (void)context;
    return kw_uart_write(KW_UART_RADIO, octets, size);
}

static void radio_received(void *context, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi) {
    (void)context;
    kw_edge_received(&edge, kw_clock_now(), psdu, size, lqi, rssi);
}

static void radio_sent(void *context, uint8_t handle, int8_t status, bool pending) {
    (void)context;
    kw_edge_sent(&edge, kw_clock_now(), handle, status, pending);
}

static const struct kw_spinel_edge radio_edge = {.write = radio_write, .received = radio_received, .sent = radio_sent};

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
    kw_edge_begin(&edge, m);
    kw_spinel_begin(&radio, &radio_edge);
}

static void take_radio(void) {
    for (int octet; (octet = kw_uart_take(KW_UART_RADIO)) >= 0;) kw_spinel_octet(&radio, (uint8_t)octet);
}

void kw_platform_wait_radio(void) {
    for (int64_t now = kw_clock_now(), until = now + RADIO_WAIT_MS; !radio.resets && now < until; take_radio(), now = kw_clock_now()) {
        int64_t again = kw_spinel_run(&radio, now);
        kw_clock_sleep(again < until ? again : until);
    }
    if (!radio.resets) console_say("the radio's co-processor does not answer");
}

int64_t kw_platform_run(int64_t now) {
    kw_edge_run(&edge, now);
    take_radio();
    for (const struct console_line *line; (line = console_take());) {
        if (line->verb == 'M') kw_platform_report();
        // What the radio says comes from the radio only: kw_edge_event takes nothing of its kinds.
        int32_t answer = line->verb == 'E'   ? kw_edge_event(&edge, kw_clock_now(), line->octets, line->size)
                         : line->verb == 'M' ? KW_OK
                                             : KW_ERR_RESERVED;
        console_answer(line->verb, answer);
    }
    return kw_spinel_run(&radio, now);
}

// `# drops PLACE COUNT ...`: of each counter that is not 0, which it is (layer * 16 + reason) and what it says.
static void report_drops(void) {
    uint32_t layer, counters = 0;
    const uint8_t *at = kw_drops(edge.machine, &layer, &counters);
    console_begin('#');
    console_text("drops");
    for (uint32_t i = 0; at != NULL && i < counters; i++) {
        uint32_t count = kw_get32(at + 4 * i);
        if (count == 0) continue;
        console_number(layer * 16 + i);
        console_number(count);
    }
    console_end();
}

void kw_platform_report(void) {
    report_drops();
    struct kw_stats stats;
    kw_stats(edge.machine, &stats);
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
