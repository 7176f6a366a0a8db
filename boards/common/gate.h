// The gate in front of wasm3: one linear pass over a module, before anything is allocated for it.
//
// It refuses what the contract does not allow (docs/abi.md) and what wasm3 0.9.0's parser takes without looking: wrong section
// order, octets after the end, unknown export kinds, counts that no module of ours needs.  It checks the types of all operands by itself:
// wasm3's validator is not built in, because it does not see what stands behind memory.fill and memory.copy.  And it refuses what
// wasm3's translator could not hold, so that what was let through once does not fail on the day when it is first called.
//
// Time: one pass and no look-up that walks, so it is linear in the octets; a watchdog is fed after each body.
#ifndef KW_GATE_H
#define KW_GATE_H

#include <stdbool.h>
#include <stdint.h>

#define KW_GATE_MODULE_MAX (256u * 1024u)
#define KW_GATE_CUSTOM_MAX (64u * 1024u) // octets of all custom sections
#define KW_GATE_CONSTANTS_MAX 32768u     // octets of the section `constants`
#define KW_GATE_LAYERS 4u                // that a phase counts in, unless its section `drops` says otherwise
#define KW_GATE_TYPES_MAX 128u
#define KW_GATE_PARAMETERS_MAX 24u
#define KW_GATE_FUNCTIONS_MAX 1024u
#define KW_GATE_GLOBALS_MAX 128u
#define KW_GATE_TABLE_MAX 256u
#define KW_GATE_SEGMENTS_MAX 512u // data segments, and element segments
#define KW_GATE_BODY_MAX 16384u   // octets of one function
#define KW_GATE_LOCALS_MAX 200u   // with the parameters; wasm3 has 256 places for them and the operands
#define KW_GATE_NESTING_MAX 47u   // blocks, loops and ifs inside each other: each costs native stack while it is translated
#define KW_GATE_LOOPS_MAX 16u     // loops inside each other: each costs native stack that no call checks
#define KW_GATE_BR_TABLE_MAX 256u
#define KW_GATE_OPERANDS_MAX 85u // operands of one function at a time

// wasm3 has 512 places of 32 bits for a function (d_m3MaxFunctionSlots): two for the result, up to 120 for constants, two for each of the
// arguments of a call, and for its locals and operands these.  Fragments may double what operands take, and an i64 takes two.
#define KW_GATE_SLOTS_MAX (512u - 2u - 120u - 2u * (KW_GATE_PARAMETERS_MAX + 1u))
#define KW_GATE_OPERAND_SLOTS 4u

#define KW_GATE_REASONS(X) \
    X(OK, "the module is accepted") \
    X(MAGIC, "this is not a WebAssembly module of version 1") \
    X(SIZE, "the module is larger than 262144 octets") \
    X(TRUNCATED, "the octets end inside a section or a number") \
    X(LEB, "a number is longer than its type allows") \
    X(SECTION_UNKNOWN, "a section of a kind that is not allowed") \
    X(START, "a start function: the contract has none, so a global must begin with a constant") \
    X(SECTION_ORDER, "a section is repeated or out of order") \
    X(SECTION_END, "a section's content does not end where the section ends") \
    X(CUSTOM, "the custom sections are larger than 65536 octets or have no name in ASCII") \
    X(COUNT, "more entries than the limit for their section") \
    X(VALUE_TYPE, "a value type other than i32 and i64") \
    X(TYPE_FORM, "a type that is no function type with at most 24 parameters and one result") \
    X(TYPE_INDEX, "a type index out of range") \
    X(IMPORT_UNKNOWN, "an import that the contract does not have") \
    X(IMPORT_TYPE, "an import with another type than the contract's") \
    X(IMPORT_TWICE, "an import that was imported before") \
    X(TABLE, "a table that is not of functions, or is larger than 256, or a second one") \
    X(MEMORY, "a memory that does not have exactly one page from start to end") \
    X(GLOBAL, "a global that is neither constant nor variable, or not initialised by a constant of its type") \
    X(EXPORT_UNKNOWN, "an export other than abi, start, poll and memory, or of another kind") \
    X(EXPORT_TYPE, "an export with another type than the contract's") \
    X(EXPORT_MISSING, "one of the exports abi, start, poll and memory is missing") \
    X(EXPORT_TWICE, "an export that was exported before") \
    X(ELEMENT, "an element segment that is not plain, or leaves the table") \
    X(DATA, "a data segment that is not plain, or leaves the memory") \
    X(DATA_COUNT, "the data count section contradicts the data section") \
    X(CODE_COUNT, "the number of bodies differs from the number of functions") \
    X(BODY_SIZE, "a function body larger than 16384 octets") \
    X(LOCALS, "a function with more than 200 parameters and locals") \
    X(OPCODE, "an instruction that is not allowed") \
    X(BLOCK_TYPE, "a block with an unknown type, or one with parameters") \
    X(NESTING, "blocks nested deeper than 47, or loops deeper than 16") \
    X(ELSE, "an else without its if") \
    X(BODY_END, "a function body that does not end where its size says") \
    X(LABEL, "a branch to a label that does not exist") \
    X(BR_TABLE, "a branch table with more than 256 targets") \
    X(LOCAL_INDEX, "a local variable index out of range") \
    X(GLOBAL_INDEX, "a global index out of range, or a write to a constant") \
    X(FUNCTION_INDEX, "a function index out of range") \
    X(TABLE_INDEX, "an indirect call without a table") \
    X(ALIGNMENT, "a memory access with more than its natural alignment") \
    X(ZERO, "an octet that must be zero") \
    X(OWN_SECTION, "a section `han` or `constants` that is there twice, or with a size or a need that it cannot have") \
    X(OPERAND, "an operand that is missing, left over or of another type") \
    X(OPERANDS, "more operands and locals at a time than a function has room for")

enum kw_gate_reason {
#define X(name, text) KW_GATE_##name,
    KW_GATE_REASONS(X)
#undef X
};

// Who is told that the work goes on: after each function body.
struct kw_gate_watch {
    void (*alive)(void *context); // null where no watchdog runs
    void *context;
};

// The reason a module is refused, and the offset of what is wrong.  `memory_limit` in octets, 0 for the whole page; `watch` may be null.
enum kw_gate_reason kw_gate(const uint8_t *wasm, uint32_t size, uint32_t memory_limit, const struct kw_gate_watch *watch, uint32_t *offset);

// The octets of linear memory that an accepted module asks for in its custom section `han` (a u32, little-endian); 0 without one.
uint32_t kw_gate_memory(const uint8_t *wasm, uint32_t size);

// Where an accepted module says that it counts what it drops, its lowest layer and how many: its custom section `drops`, which nobody has
// checked; 0 without one.
uint32_t kw_gate_drops(const uint8_t *wasm, uint32_t size, uint32_t *layer, uint32_t *layers);
// What an accepted module holds in its custom section `constants`: how many octets, and where; 0 without one.
uint32_t kw_gate_constants(const uint8_t *wasm, uint32_t size, const uint8_t **at);

// A sentence without a full stop.
const char *kw_gate_reason(enum kw_gate_reason reason);

#endif
