// The slots of V8 and those of the boards are asked the same and must answer the same: offsets, states, reasons, and what runs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { FileStatus, IMAGE_DETAIL, IMAGE_REASON, IMAGE_STATE, IMAGE_STATUS, ImageReason, Role } from "../../host/abi.ts";
import { developmentIdentity, developmentRelease } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { moduleBytes } from "../../host/modules.ts";
import { ImageSource, native } from "../../host/native/index.ts";

const SECTOR = 4096;
const SLOT_SECTORS = 16;
const FILE_SECTORS = 16;
const FILES = 2;
const ADDRESS = Buffer.from("0102030405060708", "hex");
const DEVICE_KEY = Buffer.alloc(16, 7);
const SOURCES: Record<number, string> = {
  [ImageSource.SlotA]: "a",
  [ImageSource.SlotB]: "b",
  [ImageSource.Factory]: "factory",
  [ImageSource.Nothing]: "nothing",
};

const OLD = Buffer.from(moduleBytes("hub_factory"));
const section = (size: number): Buffer => {
  const name = Buffer.from([4, 0x66, 0x69, 0x6c, 0x6c]);
  const octets = Buffer.concat([name, createHash("sha256").update(String(size)).digest(), Buffer.alloc(size, 0x5a)]);
  return Buffer.concat([
    Buffer.from([0, (octets.length & 0x7f) | 0x80, ((octets.length >> 7) & 0x7f) | 0x80, octets.length >> 14]),
    octets,
  ]);
};
/** A module of a little more than `size` octets. */
const grown = (size: number): Buffer => Buffer.concat([OLD, section(size)]);
const NEW = grown(30_000);
const V1 = packageBuild({ wasm: OLD, role: Role.Hub, version: 0x00010000, counter: 5 });
const newer = (options: Partial<Parameters<typeof packageBuild>[0]> = {}): Buffer =>
  packageBuild({ wasm: NEW, role: Role.Hub, version: 0x00020000, counter: 6, ...options });

/** The two, asked in step.  Every answer and every state is compared. */
class Twins {
  readonly v8: ImageSlots;
  private board!: ReturnType<typeof this.open>;
  private readonly nor = Buffer.alloc((2 + 2 * SLOT_SECTORS + FILES * FILE_SECTORS) * SECTOR, 0xff);
  private uptime = 0;

  constructor(factory?: Buffer) {
    const identity = developmentIdentity(Role.Hub);
    const options = { identity, address: ADDRESS, installed: V1, factory, files: FILES, sectorSize: SECTOR };
    this.v8 = new ImageSlots({ ...options, slotCapacity: SLOT_SECTORS * SECTOR, fileCapacity: FILE_SECTORS * SECTOR });
    this.factory = factory;
    assert.equal(this.open().install(V1), 0);
    this.reset("a");
  }

  private readonly factory: Buffer | undefined;

  private open() {
    const noise = createHash("sha256")
      .update(String(this.uptime++))
      .digest();
    const layout = { sectorSize: SECTOR, slotSectors: SLOT_SECTORS, files: FILES, fileSectors: FILE_SECTORS };
    const options = { ...layout, nor: this.nor, identity: developmentIdentity(Role.Hub), deviceKey: DEVICE_KEY, noise, address: ADDRESS };
    const images = new (native().NativeImages)(this.factory ? { ...options, factory: this.factory } : options);
    assert.equal(images.opened, 0);
    return images;
  }

  /** A reset; what runs then. */
  reset(expected?: string): string {
    this.board = this.open();
    const { source, wasm } = this.v8.boot();
    assert.equal(source, SOURCES[this.board.boot()]);
    assert.deepEqual(wasm && Buffer.from(wasm), this.board.running());
    if (expected !== undefined) assert.equal(source, expected);
    this.compare("reset");
    return source;
  }

  ask(name: string, v8: number, board: number): number {
    assert.equal(v8, board, name);
    this.compare(name);
    return v8;
  }

  begin(image: number, file: Buffer, size = file.length): number {
    const key = Buffer.concat([file.subarray(10, 18), Buffer.alloc(4)]);
    key.writeUInt32LE(size, 8);
    return this.ask(`begin ${image}`, this.v8.begin(image, key), this.board.begin(image, key));
  }

  write(image: number, offset: number, octets: Buffer): number {
    return this.ask(`write ${image} at ${offset}`, this.v8.write(image, offset, octets), this.board.write(image, offset, octets));
  }

  /** As a client does, up to `until` octets; answers the last answer. */
  feed(image: number, file: Buffer, block: number, until = file.length): number {
    let wanted = 0;
    while (wanted >= 0 && wanted < until) {
      const next = this.write(image, wanted, file.subarray(wanted, Math.min(wanted + block, until)));
      assert.notEqual(next, wanted, "no step");
      wanted = next;
    }
    return wanted;
  }

  finish(image: number): number {
    return this.ask(`finish ${image}`, this.v8.finish(image), this.board.finish(image));
  }

  activate(image = 0): number {
    return this.ask("activate", this.v8.activate(image), this.board.activate(image));
  }

  confirm(healthy: boolean): number {
    return this.ask("confirm", this.v8.confirm(healthy), this.board.confirm(healthy ? 1 : 0));
  }

  refused(reason: number, detail: number): void {
    const { source } = this.v8.refused(reason, detail);
    this.board.refused(reason, detail);
    assert.equal(source, SOURCES[this.board.boot()]);
    this.compare("refused");
  }

  /** Gives both the whole file, and answers the reason that both end with. */
  static verdict(file: Buffer): number {
    const twins = new Twins();
    twins.begin(0, file);
    const { v8, board } = twins;
    if (v8.write(0, 0, file) >= 0) v8.finish(0);
    if (board.write(0, 0, file) >= 0) board.finish(0);
    const [own, other] = [twins.state(), board.state(0) as Buffer];
    assert.deepEqual([own[IMAGE_STATUS], own[IMAGE_REASON]], [other[IMAGE_STATUS], other[IMAGE_REASON]]);
    return own[IMAGE_REASON];
  }

  read(image: number, offset: number, capacity: number): Buffer | number {
    const to = Buffer.alloc(capacity, 0xa5);
    const size = this.v8.read(image, offset, to);
    const board = this.board.read(image, offset, capacity);
    assert.deepEqual(size < 0 ? size : to.subarray(0, size), board);
    return board;
  }

  state(image = 0): Buffer {
    const out = Buffer.alloc(IMAGE_STATE, 0xa5);
    this.v8.state(image, out);
    return out;
  }

  private compare(after: string): void {
    for (let image = 0; image <= FILES + 1; image++) {
      const out = Buffer.alloc(IMAGE_STATE, 0xa5);
      const answer = this.v8.state(image, out);
      const board = this.board.state(image);
      if (typeof board === "number") {
        assert.equal(answer, board);
        continue;
      }
      // The two gates know different reasons; V8's is shorter.
      if (out[IMAGE_REASON] === ImageReason.Gate) board.copy(out, IMAGE_DETAIL, IMAGE_DETAIL, IMAGE_DETAIL + 2);
      assert.equal(out.toString("hex"), board.toString("hex"), `state ${image} after ${after}`);
    }
  }
}

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
    ["phase", newer({ phase: 3 })],
    ["hardware", newer({ hardware: { minimum: 2, maximum: 9 } })],
    ["vendor", newer({ vendor: Buffer.alloc(16, 1) })],
    ["class", newer({ classId: stranger.vendor })],
    ["host abi", newer({ hostAbi: { minimum: 1, maximum: 2 } })],
    ["memory", newer({ memory: 65_537 })],
    ["native", newer({ nativeMinimum: 0x00010001 })],
    ["counter", newer({ counter: 4 })],
    ["version", newer({ version: 0x00010000 })],
    ["destination", newer({ destination: 0x1122334455667788n })],
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

test("trials end alike: three tries, a bad report, a module that does not load, a new package instead", () => {
  const ready = (): Twins => {
    const twins = new Twins();
    const file = newer();
    twins.begin(0, file);
    twins.feed(0, file, 4096);
    twins.finish(0);
    twins.activate();
    return twins;
  };
  const tries = ready();
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => tries.reset()),
    ["b", "b", "b", "a", "a"],
  );
  const unwell = ready();
  unwell.reset("b");
  assert.equal(unwell.confirm(false), 0);
  unwell.begin(0, newer());
  unwell.confirm(true);
  unwell.reset("a");
  const unloadable = ready();
  unloadable.reset("b");
  unloadable.refused(ImageReason.Gate, 3);
  unloadable.reset("a");
  const instead = ready();
  instead.begin(0, newer({ version: 0x00030000 }));
  instead.reset("a");
  const forgotten = ready();
  forgotten.begin(0, newer(), 0);
  forgotten.reset("a");
});

test("the confirmed module lost: the former one, then the factory module", () => {
  for (const factory of [undefined, grown(100)]) {
    const twins = new Twins(factory);
    const file = newer({ counter: 5 });
    twins.begin(0, file);
    twins.feed(0, file, 4096);
    twins.finish(0);
    twins.activate();
    twins.reset("b");
    twins.confirm(true);
    twins.refused(ImageReason.Gate, 7);
    const next = twins.reset();
    assert.ok(next === "a" || next === "factory", next);
    twins.refused(ImageReason.Gate, 8);
    twins.reset();
    twins.begin(0, newer({ version: 0x00040000 }));
  }
});

test("a library's files are kept, read, replaced and forgotten alike", () => {
  const twins = new Twins();
  const [meter, ihd] = [newer({ role: Role.Meter }), newer({ role: Role.Ihd, encoding: Encoding.Compressed, notBefore: 77 })];
  assert.equal(twins.begin(1, meter), 0);
  twins.feed(1, meter, 240, 10_000);
  twins.begin(2, ihd);
  twins.write(1, 10_000, meter.subarray(10_000, 10_100));
  assert.equal(twins.feed(2, ihd, 240), ihd.length);
  assert.equal(twins.finish(2), 0);
  twins.reset("a");
  twins.begin(1, meter);
  assert.equal(twins.feed(1, meter, 240), meter.length);
  assert.equal(twins.finish(1), 0);
  assert.ok(meter.subarray(100, 340).equals(twins.read(1, 100, 240) as Buffer));
  assert.equal((twins.read(1, meter.length - 10, 240) as Buffer).length, 10);
  twins.read(1, meter.length, 10);
  twins.read(0, 0, 10);
  twins.read(3, 0, 10);
  twins.begin(2, ihd);
  assert.equal(twins.feed(2, ihd, 240), ihd.length);
  twins.begin(1, meter, 0);
  twins.read(1, 0, 10);
  twins.reset("a");
  const bad = Buffer.from(meter);
  bad[bad.length - 1] ^= 1;
  twins.begin(1, bad);
  twins.feed(1, bad, 240);
  assert.ok(twins.finish(1) < 0);
  assert.equal(developmentRelease().point.length, 64);
});
