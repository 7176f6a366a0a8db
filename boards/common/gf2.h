// Multiplication in the binary fields of the Smart Energy curves, behind the import `gf2_multiply`, docs/abi.md.
#ifndef KW_GF2_H
#define KW_GF2_H

#include <stdbool.h>
#include <stdint.h>

/** Words of an element in memory, whatever its field. */
#define GF2_WORDS 9u
#define GF2_SQUARINGS_MAX 282u

/**
 * out = (a * b) to the power of 2^squarings in a field, `enum kw_field`; least significant word first.  What a and b hold at
 * and above x^m is not looked at; out has zeros there.  out may be a or b.  Answers false, and writes nothing, for an unknown
 * field or too many squarings.
 * Time depends on the field, on `squarings` and on whether a and b are the same address, never on their bits.
 */
bool gf2_multiply(uint32_t field, uint32_t out[GF2_WORDS], const uint32_t a[GF2_WORDS], const uint32_t b[GF2_WORDS], uint32_t squarings);

#endif
