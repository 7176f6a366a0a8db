// The console: lines of text both ways.
//
//   out  # words                     for people
//        L code hex                  the module's log
//        D line hex                  the module's display
//        U hex                       the module's uplink_send
//        S quantity period           the module's sense
//        A verb answer               what became of a line that came in: 0 or a negative Err
//   in   E hex *crc                  an event, head and octets; the board fills in the time
//        W record hex *crc           a record at manufacture, while the store lacks an address
//        M *crc                      answer with lines `# name=value`, and `# drops PLACE COUNT ...`
//
// crc is the CRC-16/X.25 of everything before " *", in hex.
#ifndef KW_CONSOLE_H
#define KW_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#define CONSOLE_OCTETS_MAX 512u // in one line

// A line is put together piece by piece in the UART's ring, each with a space in front, and sent whole by console_end; false when there
// is no room.
void console_begin(char verb);
void console_text(const char *text);
void console_number(int64_t value);
void console_hex32(uint32_t value);
void console_octets(const uint8_t *octets, uint32_t size);
bool console_end(void);

// `# text`
void console_say(const char *text);
// `# name=value`
void console_value(const char *name, int64_t value);

// `A verb value`
void console_answer(char verb, int32_t value);

extern uint32_t console_lines_lost;

struct console_line {
    char verb;
    uint32_t record;
    uint32_t size;
    const uint8_t *octets; // until the next line is taken
};

// The next whole line whose checksum is right; null when there is none yet.  A wrong one is answered and counted here.
const struct console_line *console_take(void);

#endif
