#include "noise.h"
#include "crypto.h"

// For a false alarm in 2^30 and 4 bits of entropy an octet, half of what a conditioned source claims.
#define REPEATS 9u     // 1 + 30 / 4, rounded up
#define WINDOW 512u    // of octets, which are not bits
#define PROPORTION 71u // 1 + the number that 512 draws with 1/16 exceed once in 2^30

static bool is_stuck(struct kw_noise *n, uint8_t octet) {
    n->repeats = (uint8_t)(n->repeats > 0 && octet == n->last ? n->repeats + 1 : 1);
    n->last = octet;
    return n->repeats >= REPEATS;
}

static bool is_biased(struct kw_noise *n, uint8_t octet) {
    if (n->window == 0) {
        n->first = octet;
        n->same = 0;
    }
    if (octet == n->first) n->same++;
    n->window = (uint16_t)((n->window + 1u) % WINDOW);
    return n->same >= PROPORTION;
}

bool kw_noise_test(struct kw_noise *n, const uint8_t *at, uint32_t size) {
    for (uint32_t i = 0; i < size && !n->failed; i++) {
        bool stuck = is_stuck(n, at[i]), biased = is_biased(n, at[i]);
        n->failed = stuck || biased;
    }
    return !n->failed;
}

static bool take(struct kw_noise *n, bool (*read)(void *, uint8_t *, uint32_t), void *context, uint8_t *to, uint32_t size) {
    if (!read(context, to, size)) n->failed = true;
    return !n->failed && kw_noise_test(n, to, size);
}

bool kw_noise_take(struct kw_noise *n, bool (*read)(void *context, uint8_t *to, uint32_t size), void *context, uint8_t *to, uint32_t size) {
    uint8_t thrown[64];
    bool fit = true;
    for (; fit && n->seen < KW_NOISE_START; n->seen += sizeof thrown) fit = take(n, read, context, thrown, sizeof thrown);
    fit = fit && take(n, read, context, to, size);
    kw_wipe(thrown, sizeof thrown);
    if (!fit) kw_wipe(to, size);
    return fit;
}
