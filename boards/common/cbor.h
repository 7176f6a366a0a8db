// Reads CBOR as a deterministic encoder writes it (RFC 8949 section 4.2.1), and only the kinds that a package uses: unsigned
// numbers up to 32 bits, octet strings, arrays and maps.  What else there may be in CBOR is refused.
#ifndef KW_CBOR_H
#define KW_CBOR_H

#include <stdbool.h>
#include <stdint.h>

enum kw_cbor_kind { KW_CBOR_UINT = 0, KW_CBOR_NEGATIVE = 1, KW_CBOR_BYTES = 2, KW_CBOR_ARRAY = 4, KW_CBOR_MAP = 5, KW_CBOR_TAG = 6 };

// The first refusal stays: every reader answers zeros or null from then on, so a caller may look at `refused` once at the end.
struct kw_cbor {
    const uint8_t *at, *end;
    bool refused;
};

void kw_cbor_refuse(struct kw_cbor *c);
// The argument of the next item's head, which must be of this kind and in its shortest form.
uint32_t kw_cbor_head(struct kw_cbor *c, enum kw_cbor_kind kind);
// The same, and it must be this one.
void kw_cbor_exact(struct kw_cbor *c, enum kw_cbor_kind kind, uint32_t argument);
// Takes the next item if it is this number, below 24 so that one octet says it.
bool kw_cbor_next(struct kw_cbor *c, uint32_t number);
// An unsigned number up to `most`.
uint32_t kw_cbor_uint(struct kw_cbor *c, uint32_t most);
// An octet string of at most `most` octets; they stay where they are.
const uint8_t *kw_cbor_bytes(struct kw_cbor *c, uint32_t most, uint32_t *size);
// An octet string of this very size, copied; zeros when it is refused.
void kw_cbor_copy(struct kw_cbor *c, uint8_t *to, uint32_t size);
// Whether nothing was refused and nothing is left.
bool kw_cbor_done(const struct kw_cbor *c);

#endif
