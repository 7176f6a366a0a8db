// Vector table, reset, the fence around memory, faults.
#include <stddef.h>
#include "../common/abi.h"
#include "mps2.h"
#include "startup.h"

#define NOINIT __attribute__((section(".noinit")))
#define MAGIC 0x6b776d31u
#define PAINT 0xa5a5a5a5u

extern uint32_t kw_handler_stack_top[], kw_guard[], kw_stack_bottom[], kw_stack_top[];
extern uint8_t kw_flash_window[];
extern uint32_t kw_data_start[], kw_data_end[], kw_data_load[], kw_bss_start[], kw_bss_end[];

static struct {
    uint32_t magic;
    struct kw_crash crash;
} left NOINIT;
struct kw_crash kw_last;

void kw_reset(void);
void kw_nmi(void);
void kw_fault(void);
void kw_systick(void);
void kw_uart0_receive(void);
void kw_uart0_transmit(void);
void kw_uart1_receive(void);
void kw_uart1_transmit(void);

static void unexpected(void) { kw_reset_with(KW_RESET_REASON_TRAP); }

// Some firmware (the stack guard's test) has no UART.
#define OR_UNEXPECTED __attribute__((weak, alias("unexpected")))
OR_UNEXPECTED void kw_uart0_receive(void);
OR_UNEXPECTED void kw_uart0_transmit(void);
OR_UNEXPECTED void kw_uart1_receive(void);
OR_UNEXPECTED void kw_uart1_transmit(void);
OR_UNEXPECTED void kw_systick(void);

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16 + IRQ_COUNT] = {
    (vector)kw_handler_stack_top,
    kw_reset,
    kw_nmi,
    kw_fault, // hard
    kw_fault, // memory
    kw_fault, // bus
    kw_fault, // usage
    [7 ... 14] = unexpected,
    kw_systick,
    [16 + IRQ_UART0_RX] = kw_uart0_receive,
    [16 + IRQ_UART0_TX] = kw_uart0_transmit,
    [16 + IRQ_UART1_RX] = kw_uart1_receive,
    [16 + IRQ_UART1_TX] = kw_uart1_transmit,
    [16 + IRQ_UART1_TX + 1 ... 16 + IRQ_COUNT - 1] = unexpected,
};

// RASR: XN 28, AP 26:24 (0 none, 3 read-write, 6 read-only), TEX/S/C/B 21:16, SIZE 5:1 (2^(size+1)), enable 0.  DDI 0403 B3.5.9.
static void fence(uint32_t region, uint32_t base, uint32_t attributes, uint32_t log2_size) {
    MPU_RBAR = base | 0x10u | region;
    MPU_RASR = attributes | (log2_size - 1) << 1 | 1u;
}

// The replay firmware programs its module into flash by itself.
#ifdef KW_FLASH_WRITABLE
#define FLASH_ACCESS 0x03020000u
#else
#define FLASH_ACCESS 0x06020000u
#endif
#define READ_WRITE 0x13020000u
#define DEVICE 0x13010000u
#define READ_ONLY 0x16020000u
#define NO_ACCESS 0x10000000u

void kw_window_writable(bool writable) {
    fence(4, (uint32_t)kw_flash_window, writable ? READ_WRITE : READ_ONLY, 19);
    __asm volatile("dsb\n isb" ::: "memory");
}

// Without PRIVDEFENA, so that a touch outside the part's memory is a fault although the emulated board has memory there.
__attribute__((used)) static void raise_fence(void) {
    fence(0, 0x00000000u, FLASH_ACCESS, 20);
    fence(1, 0x20000000u, READ_WRITE, 19);
    fence(2, 0x40000000u, DEVICE, 29);
    fence(3, (uint32_t)kw_guard, NO_ACCESS, 8);
    kw_window_writable(false);
    MPU_CTRL = 1;
    __asm volatile("dsb\n isb" ::: "memory");
}

static void run(void) {
    for (const uint32_t *from = kw_data_load, *end = kw_data_load + (kw_data_end - kw_data_start); from < end; from++)
        kw_data_start[from - kw_data_load] = *from;
    for (uint32_t *at = kw_bss_start; at < kw_bss_end; at++) *at = 0;

    if (left.magic == MAGIC) {
        kw_last = left.crash;
        kw_last.resets++;
    }
    left.magic = MAGIC;
    // Whoever resets without a word was the watchdog.
    left.crash = (struct kw_crash){.reason = KW_RESET_REASON_WATCHDOG, .resets = kw_last.resets};
    main();
    kw_reset_with(KW_RESET_REASON_HALT);
}

__attribute__((naked, used)) void kw_reset(void) {
    // Paint the main stack, then leave the handlers' stack to the handlers.
    __asm volatile("ldr r0, =kw_stack_bottom\n"
                   "ldr r1, =kw_stack_top\n"
                   "ldr r2, =0xa5a5a5a5\n"
                   "1: str r2, [r0], #4\n"
                   "cmp r0, r1\n"
                   "blo 1b\n"
                   "msr psp, r1\n"
                   "movs r0, #2\n"
                   "msr control, r0\n"
                   "isb\n"
                   "bl %c0\n"
                   "b kw_run\n" ::"i"(raise_fence));
}

__attribute__((used)) void kw_run(void) {
    SCB_VTOR = 0;
    SCB_CCR |= CCR_DIVIDE_BY_ZERO;
    SCB_SHCSR |= SHCSR_MEMORY_BUS_USAGE;
    run();
}

_Noreturn void kw_reset_with(uint32_t reason) {
    __asm volatile("cpsid i" ::: "memory");
    left.crash.reason = reason;
    __asm volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    for (;;) __asm volatile("dsb");
}

static int is_stack(const uint32_t *at) {
    const uint32_t *bottom = at >= kw_stack_bottom ? kw_stack_bottom : (const uint32_t *)0x20000000u;
    const uint32_t *top = at >= kw_stack_bottom ? kw_stack_top : kw_handler_stack_top;
    return at >= bottom && at + 8 <= top;
}

// The frame of the interrupted code: r0-r3, r12, lr, pc, xpsr.  After an overflow there is none.
__attribute__((used)) static void note(const uint32_t *frame, uint32_t reason) {
    if (is_stack(frame)) {
        left.crash.lr = frame[5];
        left.crash.pc = frame[6];
    }
    left.crash.cfsr = SCB_CFSR;
    left.crash.address = SCB_MMFAR;
    kw_reset_with(reason);
}

#define NOTE(reason) \
    __asm volatile("tst lr, #4\n ite eq\n mrseq r0, msp\n mrsne r0, psp\n" \
                   "movs r1, %0\n b %c1\n" ::"i"(reason), \
                   "i"(note))

__attribute__((naked)) void kw_fault(void) { NOTE(KW_RESET_REASON_TRAP); }
__attribute__((naked)) void kw_nmi(void) { NOTE(KW_RESET_REASON_WATCHDOG); }

uint32_t kw_stack_size(void) { return (uint32_t)(kw_stack_top - kw_stack_bottom) * 4; }

uint32_t kw_stack_depth(void) { return (uint32_t)kw_stack_top - (uint32_t)__builtin_frame_address(0); }

uint32_t kw_stack_peak(void) {
    const uint32_t *at = kw_stack_bottom;
    while (at < kw_stack_top && *at == PAINT) at++;
    return (uint32_t)(kw_stack_top - at) * 4;
}
