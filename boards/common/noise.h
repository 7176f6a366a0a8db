// Health of a noise source: the repetition count and the adaptive proportion test of NIST SP 800-90B section 4.4, over octets.
#ifndef KW_NOISE_H
#define KW_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#define KW_NOISE_START 1024u // octets that are tested, and thrown away, before the first is used: section 4.3

// Zeros before the first octet.
struct kw_noise {
    uint32_t seen;         // up to KW_NOISE_START
    uint16_t window, same; // octets of this window so far, and those like its first
    uint8_t first, last, repeats;
    bool failed; // for this uptime
};

// False from the first octet on that a source of four bits an octet gives once in 2^30.
bool kw_noise_test(struct kw_noise *n, const uint8_t *at, uint32_t size);

// Takes octets from the source, which are tested before the caller has them: false, and zeros, when they are not fit to use.
bool kw_noise_take(struct kw_noise *n, bool (*read)(void *context, uint8_t *to, uint32_t size), void *context, uint8_t *to, uint32_t size);

#endif
