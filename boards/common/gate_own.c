// The gate's part about the custom sections that are the contract's own: `han`, what a module needs, and `constants`, what it only reads.
#include <string.h>
#include "gate_internal.h"

enum { HEAD = 8, SECTION_CUSTOM = 0 };

bool kw_gate_name_is(const uint8_t *name, uint32_t size, const char *text) { return size == strlen(text) && memcmp(name, text, size) == 0; }

static uint32_t little_u32(const uint8_t *at) { return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24; }

bool kw_gate_own(struct kw_gate_module *m, const uint8_t *name, uint32_t name_size, const uint8_t *content, uint32_t size) {
    if (kw_gate_name_is(name, name_size, "constants")) {
        bool once = !m->has_constants;
        m->has_constants = true;
        return once && size <= KW_GATE_CONSTANTS_MAX;
    }
    if (!kw_gate_name_is(name, name_size, "han")) return true;
    if (m->has_han || size != 4) return false;
    m->has_han = true;
    uint32_t need = little_u32(content);
    return need >= 1 && need <= (m->memory_limit != 0 ? m->memory_limit : KW_GATE_PAGE);
}

// The content of a custom section of an accepted module; its size is 0 without one.
static uint32_t content_of(const uint8_t *wasm, uint32_t size, const char *wanted, const uint8_t **content) {
    struct kw_gate_cursor c = {wasm, wasm + HEAD, wasm + size, KW_GATE_OK, 0};
    while (c.at < c.end) {
        uint32_t id = kw_gate_u8(&c), length = kw_gate_u32(&c);
        const uint8_t *end = c.at + length;
        uint32_t name_size = id == SECTION_CUSTOM ? kw_gate_u32(&c) : 0;
        *content = c.at + name_size;
        if (id == SECTION_CUSTOM && kw_gate_name_is(c.at, name_size, wanted)) return (uint32_t)(end - *content);
        c.at = end;
    }
    return 0;
}

static uint32_t number_of(const uint8_t *wasm, uint32_t size, const char *name) {
    const uint8_t *at;
    return content_of(wasm, size, name, &at) == 4 ? little_u32(at) : 0;
}

uint32_t kw_gate_memory(const uint8_t *wasm, uint32_t size) { return number_of(wasm, size, "han"); }

uint32_t kw_gate_drops(const uint8_t *wasm, uint32_t size, uint32_t *layer, uint32_t *layers) {
    const uint8_t *at;
    uint32_t length = content_of(wasm, size, "drops", &at);
    *layer = length >= 8 ? little_u32(at + 4) : 0;
    *layers = length >= 12 ? little_u32(at + 8) : KW_GATE_LAYERS;
    if (*layers == 0 || *layers > 2 * KW_GATE_LAYERS) return 0;
    return length == 4 || length == 8 || length == 12 ? little_u32(at) : 0;
}

uint32_t kw_gate_constants(const uint8_t *wasm, uint32_t size, const uint8_t **at) { return content_of(wasm, size, "constants", at); }
