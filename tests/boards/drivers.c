// Tries the emulated board's drivers without a module.  `test=` on the command line chooses what.
#include <string.h>
#include "../../boards/mps2-an386/clock.h"
#include "../../boards/mps2-an386/console.h"
#include "../../boards/mps2-an386/flash.h"
#include "../../boards/mps2-an386/mps2.h"
#include "../../boards/mps2-an386/oled.h"
#include "../../boards/mps2-an386/semihost.h"
#include "../../boards/mps2-an386/startup.h"
#include "../../boards/mps2-an386/uart.h"

static char option[128];

static void done(void) {
    kw_uart_drain(KW_UART_CONSOLE);
    semihost_exit(true);
}

static void report_crash(void) {
    console_value("reason", kw_last.reason);
    console_value("cfsr", kw_last.cfsr);
    console_value("resets", kw_last.resets);
}

// Ends after 2^32 turns; every one takes stack.
__attribute__((noinline)) static uint32_t deeper(volatile uint32_t *above) {
    volatile uint32_t here[16];
    here[0] = *above + 1;
    if (here[0] == 0) return 0;
    return deeper(here) + here[0];
}

__attribute__((noinline)) static void spin(uint32_t turns) { __asm volatile("1: subs %0, #1\n bne 1b" : "+r"(turns)); }

// Two instructions a turn: differences must be exact whatever the phase of the timer.
static void count(void) {
    uint64_t nothing = kw_clock_instructions();
    console_value("nothing", (int64_t)(kw_clock_instructions() - nothing));
    kw_uart_drain(KW_UART_CONSOLE);
    for (uint32_t turns = 100; turns < 180; turns++) {
        uint64_t begin = kw_clock_instructions();
        spin(turns);
        uint64_t end = kw_clock_instructions();
        console_value("turns", (int64_t)turns);
        console_value("count", (int64_t)(end - begin));
        kw_uart_drain(KW_UART_CONSOLE);
    }
}

// Octet by octet: what has been drained has left, also where the reader waits, so that no interrupt comes later.
static void drained(void) {
    uint32_t left = 0;
    console_say("before");
    kw_uart_drain(KW_UART_CONSOLE);
    int64_t begin = kw_clock_now();
    for (uint32_t i = 1; i <= 4096; i++) {
        uint8_t octet = i % 64 == 0 ? '\n' : '.';
        kw_uart_write(KW_UART_CONSOLE, &octet, 1);
        kw_uart_drain(KW_UART_CONSOLE);
        if (REGISTER(UART0_BASE + UART_STATE) & UART_STATE_TX_FULL) left++;
    }
    console_value("left", left);
    console_value("ms", kw_clock_now() - begin);
}

// A line longer than the ring, between two that fit.
static void full(void) {
    static const uint8_t octets[129] = {0};
    console_say("before");
    kw_uart_drain(KW_UART_CONSOLE);
    console_begin('#');
    for (uint32_t part = 0; part < 8; part++) console_octets(octets, sizeof octets);
    console_value("sent", console_end());
    console_value("lost", console_lines_lost);
}

static void flash(void) {
    uint8_t octets[8], again[8];
    if (!semihost_option("nor", option, sizeof option) || !kw_flash_open(option)) return console_say("no flash");
    console_value("erase", kw_flash.erase(kw_flash.context, 1));
    memset(octets, 0x5a, sizeof octets);
    console_value("program", kw_flash.program(kw_flash.context, FLASH_SECTOR_SIZE, octets, 8));
    memset(octets, 0x0f, sizeof octets);
    console_value("program", kw_flash.program(kw_flash.context, FLASH_SECTOR_SIZE, octets, 8));
    kw_flash.read(kw_flash.context, FLASH_SECTOR_SIZE, again, 8);
    console_value("read", again[0]);
    console_value("mapped", kw_flash.mapped[FLASH_SECTOR_SIZE]);
    console_value("images-erase", kw_flash_images.erase(kw_flash_images.context, FLASH_IMAGE_SECTORS - 1));
    console_value("images", kw_flash_images.program(kw_flash_images.context, 0, octets, 8));
    console_value("images-mapped", kw_flash_images.mapped[7]);
    console_value("images-beyond", kw_flash_images.erase(kw_flash_images.context, FLASH_IMAGE_SECTORS));
    console_value("odd", kw_flash.program(kw_flash.context, FLASH_SECTOR_SIZE + 4, octets, 8));
    console_value("outside", kw_flash.program(kw_flash.context, FLASH_SECTOR_SIZE * FLASH_SECTORS, octets, 8));
    console_value("beyond", kw_flash.erase(kw_flash.context, FLASH_SECTORS));
}

static void time(void) {
    int64_t begin = kw_clock_now();
    for (int64_t until = begin + 1500; kw_clock_now() < until;) kw_clock_sleep(until);
    console_value("slept", kw_clock_now() - begin);
}

static void echo(void) {
    for (;;) {
        const struct console_line *line = console_take();
        if (!line) {
            kw_clock_sleep(kw_clock_now() + 100);
            continue;
        }
        console_begin('U');
        console_number(line->record);
        console_octets(line->octets, line->size);
        console_end();
    }
}

static void touch(uint32_t address) { __asm volatile("ldr r0, [%0]\n str r0, [%0]" ::"r"(address) : "r0", "memory"); }

int main(void) {
    kw_uart_begin();
    kw_clock_begin();
    if (kw_last.resets) {
        report_crash();
        done();
    }
    if (!semihost_option("test", option, sizeof option)) console_say("no test");
    else if (!strcmp(option, "count")) count();
    else if (!strcmp(option, "full")) full();
    else if (!strcmp(option, "drained")) drained();
    else if (!strcmp(option, "flash")) flash();
    else if (!strcmp(option, "time")) time();
    else if (!strcmp(option, "echo")) echo();
    else if (!strcmp(option, "stack")) console_value("depth", deeper((volatile uint32_t *)option));
    else if (!strcmp(option, "ram")) touch(0x20080000u);
    else if (!strcmp(option, "flash-end")) touch(0x00100000u);
    else if (!strcmp(option, "code")) touch(0x00000400u);
    else if (!strcmp(option, "window")) touch((uint32_t)kw_flash_images.mapped);
    else if (!strcmp(option, "oled")) {
        kw_oled_begin();
        kw_oled_line(0,
                     (const uint8_t *)"Now 0.24 kW \xa3"
                                      "3.17",
                     17);
        kw_oled_line(1, (const uint8_t *)"A\x01z", 3);
        console_say("shown");
        for (;;) kw_clock_sleep(kw_clock_now() + 600);
    } else if (!strcmp(option, "watchdog")) {
        kw_watchdog_begin();
        for (;;) __asm volatile("");
    }
    done();
}
