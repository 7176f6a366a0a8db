// The slots of V8 and those of the boards are asked the same and must answer the same: offsets, reasons and states of what is loaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStatus, IMAGE_REASON, IMAGE_STATUS, ImageReason, Role } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { withHeader } from "./packages.ts";
import { grown, NEW, newer, OLD, SECTOR, SLOT_SECTORS, Twins } from "./slot_twins.ts";

/** Of the twins, as the header has it. */
const ADDRESS = 0x0807060504030201n;

for (const block of [48, 240, 4096, 100_000]) {
  test(`a good package in blocks of ${block} is answered alike, to its confirmation and beyond`, () => {
    const twins = new Twins();
    const file = newer();
    assert.equal(twins.begin(0, file), 0);
    assert.equal(twins.feed(0, file, block), file.length);
    assert.equal(twins.write(0, 5, file.subarray(5, 10)), file.length);
    assert.equal(twins.finish(0), 0);
    assert.equal(twins.finish(0), 0);
    twins.reset("a");
    twins.activate(1);
    assert.equal(twins.activate(), 0);
    twins.reset("b");
    twins.begin(0, file);
    twins.begin(1, file);
    assert.equal(twins.confirm(true), 0);
    twins.confirm(true);
    twins.begin(0, newer({ version: 0x00030000 }));
    twins.reset("b");
  });
}

test("resets at every sector and between: the jump goes to the same octet", () => {
  const file = newer();
  for (const until of [1, 60, 400, 900, 1500, 2100, 5000, 8191, 8192, 8193, 20_000, file.length - 1, file.length]) {
    const twins = new Twins();
    twins.begin(0, file);
    twins.feed(0, file, 240, until);
    twins.reset("a");
    assert.equal(twins.begin(0, file), 0);
    assert.equal(twins.feed(0, file, 100), file.length, `cut at ${until}`);
    assert.equal(twins.finish(0), 0);
    twins.begin(0, file);
    assert.equal(twins.feed(0, file, 999), file.length);
    twins.finish(0);
    twins.activate();
    twins.reset("b");
  }
});

test("another file after a reset, with the same announcement or another, begins anew", () => {
  const [file, other] = [newer(), newer({ wasm: grown(29_999) })];
  assert.equal(other.length, file.length - 1);
  const twin = newer({ sbom: Buffer.from("another bill") });
  assert.equal(twin.length, file.length);
  for (const second of [other, twin]) {
    for (const image of [0, 1]) {
      const twins = new Twins();
      twins.begin(image, file);
      twins.feed(image, file, 240, 20_000);
      twins.reset("a");
      twins.begin(image, second);
      let wanted = 0;
      for (let turns = 0; wanted >= 0 && wanted < second.length && turns < 1000; turns++)
        wanted = twins.write(image, wanted, second.subarray(wanted, wanted + 240));
      assert.equal(wanted, second.length);
      assert.equal(twins.finish(image), 0);
    }
  }
});

test("refusals come at the same octet, with the same reason", () => {
  const flipped = (at: number): Buffer => {
    const file = Buffer.from(newer());
    file[at] ^= 1;
    return file;
  };
  const good = newer();
  const stranger = developmentIdentity(Role.Hub);
  const cases: [string, Buffer][] = [
    ...[0, 4, 6, 8, 9, 18, 56, 58, 60, 61, 62, 66, 70, 100, 200, 250, 300, 500, 640, 700, 2000, good.length - 1].map(
      (at): [string, Buffer] => [`octet ${at}`, flipped(at)],
    ),
    ["role", newer({ role: Role.Meter, imageType: 1 })],
    ["type", newer({ imageType: 2 })],
    ["manufacturer", newer({ manufacturer: 0x1234 })],
    ["phase", newer({ phase: 4 })],
    ["hardware", newer({ hardware: { minimum: 2, maximum: 9 } })],
    ["vendor", newer({ vendor: Buffer.alloc(16, 1) })],
    ["class", newer({ classId: stranger.vendor })],
    ["host abi", newer({ hostAbi: { minimum: 1, maximum: 2 } })],
    ["memory", newer({ memory: 65_537 })],
    ["native", newer({ nativeMinimum: 0x00010001 })],
    ["counter", newer({ counter: 4 })],
    ["version", newer({ version: 0x00010000 })],
    ["destination", newer({ destination: 0x1122334455667788n })],
    ["destination that nobody signed", withHeader({ destination: ADDRESS }, good)],
    ["destination that was another one", withHeader({ destination: ADDRESS }, newer({ destination: 0x1122334455667788n }))],
    ["destination that was one", withHeader({ destination: undefined }, newer({ destination: ADDRESS }))],
    ["type that was another one", withHeader({ imageType: 1 }, newer({ imageType: 3 }))],
    ["manufacturer that was another one", withHeader({ manufacturer: 0xfff1 }, newer({ manufacturer: 0x1234 }))],
    ["another key", newer({ certificate: undefined, sign: () => Buffer.alloc(64, 1) })],
    ["gate", newer({ wasm: Buffer.concat([Buffer.from("\0asm\u0001\0\0\0", "latin1"), Buffer.alloc(9000)]) })],
    ["too large", newer({ wasm: grown(SLOT_SECTORS * SECTOR - 2048 - OLD.length) })],
    ["wrong base", newer({ encoding: Encoding.Delta, base: NEW })],
  ];
  const seen = new Set<number>();
  for (const [name, file] of cases) {
    const twins = new Twins();
    if (twins.begin(0, file) < 0) continue;
    const answer = twins.feed(0, file, 240);
    const refused = answer < 0 || twins.finish(0) < 0;
    if (!refused) continue;
    seen.add(twins.state()[IMAGE_REASON]);
    assert.notEqual(twins.state()[IMAGE_STATUS], FileStatus.Waiting, name);
    twins.activate();
    twins.finish(0);
    twins.write(0, 0, file.subarray(0, 100));
    twins.reset("a");
    assert.equal(twins.begin(0, good), 0);
    assert.equal(twins.feed(0, good, 4000), good.length);
    assert.equal(twins.finish(0), 0, `a good one after ${name}`);
  }
  assert.ok(seen.size >= 18, `${seen.size} different reasons`);
});

test("a package for one device is taken by it, in a slot and in a library, and a re-wrapped one by nobody", () => {
  const file = newer({ destination: ADDRESS });
  const other = newer({ destination: 0x1122334455667788n });
  for (const [image, octets, taken] of [
    [0, file, true],
    [1, file, true],
    [1, other, true],
    [1, withHeader({ destination: ADDRESS }, other), false],
    [1, withHeader({ destination: undefined }, other), false],
    [1, withHeader({ destination: ADDRESS }, newer()), false],
    [1, withHeader({ imageType: 2 }, newer()), false],
  ] as const) {
    const twins = new Twins();
    assert.equal(twins.begin(image, octets), 0);
    const answer = twins.feed(image, octets, 240);
    assert.equal(answer === octets.length && twins.finish(image) === 0, taken);
    if (image === 0) assert.equal(twins.activate(), 0);
    twins.reset(image === 0 ? "b" : "a");
  }
});

test("packages in vain are bounded alike, and time gives them back alike", () => {
  const good = newer();
  const wrong = [0x00030000, 0x00040000].map((version) => {
    const file = Buffer.from(newer({ version }));
    file[file.length - 5] ^= 1;
    return file;
  });
  const twins = new Twins();
  let now = 0n;
  for (let turn = 0, resets = 0; turn < 40; turn++, now += 1_500_000n) {
    twins.tell(now);
    const file = wrong[turn % 2];
    if (twins.begin(0, file) < 0) continue;
    if (turn % 5 === 4) {
      twins.feed(0, file, 4096, 9000); // given up by the server, and begun again at the same place
      twins.begin(0, file);
    }
    if (twins.feed(0, file, 4096) >= 0) twins.finish(0);
    if (turn % 7 === 3 && resets++ < 3) {
      twins.reset("a");
      now = 0n;
    }
  }
  assert.equal(twins.begin(0, good), Err.Busy);
  twins.tell(now + 86_400_000n);
  assert.equal(twins.begin(0, good), 0);
  assert.equal(twins.feed(0, good, 4000), good.length);
  assert.equal(twins.finish(0), 0);
});

test("truncated files end alike", () => {
  const good = newer();
  for (const size of [10, 55, 56, 59, 60, 61, 65, 66, 250, 300, 700, 760, 1000, good.length - 1]) {
    const file = Buffer.from(good.subarray(0, size));
    if (size >= 56) file.writeUInt32LE(size, 52);
    const twins = new Twins();
    twins.begin(0, good, size);
    const answer = twins.feed(0, file, 50);
    assert.ok(answer < 0 || twins.finish(0) < 0);
  }
});

test("compressed packages and deltas end alike", () => {
  for (const options of [{ encoding: Encoding.Compressed }, { encoding: Encoding.Delta, base: OLD }]) {
    const file = newer(options);
    const twins = new Twins();
    twins.begin(0, file);
    assert.equal(twins.feed(0, file, file.length), file.length);
    assert.equal(twins.finish(0), 0);
    twins.activate();
    twins.reset("b");
    twins.confirm(true);
  }
});

test("what is wrong in a compressed payload is refused with the same reason, if not at the same octet", () => {
  const reasons = new Set<number>();
  for (const options of [{ encoding: Encoding.Compressed }, { encoding: Encoding.Delta, base: OLD }]) {
    const good = newer(options);
    for (let back = 1; back <= 60; back += 3) {
      const file = Buffer.from(good);
      file[file.length - back] ^= 0x55;
      const reason = Twins.verdict(file);
      reasons.add(reason);
      assert.notEqual(reason, ImageReason.None, `${back} octets from the end`);
    }
  }
  const possible: number[] = [ImageReason.Encoding, ImageReason.Overflow, ImageReason.ImageDigest];
  assert.ok(reasons.size >= 2 && [...reasons].every((reason) => possible.includes(reason)), [...reasons].join());
});

test("a download goes on after a reset, on a factory module as well, and a delta not on another base", () => {
  const twins = new Twins(grown(100));
  const file = newer();
  twins.begin(0, file);
  twins.feed(0, file, 240);
  twins.finish(0);
  twins.activate();
  twins.reset("b");
  twins.confirm(true);
  const against = (base: Buffer, version: number): Buffer => newer({ wasm: grown(29_000), encoding: Encoding.Delta, base, version });
  const third = against(NEW, 0x00030000);
  twins.begin(0, third);
  twins.feed(0, third, third.length);
  twins.refused(ImageReason.Gate, 1); // B is lost; the factory module runs, and A, where the delta was going, is the free slot
  assert.equal(twins.begin(0, third), 0);
  assert.ok(twins.write(0, 0, third) < 0);
  assert.equal(twins.state()[IMAGE_REASON], ImageReason.Base);
  const fourth = newer({ wasm: grown(29_500), version: 0x00040000 });
  for (const until of [9000, 18_000]) {
    twins.begin(0, fourth);
    twins.feed(0, fourth, 240, until);
    twins.reset("factory");
  }
  assert.equal(twins.begin(0, fourth), 0);
  assert.equal(twins.feed(0, fourth, 240), fourth.length);
  assert.equal(twins.finish(0), 0);
  assert.equal(twins.begin(0, fourth), 0);
  assert.equal(twins.feed(0, fourth, 240), fourth.length);
});
