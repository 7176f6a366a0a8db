// Packages of the field's sizes over the air of a whole home: every octet arrives, whatever the device then thinks of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { moduleBytes } from "../../host/modules.ts";
import { padded } from "../../tools/bench/padding.ts";
import { packageOf, transfer } from "../../tools/bench/transfer.ts";

const SEED = 3;
const module = moduleBytes("meter_sep1");

for (const size of [101_000, 256_000]) {
  test(`a package of ${size / 1000} kB arrives, verifies and waits`, () => {
    const file = packageOf(padded(module, size, SEED));
    const arrived = transfer(file, SEED);
    assert.ok(file.length > size - 100);
    assert.deepEqual(arrived.digest, createHash("sha256").update(file).digest());
    assert.equal(arrived.finished, 0);
  });
}

test("a package of 1 MB arrives whole; its module is more than the load gate lets in, and that is said", () => {
  const file = packageOf(padded(module, 1_000_000, SEED));
  const arrived = transfer(file, SEED);
  assert.deepEqual(arrived.digest, createHash("sha256").update(file).digest());
  assert.notEqual(arrived.finished, 0);
  assert.equal(arrived.reason, ImageReason.Gate);
});
