// boards/common/spinel.c on this machine: standard input and output are the line to the co-processor.  A frame every 20 ms.
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "abi.h"
#include "spinel.h"

static bool line_write(void *context, const uint8_t *octets, uint32_t size) {
    (void)context;
    return write(1, octets, size) == (ssize_t)size;
}

static void received(void *context, const uint8_t *psdu, uint32_t size, uint8_t lqi, int8_t rssi) {
    (void)context, (void)psdu, (void)lqi, (void)rssi;
    fprintf(stderr, "heard %u\n", size);
}

static void sent(void *context, uint8_t handle, int8_t status, bool pending) {
    (void)context, (void)handle, (void)pending;
    fprintf(stderr, "sent %d\n", status);
}

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int count, char **words) {
    static const struct kw_spinel_edge edge = {.write = line_write, .received = received, .sent = sent};
    static struct kw_spinel radio;
    if (count != 3) return 2;
    kw_spinel_begin(&radio, &edge);
    kw_spinel_set(&radio, KW_RADIO_PARAMETER_CHANNEL, atoi(words[1]));
    kw_spinel_set(&radio, KW_RADIO_PARAMETER_PAN_ID, atoi(words[2]));
    kw_spinel_set(&radio, KW_RADIO_PARAMETER_SHORT_ADDRESS, 0);
    for (uint8_t sequence = 0;; sequence++) {
        uint8_t frame[] = {0x41, 0x88, sequence, (uint8_t)atoi(words[2]), (uint8_t)(atoi(words[2]) >> 8), 0xff, 0xff, 0, 0, 1};
        if (radio.resets && !radio.resetting) kw_spinel_send(&radio, frame, sizeof frame, sequence);
        for (int64_t until = now_ms() + 20; now_ms() < until;) {
            struct pollfd in = {.fd = 0, .events = POLLIN};
            uint8_t octets[512];
            if (poll(&in, 1, 5) > 0) {
                ssize_t size = read(0, octets, sizeof octets);
                if (size <= 0) return 0;
                for (ssize_t i = 0; i < size; i++) kw_spinel_octet(&radio, octets[i]);
            }
            kw_spinel_run(&radio, now_ms());
        }
    }
}
