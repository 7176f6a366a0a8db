#include "cbor.h"
#include <stddef.h>
#include <string.h>

enum { ONE_OCTET = 24, TWO_OCTETS = 25, FOUR_OCTETS = 26 }; // RFC 8949 section 3

void kw_cbor_refuse(struct kw_cbor *c) { c->refused = true; }

uint32_t kw_cbor_head(struct kw_cbor *c, enum kw_cbor_kind kind) {
    if (c->refused || c->at == c->end || *c->at >> 5 != (uint32_t)kind) return (kw_cbor_refuse(c), 0);
    uint32_t short_form = *c->at++ & 0x1f, value = 0, octets;
    switch (short_form) {
    case ONE_OCTET: octets = 1; break;
    case TWO_OCTETS: octets = 2; break;
    case FOUR_OCTETS: octets = 4; break;
    // 27 is beyond 32 bits where it is the shortest form, 31 is the indefinite length.
    default: return short_form < ONE_OCTET ? short_form : (kw_cbor_refuse(c), 0);
    }
    if ((size_t)(c->end - c->at) < octets) return (kw_cbor_refuse(c), 0);
    for (uint32_t i = 0; i < octets; i++) value = value << 8 | *c->at++;
    uint32_t least = octets == 1 ? ONE_OCTET : octets == 2 ? 0x100u : 0x10000u;
    if (value < least) return (kw_cbor_refuse(c), 0);
    return value;
}

void kw_cbor_exact(struct kw_cbor *c, enum kw_cbor_kind kind, uint32_t argument) {
    if (kw_cbor_head(c, kind) != argument) kw_cbor_refuse(c);
}

bool kw_cbor_next(struct kw_cbor *c, uint32_t number) {
    if (c->refused || c->at == c->end || *c->at != number) return false;
    c->at++;
    return true;
}

uint32_t kw_cbor_uint(struct kw_cbor *c, uint32_t most) {
    uint32_t value = kw_cbor_head(c, KW_CBOR_UINT);
    if (value > most) return (kw_cbor_refuse(c), 0);
    return value;
}

const uint8_t *kw_cbor_bytes(struct kw_cbor *c, uint32_t most, uint32_t *size) {
    *size = kw_cbor_head(c, KW_CBOR_BYTES);
    if (c->refused || *size > most || *size > (size_t)(c->end - c->at)) {
        *size = 0;
        return (kw_cbor_refuse(c), NULL);
    }
    const uint8_t *octets = c->at;
    c->at += *size;
    return octets;
}

void kw_cbor_copy(struct kw_cbor *c, uint8_t *to, uint32_t size) {
    uint32_t have;
    const uint8_t *octets = kw_cbor_bytes(c, size, &have);
    if (octets == NULL || have != size) {
        memset(to, 0, size);
        kw_cbor_refuse(c);
        return;
    }
    memcpy(to, octets, size);
}

bool kw_cbor_done(const struct kw_cbor *c) { return !c->refused && c->at == c->end; }
