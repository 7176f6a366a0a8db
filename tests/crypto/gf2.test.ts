// boards/common/gf2.c, compiled for this machine with every check that the compiler has, against the software product.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { linkSoftware } from "../../host/crypto/lab.ts";

const RECORD_WORDS = 20;

test("the product in C is the software product for every number of words", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "gf2-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "gf2");
  const flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  execFileSync("cc", [...flags, "tests/crypto/gf2_main.c", "boards/common/gf2.c", "-o", program]);
  const records: { words: number; same: boolean; a: Buffer; b: Buffer }[] = [];
  for (let words = 1; words <= 9; words++) {
    for (let count = 0; count < 100; count++) {
      const operand = () => (count === 0 ? Buffer.alloc(36, 0xff) : count === 1 ? Buffer.alloc(36) : randomBytes(36));
      records.push({ words, same: count % 4 === 3, a: operand(), b: operand() });
    }
  }
  const input = Buffer.concat(records.flatMap(({ words, same, a, b }) => [Buffer.from(Uint32Array.of(words, same ? 1 : 0).buffer), a, b]));
  const output = execFileSync(program, { input, maxBuffer: 1 << 24 });
  assert.equal(output.length, records.length * RECORD_WORDS * 4);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const multiply = await linkSoftware(memory);
  const image = Buffer.from(memory.buffer);
  records.forEach(({ words, same, a, b }, index) => {
    a.copy(image, 64);
    b.copy(image, 128);
    image.fill(0xa5, 256, 256 + RECORD_WORDS * 4);
    assert.equal(multiply(64, same ? 64 : 128, 256, words), 0);
    const found = output.subarray(index * RECORD_WORDS * 4, (index + 1) * RECORD_WORDS * 4);
    assert.deepEqual(found, image.subarray(256, 256 + RECORD_WORDS * 4), `${words} words, same ${same}`);
  });
});
