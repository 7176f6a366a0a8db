// boards/common/gf2.c, compiled for this machine with every check that the compiler has, against the software product.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Field } from "../../host/abi.ts";
import { linkSoftware } from "../../host/crypto/lab.ts";

/** An answer, a guard, an element, a guard. */
const RECORD_OCTETS = 12 * 4;
const GUARD = Buffer.alloc(4, 0xa5);
const SQUARINGS = [0, 1, 2, 7, 282];

test("the product in C is the software product in both fields, with its squarings", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "gf2-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "gf2");
  const flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  execFileSync("cc", [...flags, "tests/crypto/gf2_main.c", "boards/common/gf2.c", "-o", program]);
  const records: { field: number; same: boolean; squarings: number; a: Buffer; b: Buffer }[] = [];
  for (const field of [Field.Sect163k1, Field.Sect283k1]) {
    for (const squarings of SQUARINGS) {
      for (let count = 0; count < 100; count++) {
        const operand = () => (count === 0 ? Buffer.alloc(36, 0xff) : count === 1 ? Buffer.alloc(36) : randomBytes(36));
        records.push({ field, same: count % 4 === 3, squarings, a: operand(), b: operand() });
      }
    }
  }
  for (const field of [0, 3]) records.push({ field, same: false, squarings: 0, a: randomBytes(36), b: randomBytes(36) });
  records.push({ field: Field.Sect163k1, same: false, squarings: 283, a: randomBytes(36), b: randomBytes(36) });
  const head = (...words: number[]) => Buffer.from(Uint32Array.from(words).buffer);
  const input = Buffer.concat(records.flatMap(({ field, same, squarings, a, b }) => [head(field, same ? 1 : 0, squarings), a, b]));
  const output = execFileSync(program, { input, maxBuffer: 1 << 24 });
  assert.equal(output.length, records.length * RECORD_OCTETS);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const multiply = await linkSoftware(memory);
  const image = Buffer.from(memory.buffer);
  records.forEach(({ field, same, squarings, a, b }, index) => {
    a.copy(image, 64);
    b.copy(image, 128);
    image.fill(0xa5, 252, 252 + RECORD_OCTETS - 4);
    const taken = multiply(field, 64, same ? 64 : 128, 256, squarings) === 0;
    const found = output.subarray(index * RECORD_OCTETS, (index + 1) * RECORD_OCTETS);
    assert.equal(found.readUInt32LE(0), taken ? 1 : 0);
    assert.equal(taken, index < records.length - 3);
    assert.deepEqual(
      found.subarray(4),
      image.subarray(252, 252 + RECORD_OCTETS - 4),
      `field ${field}, ${squarings} squarings, same ${same}`,
    );
    assert.deepEqual(found.subarray(4, 8), GUARD);
    assert.deepEqual(found.subarray(44), GUARD);
  });
});

test("the result may lie where an operand lies", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const multiply = await linkSoftware(memory);
  const image = Buffer.from(memory.buffer);
  for (const field of [Field.Sect163k1, Field.Sect283k1]) {
    for (const [a, b, out] of [
      [0, 64, 0],
      [0, 64, 64],
      [0, 0, 0],
    ]) {
      const [left, right] = [randomBytes(36), randomBytes(36)];
      const lay = () => {
        left.copy(image, 0);
        right.copy(image, 64);
      };
      lay();
      multiply(field, a, b, 128, 1);
      lay();
      multiply(field, a, b, out, 1);
      assert.deepEqual(image.subarray(out, out + 36), image.subarray(128, 164));
    }
  }
});
