// Multiplication in GF(2^m) for a processor without a carry-less multiply instruction (Cortex-M4).
//
// Integer multiplication serves where the operands have holes: with every fourth bit of a word kept, at most eight
// products meet in a column, their sum stays within the four bits of the hole, and its low bit is the exclusive or.
// Three words are multiplied with six products instead of nine (Karatsuba), and so are blocks of three words.
// UMULL takes one cycle whatever its operands are; no branch and no address depends on them.
// assembly/crypto/software/gf2_multiply.ts is the same for engines without C.

#include "gf2.h"

#include <string.h>

#include "abi.h"

#define HOLES UINT32_C(0x11111111)
#define WIDE (2 * GF2_WORDS)

/** A field's polynomial is x^degree + x^k1 + x^k2 + x^k3 + 1. */
struct polynomial {
    uint32_t words, degree, k1, k2, k3;
};

static const struct polynomial SECT163K1 = {6, 163, 7, 6, 3};
static const struct polynomial SECT283K1 = {9, 283, 12, 7, 5};

static inline uint64_t widening(uint32_t x, uint32_t y) { return (uint64_t)x * y; }

static uint64_t multiply_word(uint32_t x, uint32_t y) {
    uint32_t x0 = x & HOLES, x1 = x & HOLES << 1, x2 = x & HOLES << 2, x3 = x & HOLES << 3;
    uint32_t y0 = y & HOLES, y1 = y & HOLES << 1, y2 = y & HOLES << 2, y3 = y & HOLES << 3;
    uint64_t mask = (uint64_t)HOLES << 32 | HOLES;
    uint64_t sum = (widening(x0, y0) ^ widening(x1, y3) ^ widening(x2, y2) ^ widening(x3, y1)) & mask;
    sum |= (widening(x0, y1) ^ widening(x1, y0) ^ widening(x2, y3) ^ widening(x3, y2)) & mask << 1;
    sum |= (widening(x0, y2) ^ widening(x1, y1) ^ widening(x2, y0) ^ widening(x3, y3)) & mask << 2;
    sum |= (widening(x0, y3) ^ widening(x1, y2) ^ widening(x2, y1) ^ widening(x3, y0)) & mask << 3;
    return sum;
}

// Squaring puts a zero between any two bits.
static uint32_t spread(uint32_t half) {
    half = (half | half << 8) & UINT32_C(0x00ff00ff);
    half = (half | half << 4) & UINT32_C(0x0f0f0f0f);
    half = (half | half << 2) & UINT32_C(0x33333333);
    return (half | half << 1) & UINT32_C(0x55555555);
}

static void square(uint32_t *out, const uint32_t *a, uint32_t words) {
    for (uint32_t index = 0; index < words; index++) {
        uint32_t word = a[index];
        out[2 * index] = spread(word & 0xffff);
        out[2 * index + 1] = spread(word >> 16);
    }
}

static void multiply_block(uint32_t out[6], const uint32_t a[3], const uint32_t b[3]) {
    uint64_t p0 = multiply_word(a[0], b[0]);
    uint64_t p1 = multiply_word(a[1], b[1]);
    uint64_t p2 = multiply_word(a[2], b[2]);
    uint64_t m1 = multiply_word(a[0] ^ a[1], b[0] ^ b[1]) ^ p0 ^ p1;
    uint64_t m2 = multiply_word(a[0] ^ a[2], b[0] ^ b[2]) ^ p0 ^ p1 ^ p2;
    uint64_t m3 = multiply_word(a[1] ^ a[2], b[1] ^ b[2]) ^ p1 ^ p2;
    out[0] = (uint32_t)p0;
    out[1] = (uint32_t)(p0 >> 32) ^ (uint32_t)m1;
    out[2] = (uint32_t)m2 ^ (uint32_t)(m1 >> 32);
    out[3] = (uint32_t)(m2 >> 32) ^ (uint32_t)m3;
    out[4] = (uint32_t)p2 ^ (uint32_t)(m3 >> 32);
    out[5] = (uint32_t)(p2 >> 32);
}

static void add_block(uint32_t *out, const uint32_t product[6]) {
    for (uint32_t index = 0; index < 6; index++) out[index] ^= product[index];
}

// The product of blocks i and i belongs to place 2i and, as what Karatsuba takes away, to i + j for every other j; the
// product of the sums of blocks i and j belongs to place i + j.
static void multiply_blocks(uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t blocks) {
    uint32_t product[6], left[3], right[3];
    memset(out, 0, blocks * 24);
    for (uint32_t i = 0; i < blocks; i++) {
        multiply_block(product, a + 3 * i, b + 3 * i);
        for (uint32_t place = i; place < i + blocks; place++) add_block(out + 3 * place, product);
        for (uint32_t j = i + 1; j < blocks; j++) {
            for (uint32_t index = 0; index < 3; index++) {
                left[index] = a[3 * i + index] ^ a[3 * j + index];
                right[index] = b[3 * i + index] ^ b[3 * j + index];
            }
            multiply_block(product, left, right);
            add_block(out + 3 * (i + j), product);
        }
    }
}

// out = the wide product modulo the field's polynomial.  With the product as low + high * x^m, high is added at 0, k1, k2 and
// k3; what that pushes beyond x^m, at most k1 bits, is added the same way once more.
static void reduce(uint32_t *out, uint32_t *wide, const struct polynomial *p) {
    uint32_t within = p->degree & 31, beyond = 32 - within, top = p->words - 1;
    uint32_t mask = (UINT32_C(1) << within) - 1, last = wide[top], pushed = 0;
    wide[top] &= mask;
    for (uint32_t index = 0; index < p->words; index++) {
        uint32_t next = wide[p->words + index];
        uint32_t high = last >> within | next << beyond;
        out[index] = wide[index] ^ pushed ^ high ^ high << p->k1 ^ high << p->k2 ^ high << p->k3;
        pushed = high >> (32 - p->k1) ^ high >> (32 - p->k2) ^ high >> (32 - p->k3);
        last = next;
    }
    uint32_t over = out[top] >> within | pushed << beyond;
    out[top] &= mask;
    out[0] ^= over ^ over << p->k1 ^ over << p->k2 ^ over << p->k3;
}

// Inlined for each field, so that its numbers are constants.
static inline __attribute__((always_inline)) void multiply(uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t squarings,
                                                           const struct polynomial *p) {
    uint32_t wide[WIDE], left[GF2_WORDS], right[GF2_WORDS];
    uint32_t top = p->words - 1, mask = (UINT32_C(1) << (p->degree & 31)) - 1;
    memcpy(left, a, p->words * 4);
    left[top] &= mask;
    if (a == b) {
        square(wide, left, p->words);
    } else {
        memcpy(right, b, p->words * 4);
        right[top] &= mask;
        multiply_blocks(wide, left, right, p->words / 3);
    }
    reduce(out, wide, p);
    while (squarings--) {
        square(wide, out, p->words);
        reduce(out, wide, p);
    }
    for (uint32_t index = p->words; index < GF2_WORDS; index++) out[index] = 0;
}

bool gf2_multiply(uint32_t field, uint32_t out[GF2_WORDS], const uint32_t a[GF2_WORDS], const uint32_t b[GF2_WORDS], uint32_t squarings) {
    if (squarings > GF2_SQUARINGS_MAX) return false;
    if (field == KW_FIELD_SECT163K1) multiply(out, a, b, squarings, &SECT163K1);
    else if (field == KW_FIELD_SECT283K1) multiply(out, a, b, squarings, &SECT283K1);
    else return false;
    return true;
}
