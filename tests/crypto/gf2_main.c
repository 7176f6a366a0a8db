// Reads operands, writes products: the door through which tests/crypto/gf2.test.ts reaches boards/common/gf2.c.
// A record in: field, same (0 or 1), squarings, a[9], b[9]; a record out: answer, out[9] between two guard words.
#include "../../boards/common/gf2.h"

#include <stdio.h>
#include <string.h>

enum { A = 3, B = A + GF2_WORDS };

int main(void) {
    uint32_t in[B + GF2_WORDS], out[3 + GF2_WORDS];
    while (fread(in, sizeof in, 1, stdin) == 1) {
        memset(out, 0xa5, sizeof out);
        out[0] = gf2_multiply(in[0], out + 2, in + A, in[1] ? in + A : in + B, in[2]);
        if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;
    }
    return 0;
}
