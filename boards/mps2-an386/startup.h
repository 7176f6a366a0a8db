// From reset to main, and what is remembered of the way there.
#ifndef KW_STARTUP_H
#define KW_STARTUP_H

#include <stdbool.h>
#include <stdint.h>

// Lives in RAM that a reset leaves alone.
struct kw_crash {
    uint32_t reason; // enum kw_reset_reason
    uint32_t pc;
    uint32_t lr;
    uint32_t cfsr; // 0: no fault
    uint32_t address;
    uint32_t resets; // since the power came
};

// What the last run left behind; a run that left nothing was ended by the power or by the watchdog's second expiry.
extern struct kw_crash kw_last;

// Reboots with a reason for the next start.
_Noreturn void kw_reset_with(uint32_t reason);

// Whether the window in which the flash is mapped takes writes: for flash.c alone, which lets the emulated part have what its file has.
void kw_window_writable(bool writable);

// Octets of the main stack used at most since reset, found by the paint that is gone.
uint32_t kw_stack_peak(void);
uint32_t kw_stack_size(void);
// Octets in use at the call of this function.
uint32_t kw_stack_depth(void);

int main(void);

#endif
