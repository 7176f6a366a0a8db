// Function bodies: which instructions, that every index and depth in them exists, and the types of their operands.
//
// The walk is that of the specification's appendix on validation: operands and blocks on two stacks.  Every octet costs a bounded number
// of steps; a call costs as many more as it has parameters, of which there are 24 at most.
#include "gate_internal.h"
#include <string.h>

enum { OP_LOOP = 0x03, OP_IF = 0x04, OP_ELSE = 0x05, OP_END = 0x0b };
enum { VOID_BLOCK = 0x40 };

// How an opcode is handled: a form of its own, or bits that say which operands it takes and whether it answers.
enum form {
    BAD,
    UNREACHABLE,
    NOP,
    BLOCK,
    ELSE,
    END,
    BRANCH,
    BRANCH_IF,
    BRANCH_TABLE,
    RETURN,
    CALL,
    INDIRECT,
    DROP,
    SELECT,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    GLOBAL_GET,
    GLOBAL_SET,
    MEMORY_SIZE,
    CONST32,
    CONST64,
    PREFIX,
    PLAIN = 0x80,  // no immediates
    MEMORY = 0x40, // alignment and offset; the two low bits are the natural alignment
    TWO = 0x20,    // two operands, below the last one of the same type, or an address
    TOP64 = 0x10,  // the last operand is an i64
    RESULT = 0x08,
    RESULT64 = 0x04
};

enum {
    TEST = PLAIN | RESULT,
    COMPARE = TEST | TWO,
    TEST_L = TEST | TOP64,
    COMPARE_L = COMPARE | TOP64,
    UNARY_L = TEST_L | RESULT64,
    BINARY_L = COMPARE_L | RESULT64,
    EXTEND = TEST | RESULT64,
    LOAD = MEMORY | RESULT,
    LOAD_L = LOAD | RESULT64,
    STORE = MEMORY | TWO,
    STORE_L = STORE | TOP64
};

struct frame {
    uint8_t opcode, height, result;
    bool unreachable;
};

struct body {
    struct kw_gate_module *module;
    struct kw_gate_cursor *in;
    const struct frame *top;
    uint32_t locals, slots, depth, loops, height, heights; // `heights`: the highest one
    struct frame frames[KW_GATE_NESTING_MAX + 1];
    uint8_t local_types[KW_GATE_LOCALS_MAX];
    uint8_t operands[KW_GATE_OPERANDS_MAX];
};

static uint32_t form_of(uint32_t opcode) {
    static const uint8_t low[0x45] = {
        [0x00] = UNREACHABLE, [0x01] = NOP,         [0x02] = BLOCK,       [0x03] = BLOCK,        [0x04] = BLOCK,      [0x05] = ELSE,
        [0x0b] = END,         [0x0c] = BRANCH,      [0x0d] = BRANCH_IF,   [0x0e] = BRANCH_TABLE, [0x0f] = RETURN,     [0x10] = CALL,
        [0x11] = INDIRECT,    [0x1a] = DROP,        [0x1b] = SELECT,      [0x20] = LOCAL_GET,    [0x21] = LOCAL_SET,  [0x22] = LOCAL_TEE,
        [0x23] = GLOBAL_GET,  [0x24] = GLOBAL_SET,  [0x28] = LOAD | 2,    [0x29] = LOAD_L | 3,   [0x2c] = LOAD,       [0x2d] = LOAD,
        [0x2e] = LOAD | 1,    [0x2f] = LOAD | 1,    [0x30] = LOAD_L,      [0x31] = LOAD_L,       [0x32] = LOAD_L | 1, [0x33] = LOAD_L | 1,
        [0x34] = LOAD_L | 2,  [0x35] = LOAD_L | 2,  [0x36] = STORE | 2,   [0x37] = STORE_L | 3,  [0x3a] = STORE,      [0x3b] = STORE | 1,
        [0x3c] = STORE_L,     [0x3d] = STORE_L | 1, [0x3e] = STORE_L | 2, [0x3f] = MEMORY_SIZE,  [0x41] = CONST32,    [0x42] = CONST64,
    };
    if (opcode < sizeof low) return low[opcode];
    if (opcode <= 0x4f) return opcode == 0x45 ? TEST : COMPARE;
    if (opcode <= 0x5a) return opcode == 0x50 ? TEST_L : COMPARE_L;
    if (opcode < 0x67) return BAD; // comparisons of floats
    if (opcode <= 0x78) return opcode <= 0x69 ? TEST : COMPARE;
    if (opcode <= 0x8a) return opcode <= 0x7b ? UNARY_L : BINARY_L;
    if (opcode == 0xa7) return TEST_L;                   // wrap
    if (opcode == 0xac || opcode == 0xad) return EXTEND; // from 32 bits
    if (opcode >= 0xc0 && opcode <= 0xc4) return opcode <= 0xc1 ? TEST : UNARY_L;
    return opcode == 0xfc ? PREFIX : BAD;
}

// ---- Operands ----

static bool refuse(struct body *b, enum kw_gate_reason reason) { return kw_gate_refuse(b->in, reason); }

static bool push(struct body *b, uint32_t type) {
    if (type == KW_GATE_NONE) return true;
    if (b->height >= KW_GATE_OPERANDS_MAX) return refuse(b, KW_GATE_OPERANDS);
    b->operands[b->height++] = (uint8_t)type;
    if (b->height > b->heights) b->heights = b->height;
    return true;
}

// What a pop would give: KW_GATE_ANY below code that is not reached.
static bool peek(struct body *b, uint32_t *type) {
    if (b->height > b->top->height) *type = b->operands[b->height - 1];
    else if (b->top->unreachable) *type = KW_GATE_ANY;
    else return refuse(b, KW_GATE_OPERAND);
    return true;
}

static bool pop_any(struct body *b, uint32_t *type) {
    if (!peek(b, type)) return false;
    if (b->height > b->top->height) b->height--;
    return true;
}

static bool agree(uint32_t a, uint32_t b) { return a == b || a == KW_GATE_ANY || b == KW_GATE_ANY; }

static bool pop(struct body *b, uint32_t wanted) {
    uint32_t type;
    if (wanted == KW_GATE_NONE) return true;
    return pop_any(b, &type) && (agree(type, wanted) || refuse(b, KW_GATE_OPERAND));
}

static bool pop_times(struct body *b, uint32_t wanted, uint32_t times) {
    while (times-- > 0)
        if (!pop(b, wanted)) return false;
    return true;
}

static bool unreachable(struct body *b) {
    b->height = b->top->height;
    b->frames[b->depth].unreachable = true;
    return true;
}

// ---- Blocks ----

static void enter(struct body *b, uint32_t opcode, uint32_t result) {
    b->frames[b->depth] = (struct frame){(uint8_t)opcode, (uint8_t)b->height, (uint8_t)result, false};
    b->top = &b->frames[b->depth];
}

// A block has a result at most: what enters one as a parameter wasm3 0.9.0 keeps where it came from, and a turn of the loop loses it.
static bool block_type(struct body *b, uint32_t *result) {
    struct kw_gate_cursor *c = b->in;
    uint32_t first = c->at < c->end ? *c->at : 0;
    if (first == VOID_BLOCK) *result = KW_GATE_NONE;
    if (first == VOID_BLOCK) return kw_gate_u8(c) == first;
    // A type index is a positive signed number; the encodings of value types are negative.
    if (first & 0x40 && !(first & 0x80)) return kw_gate_value_type(c, result) || (c->reason = KW_GATE_BLOCK_TYPE, false);
    uint32_t index = kw_gate_u32(c);
    if (index >= b->module->type_count || b->module->types[index].parameters != 0) return refuse(b, KW_GATE_BLOCK_TYPE);
    *result = b->module->types[index].result;
    return true;
}

static bool open_block(struct body *b, uint32_t opcode) {
    uint32_t result;
    if (b->depth >= KW_GATE_NESTING_MAX) return refuse(b, KW_GATE_NESTING);
    if (opcode == OP_LOOP && ++b->loops > KW_GATE_LOOPS_MAX) return refuse(b, KW_GATE_NESTING);
    if (!block_type(b, &result) || (opcode == OP_IF && !pop(b, KW_GATE_I32))) return false;
    b->depth++;
    enter(b, opcode, result);
    return true;
}

// At the end of a block, or of the first arm of an if: its result and nothing else is there.
static bool settle(struct body *b) {
    if (!pop(b, b->top->result)) return false;
    return b->height == b->top->height || refuse(b, KW_GATE_OPERAND);
}

static bool turn_else(struct body *b) {
    if (b->top->opcode != OP_IF) return refuse(b, KW_GATE_ELSE);
    if (!settle(b)) return false;
    enter(b, OP_ELSE, b->top->result);
    return true;
}

static bool close_block(struct body *b) {
    struct frame closed = *b->top;
    if (!settle(b)) return false;
    if (closed.opcode == OP_IF && closed.result != KW_GATE_NONE) return refuse(b, KW_GATE_OPERAND); // the arm that is not there has none
    if (closed.opcode == OP_LOOP) b->loops--;
    b->top = &b->frames[--b->depth];
    return push(b, closed.result);
}

// What a branch to a label carries; a loop's label is its beginning.
static bool label(struct body *b, uint32_t *result) {
    uint32_t depth = kw_gate_u32(b->in);
    if (depth > b->depth) return refuse(b, KW_GATE_LABEL);
    const struct frame *target = &b->frames[b->depth - depth];
    *result = target->opcode == OP_LOOP ? KW_GATE_NONE : target->result;
    return true;
}

static bool branch_if(struct body *b) {
    uint32_t result;
    return label(b, &result) && pop(b, KW_GATE_I32) && pop(b, result) && push(b, result);
}

static bool branch_table(struct body *b) {
    uint32_t count = kw_gate_u32(b->in), first = KW_GATE_NONE, result, operand;
    if (count > KW_GATE_BR_TABLE_MAX) return refuse(b, KW_GATE_BR_TABLE);
    if (!pop(b, KW_GATE_I32)) return false;
    for (uint32_t i = 0; i <= count; i++) {
        if (!label(b, &result)) return false;
        if (i == 0) first = result;
        if ((first == KW_GATE_NONE) != (result == KW_GATE_NONE)) return refuse(b, KW_GATE_OPERAND);
        if (result != KW_GATE_NONE && (!peek(b, &operand) || !agree(operand, result))) return refuse(b, KW_GATE_OPERAND);
    }
    return unreachable(b);
}

// In code that is not reached wasm3 leaves the operands of a return where they are, and holds them against what follows.
static bool leave(struct body *b) {
    uint32_t height = b->height;
    if (!pop(b, b->frames[0].result)) return false;
    if (!b->top->unreachable) return unreachable(b);
    b->height = height;
    return true;
}

// ---- Calls, variables, memory ----

static bool call_type(struct body *b, const struct kw_gate_type *type) {
    const uint8_t *parameters = b->module->type_octets + type->at;
    for (uint32_t i = type->parameters; i > 0; i--)
        if (!pop(b, kw_gate_type_code(parameters[i - 1]))) return false;
    return push(b, type->result);
}

static bool call(struct body *b) {
    uint32_t function = kw_gate_u32(b->in);
    const struct kw_gate_type *type = kw_gate_function_type(b->module, function);
    return type != NULL ? call_type(b, type) : refuse(b, KW_GATE_FUNCTION_INDEX);
}

static bool indirect(struct body *b) {
    uint32_t type = kw_gate_u32(b->in);
    if (type >= b->module->type_count) return refuse(b, KW_GATE_TYPE_INDEX);
    if (!b->module->has_table) return refuse(b, KW_GATE_TABLE_INDEX);
    if (kw_gate_u8(b->in) != 0) return refuse(b, KW_GATE_ZERO);
    return pop(b, KW_GATE_I32) && call_type(b, &b->module->types[type]);
}

// Below code that is not reached wasm3 translates it by the type of the operand under the selector, and has none where that is missing.
static bool select(struct body *b) {
    uint32_t first, second;
    if (!pop(b, KW_GATE_I32) || !pop_any(b, &first) || !pop_any(b, &second)) return false;
    if (first == KW_GATE_ANY || !agree(first, second)) return refuse(b, KW_GATE_OPERAND);
    return push(b, first);
}

static bool local(struct body *b, uint32_t form) {
    uint32_t index = kw_gate_u32(b->in);
    if (index >= b->locals) return refuse(b, KW_GATE_LOCAL_INDEX);
    uint32_t type = b->local_types[index];
    return (form == LOCAL_GET || pop(b, type)) && (form == LOCAL_SET || push(b, type));
}

static bool global(struct body *b, bool write) {
    uint32_t index = kw_gate_u32(b->in);
    if (index >= b->module->global_count) return refuse(b, KW_GATE_GLOBAL_INDEX);
    uint32_t kind = b->module->globals[index], type = kind & ~(uint32_t)KW_GATE_VARIABLE;
    if (!write) return push(b, type);
    return kind & KW_GATE_VARIABLE ? pop(b, type) : refuse(b, KW_GATE_GLOBAL_INDEX);
}

// memory.copy and memory.fill; the other prefixed instructions are about floats, segments and tables.
static bool prefixed(struct body *b) {
    uint32_t opcode = kw_gate_u32(b->in);
    if (opcode != 10 && opcode != 11) return refuse(b, KW_GATE_OPCODE);
    bool zero = kw_gate_u8(b->in) == 0;
    if (opcode == 10) zero = kw_gate_u8(b->in) == 0 && zero;
    return zero ? pop_times(b, KW_GATE_I32, 3) : refuse(b, KW_GATE_ZERO);
}

// Instructions whose operands stand in the bits of their form.
static bool compute(struct body *b, uint32_t form) {
    if (form & MEMORY) {
        if (kw_gate_u32(b->in) > (form & 3)) return refuse(b, KW_GATE_ALIGNMENT);
        kw_gate_u32(b->in); // an offset beyond the memory is valid, and traps
    }
    uint32_t last = form & TOP64 ? KW_GATE_I64 : KW_GATE_I32;
    if (!pop(b, last) || (form & TWO && !pop(b, form & MEMORY ? KW_GATE_I32 : last))) return false;
    return !(form & RESULT) || push(b, form & RESULT64 ? KW_GATE_I64 : KW_GATE_I32);
}

// ---- A body ----

static bool constant(struct body *b, uint32_t type) {
    kw_gate_signed(b->in, type == KW_GATE_I32 ? 32 : 64);
    return push(b, type);
}

static bool instruction(struct body *b, uint32_t opcode) {
    uint32_t form = form_of(opcode), type;
    switch (form) {
    case BAD: return refuse(b, KW_GATE_OPCODE);
    case UNREACHABLE: return unreachable(b);
    case NOP: return true;
    case BLOCK: return open_block(b, opcode);
    case ELSE: return turn_else(b);
    case END: return close_block(b);
    case BRANCH: return label(b, &type) && pop(b, type) && unreachable(b);
    case BRANCH_IF: return branch_if(b);
    case BRANCH_TABLE: return branch_table(b);
    case RETURN: return leave(b);
    case CALL: return call(b);
    case INDIRECT: return indirect(b);
    case DROP: return pop_any(b, &type);
    case SELECT: return select(b);
    case LOCAL_GET:
    case LOCAL_SET:
    case LOCAL_TEE: return local(b, form);
    case GLOBAL_GET: return global(b, false);
    case GLOBAL_SET: return global(b, true);
    case MEMORY_SIZE: return kw_gate_u8(b->in) == 0 ? push(b, KW_GATE_I32) : refuse(b, KW_GATE_ZERO);
    case CONST32: return constant(b, KW_GATE_I32);
    case CONST64: return constant(b, KW_GATE_I64);
    case PREFIX: return prefixed(b);
    default: return compute(b, form);
    }
}

static bool add_locals(struct body *b, uint32_t count, uint32_t type) {
    if (count > KW_GATE_LOCALS_MAX - b->locals) return refuse(b, KW_GATE_LOCALS);
    memset(b->local_types + b->locals, (int)type, count);
    b->locals += count;
    b->slots += type == KW_GATE_I64 ? 2 * count : count;
    return true;
}

static bool locals(struct body *b, const struct kw_gate_type *type) {
    for (uint32_t i = 0; i < type->parameters; i++) add_locals(b, 1, kw_gate_type_code(b->module->type_octets[type->at + i]));
    b->slots = 2 * type->parameters; // arguments come in two each
    uint32_t groups = kw_gate_u32(b->in), one;
    if (groups > KW_GATE_LOCALS_MAX) return refuse(b, KW_GATE_LOCALS);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count = kw_gate_u32(b->in);
        if (!kw_gate_value_type(b->in, &one) || !add_locals(b, count, one)) return false;
    }
    return true;
}

bool kw_gate_body(struct kw_gate_module *m, struct kw_gate_cursor *c, const struct kw_gate_type *type) {
    struct body b;
    b.module = m;
    b.in = c;
    b.locals = b.slots = b.depth = b.loops = b.height = b.heights = 0;
    enter(&b, 0, type->result);
    if (!locals(&b, type)) return false;
    while (c->reason == KW_GATE_OK && c->at < c->end) {
        uint32_t opcode = kw_gate_u8(c);
        if (opcode != OP_END || b.depth > 0) {
            if (!instruction(&b, opcode)) return false;
            continue;
        }
        if (c->at != c->end) return kw_gate_refuse(c, KW_GATE_BODY_END);
        return settle(&b) && (b.slots + KW_GATE_OPERAND_SLOTS * b.heights <= KW_GATE_SLOTS_MAX || kw_gate_refuse(c, KW_GATE_OPERANDS));
    }
    return c->reason == KW_GATE_OK && kw_gate_refuse(c, KW_GATE_BODY_END);
}
