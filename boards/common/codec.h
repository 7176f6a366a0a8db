// The two encodings of a package's payload: compressed, and a delta against the running module (docs/image.md).
//
// The decoder keeps no window: it reads back what it made, from the flash, and the base, from where it lies.  Its state is plain
// octets without addresses, so a copy of it taken between two calls goes on after a reset.
#ifndef KW_CODEC_H
#define KW_CODEC_H

#include <stdbool.h>
#include <stdint.h>

enum kw_encoding { KW_ENCODING_PLAIN = 0, KW_ENCODING_COMPRESSED = 1, KW_ENCODING_DELTA = 2 };

#define KW_DECODER_STATE 48u

struct kw_decoder {
    uint8_t state[KW_DECODER_STATE]; // laid out in codec.c
};

// Where the decoder reads what was made before.
struct kw_decode_io {
    void *context;
    bool (*back)(void *context, uint32_t at, uint8_t *to, uint32_t size); // octets of the output, all of them already made
    const uint8_t *base;                                                  // null without one
    uint32_t base_size;
    uint32_t image_size; // more octets than these are an overflow
};

void kw_decode_begin(struct kw_decoder *d, enum kw_encoding encoding);

// Decodes until the input is used up or `room` octets have been made.  Moves *in; answers how many octets it made at `out`, or a
// negated KW_IMAGE_REASON_ENCODING, _OVERFLOW or _FLASH.  Neither answers nor time depend on how the input is cut into calls.
// Input behind the image's last octet is an overflow, so all of it must come here.
int32_t kw_decode(struct kw_decoder *d, const struct kw_decode_io *io, const uint8_t **in, const uint8_t *end, uint8_t *out, uint32_t room);

// Whether the stream ends here: image_size octets are made and the coder stands where its encoder ended.  If not, although all
// input was given, that is KW_IMAGE_REASON_ENCODING.
bool kw_decode_done(const struct kw_decoder *d, const struct kw_decode_io *io);

#endif
