#include "gate_internal.h"
#include <stddef.h>
#include <string.h>
#include "abi.h"

enum {
    SECTION_CUSTOM,
    SECTION_TYPE,
    SECTION_IMPORT,
    SECTION_FUNCTION,
    SECTION_TABLE,
    SECTION_MEMORY,
    SECTION_GLOBAL,
    SECTION_EXPORT,
    SECTION_START,
    SECTION_ELEMENT,
    SECTION_CODE,
    SECTION_DATA,
    SECTION_DATA_COUNT
};
enum { I32 = 0x7f, I64 = 0x7e, FUNCTION_REFERENCE = 0x70, FUNCTION_FORM = 0x60 };
enum { KIND_FUNCTION = 0, KIND_MEMORY = 2 };
enum { OP_END = 0x0b, OP_I32_CONST = 0x41, OP_I64_CONST = 0x42 };

// ---- Reading ----

bool kw_gate_refuse(struct kw_gate_cursor *c, enum kw_gate_reason reason) {
    if (c->reason == KW_GATE_OK) {
        c->reason = reason;
        c->offset = (uint32_t)(c->at - c->base);
    }
    return false;
}

uint32_t kw_gate_u8(struct kw_gate_cursor *c) {
    if (c->at < c->end) return *c->at++;
    kw_gate_refuse(c, KW_GATE_TRUNCATED);
    return 0;
}

uint32_t kw_gate_u32(struct kw_gate_cursor *c) {
    uint32_t value = 0;
    for (uint32_t shift = 0; shift < 35; shift += 7) {
        uint32_t octet = kw_gate_u8(c);
        if (shift == 28 && octet > 0x0f) break;
        value |= (octet & 0x7f) << shift;
        if (!(octet & 0x80)) return value;
    }
    kw_gate_refuse(c, KW_GATE_LEB);
    return 0;
}

// Passes a signed number; in the last octet the bits beyond the type repeat the sign.
void kw_gate_signed(struct kw_gate_cursor *c, uint32_t bits) {
    for (uint32_t left = bits;; left -= 7) {
        uint32_t octet = kw_gate_u8(c);
        if (c->reason != KW_GATE_OK) return;
        if (left > 7) {
            if (!(octet & 0x80)) return;
            continue;
        }
        uint32_t beyond = (0x7fu << (left - 1)) & 0x7f;
        if (octet & 0x80 || ((octet & beyond) != 0 && (octet & beyond) != beyond)) kw_gate_refuse(c, KW_GATE_LEB);
        return;
    }
}

// The value of a small non-negative i32.const, or a number beyond every memory.
static uint32_t constant_offset(struct kw_gate_cursor *c) {
    if (kw_gate_u8(c) != OP_I32_CONST) return UINT32_MAX;
    uint32_t value = 0, shift = 0, octet;
    do {
        octet = kw_gate_u8(c);
        if (shift >= 35) return UINT32_MAX;
        if (shift < 28) value |= (octet & 0x7f) << shift;
        else if (octet & 0x7f) return UINT32_MAX;
        shift += 7;
    } while (octet & 0x80);
    bool negative = (octet & 0x40) != 0;
    return kw_gate_u8(c) != OP_END || negative ? UINT32_MAX : value;
}

bool kw_gate_value_type(struct kw_gate_cursor *c, uint32_t *kind) {
    uint32_t type = kw_gate_u8(c);
    *kind = kw_gate_type_code((uint8_t)type);
    return type == I32 || type == I64 || kw_gate_refuse(c, KW_GATE_VALUE_TYPE);
}

static bool pass(struct kw_gate_cursor *c, uint32_t size) {
    if (size > (uint32_t)(c->end - c->at)) return kw_gate_refuse(c, KW_GATE_TRUNCATED);
    c->at += size;
    return true;
}

static bool count_of(struct kw_gate_cursor *c, uint32_t *count, uint32_t most) {
    *count = kw_gate_u32(c);
    if (*count > most) {
        *count = 0;
        return kw_gate_refuse(c, KW_GATE_COUNT);
    }
    return c->reason == KW_GATE_OK;
}

// ---- Types ----

static bool type_entry(const struct kw_gate_module *m, struct kw_gate_cursor *c, struct kw_gate_type *type) {
    uint32_t parameters, results, kind;
    if (kw_gate_u8(c) != FUNCTION_FORM) return kw_gate_refuse(c, KW_GATE_TYPE_FORM);
    if ((parameters = kw_gate_u32(c)) > KW_GATE_PARAMETERS_MAX) return kw_gate_refuse(c, KW_GATE_TYPE_FORM);
    type->at = (uint16_t)(c->at - m->type_octets); // 128 types of 36 octets at most
    type->parameters = (uint8_t)parameters;
    for (uint32_t i = 0; i < parameters; i++)
        if (!kw_gate_value_type(c, &kind)) return false;
    if ((results = kw_gate_u32(c)) > 1) return kw_gate_refuse(c, KW_GATE_TYPE_FORM);
    type->result = KW_GATE_NONE;
    if (results == 0) return true;
    if (!kw_gate_value_type(c, &kind)) return false;
    type->result = (uint8_t)kind;
    return true;
}

const struct kw_gate_type *kw_gate_function_type(const struct kw_gate_module *m, uint32_t function) {
    if (function < m->import_count) return &m->types[m->imports[function]];
    function -= m->import_count;
    return function < m->function_count ? &m->types[m->functions[function]] : NULL;
}

// Whether a type is what wasm3 writes as `signature`: a result, then the parameters in parentheses.
static bool has_signature(const struct kw_gate_module *m, const struct kw_gate_type *type, const char *signature) {
    if (type->parameters != strlen(signature) - 3) return false;
    for (size_t i = 0; i < type->parameters; i++)
        if (m->type_octets[type->at + i] != (signature[2 + i] == 'I' ? I64 : I32)) return false;
    return type->result == (signature[0] == 'v' ? KW_GATE_NONE : signature[0] == 'I' ? KW_GATE_I64 : KW_GATE_I32);
}

// ---- Sections ----

static bool types(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t count;
    if (!count_of(c, &count, KW_GATE_TYPES_MAX)) return false;
    m->type_octets = c->at;
    for (uint32_t i = 0; i < count; i++)
        if (!type_entry(m, c, &m->types[i])) return false;
    m->type_count = count;
    return true;
}

static bool import_entry(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    static const struct {
        const char *name, *signature;
    } known[] = {
#define X(id, name, signature) {#name, signature},
        KW_IMPORTS(X)
#undef X
    };
    uint32_t size = kw_gate_u32(c);
    const uint8_t *name = c->at;
    if (!pass(c, size)) return false;
    bool ours = kw_gate_name_is(name, size, "han");
    size = kw_gate_u32(c);
    name = c->at;
    if (!pass(c, size)) return false;
    uint32_t id = 0;
    while (id < KW_IMPORT_COUNT && !kw_gate_name_is(name, size, known[id].name)) id++;
    if (!ours || id == KW_IMPORT_COUNT || kw_gate_u8(c) != KIND_FUNCTION) return kw_gate_refuse(c, KW_GATE_IMPORT_UNKNOWN);
    uint32_t type = kw_gate_u32(c);
    if (type >= m->type_count || !has_signature(m, &m->types[type], known[id].signature)) return kw_gate_refuse(c, KW_GATE_IMPORT_TYPE);
    if (m->imports_seen >> id & 1) return kw_gate_refuse(c, KW_GATE_IMPORT_TWICE);
    _Static_assert(KW_IMPORT_COUNT <= KW_GATE_IMPORTS_MAX, "each import has its bit and its type");
    m->imports_seen |= (uint64_t)1 << id;
    m->imports[m->import_count++] = (uint8_t)type;
    return true;
}

static bool imports(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t count;
    if (!count_of(c, &count, KW_IMPORT_COUNT)) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!import_entry(m, c)) return false;
    return true;
}

static bool functions(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    if (!count_of(c, &m->function_count, KW_GATE_FUNCTIONS_MAX)) return false;
    m->functions = c->at;
    // There are 128 types, so an index is one octet; a longer spelling of one is refused, and the n-th function's is the n-th octet.
    _Static_assert(KW_GATE_TYPES_MAX <= 128, "a type index is one octet");
    for (uint32_t i = 0; i < m->function_count; i++)
        if (kw_gate_u8(c) >= m->type_count) return kw_gate_refuse(c, KW_GATE_TYPE_INDEX);
    return true;
}

static bool table(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    if (kw_gate_u32(c) != 1 || kw_gate_u8(c) != FUNCTION_REFERENCE) return kw_gate_refuse(c, KW_GATE_TABLE);
    uint32_t flags = kw_gate_u8(c);
    m->table_size = kw_gate_u32(c);
    uint32_t most = flags == 1 ? kw_gate_u32(c) : m->table_size;
    if (flags > 1 || most < m->table_size || m->table_size > KW_GATE_TABLE_MAX) return kw_gate_refuse(c, KW_GATE_TABLE);
    m->has_table = true;
    return true;
}

static bool memory(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    m->has_memory = kw_gate_u32(c) == 1 && kw_gate_u8(c) == 1 && kw_gate_u32(c) == 1 && kw_gate_u32(c) == 1;
    return m->has_memory || kw_gate_refuse(c, KW_GATE_MEMORY);
}

static bool globals(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t count;
    if (!count_of(c, &count, KW_GATE_GLOBALS_MAX)) return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type = kw_gate_u8(c), variable = kw_gate_u8(c), opcode = kw_gate_u8(c);
        if (type != I32 && type != I64) return kw_gate_refuse(c, KW_GATE_VALUE_TYPE);
        if (variable > 1 || opcode != (type == I32 ? OP_I32_CONST : OP_I64_CONST)) return kw_gate_refuse(c, KW_GATE_GLOBAL);
        kw_gate_signed(c, type == I32 ? 32 : 64);
        if (kw_gate_u8(c) != OP_END) return kw_gate_refuse(c, KW_GATE_GLOBAL);
        m->globals[i] = (uint8_t)(kw_gate_type_code((uint8_t)type) | (variable ? KW_GATE_VARIABLE : 0));
    }
    m->global_count = count;
    return true;
}

static bool export_entry(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    static const struct {
        const char *name, *signature;
    } known[] = {{"abi", "i()"}, {"start", "v(Ii)"}, {"poll", "I(I)"}, {"memory", NULL}};
    uint32_t size = kw_gate_u32(c), id = 0;
    const uint8_t *name = c->at;
    if (!pass(c, size)) return false;
    while (id < 4 && !kw_gate_name_is(name, size, known[id].name)) id++;
    if (id == 4 || kw_gate_u8(c) != (known[id].signature ? KIND_FUNCTION : KIND_MEMORY)) return kw_gate_refuse(c, KW_GATE_EXPORT_UNKNOWN);
    uint32_t index = kw_gate_u32(c);
    const struct kw_gate_type *type = index < m->import_count ? NULL : kw_gate_function_type(m, index);
    bool fits = known[id].signature ? type != NULL && has_signature(m, type, known[id].signature) : m->has_memory && index == 0;
    if (!fits) return kw_gate_refuse(c, KW_GATE_EXPORT_TYPE);
    if (m->exports_seen >> id & 1) return kw_gate_refuse(c, KW_GATE_EXPORT_TWICE);
    m->exports_seen |= 1u << id;
    return true;
}

static bool exports(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t count = kw_gate_u32(c);
    for (uint32_t i = 0; i < count; i++)
        if (c->reason != KW_GATE_OK || !export_entry(m, c)) return false;
    return true;
}

static bool elements(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t segments, count;
    if (!count_of(c, &segments, KW_GATE_SEGMENTS_MAX)) return false;
    for (uint32_t i = 0; i < segments; i++) {
        if (kw_gate_u32(c) != 0 || !m->has_table) return kw_gate_refuse(c, KW_GATE_ELEMENT);
        uint32_t offset = constant_offset(c);
        if (!count_of(c, &count, KW_GATE_TABLE_MAX)) return false;
        if (offset > m->table_size || count > m->table_size - offset) return kw_gate_refuse(c, KW_GATE_ELEMENT);
        for (uint32_t k = 0; k < count; k++)
            if (kw_gate_u32(c) >= m->import_count + m->function_count) return kw_gate_refuse(c, KW_GATE_FUNCTION_INDEX);
    }
    return true;
}

static bool data(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t limit = m->memory_limit != 0 && m->memory_limit < KW_GATE_PAGE ? m->memory_limit : KW_GATE_PAGE;
    if (!count_of(c, &m->data_segments, KW_GATE_SEGMENTS_MAX)) return false;
    for (uint32_t i = 0; i < m->data_segments; i++) {
        if (kw_gate_u32(c) != 0 || !m->has_memory) return kw_gate_refuse(c, KW_GATE_DATA);
        uint32_t offset = constant_offset(c), size = kw_gate_u32(c);
        if (offset > limit || size > limit - offset) return kw_gate_refuse(c, KW_GATE_DATA);
        if (!pass(c, size)) return false;
    }
    return true;
}

static bool code(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    uint32_t count = kw_gate_u32(c);
    if (c->reason == KW_GATE_OK && count != m->function_count) return kw_gate_refuse(c, KW_GATE_CODE_COUNT);
    m->code = c->at;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = kw_gate_u32(c);
        if (size > KW_GATE_BODY_MAX) return kw_gate_refuse(c, KW_GATE_BODY_SIZE);
        struct kw_gate_cursor body = *c;
        if (!pass(c, size)) return false;
        body.end = c->at;
        if (!kw_gate_body(m, &body, &m->types[m->functions[i]])) return (*c = body, false);
        if (m->watch != NULL && m->watch->alive != NULL) m->watch->alive(m->watch->context);
    }
    return true;
}

static bool custom(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    m->custom += (uint32_t)(c->end - c->at);
    uint32_t size = kw_gate_u32(c);
    if (m->custom > KW_GATE_CUSTOM_MAX || c->reason != KW_GATE_OK || size > (uint32_t)(c->end - c->at)) {
        c->reason = KW_GATE_OK;
        return kw_gate_refuse(c, KW_GATE_CUSTOM);
    }
    const uint8_t *name = c->at;
    c->at = c->end;
    for (uint32_t i = 0; i < size; i++)
        if (name[i] >= 0x80) return kw_gate_refuse(c, KW_GATE_CUSTOM);
    return kw_gate_own(m, name, size, name + size, (uint32_t)(c->end - name) - size) || kw_gate_refuse(c, KW_GATE_OWN_SECTION);
}

static bool data_count(struct kw_gate_module *m, struct kw_gate_cursor *c) {
    m->data_count = kw_gate_u32(c);
    m->has_data_count = true;
    return true;
}

static bool section(struct kw_gate_module *m, struct kw_gate_cursor *c, uint32_t id) {
    switch (id) {
    case SECTION_CUSTOM: return custom(m, c);
    case SECTION_TYPE: return types(m, c);
    case SECTION_IMPORT: return imports(m, c);
    case SECTION_FUNCTION: return functions(m, c);
    case SECTION_TABLE: return table(m, c);
    case SECTION_MEMORY: return memory(m, c);
    case SECTION_GLOBAL: return globals(m, c);
    case SECTION_EXPORT: return exports(m, c);
    case SECTION_ELEMENT: return elements(m, c);
    case SECTION_DATA_COUNT: return data_count(m, c);
    case SECTION_CODE: return code(m, c);
    case SECTION_DATA: return data(m, c);
    default: return kw_gate_refuse(c, KW_GATE_SECTION_UNKNOWN);
    }
}

// The data count section stands between elements and code.
static uint32_t rank_of(uint32_t id) {
    if (id == SECTION_DATA_COUNT) return SECTION_CODE * 2 - 1;
    return id * 2;
}

static bool sections(struct kw_gate_module *m) {
    struct kw_gate_cursor *c = &m->in;
    uint32_t last = 0;
    while (c->at < c->end) {
        uint32_t id = kw_gate_u8(c);
        if (id == SECTION_START) return kw_gate_refuse(c, KW_GATE_START);
        if (id > SECTION_DATA_COUNT) return kw_gate_refuse(c, KW_GATE_SECTION_UNKNOWN);
        if (id != SECTION_CUSTOM && rank_of(id) <= last) return kw_gate_refuse(c, KW_GATE_SECTION_ORDER);
        if (id != SECTION_CUSTOM) last = rank_of(id);
        uint32_t size = kw_gate_u32(c);
        struct kw_gate_cursor content = *c;
        if (c->reason != KW_GATE_OK || !pass(c, size)) return false;
        content.end = c->at;
        if (!section(m, &content, id) || content.reason != KW_GATE_OK) return (*c = content, false);
        if (content.at != content.end) return (*c = content, kw_gate_refuse(c, KW_GATE_SECTION_END));
    }
    return true;
}

enum kw_gate_reason kw_gate(const uint8_t *wasm, uint32_t size, uint32_t memory_limit, const struct kw_gate_watch *watch,
                            uint32_t *offset) {
    static const uint8_t head[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct kw_gate_module m = {.memory_limit = memory_limit, .watch = watch};
    m.in = (struct kw_gate_cursor){wasm, wasm, wasm + size, KW_GATE_OK, 0};
    if (size > KW_GATE_MODULE_MAX) kw_gate_refuse(&m.in, KW_GATE_SIZE);
    else if (size < sizeof head || memcmp(wasm, head, sizeof head) != 0) kw_gate_refuse(&m.in, KW_GATE_MAGIC);
    else {
        m.in.at += sizeof head;
        if (sections(&m)) {
            if (m.function_count > 0 && m.code == NULL) kw_gate_refuse(&m.in, KW_GATE_CODE_COUNT);
            if (m.has_data_count && m.data_count != m.data_segments) kw_gate_refuse(&m.in, KW_GATE_DATA_COUNT);
            if (m.exports_seen != 0x0f) kw_gate_refuse(&m.in, KW_GATE_EXPORT_MISSING);
        }
    }
    *offset = m.in.offset;
    return m.in.reason;
}

const char *kw_gate_reason(enum kw_gate_reason reason) {
    static const char *const texts[] = {
#define X(name, text) text,
        KW_GATE_REASONS(X)
#undef X
    };
    return (uint32_t)reason < sizeof texts / sizeof *texts ? texts[reason] : "unknown";
}
