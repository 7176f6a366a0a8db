// The edge between boards/common and a platform: what a board folder must provide, and nothing else.
//
// A platform fills one `struct kw_board` and one `struct kw_nor`, gives memory to `struct kw_config` (runtime.h) and calls
//
//     kw_store_open    once, with the device key; the flash may hold anything, also after a power cut
//     kw_load          gate, parse, link; answers KW_OK or says why not (kw_reason)
//     kw_start         with the time and the reason of the reset
//     kw_poll          at the deadline it answered before, or sooner when an event waits
//     kw_push          for everything that happens outside; from the same thread as kw_poll, never from an interrupt
//
// Time comes with the calls and the events, so nothing here asks a clock.  Every octet range given to these functions lies
// in memory that belongs to the module or to boards/common and has been checked; it must not be kept after the return.
#ifndef KW_BOARD_H
#define KW_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include "abi.h"

// NOR flash.  Offsets count from the first octet of the region that belongs to the store.
//
// `program` clears bits of whole units: `at` and `size` are multiples of `unit`, and a unit is programmed at most once
// between two erases (so parts with an ECC per double word or flash word will do).  `erase` sets a sector to 0xff.  Both return when the
// flash has done it, and may be cut by a power failure at any instant with any result in the unit or sector concerned.
// All answer 0, or a negative number when the part reports a fault.
#define KW_NOR_UNIT_MAX 32u

struct kw_nor {
    void *context;
    uint32_t sector_size; // 1024..65536, a multiple of 64
    uint32_t unit;        // octets that are programmed at once: 8, 16 or 32.  A store is read with the unit it was written with.
    uint32_t sectors;     // 3..64
    int32_t (*read)(void *context, uint32_t at, void *to, uint32_t size); // any alignment
    int32_t (*program)(void *context, uint32_t at, const void *from, uint32_t size);
    int32_t (*erase)(void *context, uint32_t sector);
    const uint8_t *mapped; // the first octet as the CPU reads it, where the part is in its address space; else null
};

// What the module reaches through its imports.  boards/common has already refused a parameter, line or length that
// docs/abi.md does not allow, a second frame under way, and a slot out of range.
struct kw_board {
    void *context;
    // A `RadioParameter` of an interface, 0..7; KW_ERR_NOT_FOUND for one that the board does not have, KW_ERR_NO_BUFFER when its list of
    // pending addresses is full.
    int32_t (*radio_set)(void *context, uint32_t interface_number, uint32_t parameter, int64_t value);
    // 3..125 octets without FCS.  After KW_OK exactly one RadioSent event with this interface and handle must come; when kw_push refuses
    // it because the queue is full, push it again after the next poll, or the interface stays busy until the reset.
    int32_t (*radio_send)(void *context, uint32_t interface_number, const uint8_t *psdu, uint32_t size, uint8_t handle);
    int32_t (*sense)(void *context, uint32_t quantity, uint32_t period_ms);
    int32_t (*display)(void *context, uint32_t line, const uint8_t *text, uint32_t size); // line 0..7, up to 32 octets
    int32_t (*uplink_send)(void *context, const uint8_t *octets, uint32_t size);
    // 14..1,514 octets without FCS, on a link that the board has: else KW_ERR_NOT_FOUND.  Null on a board without links.
    int32_t (*link_send)(void *context, uint32_t interface_number, const uint8_t *frame, uint32_t size);
    void (*log)(void *context, uint32_t code, const uint8_t *octets, uint32_t size);
    // A simulator's doors to its capture.  A board leaves them null: there a key has no way out.
    void (*key_set)(void *context, uint32_t slot, const uint8_t key[16]);
    void (*tls_key)(void *context, const uint8_t random[32], const uint8_t master[48]); // of a session: client's random, master secret
    // Called while a poll translates much, and by long C procedures; null where no watchdog runs.
    void (*alive)(void *context);
};

#endif
