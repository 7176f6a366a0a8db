// The noise source's health, the reseeding of the generator, and what is left of seeds.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { HmacDrbg } from "../../host/drbg.ts";
import { native } from "../../host/native/addon.ts";

const START = 1024;
const REPEATS = 9;
const WINDOW = 512;
const PROPORTION = 71;
const RESEED = 65_536;

/** Octets that look like a good source's, the same each time. */
function good(size: number, label = "noise"): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < size; at += 32) parts.push(createHash("sha256").update(`${label} ${at}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}

/** A good source with these octets from `at` on. */
function with_(octets: Buffer, at: number, size = START + 4 * WINDOW): Buffer {
  const source = Buffer.from(good(size));
  octets.copy(source, at);
  return source;
}

const fit = (source: Buffer, size = 32, calls = 32): boolean => native().noise(source, size, calls) !== null;

test("a good source is taken, behind the octets that its start was tested with", () => {
  const source = good(START + 32 * 32);
  assert.deepEqual(native().noise(source, 32, 32), source.subarray(START));
  for (let seed = 0; seed < 500; seed++) assert.ok(fit(good(START + 1024, `seed ${seed}`)), `seed ${seed}`);
});

test("a source that ends, or has less than a start's worth, is not fit", () => {
  assert.equal(native().noise(good(START + 31), 32, 1), null);
  assert.equal(native().noise(good(START - 1), 1, 1), null);
  assert.notEqual(native().noise(good(START + 32), 32, 1), null);
});

test("an octet that repeats nine times ends it, at the start and ever after, and eight do not", () => {
  for (const at of [0, 100, START - REPEATS, START - 4, START, START + 500, START + 1000]) {
    const before = with_(Buffer.alloc(0), 0)[at - 1];
    const octet = (before ?? 0) ^ 0x55;
    assert.equal(fit(with_(Buffer.alloc(REPEATS, octet), at)), false, `at ${at}`);
    const eight = with_(Buffer.alloc(REPEATS - 1, octet), at);
    eight[at + REPEATS - 1] = octet ^ 1;
    assert.equal(fit(eight), true, `eight at ${at}`);
  }
  for (const octet of [0, 0xff]) assert.equal(fit(Buffer.alloc(4 * START, octet)), false);
});

test("an octet that is too frequent in a window of 512 ends it, one less does not", () => {
  // The windows begin with the source's first octet; the octet is never twice in a row.
  const window = (count: number): Buffer => {
    const octets = Buffer.from(good(WINDOW, "window")).map((octet) => (octet === 7 ? 8 : octet)) as Buffer;
    for (let i = 0; i < count; i++) octets[i * 7] = 7;
    return Buffer.from(octets);
  };
  for (const at of [0, WINDOW, START, START + WINDOW]) {
    assert.equal(fit(with_(window(PROPORTION), at)), false, `${PROPORTION} at ${at}`);
    assert.equal(fit(with_(window(PROPORTION - 1), at)), true, `${PROPORTION - 1} at ${at}`);
  }
});

test("a source of eight values, as a broken converter gives, or one that alternates, is not fit", () => {
  assert.equal(fit(good(4 * START).map((octet) => octet & 7) as Buffer), false);
  assert.equal(fit(Buffer.from(Array.from({ length: 4 * START }, (_, at) => at & 1))), false);
});

test("one that failed is not asked again in this uptime", () => {
  const source = with_(Buffer.alloc(REPEATS, 1), START + 32);
  assert.equal(native().noise(source, 32, 1) !== null, true);
  for (const calls of [2, 3, 30]) assert.equal(native().noise(source, 32, calls), null, `${calls} calls`);
});

test("new entropy is due after 65,536 generate calls, not before, and what it gives follows from all that was", () => {
  const [seed, more] = [good(32, "seed"), good(32, "more")];
  assert.equal(native().drbgReseeded(seed, more, RESEED - 1), null);
  const host = new HmacDrbg(seed);
  for (let call = 0; call < RESEED; call++) host.generate(1);
  const alone = new HmacDrbg(more);
  host.reseed(more);
  const expected = host.generate(32);
  assert.deepEqual(native().drbgReseeded(seed, more, RESEED), expected);
  assert.notDeepEqual(native().drbgReseeded(good(32, "another"), more, RESEED), expected);
  assert.notDeepEqual(native().drbgReseeded(seed, good(32, "other"), RESEED), expected);
  assert.notDeepEqual(alone.generate(32), expected);
});
