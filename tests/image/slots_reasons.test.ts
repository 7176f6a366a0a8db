// Every ImageReason of docs/abi.md comes out of a board's slots and out of V8's, each by a package or an event of its own.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, describe, test } from "node:test";
import { FileStatus, IMAGE_REASON, IMAGE_STATE, IMAGE_STATUS, ImageReason, Role } from "../../host/abi.ts";
import { reasonName } from "../../host/image/image_error.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { moduleBytes } from "../../host/modules.ts";
import { type NativeImages, type NativeImagesOptions, native } from "../../host/native/addon.ts";
import { CASES, type Case } from "./package_reasons.ts";
import { smallPackage, withElements, withManifest } from "./packages.ts";

const SECTOR = 4096;
const SECTORS = 4;
const LAYOUT = { sectorSize: SECTOR, slotSectors: SECTORS, files: 1, fileSectors: SECTORS };
const MODULE = Buffer.from(moduleBytes("hub_factory"));
const package_ = (version: number, wasm = MODULE): Buffer => packageBuild({ wasm, role: Role.Ihd, version, counter: 5 });
const INSTALLED = package_(0x0102_0002);
const NEXT = package_(0x0102_0003, Buffer.concat([MODULE, Buffer.from("\0\x05\x04next", "latin1")]));
const identity = developmentIdentity(Role.Ihd);

/** Only a module's client says these of itself: tests/sep1/ota_client.test.ts. */
const OF_MODULES: number[] = [ImageReason.Changed, ImageReason.Aborted];
/** What a flash in memory never says, and no reset comes in the middle of a call there. */
const OF_BOARDS: number[] = [ImageReason.Flash, ImageReason.Stopped];

/** What the slots of a board and those of V8 have in common. */
interface Slots {
  begin(image: number, key: Buffer): number;
  write(image: number, offset: number, octets: Buffer): number;
  finish(image: number): number;
  activate(image: number): number;
  state(image: number): Buffer;
  reset(): void;
  confirm(healthy: boolean): number;
  /** An octet of the module beside the running one turns over. */
  rot(): void;
}

class Board implements Slots {
  private readonly nor = Buffer.alloc((2 + 3 * SECTORS) * SECTOR, 0xff);
  private images: NativeImages;
  private uptimes = 0;

  constructor(more: Partial<NativeImagesOptions> = {}) {
    this.images = this.open({});
    assert.equal(this.images.install(INSTALLED), 0);
    this.images = this.open(more);
    this.images.boot();
  }

  private open(more: Partial<NativeImagesOptions>): NativeImages {
    const noise = createHash("sha256")
      .update(`${++this.uptimes}`)
      .digest();
    return new (native().NativeImages)({ ...LAYOUT, nor: this.nor, identity, deviceKey: Buffer.alloc(16, 3), noise, ...more });
  }

  /** The power fails in the last operation, which says how the verification ended. */
  loadAndCut(file: Buffer): void {
    const before = Buffer.from(this.nor);
    load(this, file);
    const cutAt = this.images.stats().operations;
    before.copy(this.nor);
    this.images = this.open({ cutAt });
    this.images.boot();
    load(this, file);
    this.reset();
  }

  reset(): void {
    this.images = this.open({});
    this.images.boot();
  }
  rot(): void {
    this.nor[(2 + SECTORS) * SECTOR + 2048 + 40] ^= 1;
  }
  begin(image: number, key: Buffer): number {
    return this.images.begin(image, key);
  }
  write(image: number, offset: number, octets: Buffer): number {
    return this.images.write(image, offset, octets);
  }
  finish(image: number): number {
    return this.images.finish(image);
  }
  activate(image: number): number {
    return this.images.activate(image);
  }
  confirm(healthy: boolean): number {
    return this.images.confirm(healthy ? 1 : 0);
  }
  state(image: number): Buffer {
    return this.images.state(image) as Buffer;
  }
}

class Memory implements Slots {
  private readonly slots = new ImageSlots({
    identity,
    installed: INSTALLED,
    files: 1,
    slotCapacity: SECTOR * SECTORS,
    fileCapacity: SECTOR * SECTORS,
  });

  constructor() {
    this.slots.boot();
  }
  reset(): void {
    this.slots.boot();
  }
  rot(): void {
    const { contents } = this.slots as unknown as { contents: { module: Uint8Array }[] };
    contents[1].module = contents[1].module.map((octet, at) => (at === 40 ? octet ^ 1 : octet));
  }
  begin(image: number, key: Buffer): number {
    return this.slots.begin(image, key);
  }
  write(image: number, offset: number, octets: Buffer): number {
    return this.slots.write(image, offset, octets);
  }
  finish(image: number): number {
    return this.slots.finish(image);
  }
  activate(image: number): number {
    return this.slots.activate(image);
  }
  confirm(healthy: boolean): number {
    return this.slots.confirm(healthy);
  }
  state(image: number): Buffer {
    const out = Buffer.alloc(IMAGE_STATE, 0xa5);
    this.slots.state(image, out);
    return out;
  }
}

/** As a server announces it that knows the file's header, or lies about its size; in blocks, to the end or `until`. */
function load(slots: Slots, file: Buffer, { image = 0, announced = file.length, until = file.length } = {}): void {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(announced);
  let at = slots.begin(image, Buffer.concat([file.subarray(10, 18), size]));
  while (at >= 0 && at < until) at = slots.write(image, at, file.subarray(at, Math.min(at + 250, until)));
  if (at >= 0) slots.finish(image);
}

function ready(slots: Slots): void {
  load(slots, NEXT);
  assert.equal(slots.state(0)[IMAGE_STATUS], FileStatus.Waiting);
  assert.equal(slots.activate(0), 0);
}

const compressed = (): Buffer => smallPackage({ encoding: Encoding.Compressed });
const flipped = (): Buffer =>
  withElements((all) =>
    all.map(({ tag, data }) => ({ tag, data: tag === 0 ? Buffer.from(data.map((o, at) => (at === 77 ? o ^ 1 : o))) : data })),
  );
const LOADS: Case[] = [
  ...CASES,
  {
    name: "an image of more octets than it says",
    file: () => withManifest((map) => map.set(9, 100), undefined, compressed()),
    reason: ImageReason.Overflow,
  },
  {
    name: "a stream of fewer octets than it says",
    file: () => withManifest((map) => map.set(9, 9000), undefined, compressed()),
    reason: ImageReason.Encoding,
  },
  { name: "a delta against another module", file: () => smallPackage({ encoding: Encoding.Delta, base: NEXT }), reason: ImageReason.Base },
  { name: "an octet of the payload changed", file: flipped, reason: ImageReason.ImageDigest },
  { name: "a module that is none", file: () => smallPackage(), reason: ImageReason.Gate },
];

interface Event {
  name: string;
  reason: number;
  image?: number;
  happens: (slots: Slots) => void;
}

/** What is no matter of the file alone. */
const EVENTS: Event[] = [
  {
    name: "a header with another size than announced",
    reason: ImageReason.TotalSize,
    happens: (slots) => load(slots, NEXT, { announced: NEXT.length + 1 }),
  },
  { name: "a file that stops half-way", reason: ImageReason.Truncated, happens: (slots) => load(slots, NEXT, { until: NEXT.length >> 1 }) },
  {
    name: "a library file with an octet changed",
    reason: ImageReason.PayloadDigest,
    image: 1,
    happens: (slots) => load(slots, flipped(), { image: 1 }),
  },
  {
    name: "a module that does not confirm itself",
    reason: ImageReason.NotConfirmed,
    happens: (slots) => {
      ready(slots);
      for (let boot = 0; boot < 4; boot++) slots.reset();
    },
  },
  {
    name: "a module that is not well",
    reason: ImageReason.Unhealthy,
    happens: (slots) => {
      ready(slots);
      slots.reset();
      assert.equal(slots.confirm(false), 0);
    },
  },
  {
    name: "a module that rots before its first try",
    reason: ImageReason.Lost,
    happens: (slots) => {
      ready(slots);
      slots.rot();
      slots.reset();
    },
  },
];

for (const [name, make, others] of [
  ["a board's slots", () => new Board(), OF_MODULES],
  ["V8's slots", () => new Memory(), [...OF_MODULES, ...OF_BOARDS]],
] as [string, () => Slots, number[]][])
  describe(name, () => {
    const seen = new Set<number>([ImageReason.None, ...others]);
    const expect = (slots: Slots, image: number, reason: number): void => {
      assert.equal(reasonName(slots.state(image)[IMAGE_REASON]), reasonName(reason));
      assert.equal(slots.activate(0) < 0, true, "nothing to activate");
      seen.add(reason);
    };
    for (const { name: what, file, reason } of LOADS)
      test(`refuse ${what}: ${reasonName(reason)}`, () => {
        const slots = make();
        load(slots, file());
        expect(slots, 0, reason);
      });
    for (const { name: what, reason, image, happens } of EVENTS)
      test(`refuse ${what}: ${reasonName(reason)}`, () => {
        const slots = make();
        happens(slots);
        expect(slots, image ?? 0, reason);
      });
    if (!others.includes(ImageReason.Flash))
      test("refuse a sector that takes nothing: Flash", () => {
        const slots = new Board({ stuck: 2 + SECTORS, stuckSilent: true });
        load(slots, NEXT);
        expect(slots, 0, ImageReason.Flash);
      });
    if (!others.includes(ImageReason.Stopped))
      test("refuse a package whose verification ends in resets: Stopped", () => {
        const slots = new Board();
        for (let reset = 0; reset < 3; reset++) slots.loadAndCut(NEXT);
        expect(slots, 0, ImageReason.Stopped);
      });
    after(() => {
      const missing = Object.values(ImageReason).filter((reason) => typeof reason === "number" && !seen.has(reason));
      assert.deepEqual(missing.map(reasonName), [], "reasons that nothing produced");
    });
  });
