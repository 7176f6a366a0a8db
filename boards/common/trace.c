#include "trace.h"

#define RECORD_HEAD 3u
#define EFFECT_HEAD 5u
#define EFFECT_OCTETS_MAX 65535u // a record counts its octets in 16 bits

static void put(uint8_t *at, uint64_t value, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) at[i] = (uint8_t)(value >> 8 * i);
}

static void write_head(const struct kw_trace *trace, enum kw_trace_kind kind, uint32_t size) {
    uint8_t head[RECORD_HEAD] = {(uint8_t)kind};
    put(head + 1, size, 2);
    trace->write(trace->context, head, sizeof head);
}

static void write_number(const struct kw_trace *trace, uint64_t value, uint32_t size) {
    uint8_t octets[8];
    put(octets, value, size);
    trace->write(trace->context, octets, size);
}

void kw_trace_begin(const struct kw_trace *trace) { trace->write(trace->context, "KWT1", 4); }

void kw_trace_start(const struct kw_trace *trace, int64_t now, uint32_t reason) {
    write_head(trace, KW_TRACE_START, 12);
    write_number(trace, (uint64_t)now, 8);
    write_number(trace, reason, 4);
}

void kw_trace_poll(const struct kw_trace *trace, int64_t now) {
    write_head(trace, KW_TRACE_POLL, 8);
    write_number(trace, (uint64_t)now, 8);
}

void kw_trace_answer(const struct kw_trace *trace, int64_t deadline) {
    write_head(trace, KW_TRACE_ANSWER, 8);
    write_number(trace, (uint64_t)deadline, 8);
}

void kw_trace_trap(const struct kw_trace *trace) { write_head(trace, KW_TRACE_TRAP, 0); }

void kw_trace_effect(const struct kw_trace *trace, const struct kw_effect *effect) {
    uint32_t fixed = EFFECT_HEAD + 8 * effect->scalar_count;
    uint32_t size = effect->size < EFFECT_OCTETS_MAX - fixed ? effect->size : EFFECT_OCTETS_MAX - fixed;
    write_head(trace, KW_TRACE_EFFECT, fixed + size);
    write_number(trace, effect->id, 1);
    write_number(trace, (uint32_t)effect->answer, 4);
    for (uint32_t i = 0; i < effect->scalar_count; i++) write_number(trace, (uint64_t)effect->scalars[i], 8);
    if (size > 0) trace->write(trace->context, effect->octets, size);
}
