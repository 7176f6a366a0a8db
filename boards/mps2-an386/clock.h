// Time, sleep, the watchdog, and the count of instructions.
#ifndef KW_CLOCK_H
#define KW_CLOCK_H

#include <stdint.h>

void kw_clock_begin(void);

// Milliseconds since reset.
int64_t kw_clock_now(void);

// Sleeps until an interrupt or the deadline, whichever comes first; may wake early.
void kw_clock_sleep(int64_t deadline);

void kw_watchdog_begin(void);
void kw_watchdog_feed(void);

// Instructions executed so far without those of this function, exact to the one where an instruction takes one nanosecond (QEMU's -icount
// shift=0).  Code that runs for the first time can count for one or two more: the emulator restarts an access to a device that it meets.
uint64_t kw_clock_instructions(void);

#endif
