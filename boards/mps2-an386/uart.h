// Two UARTs behind bounded rings.
#ifndef KW_UART_H
#define KW_UART_H

#include <stdbool.h>
#include <stdint.h>

enum kw_uart_id { KW_UART_CONSOLE, KW_UART_RADIO };

void kw_uart_begin(void);

// The next octet received, or -1.
int kw_uart_take(enum kw_uart_id id);
bool kw_uart_waiting(void);

// Octets that a write takes now.
uint32_t kw_uart_room(enum kw_uart_id id);

// Puts an octet behind those that wait, where it stays until kw_uart_commit sends all that were put, or none where one had no room.
void kw_uart_put(enum kw_uart_id id, uint8_t octet);
bool kw_uart_commit(enum kw_uart_id id);

// Writes all or nothing; not between a put and its commit.
bool kw_uart_write(enum kw_uart_id id, const void *from, uint32_t size);

// Waits until everything has left, so that a reset cuts no line.
void kw_uart_drain(enum kw_uart_id id);

#endif
