// Between gate.c, which walks the sections, and gate_code.c, which walks the function bodies.
#ifndef KW_GATE_INTERNAL_H
#define KW_GATE_INTERNAL_H

#include "gate.h"

#define KW_GATE_PAGE 65536u

// The first error stays; a reader past the end answers zeros, so a caller may look once at the end of a step.
struct kw_gate_cursor {
    const uint8_t *base, *at, *end;
    enum kw_gate_reason reason;
    uint32_t offset;
};

// What an operand is.  The last two are no value types: below code that is not reached lies anything, and some blocks have no result.
enum kw_gate_kind { KW_GATE_I32, KW_GATE_I64, KW_GATE_ANY, KW_GATE_NONE };

struct kw_gate_type {
    uint16_t at; // of the first parameter behind the module's `type_octets`
    uint8_t parameters, result;
};

#define KW_GATE_VARIABLE 0x80u // beside the kind of a global that may be written
#define KW_GATE_IMPORTS_MAX 64u

struct kw_gate_module {
    struct kw_gate_cursor in;
    const uint8_t *type_octets, *functions, *code; // the first entry of each vector, null without the section
    uint32_t type_count, import_count, function_count, global_count;
    uint32_t table_size, data_count, data_segments;
    uint32_t memory_limit, exports_seen, custom;
    uint64_t imports_seen;
    const struct kw_gate_watch *watch;
    bool has_table, has_memory, has_data_count, has_han, has_constants;
    // So that no look-up walks.
    uint8_t imports[KW_GATE_IMPORTS_MAX]; // the types of imported functions
    uint8_t globals[KW_GATE_GLOBALS_MAX];
    struct kw_gate_type types[KW_GATE_TYPES_MAX];
};

bool kw_gate_refuse(struct kw_gate_cursor *c, enum kw_gate_reason reason);
uint32_t kw_gate_u8(struct kw_gate_cursor *c);
uint32_t kw_gate_u32(struct kw_gate_cursor *c);
void kw_gate_signed(struct kw_gate_cursor *c, uint32_t bits);
bool kw_gate_value_type(struct kw_gate_cursor *c, uint32_t *kind);
// The kind of a value type that was checked.
static inline uint32_t kw_gate_type_code(uint8_t octet) { return octet == 0x7f ? KW_GATE_I32 : KW_GATE_I64; }
// Null for a function that is not there.
const struct kw_gate_type *kw_gate_function_type(const struct kw_gate_module *m, uint32_t function);

bool kw_gate_name_is(const uint8_t *name, uint32_t size, const char *text);
// Whether a custom section, if it is one of the contract's own, is there for the first time and what it can be; `size` octets are its content.
bool kw_gate_own(struct kw_gate_module *m, const uint8_t *name, uint32_t name_size, const uint8_t *content, uint32_t size);

// The body of a function of type `type`: `c` stands behind its size and ends with it.
bool kw_gate_body(struct kw_gate_module *m, struct kw_gate_cursor *c, const struct kw_gate_type *type);

#endif
