// The carry-less product behind the import `gf2_multiply`, docs/abi.md.
#ifndef KW_GF2_H
#define KW_GF2_H

#include <stdint.h>

#define GF2_WORDS_MAX 9u

/**
 * out[2 * words] = a[words] * b[words] as polynomials over GF(2), least significant word first, for 1..GF2_WORDS_MAX words.
 * Time depends on `words` and on whether a and b are the same address, never on their bits.  out is apart from a and b.
 */
void gf2_multiply(uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t words);

#endif
