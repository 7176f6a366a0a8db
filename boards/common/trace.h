// The writer of traces, docs/abi.md: what a device did.  replay.h reads recordings, what happened to it.
#ifndef KW_TRACE_H
#define KW_TRACE_H

#include <stdint.h>

enum kw_trace_kind {
    KW_TRACE_SEED = 1,
    KW_TRACE_RECORD = 2,
    KW_TRACE_START = 3,
    KW_TRACE_EVENT = 4,
    KW_TRACE_POLL = 5,
    KW_TRACE_ANSWER = 6,
    KW_TRACE_EFFECT = 7,
    KW_TRACE_TRAP = 8,
    KW_TRACE_IMAGE = 9,
    KW_TRACE_KEY = 10,
    KW_TRACE_OUTSIDE = 11,
};

// Where the octets of a trace go.
struct kw_trace {
    void *context;
    void (*write)(void *context, const void *octets, uint32_t size);
};

// One call of an import.  Scalars in the order of the contract's table, without addresses and sizes.
struct kw_effect {
    uint32_t id;
    int32_t answer;
    int64_t scalars[3];
    uint32_t scalar_count;
    const uint8_t *octets;
    uint32_t size;
};

void kw_trace_begin(const struct kw_trace *trace); // the first octets of a trace
void kw_trace_start(const struct kw_trace *trace, int64_t now, uint32_t reason);
void kw_trace_poll(const struct kw_trace *trace, int64_t now);
void kw_trace_answer(const struct kw_trace *trace, int64_t deadline);
void kw_trace_effect(const struct kw_trace *trace, const struct kw_effect *effect);
void kw_trace_trap(const struct kw_trace *trace);

#endif
