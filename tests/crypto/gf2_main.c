// Reads operands, writes products: the door through which tests/crypto/gf2.test.ts reaches boards/common/gf2.c.
// A record in: words, same (0 or 1), a[9], b[9]; a record out: out[20], of which 2 * words are the product.
#include "../../boards/common/gf2.h"

#include <stdio.h>
#include <string.h>

int main(void) {
  uint32_t in[20], out[20];
  while (fread(in, sizeof in, 1, stdin) == 1) {
    memset(out, 0xa5, sizeof out);
    gf2_multiply(out, in + 2, in[1] ? in + 2 : in + 11, in[0]);
    if (fwrite(out, sizeof out, 1, stdout) != 1) return 1;
  }
  return 0;
}
