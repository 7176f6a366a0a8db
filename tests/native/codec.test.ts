// The codec: C and TypeScript read the same stream alike, however it is cut, and neither reads what is not there.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { compile } from "../../host/build/built.ts";
import { compress, decode, delta, Encoding } from "../../host/image/codec.ts";
import { AFTER_RARE, literalClass, RARE } from "../../host/image/codec_coder.ts";
import { MODEL } from "../../host/image/codec_model.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { native } from "../../host/native/addon.ts";
import { cpuMs } from "../support/cpu.ts";

const NONE = Buffer.alloc(0);
const modules = ["hub_sep1", "ihd_sep1", "meter_sep1"].map((name) => Buffer.from(moduleBytes(name)));

/** Numbers below `most` that repeat with their seed. */
function dice(seed: number): (most: number) => number {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

function noise(size: number, seed: number): Buffer {
  const next = dice(seed);
  return Buffer.from(Array.from({ length: size }, () => next(256)));
}

/** What the decoder in C makes of a stream: the image, or the reason of its refusal. */
function inC(encoding: number, payload: Uint8Array, size: number, base: Uint8Array, cuts: [number, number, number]): Buffer | number {
  const { reason, done, outside, image } = native().decode(encoding, payload, size, base, ...cuts);
  assert.equal(outside, false, "it asked for octets that were not made");
  if (reason !== 0) return reason;
  return done ? image : ImageReason.Encoding;
}

function inTypeScript(encoding: number, payload: Uint8Array, size: number, base: Uint8Array): Buffer | number {
  try {
    return decode(encoding, payload, size, base);
  } catch (error) {
    assert.ok(error instanceof ImageError, String(error));
    return error.reason;
  }
}

/** Input cut, room cut, seed; see `decode` of addon.ts. */
const CUTS: [number, number, number][] = [
  [0, 0, 0],
  [1, 0, 0],
  [0, 1, 0],
  [1, 1, 0],
  [48, 256, 0],
  [64, 300, 1],
  [7, 5, 2],
  [1000, 3, 3],
];

function checkBoth(encoding: number, image: Buffer, base: Buffer, payload: Buffer, cuts = CUTS): void {
  assert.deepEqual(decode(encoding, payload, image.length, base), image);
  for (const cut of cuts) {
    const made = inC(encoding, payload, image.length, base, cut);
    assert.ok(Buffer.isBuffer(made) && made.equals(image), `cuts ${cut}: ${Buffer.isBuffer(made) ? "another image" : `reason ${made}`}`);
  }
}

const samples: [string, Buffer][] = [
  ["one octet", Buffer.from([7])],
  ["two octets", Buffer.from([7, 7])],
  ["zeros", Buffer.alloc(5000)],
  ["noise", noise(3000, 1)],
  ["octets 0xff", Buffer.alloc(700, 0xff)],
  ["a run, noise, and the run again", Buffer.concat([Buffer.alloc(600, "abc"), noise(300, 2), Buffer.alloc(600, "abc")])],
  ["every octet", Buffer.from(Array.from({ length: 512 }, (_, index) => index & 0xff))],
  ["a page of this test", readFileSync(new URL(import.meta.url)).subarray(0, 4000)],
];

for (const [name, image] of samples) {
  test(`${name} comes back from compression and from deltas, whatever the cuts`, () => {
    checkBoth(Encoding.Compressed, image, NONE, compress(image));
    for (const base of [NONE, image, noise(400, 3), Buffer.concat([image.subarray(0, 300), noise(9, 4), image.subarray(280)])])
      checkBoth(Encoding.Delta, image, base, delta(base, image));
    checkBoth(Encoding.Plain, image, NONE, image);
  });
}

test("every module comes back from compression in less than half its size, whatever the cuts", () => {
  for (const image of modules) {
    const payload = compress(image);
    assert.ok(payload.length < image.length / 2, `${payload.length} of ${image.length}`);
    checkBoth(Encoding.Compressed, image, NONE, payload);
  }
});

test("a module as a delta against another one is smaller than compressed, and its own delta is nothing", () => {
  for (const [index, image] of modules.entries()) {
    const base = modules[(index + 1) % modules.length];
    const payload = delta(base, image);
    assert.ok(payload.length < 0.75 * compress(image).length, `${payload.length}`);
    checkBoth(Encoding.Delta, image, base, payload);
    assert.ok(delta(image, image).length <= 16);
  }
});

test("a changed line of a device's entry is a delta below 1 % of the module", async () => {
  const folder = join(ROOT, "build/codec-test");
  mkdirSync(folder, { recursive: true });
  process.chdir(ROOT);
  const entry = readFileSync("assembly/devices/meter_sep1.ts", "utf8")
    .replaceAll('from "../', 'from "../../assembly/')
    .replaceAll('from "./', 'from "../../assembly/devices/');
  const edited = entry.replace("faceTick(now);", "faceTick(now);\n  if (now == 12345) faceTick(now + 3);");
  assert.notEqual(edited, entry, "assembly/devices/meter_sep1.ts has another poll now");
  writeFileSync(join(folder, "line.ts"), edited);
  const changed = Buffer.from((await compile("build/codec-test/line.ts", "meter_sep1")).wasm);
  assert.notDeepEqual(changed, modules[2]);
  const payload = delta(modules[2], changed);
  assert.ok(payload.length <= changed.length / 100, `${payload.length} of ${changed.length}`);
  checkBoth(Encoding.Delta, changed, modules[2], payload, CUTS.slice(4, 6));
});

test("random edits of a module come back from their delta", () => {
  const next = dice(5);
  const base = modules[2].subarray(0, 6000);
  for (let round = 0; round < 60; round++) {
    const image: Buffer[] = [];
    for (let pieces = 1 + next(6); pieces > 0; pieces--) {
      const at = next(base.length);
      const piece = Buffer.from(base.subarray(at, at + next(900)));
      for (let patches = next(12); patches > 0 && piece.length > 0; patches--) piece[next(piece.length)] += 1 + next(3);
      image.push(piece, noise(next(3) * next(20), round * 100 + pieces));
    }
    const edited = Buffer.concat([...image, Buffer.from([round])]);
    checkBoth(Encoding.Delta, edited, base, delta(base, edited), [[20, 30, round + 1]]);
    checkBoth(Encoding.Compressed, edited, NONE, compress(edited), [[20, 30, round + 1]]);
  }
});

test("the same image gives the same octets", () => {
  assert.deepEqual(compress(modules[0]), compress(Buffer.from(modules[0])));
  assert.deepEqual(delta(modules[0], modules[1]), delta(Buffer.from(modules[0]), Buffer.from(modules[1])));
});

/** Streams to be spoiled: encoding, payload, size, base. */
const image = modules[1].subarray(3000, 4200);
const base = modules[0].subarray(2500, 5000);
const STREAMS: [string, number, Buffer, Buffer][] = [
  ["compressed", Encoding.Compressed, compress(image), NONE],
  ["delta", Encoding.Delta, delta(base, image), base],
  [
    "delta of edits",
    Encoding.Delta,
    delta(Buffer.concat([noise(50, 8), image.subarray(9)]), image),
    Buffer.concat([noise(50, 8), image.subarray(9)]),
  ],
];

for (const [name, encoding, payload, old] of STREAMS) {
  test(`a ${name} stream with any bit flipped: C and TypeScript make the same of it, refusal or octets, and none the image`, () => {
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const spoiled = Buffer.from(payload);
      spoiled[bit >> 3] ^= 1 << (bit & 7);
      const made = inC(encoding, spoiled, image.length, old, [1 + (bit % 50), 1 + (bit % 91), bit]);
      assert.deepEqual(made, inTypeScript(encoding, spoiled, image.length, old), `bit ${bit}`);
      assert.ok(!Buffer.isBuffer(made) || !made.equals(image), `bit ${bit} makes no difference`);
    }
  });

  test(`a ${name} stream that ends early is refused as corrupt, one that goes on as an overflow`, () => {
    for (let size = 0; size < payload.length; size++)
      for (const cut of [CUTS[0], CUTS[3]])
        assert.equal(inC(encoding, payload.subarray(0, size), image.length, old, cut), ImageReason.Encoding);
    for (const more of [Buffer.from([0]), noise(300, 6)])
      for (const cut of CUTS) assert.equal(inC(encoding, Buffer.concat([payload, more]), image.length, old, cut), ImageReason.Overflow);
  });

  test(`a ${name} stream for more octets than the manifest says is refused, as an overflow where any of it is left`, () => {
    for (const less of [1, 10, 100, 600, image.length - 1]) {
      const expected = inTypeScript(encoding, payload, image.length - less, old);
      // The end of a delta that runs along its base, or the last octet of any, may be so likely that no octet is left to tell of it.
      const untold = less === 1 || (encoding === Encoding.Delta && less < image.length - 1);
      assert.ok(expected === ImageReason.Overflow || (expected === ImageReason.Encoding && untold), `${less} fewer`);
      for (const cut of CUTS) assert.equal(inC(encoding, payload, image.length - less, old, cut), expected, `${less} fewer, cuts ${cut}`);
    }
    for (const cut of CUTS) assert.equal(inC(encoding, payload, image.length + 5000, old, cut), ImageReason.Encoding);
  });
}

test("noise as a stream: C and TypeScript agree, and nothing is read outside", () => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 1500; seed++) {
    const payload = noise(4 + (seed % 120), seed);
    const encoding = 1 + (seed & 1);
    const old = seed % 5 === 0 ? NONE : base.subarray(0, 1 + (seed % 700));
    const size = 1 + ((seed * 7919) % 3000);
    const made = inC(encoding, payload, size, old, [1 + (seed % 9), 1 + (seed % 70), seed]);
    assert.deepEqual(made, inTypeScript(encoding, payload, size, old), `seed ${seed}`);
    if (typeof made === "number") seen.add(made);
  }
  assert.deepEqual([...seen].sort(), [ImageReason.Encoding, ImageReason.Overflow]);
});

test("an unknown encoding, a delta without its base, four octets 0xff and an image of nothing are refused", () => {
  for (const encoding of [3, 255]) assert.equal(inC(encoding, Buffer.alloc(9), 9, NONE, CUTS[0]), ImageReason.Encoding);
  assert.equal(inC(Encoding.Delta, delta(image, image), image.length, NONE, CUTS[0]), ImageReason.Encoding);
  for (const encoding of [1, 2]) {
    assert.equal(inC(encoding, Buffer.alloc(9, 0xff), 9, NONE, CUTS[0]), ImageReason.Encoding);
    assert.equal(inC(encoding, Buffer.alloc(4), 0, NONE, CUTS[0]), ImageReason.Encoding);
  }
});

test("a plain payload that is too long is an overflow, too short is corrupt", () => {
  for (const cut of CUTS) {
    assert.equal(inC(Encoding.Plain, Buffer.alloc(101), 100, NONE, cut), ImageReason.Overflow);
    assert.equal(inC(Encoding.Plain, Buffer.alloc(99), 100, NONE, cut), ImageReason.Encoding);
  }
});

test("the header of the C decoder holds the model that the encoder uses", () => {
  const header = readFileSync(join(ROOT, "boards/common/codec_model.h"), "utf8");
  const table = (name: string): number[] => {
    const text = new RegExp(`kw_codec_${name}\\[\\d+\\] = \\{([^}]*)\\}`).exec(header);
    assert.ok(text, `codec_model.h has no kw_codec_${name}`);
    return text[1]
      .split(",")
      .filter((word) => word.trim())
      .map(Number);
  };
  for (const [name, octets] of Object.entries(MODEL)) assert.deepEqual(table(name), octets, name);
  assert.deepEqual(table("rare"), RARE);
  assert.deepEqual(table("after_rare"), AFTER_RARE);
  assert.deepEqual(
    table("literal_class"),
    Array.from({ length: 256 }, (_, octet) => literalClass(octet)),
  );
});

test("1 MB is compressed and compared within seconds, also when nothing repeats or everything does", () => {
  const large = Buffer.concat(Array.from({ length: 9 }, (_, index) => Buffer.concat([modules[index % 3], noise(2000, index)])));
  for (const image of [large, Buffer.alloc(1 << 20), noise(1 << 20, 9)]) {
    const begun = cpuMs();
    const payload = compress(image);
    delta(modules[0], image);
    assert.ok(cpuMs() - begun < 15_000, `${cpuMs() - begun} ms of processor time`);
    const made = inC(Encoding.Compressed, payload, image.length, NONE, [256, 4096, 0]);
    assert.ok(Buffer.isBuffer(made) && made.equals(image));
  }
});
