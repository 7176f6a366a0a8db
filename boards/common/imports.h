// What the files that define imports share: a call's arguments, the check of its ranges, and its note in the trace.
#ifndef KW_IMPORTS_H
#define KW_IMPORTS_H

#include "m3_env.h"
#include "machine.h"
#include "wasm3_glue.h"

enum kw_import_id {
#define X(id, name, signature) ID_##name = id,
    KW_IMPORTS(X)
#undef X
};

struct kw_call {
    struct kw_machine *m;
    uint64_t *arguments;
    uint8_t *memory;
    uint64_t length;
    bool bad; // a range left the memory
};

#define IMPORT(name) const void *kw_import_##name(IM3Runtime runtime, IM3ImportContext context, uint64_t *stack, void *memory)
// The answer, if there is one, comes before the arguments.
#define CALL(answers) \
    struct kw_call c = {runtime->userdata, stack + (answers), memory, m3_GetMemorySize(runtime), false}; \
    (void)context
#define CHECK() \
    if (c.bad) return m3Err_trapOutOfBoundsMemoryAccess
#define ANSWER(value) return (*(uint32_t *)(void *)stack = (uint32_t)(value), m3Err_none)

#define X(id, name, signature) IMPORT(name);
KW_IMPORTS(X)
#undef X

static inline uint32_t kw_argument(const struct kw_call *c, uint32_t index) {
    return *(const uint32_t *)(const void *)&c->arguments[index];
}

static inline uint8_t *kw_range(struct kw_call *c, uint32_t index, uint64_t size) {
    uint32_t at = kw_argument(c, index);
    kw_work(size);
    if (at + size <= c->length) return c->memory + at;
    c->bad = true;
    return NULL;
}

static inline void kw_note(const struct kw_call *c, const struct kw_effect *effect) {
    if (c->m->config.trace != NULL) kw_trace_effect(c->m->config.trace, effect);
}

static inline const struct kw_board *kw_board_of(const struct kw_call *c) { return c->m->config.board; }
static inline void *kw_outside(const struct kw_call *c) { return c->m->config.board->context; }

#endif
