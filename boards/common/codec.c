#include "codec.h"
#include <stddef.h>
#include <string.h>
#include "abi.h"
#include "codec_model.h"

// Both encodings are one stream of binary decisions in a range coder.  A decision is either `fixed`, with a probability from
// codec_model.h, or learns: then its state is one octet, 63 steps of certainty and the likelier answer.  docs/image.md "Encodings".

enum phase {
    PLAIN,
    FILL,
    KIND,
    FROM_BASE,
    AGAIN,
    LENGTH_CLASS,
    LENGTH_BITS,
    DISTANCE_CLASS,
    DISTANCE_BITS,
    COPY,
    LITERAL,
    JUMP,
    BACKWARD,
    JUMP_CLASS,
    JUMP_BITS,
    SAME,
    PATCH,
    CHANGED,
    OCTET,
    REFUSED
};
enum flag {
    DELTA = 1,
    AFTER_MATCH = 2,
    REPEATED = 4,
    BACK = 8,
    HISTORY = 0x30
}; // history: bit 0 the last octet was a patch, bit 1 the one before
#define HISTORY_SHIFT 4

// What learns: the answers to "is this octet another one than the base's?" by what stands before it, and five decisions about the rest.
enum { LEARN_CHANGED = 0, LEARN_PATCH = 12, LEARN_DIFFERENCE = 13, LEARN_FROM_BASE = 15, LEARN_JUMP = 16, LEARNERS = 17 };

// The 48 octets, in the order of the machine that reads them: a copy never leaves its device.
struct state {
    uint32_t range, code; // of the range coder; the stream is consistent while code < range
    uint32_t made;        // octets of the output
    uint32_t base_at;     // the next octet of the base
    uint32_t distance;    // of the last match
    uint32_t left;        // of a match; also a number that is being read
    uint8_t phase, flags;
    uint8_t node;          // in a tree: a one, then what was decided; in a number its bits, in FILL the octets that are still to come
    uint8_t last;          // octet made
    uint8_t difference[3]; // of the last patch behind a call, anywhere else, inside a number
    uint8_t learned[LEARNERS];
};
_Static_assert(sizeof(struct state) == KW_DECODER_STATE, "the state is what a resume record keeps");

struct work {
    struct state s;
    const struct kw_decode_io *io;
    const uint8_t *in, *end;
    uint8_t *out;
    uint32_t room, count;
    int32_t refused; // a kw_image_reason
};

// ---- The range coder ----

#define STARVED (-1) // no decision without more input
#define RANGE_LEAST (1u << 24)

static bool refill(struct work *w) {
    while (w->s.range < RANGE_LEAST) {
        if (w->in == w->end) return false;
        w->s.range <<= 8;
        w->s.code = w->s.code << 8 | *w->in++;
    }
    return true;
}

static int below(struct work *w, uint32_t bound) {
    if (w->s.code < bound) {
        w->s.range = bound;
        return 0;
    }
    w->s.code -= bound;
    w->s.range -= bound;
    return 1;
}

// `zero` is the probability of a 0 in 256ths.
static int fixed(struct work *w, uint32_t zero) { return refill(w) ? below(w, (w->s.range >> 8) * zero) : STARVED; }

static int learning(struct work *w, uint32_t index) {
    uint8_t *learned = &w->s.learned[index];
    if (!refill(w)) return STARVED;
    uint32_t certainty = *learned >> 1, likely = *learned & 1;
    if (below(w, (w->s.range >> 12) * kw_codec_rare[certainty]) == 0) {
        if (certainty == 0) likely ^= 1;
        *learned = (uint8_t)(kw_codec_after_rare[certainty] << 1 | likely);
        return (int)((certainty == 0 ? likely : likely ^ 1));
    }
    if (certainty < KW_CODEC_STEPS - 1) *learned = (uint8_t)(*learned + 2);
    return (int)likely;
}

// ---- Numbers ----

static bool refuse(struct work *w, enum kw_image_reason reason) {
    w->refused = (int32_t)reason;
    w->s.phase = REFUSED;
    return true;
}

static bool go(struct work *w, enum phase phase) {
    w->s.phase = (uint8_t)phase;
    w->s.node = 1;
    return true;
}

// Goes down a tree of `depth` decisions; answers the leaf.
static int tree(struct work *w, const uint8_t *model, uint32_t depth) {
    uint32_t node = w->s.node;
    while (node >> depth == 0) {
        int answer = fixed(w, model[node]);
        if (answer == STARVED) {
            w->s.node = (uint8_t)node;
            return STARVED;
        }
        node = node << 1 | (uint32_t)answer;
    }
    return (int)(node - (1u << depth));
}

// A number n is sent as the position of the highest bit of n + 1, from a tree, then the bits below it.
static bool number_class(struct work *w, const uint8_t *model, uint32_t *number, enum phase then) {
    int leaf = tree(w, model, KW_CODEC_CLASS_DEPTH);
    if (leaf == STARVED) return false;
    *number = 1;
    go(w, then);
    w->s.node = (uint8_t)leaf;
    return true;
}

static bool number_bits(struct work *w, uint32_t *number) {
    for (; w->s.node > 0; w->s.node--) {
        int answer = fixed(w, 128);
        if (answer == STARVED) return false;
        *number = *number << 1 | (uint32_t)answer;
    }
    *number -= 1;
    return true;
}

// ---- Literals and matches ----

static void made(struct work *w, uint8_t octet) {
    w->out[w->count++] = octet;
    w->s.made++;
    w->s.last = octet;
}

static bool kind(struct work *w) {
    int match = fixed(w, kw_codec_match[w->s.flags & (DELTA | AFTER_MATCH)]);
    if (match == STARVED) return false;
    if (!match) return go(w, LITERAL);
    return go(w, w->s.flags & DELTA ? FROM_BASE : AGAIN);
}

// The octet as it is, by what kind of octet stands before it.
static int octet(struct work *w) { return tree(w, kw_codec_literal + 256 * kw_codec_literal_class[w->s.last], 8); }

static bool literal(struct work *w) {
    int leaf = octet(w);
    if (leaf == STARVED) return false;
    made(w, (uint8_t)leaf);
    w->s.flags &= (uint8_t)~AFTER_MATCH;
    return go(w, KIND);
}

static bool again(struct work *w) {
    int answer = fixed(w, kw_codec_again[w->s.flags & DELTA]);
    if (answer == STARVED) return false;
    if (answer && w->s.distance == 0) return refuse(w, KW_IMAGE_REASON_ENCODING);
    w->s.flags = (uint8_t)((w->s.flags & ~REPEATED) | AFTER_MATCH | (answer ? REPEATED : 0));
    return go(w, LENGTH_CLASS);
}

static bool length(struct work *w) {
    uint32_t most = w->io->image_size - w->s.made;
    if (!number_bits(w, &w->s.left)) return false;
    if (most < KW_CODEC_LENGTH_LEAST || w->s.left > most - KW_CODEC_LENGTH_LEAST) return refuse(w, KW_IMAGE_REASON_OVERFLOW);
    w->s.left += KW_CODEC_LENGTH_LEAST;
    return go(w, w->s.flags & REPEATED ? COPY : DISTANCE_CLASS);
}

static bool distance(struct work *w) {
    if (!number_bits(w, &w->s.distance)) return false;
    if (w->s.distance >= w->s.made) return refuse(w, KW_IMAGE_REASON_ENCODING);
    w->s.distance += 1;
    return go(w, COPY);
}

static bool copy(struct work *w) {
    uint32_t begun = w->s.made - w->count; // `back` knows what was made before this call
    while (w->s.left > 0 && w->count < w->room) {
        uint32_t from = w->s.made - w->s.distance, size = w->s.left, room = w->room - w->count;
        if (size > room) size = room;
        if (from < begun) {
            if (size > begun - from) size = begun - from;
            if (!w->io->back(w->io->context, from, w->out + w->count, size)) return refuse(w, KW_IMAGE_REASON_FLASH);
        } else {
            for (uint32_t i = 0; i < size; i++) w->out[w->count + i] = w->out[from - begun + i]; // may overlap: forwards
        }
        w->count += size;
        w->s.made += size;
        w->s.left -= size;
        w->s.last = w->out[w->count - 1];
    }
    return w->s.left > 0 || go(w, KIND);
}

// ---- Octets of the base ----

static bool jump(struct work *w) {
    bool backward = (w->s.flags & BACK) != 0;
    uint32_t most = backward ? w->s.base_at : w->io->base_size - w->s.base_at;
    if (!number_bits(w, &w->s.left)) return false;
    if (w->s.left >= most) return refuse(w, KW_IMAGE_REASON_ENCODING);
    w->s.base_at = backward ? w->s.base_at - w->s.left - 1 : w->s.base_at + w->s.left + 1;
    return go(w, SAME);
}

static uint32_t changed_learner(const struct state *s) {
    uint32_t history = (uint32_t)(s->flags & HISTORY) >> HISTORY_SHIFT, some = history != 0;
    if (s->last == KW_CODEC_CALL) return LEARN_CHANGED + some;
    if (s->last == KW_CODEC_CONST) return LEARN_CHANGED + 2 + some;
    if (s->last >= 0x80) return LEARN_CHANGED + 4 + (history & 1);                 // inside a number: a carry
    return LEARN_CHANGED + (s->last <= 3 ? 6u : 9u) + (history & 1 ? 1 : history); // behind an alignment, anywhere else
}

static void remember(struct state *s, uint32_t patched) {
    uint32_t history = (uint32_t)(s->flags & HISTORY) << 1 | patched << HISTORY_SHIFT;
    s->flags = (uint8_t)((s->flags & ~HISTORY) | (history & HISTORY));
}

static bool same(struct work *w) {
    if (w->s.base_at >= w->io->base_size) return go(w, KIND);
    int answer = learning(w, changed_learner(&w->s));
    if (answer == STARVED) return false;
    if (answer) return go(w, PATCH);
    remember(&w->s, 0);
    made(w, w->io->base[w->s.base_at++]);
    return true;
}

static bool patched(struct work *w, uint8_t octet) {
    remember(&w->s, 1);
    w->s.base_at++;
    made(w, octet);
    return go(w, SAME);
}

static uint32_t difference_row(const struct state *s) { return s->last >= 0x80 ? 2 : s->last == KW_CODEC_CALL ? 0 : 1; }

// Differences have seven bits, as the octets of a number in LEB128 have.
static bool changed(struct work *w) {
    uint32_t row = difference_row(&w->s), difference = w->s.difference[row], old = w->io->base[w->s.base_at];
    int answer = learning(w, LEARN_DIFFERENCE + (row >> 1));
    if (answer == STARVED) return false;
    if (answer) return go(w, OCTET);
    if (old >= 0x80) return patched(w, (uint8_t)(0x80 | ((old + difference) & 0x7f)));
    return patched(w, (uint8_t)(old + difference - (difference < 0x40 ? 0 : 0x80)));
}

static bool raw_patch(struct work *w) {
    int leaf = octet(w);
    if (leaf == STARVED) return false;
    w->s.difference[difference_row(&w->s)] = (uint8_t)(leaf - w->io->base[w->s.base_at]) & 0x7f;
    return patched(w, (uint8_t)leaf);
}

// ---- The machine ----

static bool plain(struct work *w) {
    uint32_t size = w->io->image_size - w->s.made, room = w->room - w->count;
    if (size > room) size = room;
    if (size > (size_t)(w->end - w->in)) size = (uint32_t)(w->end - w->in);
    if (size == 0) return false;
    memcpy(w->out + w->count, w->in, size);
    w->in += size;
    w->count += size;
    w->s.made += size;
    return true;
}

static bool begin(struct work *w) {
    for (; w->s.node > 0 && w->in < w->end; w->s.node--) w->s.code = w->s.code << 8 | *w->in++;
    if (w->s.node > 0) return false;
    return w->s.code == w->s.range ? refuse(w, KW_IMAGE_REASON_ENCODING) : go(w, KIND);
}

static bool choose(struct work *w, int answer, enum phase zero, enum phase one) { return answer != STARVED && go(w, answer ? one : zero); }

static bool backward(struct work *w) {
    int answer = fixed(w, 128);
    w->s.flags = (uint8_t)((w->s.flags & ~BACK) | (answer == 1 ? BACK : 0));
    return choose(w, answer, JUMP_CLASS, JUMP_CLASS);
}

static uint32_t distance_model(const struct state *s) {
    uint32_t length = s->left - KW_CODEC_LENGTH_LEAST;
    return length < KW_CODEC_DISTANCES ? length : KW_CODEC_DISTANCES - 1;
}

// One step; false when there is not enough input for it.
static bool step(struct work *w) {
    switch ((enum phase)w->s.phase) {
    case PLAIN: return plain(w);
    case FILL: return begin(w);
    case KIND: return kind(w);
    case LITERAL: return literal(w);
    case AGAIN: return again(w);
    case LENGTH_CLASS: return number_class(w, kw_codec_length, &w->s.left, LENGTH_BITS);
    case LENGTH_BITS: return length(w);
    case DISTANCE_CLASS: return number_class(w, kw_codec_distance + 32 * distance_model(&w->s), &w->s.distance, DISTANCE_BITS);
    case DISTANCE_BITS: return distance(w);
    case COPY: return copy(w);
    case FROM_BASE: w->s.flags &= (uint8_t)~HISTORY; return choose(w, learning(w, LEARN_FROM_BASE), AGAIN, JUMP);
    case JUMP: return choose(w, learning(w, LEARN_JUMP), SAME, BACKWARD);
    case BACKWARD: return backward(w);
    case JUMP_CLASS: return number_class(w, kw_codec_jump, &w->s.left, JUMP_BITS);
    case JUMP_BITS: return jump(w);
    case SAME: return same(w);
    case PATCH: return choose(w, learning(w, LEARN_PATCH), CHANGED, KIND);
    case CHANGED: return changed(w);
    case OCTET: return raw_patch(w);
    default: return refuse(w, KW_IMAGE_REASON_ENCODING);
    }
}

// The last octet is made: the coder takes what it would need for another decision, and no more than that may come.
static void finish(struct work *w) {
    if (w->s.phase == FILL) refuse(w, KW_IMAGE_REASON_ENCODING); // an image without octets
    else if ((w->s.phase == PLAIN || refill(w)) && w->in < w->end) refuse(w, KW_IMAGE_REASON_OVERFLOW);
}

void kw_decode_begin(struct kw_decoder *d, enum kw_encoding encoding) {
    struct state s;
    memset(&s, 0, sizeof s);
    s.range = UINT32_MAX;
    s.node = 4;
    s.phase = encoding == KW_ENCODING_PLAIN ? PLAIN : encoding == KW_ENCODING_COMPRESSED || encoding == KW_ENCODING_DELTA ? FILL : REFUSED;
    s.flags = encoding == KW_ENCODING_DELTA ? DELTA : 0;
    memset(s.learned + LEARN_CHANGED, KW_CODEC_CERTAIN << 1, LEARN_PATCH);
    memcpy(d->state, &s, sizeof s);
}

int32_t kw_decode(struct kw_decoder *d, const struct kw_decode_io *io, const uint8_t **in, const uint8_t *end, uint8_t *out,
                  uint32_t room) {
    struct work w = {.io = io, .in = *in, .end = end, .out = out, .room = room};
    memcpy(&w.s, d->state, sizeof w.s);
    if (w.s.made > io->image_size || w.s.base_at > io->base_size) refuse(&w, KW_IMAGE_REASON_ENCODING);
    while (w.refused == 0 && w.count < room && w.s.made < io->image_size && step(&w)) continue;
    if (w.refused == 0 && w.s.made == io->image_size) finish(&w);
    *in = w.in;
    memcpy(d->state, &w.s, sizeof w.s);
    return w.refused != 0 ? -w.refused : (int32_t)w.count;
}

bool kw_decode_done(const struct kw_decoder *d, const struct kw_decode_io *io) {
    struct state s;
    memcpy(&s, d->state, sizeof s);
    if (s.made != io->image_size || s.phase == REFUSED) return false;
    return s.phase == PLAIN || (s.range >= RANGE_LEAST && s.code == 0);
}
