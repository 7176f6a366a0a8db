#include "clock.h"
#include "mps2.h"
#include "uart.h"

#define TICKS_PER_MS (CLOCK_HZ / 1000u)
#define SLEEP_MS_MAX (SYSTICK_MAX / TICKS_PER_MS)
#define WATCHDOG_MS 4000u // for each of its two expiries

// The counter wraps after 49 days; a board polls its module more often.
int64_t kw_clock_now(void) {
    static uint32_t last, wraps;
    uint32_t count = FPGAIO_COUNTER;
    if (count < last) wraps++;
    last = count;
    return (int64_t)((uint64_t)wraps << 32 | count);
}

void kw_systick(void) { SYSTICK_CTRL = 0; }

void kw_clock_sleep(int64_t deadline) {
    int64_t left = deadline - kw_clock_now();
    if (left <= 0) return;
    uint32_t ms = left < (int64_t)SLEEP_MS_MAX ? (uint32_t)left : SLEEP_MS_MAX;
    // With interrupts masked, one that comes between the question and the WFI still ends the WFI.
    __asm volatile("cpsid i" ::: "memory");
    if (!kw_uart_waiting()) {
        SYSTICK_LOAD = ms * TICKS_PER_MS - 1;
        SYSTICK_VALUE = 0;
        SYSTICK_CTRL = SYSTICK_ENABLE | SYSTICK_INTERRUPT | SYSTICK_PROCESSOR_CLOCK;
        __asm volatile("dsb\n wfi" ::: "memory");
    }
    __asm volatile("cpsie i" ::: "memory");
    SYSTICK_CTRL = 0;
}

void kw_watchdog_begin(void) {
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
    WATCHDOG_LOAD = WATCHDOG_MS * TICKS_PER_MS;
    WATCHDOG_CONTROL = WATCHDOG_INTERRUPT | WATCHDOG_RESET;
    WATCHDOG_LOCK = 0;
}

void kw_watchdog_feed(void) {
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
    WATCHDOG_CLEAR = 1;
    WATCHDOG_LOCK = 0;
}

// A tick of the timer is 40 instructions.  The loop below takes 7 and ends when 7 more ticks have passed, adding up the ticks still missing
// at each turn.  If the first reading came p instructions after its tick began, the j-th tick is seen at turn ceil((40j - p) / 7), and the
// sum of those turns is what was added up.  7 and 40 have no common divisor, so the seven roundings are 0/7 to 6/7 in some order and the
// sum is exactly (40 * 28 - 7p + 21) / 7 = 163 - p.
#define TICK 40u
#define TURN 7u

static __attribute__((naked, noinline)) uint64_t sample(volatile uint32_t *value) {
    __asm volatile("mov r3, r0\n"
                   "ldr r1, [r3]\n" // the first reading ...
                   "subs r1, #7\n"  // ... and the last that the loop waits for
                   "movs r0, #0\n"
                   "adds r0, #7\n" // turn 0 misses all seven ticks
                   "nop\n nop\n nop\n"
                   "1: ldr r2, [r3]\n"
                   "subs r2, r2, r1\n"
                   "add.w r0, r0, r2\n" // leaves the flags
                   "nop\n nop\n nop\n"
                   "bgt 1b\n"
                   "bx lr\n");
    (void)value;
}

#define TICKS_WAITED 7u

static uint64_t measuring; // instructions spent in this function
static uint32_t overhead;  // of a call, without the loop

uint64_t kw_clock_instructions(void) {
    static uint32_t last, wraps;
    uint32_t mask;
    // An interrupt in the loop would be turns that the sum does not know.
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(mask)::"memory");
    uint64_t both = sample(&TIMER1_VALUE);
    __asm volatile("msr primask, %0" ::"r"(mask) : "memory");
    uint32_t ticks = 0xffffffffu - ((uint32_t)(both >> 32) + TICKS_WAITED);
    uint32_t phase = 163u - (uint32_t)both;
    if (ticks < last) wraps++;
    last = ticks;
    uint64_t now = ((uint64_t)wraps << 32 | ticks) * TICK + phase - measuring;
    measuring += (TICKS_WAITED * TICK - phase + TURN - 1) / TURN * TURN + overhead;
    return now;
}

// The first calls are translated by the emulator and count for more.
static void calibrate(void) {
    for (uint32_t i = 0; i < 8; i++) kw_clock_instructions();
    uint64_t before = kw_clock_instructions();
    overhead = (uint32_t)(kw_clock_instructions() - before);
}

void kw_clock_begin(void) {
    FPGAIO_PRESCALE = TICKS_PER_MS - 1;
    FPGAIO_COUNTER = 0;
    TIMER1_CTRL = 0;
    TIMER1_RELOAD = 0xffffffffu;
    TIMER1_VALUE = 0xffffffffu;
    TIMER1_CTRL = 1;
    calibrate();
}
