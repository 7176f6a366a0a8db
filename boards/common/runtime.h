// A module in its machine: arena, wasm3, event queue, imports.  All calls from one thread.
#ifndef KW_RUNTIME_H
#define KW_RUNTIME_H

#include <stddef.h>
#include "abi.h"
#include "board.h"
#include "crypto.h"
#include "gate.h"
#include "image.h"
#include "store.h"
#include "trace.h"

#define KW_QUEUE_EVENTS 16u // docs/abi.md: the 17th is dropped and counted
#define KW_EVENT_PAYLOAD_MAX 264u
#define KW_LINK_FRAME_MIN 14u
#define KW_LINK_FRAME_MAX 1514u // octets of an Ethernet frame without FCS, also as an event's payload
#define KW_QUEUE_OCTETS 2560u   // 16 full radio frames with their heads, and room for long uplink messages between short ones
#define KW_WASM_STACK 4096u     // octets; a function takes at most 1 KiB of it

// Why a call of the module did not end as it should.
enum kw_stop {
    KW_STOP_NONE = 0,
    KW_STOP_TRAP = 1,    // unreachable, bad memory access, division by zero, call depth, a bad pointer given to an import
    KW_STOP_MEMORY = 2,  // the arena is full
    KW_STOP_HALT = 3,    // the module called halt
    KW_STOP_FUEL = 4,    // the fuel of this call is used up (add-on only)
    KW_STOP_REFUSED = 5, // the gate or wasm3's checks refuse the module
};

struct kw_config {
    const struct kw_board *board;
    struct kw_store *store;   // open
    struct kw_images *images; // open; null where there are no slots
    const uint8_t *wasm;      // must outlive the machine; flash will do
    uint32_t wasm_size;
    uint32_t memory_limit; // octets of linear memory the module gets; 0 = what its section `han` asks for, or its whole page
    void *arena;           // everything wasm3 allocates, linear memory included; 8-octet aligned
    uint32_t arena_size;
    uint32_t code_room;               // octets that translation may take of what load leaves; 0 = all
    const struct kw_answers *answers; // kw_replay's own: the image imports answer from a recording
    const uint8_t *seed;              // 32 octets from the noise source, or from a recording
    const struct kw_trace *trace;     // where calls and effects are written as in docs/abi.md (trace.h); null where nobody asks
    uint64_t fuel;                    // units of one start or poll (wasm3_glue.h), 0 = no limit; needs a build with KW_FUEL
    bool eager;                       // translate everything once at load: a check for the build
    uint32_t shake; // tests, with KW_FUEL: before each call functions are dropped by chance, of which this is the seed; 0 = never
};

struct kw_stats {
    uint32_t arena_size, arena_used, arena_peak;
    uint32_t arena_loaded;                 // in use after kw_load, before anything was translated: wasm3's own and linear memory
    uint32_t linear;                       // octets of linear memory
    uint32_t translated, translated_peak;  // octets of translated functions, with their constants and heads
    uint32_t wasm_stack_peak;              // octets of KW_WASM_STACK that were ever used
    uint32_t translations, retranslations; // functions translated, and how many of these had been before
    uint32_t evictions;                    // functions dropped for room
    uint32_t events_dropped;
    uint32_t bad_mic; // frames that did not open
};

struct kw_machine; // see machine.h; a board reserves one statically

// The machine for one module; loading again forgets everything of the run before (a reboot).
// Answers KW_STOP_NONE, KW_STOP_REFUSED or KW_STOP_MEMORY; kw_reason and kw_reason_offset say more.
enum kw_stop kw_load(struct kw_machine *m, const struct kw_config *config);
enum kw_stop kw_start(struct kw_machine *m, int64_t now, uint32_t reason);
// A module on trial that has run too long without a confirmation is not polled again: KW_STOP_TRAP, and no part of the trace.
enum kw_stop kw_poll(struct kw_machine *m, int64_t now, int64_t *deadline);

// Whether the random octets want new entropy, 32 octets of it, between two polls.  No recording has it: a board that records asks for none.
bool kw_wants_seed(const struct kw_machine *m);
void kw_reseed(struct kw_machine *m, const uint8_t seed[32]);

// Queues an event, head and octets.  False when the queue is full (counted) or the head contradicts `size`.
bool kw_push(struct kw_machine *m, const uint8_t *event, uint32_t size);
bool kw_event_waits(const struct kw_machine *m);

// A sentence without a full stop about the last stop, where in the module that was, the reason given to halt.
const char *kw_reason(const struct kw_machine *m);
// What the gate refused: an offset.  After a stop of a run: the index of the function that ran; 0 where none did.
uint32_t kw_reason_offset(const struct kw_machine *m);
uint32_t kw_halt_reason(const struct kw_machine *m);
// enum kw_gate_reason of the last load; 0 when the gate let the module through.
uint32_t kw_gate_verdict(const struct kw_machine *m);

// The module's counters of what it dropped since its start, a u32 for each of sixteen reasons of a phase's four layers, or of eight
// (docs/abi.md, section `drops`), in its memory, the lowest of these layers and how many u32; null where it does not count, or is not loaded.
#define KW_DROPS_OF_LAYER 16u
#define KW_DROPS_SIZE (2 * KW_GATE_LAYERS * KW_DROPS_OF_LAYER * 4) // at most
const uint8_t *kw_drops(const struct kw_machine *m, uint32_t *layer, uint32_t *count);

// The first octets of the SHA-256 of the module: beside a function's index they name the function (host/function_names.ts).
#define KW_MODULE_HASH 8u
void kw_module_hash(const struct kw_machine *m, uint8_t out[KW_MODULE_HASH]);

void kw_stats(const struct kw_machine *m, struct kw_stats *out);

#endif
