// Function bodies: which instructions, and that every index and depth in them exists.
#include "gate_internal.h"

enum { VOID_BLOCK = 0x40, I32 = 0x7f, I64 = 0x7e };

// What follows an opcode.
enum form {
    BAD,
    NONE,
    BLOCK,
    LOOP,
    IF,
    ELSE,
    END,
    BRANCH,
    TABLE,
    CALL,
    INDIRECT,
    LOCAL,
    GET,
    SET,
    CONST32,
    CONST64,
    ZERO,
    PREFIX,
    MEM1,
    MEM2,
    MEM4,
    MEM8
};

struct body {
    struct kw_gate_module *module;
    struct kw_gate_cursor *in;
    uint32_t locals, depth, loops;
    uint8_t frames[KW_GATE_NESTING_MAX + 1]; // the opcode that opened each
};

static enum form form_of(uint32_t opcode) {
    static const uint8_t low[0x45] = {
        [0x00] = NONE,   [0x01] = NONE,   [0x02] = BLOCK, [0x03] = LOOP,  [0x04] = IF,   [0x05] = ELSE,     [0x0b] = END,
        [0x0c] = BRANCH, [0x0d] = BRANCH, [0x0e] = TABLE, [0x0f] = NONE,  [0x10] = CALL, [0x11] = INDIRECT, [0x1a] = NONE,
        [0x1b] = NONE,   [0x20] = LOCAL,  [0x21] = LOCAL, [0x22] = LOCAL, [0x23] = GET,  [0x24] = SET,      [0x28] = MEM4,
        [0x29] = MEM8,   [0x2c] = MEM1,   [0x2d] = MEM1,  [0x2e] = MEM2,  [0x2f] = MEM2, [0x30] = MEM1,     [0x31] = MEM1,
        [0x32] = MEM2,   [0x33] = MEM2,   [0x34] = MEM4,  [0x35] = MEM4,  [0x36] = MEM4, [0x37] = MEM8,     [0x3a] = MEM1,
        [0x3b] = MEM2,   [0x3c] = MEM1,   [0x3d] = MEM2,  [0x3e] = MEM4,  [0x3f] = ZERO, [0x41] = CONST32,  [0x42] = CONST64,
    };
    if (opcode < sizeof low) return (enum form)low[opcode];
    if (opcode <= 0x5a) return NONE;                                     // comparisons of integers
    if (opcode >= 0x67 && opcode <= 0x8a) return NONE;                   // arithmetic of integers
    if (opcode == 0xa7 || opcode == 0xac || opcode == 0xad) return NONE; // wrap, extend
    if (opcode >= 0xc0 && opcode <= 0xc4) return NONE;                   // sign extension
    return opcode == 0xfc ? PREFIX : BAD;
}

static bool block_type(struct body *b) {
    struct kw_gate_cursor *c = b->in;
    uint32_t first = c->at < c->end ? *c->at : 0;
    if (first == VOID_BLOCK || first == I32 || first == I64) {
        kw_gate_u8(c);
        return true;
    }
    // A type index is a positive signed number; the encodings of the other value types are negative.
    if (first & 0x40 && !(first & 0x80)) return kw_gate_refuse(c, KW_GATE_BLOCK_TYPE);
    uint32_t index = kw_gate_u32(c);
    return index < b->module->type_count || kw_gate_refuse(c, KW_GATE_BLOCK_TYPE);
}

static bool open_block(struct body *b, uint32_t opcode) {
    if (b->depth >= KW_GATE_NESTING_MAX) return kw_gate_refuse(b->in, KW_GATE_NESTING);
    if (opcode == 0x03 && ++b->loops > KW_GATE_LOOPS_MAX) return kw_gate_refuse(b->in, KW_GATE_NESTING);
    b->frames[++b->depth] = (uint8_t)opcode;
    return block_type(b);
}

static bool turn_else(struct body *b) {
    if (b->frames[b->depth] != 0x04) return kw_gate_refuse(b->in, KW_GATE_ELSE);
    b->frames[b->depth] = 0x05;
    return true;
}

static bool label(struct body *b) { return kw_gate_u32(b->in) <= b->depth || kw_gate_refuse(b->in, KW_GATE_LABEL); }

static bool branch_table(struct body *b) {
    uint32_t count = kw_gate_u32(b->in);
    if (count > KW_GATE_BR_TABLE_MAX) return kw_gate_refuse(b->in, KW_GATE_BR_TABLE);
    for (uint32_t i = 0; i <= count; i++)
        if (!label(b)) return false;
    return true;
}

static bool indirect(struct body *b) {
    uint32_t type = kw_gate_u32(b->in);
    if (type >= b->module->type_count) return kw_gate_refuse(b->in, KW_GATE_TYPE_INDEX);
    if (!b->module->has_table) return kw_gate_refuse(b->in, KW_GATE_TABLE_INDEX);
    return kw_gate_u8(b->in) == 0 || kw_gate_refuse(b->in, KW_GATE_ZERO);
}

static bool global(struct body *b, bool write) {
    uint32_t index = kw_gate_u32(b->in);
    if (index >= b->module->global_count) return kw_gate_refuse(b->in, KW_GATE_GLOBAL_INDEX);
    return !write || kw_gate_global_is_variable(b->module, index) || kw_gate_refuse(b->in, KW_GATE_GLOBAL_INDEX);
}

static bool access_memory(struct body *b, uint32_t natural) {
    if (kw_gate_u32(b->in) > natural) return kw_gate_refuse(b->in, KW_GATE_ALIGNMENT);
    kw_gate_u32(b->in); // an offset beyond the memory is valid, and traps
    return true;
}

// memory.copy and memory.fill; the other prefixed instructions are about floats, segments and tables.
static bool prefixed(struct body *b) {
    uint32_t opcode = kw_gate_u32(b->in);
    if (opcode != 10 && opcode != 11) return kw_gate_refuse(b->in, KW_GATE_OPCODE);
    bool zero = kw_gate_u8(b->in) == 0;
    if (opcode == 10) zero = kw_gate_u8(b->in) == 0 && zero;
    return zero || kw_gate_refuse(b->in, KW_GATE_ZERO);
}

static bool instruction(struct body *b, uint32_t opcode) {
    struct kw_gate_cursor *c = b->in;
    switch (form_of(opcode)) {
    case NONE: return true;
    case BLOCK:
    case LOOP:
    case IF: return open_block(b, opcode);
    case ELSE: return turn_else(b);
    case BRANCH: return label(b);
    case TABLE: return branch_table(b);
    case CALL: return kw_gate_u32(c) < b->module->import_count + b->module->function_count || kw_gate_refuse(c, KW_GATE_FUNCTION_INDEX);
    case INDIRECT: return indirect(b);
    case LOCAL: return kw_gate_u32(c) < b->locals || kw_gate_refuse(c, KW_GATE_LOCAL_INDEX);
    case GET: return global(b, false);
    case SET: return global(b, true);
    case CONST32: kw_gate_signed(c, 32); return true;
    case CONST64: kw_gate_signed(c, 64); return true;
    case ZERO: return kw_gate_u8(c) == 0 || kw_gate_refuse(c, KW_GATE_ZERO);
    case PREFIX: return prefixed(b);
    case MEM1:
    case MEM2:
    case MEM4:
    case MEM8: return access_memory(b, (uint32_t)form_of(opcode) - MEM1);
    default: return kw_gate_refuse(c, KW_GATE_OPCODE);
    }
}

static bool locals(struct body *b, uint32_t type_index) {
    struct kw_gate_cursor type;
    if (!kw_gate_find_type(b->module, type_index, &type)) return kw_gate_refuse(b->in, KW_GATE_TYPE_INDEX);
    kw_gate_u8(&type);
    b->locals = kw_gate_u32(&type);
    uint32_t groups = kw_gate_u32(b->in);
    if (groups > KW_GATE_LOCALS_MAX) return kw_gate_refuse(b->in, KW_GATE_LOCALS);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t count = kw_gate_u32(b->in);
        if (count > KW_GATE_LOCALS_MAX - b->locals) return kw_gate_refuse(b->in, KW_GATE_LOCALS);
        b->locals += count;
        if (!kw_gate_value_type(b->in)) return false;
    }
    return true;
}

bool kw_gate_body(struct kw_gate_module *m, struct kw_gate_cursor *c, uint32_t type) {
    struct body b = {.module = m, .in = c};
    if (!locals(&b, type)) return false;
    while (c->reason == KW_GATE_OK && c->at < c->end) {
        uint32_t opcode = kw_gate_u8(c);
        if (form_of(opcode) != END) {
            if (!instruction(&b, opcode)) return false;
            continue;
        }
        if (b.depth == 0) return c->at == c->end || kw_gate_refuse(c, KW_GATE_BODY_END);
        if (b.frames[b.depth--] == 0x03) b.loops--;
    }
    return c->reason == KW_GATE_OK && kw_gate_refuse(c, KW_GATE_BODY_END);
}
