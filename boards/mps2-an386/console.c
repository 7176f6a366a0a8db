#include "console.h"
#include <string.h>
#include "../common/board.h"
#include "../common/spinel.h"
#include "uart.h"

#define LINE_MAX (2 * CONSOLE_OCTETS_MAX + 32)

uint32_t console_lines_lost;

static void put(char octet) { kw_uart_put(KW_UART_CONSOLE, (uint8_t)octet); }

static char digit(uint32_t value) { return (char)(value < 10 ? '0' + value : 'a' + value - 10); }

void console_begin(char verb) { put(verb); }

void console_text(const char *text) {
    put(' ');
    while (*text) put(*text++);
}

static void put_number(int64_t value) {
    char digits[20];
    uint32_t count = 0;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do digits[count++] = (char)('0' + left % 10);
    while (left /= 10);
    if (value < 0) put('-');
    while (count) put(digits[--count]);
}

void console_number(int64_t value) {
    put(' ');
    put_number(value);
}

void console_hex32(uint32_t value) {
    put(' ');
    for (int shift = 28; shift >= 0; shift -= 4) put(digit(value >> shift & 0xf));
}

void console_octets(const uint8_t *octets, uint32_t size) {
    put(' ');
    for (uint32_t i = 0; i < size; i++) {
        put(digit(octets[i] >> 4));
        put(digit(octets[i] & 0xf));
    }
}

bool console_end(void) {
    put('\n');
    bool written = kw_uart_commit(KW_UART_CONSOLE);
    if (!written) console_lines_lost++;
    return written;
}

void console_say(const char *text) {
    console_begin('#');
    console_text(text);
    console_end();
}

void console_value(const char *name, int64_t value) {
    console_begin('#');
    console_text(name);
    put('=');
    put_number(value);
    console_end();
}

void console_answer(char verb, int32_t value) {
    char text[2] = {verb, 0};
    console_begin('A');
    console_text(text);
    console_number(value);
    console_end();
}

static int nibble(char octet) {
    if (octet >= '0' && octet <= '9') return octet - '0';
    if (octet >= 'a' && octet <= 'f') return octet - 'a' + 10;
    return -1;
}

// Two digits an octet; -1 when they are not.
static int32_t take_octets(const char *at, const char *end, uint8_t *to, uint32_t capacity) {
    if ((end - at) % 2 || (uint32_t)(end - at) / 2 > capacity) return -1;
    uint32_t size = 0;
    for (; at < end; at += 2) {
        int high = nibble(at[0]), low = nibble(at[1]);
        if (high < 0 || low < 0) return -1;
        to[size++] = (uint8_t)(high << 4 | low);
    }
    return (int32_t)size;
}

// The octets of the line take the place of its text, of which they need half.
static int32_t parse(char *text, uint32_t size, struct console_line *line) {
    uint8_t crc[2];
    if (size < 7 || memcmp(text + size - 6, " *", 2) != 0 || take_octets(text + size - 4, text + size, crc, 2) != 2)
        return KW_ERR_BAD_CHECKSUM;
    size -= 6;
    uint16_t is = (uint16_t)~kw_crc16(0xffff, (const uint8_t *)text, size);
    if (is != (crc[0] << 8 | crc[1])) return KW_ERR_BAD_CHECKSUM;
    const char *at = text + 1, *end = text + size;
    memset(line, 0, sizeof *line);
    line->verb = text[0];
    if (line->verb == 'W') {
        if (at == end || *at++ != ' ') return KW_ERR_BAD_LENGTH;
        while (at < end && *at >= '0' && *at <= '9' && line->record < 0x8000) line->record = line->record * 10 + (uint32_t)(*at++ - '0');
    }
    if (at == end) return KW_OK;
    int32_t octets = *at == ' ' ? take_octets(at + 1, end, (uint8_t *)text, CONSOLE_OCTETS_MAX) : -1;
    if (octets < 0) return KW_ERR_BAD_LENGTH;
    line->octets = (uint8_t *)text;
    line->size = (uint32_t)octets;
    return KW_OK;
}

const struct console_line *console_take(void) {
    static char in[LINE_MAX];
    static uint32_t in_size;
    static struct console_line line;
    for (int octet; (octet = kw_uart_take(KW_UART_CONSOLE)) >= 0;) {
        if (octet == '\r') continue;
        if (octet != '\n') {
            if (in_size < LINE_MAX) in[in_size] = (char)octet;
            if (in_size <= LINE_MAX) in_size++; // one past the end marks a line that is too long
            continue;
        }
        bool empty = in_size == 0;
        char verb = empty ? 0 : in[0];
        int32_t status = in_size > LINE_MAX ? KW_ERR_BAD_LENGTH : parse(in, in_size, &line);
        in_size = 0;
        if (empty) continue;
        if (status == KW_OK) return &line;
        console_answer(verb >= ' ' && verb < 0x7f ? verb : '?', status);
    }
    return 0;
}
