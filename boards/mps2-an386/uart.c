// CMSDK UARTs, interrupt-driven.  A full receive ring masks the receiver, so that the sender waits where the line can make it wait.
#include "uart.h"
#include "mps2.h"

// Powers of two.  The console's other end waits when it is not read; the radio sends on while a poll runs, at 11 octets a millisecond.  Two of the
// console's longest lines go out, and everything that sets a co-processor up again after its reset.
enum { CONSOLE_RECEIVE = 256, CONSOLE_TRANSMIT = 2048, RADIO_RECEIVE = 1024, RADIO_TRANSMIT = 1024 };
#define BAUD 115200u

struct uart {
    uint32_t base;
    volatile uint32_t received, taken, written, sent; // running counts; a difference is a fill
    uint32_t receive_size, transmit_size;
    uint32_t put; // octets behind `written`, not on their way yet
    bool cut;     // one of them had no room
    volatile uint8_t *receive, *transmit;
};

static volatile uint8_t console_receive[CONSOLE_RECEIVE], console_transmit[CONSOLE_TRANSMIT];
static volatile uint8_t radio_receive[RADIO_RECEIVE], radio_transmit[RADIO_TRANSMIT];
static struct uart uarts[2] = {
    {.receive_size = CONSOLE_RECEIVE, .transmit_size = CONSOLE_TRANSMIT, .receive = console_receive, .transmit = console_transmit},
    {.receive_size = RADIO_RECEIVE, .transmit_size = RADIO_TRANSMIT, .receive = radio_receive, .transmit = radio_transmit},
};

#define AT(uart, offset) REGISTER((uart)->base + (offset))

static void lock(void) { __asm volatile("cpsid i" ::: "memory"); }
static void unlock(void) { __asm volatile("cpsie i" ::: "memory"); }

static void uart_begin(struct uart *uart, uint32_t base) {
    uart->base = base;
    AT(uart, UART_CTRL) = 0;
    AT(uart, UART_BAUDDIV) = CLOCK_HZ / BAUD;
    AT(uart, UART_INTERRUPT) = 0xf;
    AT(uart, UART_CTRL) = UART_CTRL_TX | UART_CTRL_RX | UART_CTRL_TX_INTERRUPT | UART_CTRL_RX_INTERRUPT;
}

void kw_uart_begin(void) {
    uart_begin(&uarts[KW_UART_CONSOLE], UART0_BASE);
    uart_begin(&uarts[KW_UART_RADIO], UART1_BASE);
    NVIC_ENABLE = 1u << IRQ_UART0_RX | 1u << IRQ_UART0_TX | 1u << IRQ_UART1_RX | 1u << IRQ_UART1_TX;
}

static void receive(struct uart *uart) {
    AT(uart, UART_INTERRUPT) = UART_INTERRUPT_RX;
    while (AT(uart, UART_STATE) & UART_STATE_RX_FULL) {
        if (uart->received - uart->taken == uart->receive_size) {
            AT(uart, UART_CTRL) &= ~UART_CTRL_RX_INTERRUPT;
            return;
        }
        uart->receive[uart->received % uart->receive_size] = (uint8_t)AT(uart, UART_DATA);
        uart->received++;
    }
}

static void transmit(struct uart *uart) {
    AT(uart, UART_INTERRUPT) = UART_INTERRUPT_TX;
    while (uart->sent != uart->written && !(AT(uart, UART_STATE) & UART_STATE_TX_FULL)) {
        AT(uart, UART_DATA) = uart->transmit[uart->sent % uart->transmit_size];
        uart->sent++;
    }
}

void kw_uart0_receive(void) { receive(&uarts[0]); }
void kw_uart0_transmit(void) { transmit(&uarts[0]); }
void kw_uart1_receive(void) { receive(&uarts[1]); }
void kw_uart1_transmit(void) { transmit(&uarts[1]); }

int kw_uart_take(enum kw_uart_id id) {
    struct uart *uart = &uarts[id];
    if (uart->received == uart->taken) return -1;
    int octet = uart->receive[uart->taken % uart->receive_size];
    bool was_full = uart->received - uart->taken == uart->receive_size;
    uart->taken++;
    if (was_full) {
        lock();
        AT(uart, UART_CTRL) |= UART_CTRL_RX_INTERRUPT;
        receive(uart);
        unlock();
    }
    return octet;
}

bool kw_uart_waiting(void) { return uarts[0].received != uarts[0].taken || uarts[1].received != uarts[1].taken; }

uint32_t kw_uart_room(enum kw_uart_id id) { return uarts[id].transmit_size - (uarts[id].written - uarts[id].sent); }

void kw_uart_put(enum kw_uart_id id, uint8_t octet) {
    struct uart *uart = &uarts[id];
    if (uart->put == kw_uart_room(id)) uart->cut = true; // for good: room that comes later leaves a hole behind it
    if (!uart->cut) uart->transmit[(uart->written + uart->put++) % uart->transmit_size] = octet;
}

// What stands behind `written` goes on its way.
static void release(struct uart *uart, uint32_t size) {
    lock();
    uart->written += size;
    transmit(uart);
    unlock();
}

bool kw_uart_commit(enum kw_uart_id id) {
    struct uart *uart = &uarts[id];
    bool whole = !uart->cut;
    release(uart, whole ? uart->put : 0);
    uart->put = 0;
    uart->cut = false;
    return whole;
}

bool kw_uart_write(enum kw_uart_id id, const void *from, uint32_t size) {
    struct uart *uart = &uarts[id];
    if (size > kw_uart_room(id)) return false;
    for (uint32_t i = 0; i < size; i++) uart->transmit[(uart->written + i) % uart->transmit_size] = ((const uint8_t *)from)[i];
    release(uart, size);
    return true;
}

void kw_uart_drain(enum kw_uart_id id) {
    struct uart *uart = &uarts[id];
    do {
        lock();
        transmit(uart);
        unlock();
    } while (uart->sent != uart->written || AT(uart, UART_STATE) & UART_STATE_TX_FULL);
}
