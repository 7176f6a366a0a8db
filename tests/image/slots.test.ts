// The slots of a device under V8: what they answer, what a reset leaves, and that nothing that was refused ever runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FileStatus,
  IMAGE_CAPACITY,
  IMAGE_FLAGS,
  IMAGE_OFFSET,
  IMAGE_REASON,
  IMAGE_RUNNING,
  IMAGE_STATE,
  IMAGE_STATUS,
  IMAGE_TRIES,
  ImageReason,
  Role,
} from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { developmentIdentity, MANUFACTURER_TEST } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots, type SlotsOptions, TRIAL_MS } from "../../host/image/slots.ts";
import { moduleBytes } from "../../host/modules.ts";

const OLD = moduleBytes("ihd_sep1");
/** The same module with a custom section: another image of another digest. */
const NEW = Buffer.concat([OLD, Buffer.from([0, 4, 3, 0x6e, 0x65, 0x77])]);
const BLOCK = 240;

const V1 = packageBuild({ wasm: OLD, role: Role.Ihd, version: 0x00010000, counter: 1 });
const V2 = packageBuild({ wasm: NEW, role: Role.Ihd, version: 0x00020000, counter: 2 });

function key(file: Buffer, type = 3, version = file.readUInt32LE(14)): Buffer {
  const out = Buffer.alloc(12);
  out.writeUInt16LE(MANUFACTURER_TEST, 0);
  out.writeUInt16LE(type, 2);
  out.writeUInt32LE(version, 4);
  out.writeUInt32LE(file.length, 8);
  return out;
}

function made(options: Partial<SlotsOptions> = {}): ImageSlots {
  const slots = new ImageSlots({ identity: developmentIdentity(Role.Ihd), installed: V1, ...options });
  assert.equal(slots.boot().source, "a");
  return slots;
}

/** Feeds a file as a client does, up to `until`; answers what the last write answered. */
function feed(slots: ImageSlots, file: Buffer, image = 0, until = file.length): number {
  let wanted = 0;
  while (wanted >= 0 && wanted < until) wanted = slots.write(image, wanted, file.subarray(wanted, Math.min(wanted + BLOCK, until)));
  return wanted;
}

function state(slots: ImageSlots, image = 0): Buffer {
  const out = Buffer.alloc(IMAGE_STATE, 0xa5);
  assert.equal(slots.state(image, out), IMAGE_STATE);
  return out;
}

const status = (slots: ImageSlots): [number, number] => [state(slots)[IMAGE_STATUS], state(slots)[IMAGE_REASON]];

test("a package goes from loading to activated, and the counter rises with the confirmation only", () => {
  const slots = made();
  assert.deepEqual(status(slots), [FileStatus.Activated, ImageReason.None]);
  assert.equal(slots.begin(0, key(V2)), 0);
  assert.deepEqual(status(slots), [FileStatus.Loading, ImageReason.None]);
  assert.equal(feed(slots, V2), V2.length);
  assert.deepEqual(status(slots), [FileStatus.Verifying, ImageReason.None]);
  assert.equal(slots.activate(0), Err.NotFound);
  assert.equal(slots.finish(0), 0);
  assert.deepEqual(status(slots), [FileStatus.Waiting, ImageReason.None]);
  assert.equal(slots.activate(0), 0);
  assert.equal(state(slots)[IMAGE_TRIES], 3);
  const { source, wasm } = slots.boot();
  assert.equal(source, "b");
  assert.ok(NEW.equals(wasm as Uint8Array));
  assert.deepEqual([state(slots)[IMAGE_TRIES], state(slots)[IMAGE_FLAGS], slots.counter], [2, 1, 1]);
  assert.equal(slots.begin(0, key(V2)), Err.Busy);
  assert.equal(slots.confirm(true), 0);
  assert.deepEqual(status(slots), [FileStatus.Activated, ImageReason.None]);
  assert.deepEqual([slots.counter, state(slots).readUInt32LE(IMAGE_RUNNING)], [2, 0x00020000]);
  assert.equal(slots.boot().source, "b");
  assert.equal(slots.confirm(true), Err.NotFound);
});

test("three boots without a confirmation, and the old module runs again with the reason kept", () => {
  const slots = made();
  slots.begin(0, key(V2));
  feed(slots, V2);
  slots.finish(0);
  slots.activate(0);
  assert.deepEqual(
    [1, 2, 3, 4].map(() => slots.boot().source),
    ["b", "b", "b", "a"],
  );
  assert.deepEqual(status(slots), [FileStatus.ActivationFailed, ImageReason.NotConfirmed]);
  assert.equal(slots.counter, 1);
  assert.equal(slots.boot().source, "a");
});

test("a module that reports itself unwell, or cannot be loaded, is not tried again", () => {
  for (const end of [(slots: ImageSlots) => slots.confirm(false), (slots: ImageSlots) => slots.refused(ImageReason.Gate, 14)]) {
    const slots = made();
    slots.begin(0, key(V2));
    feed(slots, V2);
    slots.finish(0);
    slots.activate(0);
    assert.equal(slots.boot().source, "b");
    end(slots);
    assert.equal(slots.boot().source, "a");
    assert.equal(status(slots)[0], FileStatus.ActivationFailed);
  }
});

test("a trial is overdue from its twentieth minute on, a confirmed module never", () => {
  const slots = made();
  assert.equal(slots.overdue(TRIAL_MS), false);
  slots.begin(0, key(V2));
  feed(slots, V2);
  slots.finish(0);
  slots.activate(0);
  slots.boot();
  assert.deepEqual([slots.overdue(TRIAL_MS - 1n), slots.overdue(TRIAL_MS)], [false, true]);
});

test("after a reset the answer jumps from the manifest to the last whole sector", () => {
  const slots = made();
  slots.begin(0, key(V2));
  feed(slots, V2, 0, 20_000);
  slots.boot();
  assert.equal(slots.begin(0, key(V2)), 0);
  let wanted = 0;
  const asked: number[] = [];
  while (wanted < V2.length) {
    asked.push(wanted);
    wanted = slots.write(0, wanted, V2.subarray(wanted, wanted + BLOCK));
  }
  const jump = asked.find((at, index) => at > (asked[index - 1] ?? 0) + BLOCK) as number;
  assert.ok(jump > 20_000 - 4096 && jump <= 20_000, String(jump));
  assert.equal(slots.finish(0), 0);
  slots.activate(0);
  assert.ok(NEW.equals(slots.boot().wasm as Uint8Array));
});

test("at another offset than the wanted one nothing changes", () => {
  const slots = made();
  slots.begin(0, key(V2));
  assert.equal(slots.write(0, BLOCK, V2.subarray(BLOCK, 2 * BLOCK)), 0);
  assert.equal(slots.write(0, 0, V2.subarray(0, BLOCK)), BLOCK);
  assert.equal(slots.write(0, 0, V2.subarray(0, BLOCK)), BLOCK);
  assert.equal(state(slots).readUInt32LE(IMAGE_OFFSET), BLOCK);
});

test("what is not for this device is refused with its reason, and leaves the running module alone", () => {
  const flipped = Buffer.from(V2);
  flipped[20_000] ^= 1;
  const cases: [string, Buffer, number][] = [
    ["role", packageBuild({ wasm: NEW, role: Role.Meter, version: 0x00020000, counter: 2, imageType: 3 }), ImageReason.Role],
    ["image type", packageBuild({ wasm: NEW, role: Role.Meter, version: 0x00020000, counter: 2 }), ImageReason.ImageType],
    ["version", V1, ImageReason.Version],
    ["counter", packageBuild({ wasm: NEW, role: Role.Ihd, version: 0x00030000, counter: 0 }), ImageReason.Counter],
    [
      "hardware",
      packageBuild({ wasm: NEW, role: Role.Ihd, version: 0x00030000, counter: 2, hardware: { minimum: 2, maximum: 3 } }),
      ImageReason.Hardware,
    ],
    [
      "contract",
      packageBuild({ wasm: NEW, role: Role.Ihd, version: 0x00030000, counter: 2, hostAbi: { minimum: 2, maximum: 3 } }),
      ImageReason.HostAbi,
    ],
    ["digest", flipped, ImageReason.ImageDigest],
  ];
  for (const [name, file, reason] of cases) {
    const slots = made();
    assert.equal(slots.begin(0, key(file)), 0, name);
    const answer = feed(slots, file);
    assert.ok(answer < 0 || slots.finish(0) < 0, name);
    assert.equal(status(slots)[1], reason, name);
    assert.equal(slots.activate(0), Err.NotFound);
    assert.equal(slots.boot().source, "a");
  }
});

test("every truncation of the head is refused at the end", () => {
  for (const size of [0, 55, 56, 60, 61, 66, 300, V2.length - 1]) {
    const slots = made();
    const file = Buffer.from(V2.subarray(0, size));
    if (size >= 56) file.writeUInt32LE(size, 52);
    const announced = key(V2);
    announced.writeUInt32LE(size, 8);
    assert.equal(slots.begin(0, announced), 0);
    const answer = feed(slots, file);
    assert.ok(answer < 0 || slots.finish(0) < 0, String(size));
    assert.equal(slots.activate(0), Err.NotFound);
  }
});

test("limits hold: the last size that fits is taken, the next is not", () => {
  const slots = made({ files: 2 });
  const capacity = state(slots).readUInt32LE(IMAGE_CAPACITY);
  const announced = key(V2);
  announced.writeUInt32LE(capacity, 8);
  assert.equal(slots.begin(0, announced), 0);
  announced.writeUInt32LE(capacity + 1, 8);
  assert.equal(slots.begin(0, announced), Err.NoBuffer);
  assert.deepEqual([slots.begin(2, key(V2)), slots.begin(3, key(V2))], [0, Err.NotFound]);
  assert.equal(slots.state(0, new Uint8Array(IMAGE_STATE - 1)), Err.NoBuffer);
});

test("a library keeps somebody else's package, and gives it back octet by octet", () => {
  const meter = packageBuild({ wasm: NEW, role: Role.Meter, version: 0x00020000, counter: 2 });
  const slots = new ImageSlots({ identity: developmentIdentity(Role.Hub), files: 4 });
  slots.boot();
  assert.equal(slots.begin(1, key(meter, 2)), 0);
  assert.equal(slots.read(1, 0, new Uint8Array(10)), Err.NotFound);
  assert.equal(feed(slots, meter, 1), meter.length);
  assert.equal(slots.finish(1), 0);
  slots.boot();
  const to = new Uint8Array(meter.length + 10).fill(0xa5);
  assert.equal(slots.read(1, 0, to), meter.length);
  assert.ok(meter.equals(to.subarray(0, meter.length)));
  assert.equal(slots.read(1, meter.length, to), 0);
  assert.equal(slots.activate(1), Err.NotFound);
  assert.equal(slots.begin(1, Buffer.alloc(12)), 0);
  assert.equal(slots.read(1, 0, to), Err.NotFound);
});
