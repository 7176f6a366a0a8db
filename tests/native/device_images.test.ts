// A device under the boards' engine whose module comes from image slots: what it boots, and what it does when that cannot be loaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { IMAGE_DETAIL, IMAGE_REASON, ImageReason, Role } from "../../host/abi.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { type DeviceImagesOptions, ImageSource, native, SIMULATED_DEVICE_KEY, Wasm3Engine } from "../../host/native/index.ts";
import { caller, rowOf, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const SLOT_SECTORS = 4;
const identity = developmentIdentity(Role.Meter);
const address = Buffer.from("0102030405060708", "hex");
const seed = (boot: number): Buffer => Buffer.alloc(32, boot);

/** A module that answers this deadline. */
const answering = (deadline: number): Buffer => w.withPoll([0x42, ...w.signed(deadline)]);
const release = (wasm: Uint8Array, version: number): Buffer => packageBuild({ wasm, role: Role.Meter, version, counter: 1, memory: 65536 });

function region(): DeviceImagesOptions {
  return { nor: Buffer.alloc((2 + 2 * SLOT_SECTORS) * 4096, 0xff), slotSectors: SLOT_SECTORS, identity, address };
}

function bench(images: DeviceImagesOptions, boot: number): InstanceType<ReturnType<typeof native>["NativeImages"]> {
  return new (native().NativeImages)({ ...images, deviceKey: SIMULATED_DEVICE_KEY, noise: seed(0x80 + boot) });
}

/** Loads a package beside the running module, and has the next boot try it. */
function activate(images: DeviceImagesOptions, file: Buffer, boot: number): void {
  const slots = bench(images, boot);
  slots.boot();
  const key = Buffer.concat([file.subarray(10, 18), Buffer.alloc(4)]);
  key.writeUInt32LE(file.length, 8);
  assert.equal(slots.begin(0, key), 0);
  assert.equal(slots.write(0, 0, file), file.length);
  assert.equal(slots.finish(0), 0);
  assert.equal(slots.activate(0), 0);
}

const engine = (images: DeviceImagesOptions, boot: number): Wasm3Engine =>
  new Wasm3Engine({ images, seed: seed(boot), surroundings: surroundings() });

function run(images: DeviceImagesOptions, boot: number): { booted: [number, number, boolean] | null; deadline: bigint } {
  const device = engine(images, boot);
  try {
    device.start(0n, 0);
    const booted = device.booted();
    return { booted: booted && [booted.source, booted.version, booted.onTrial], deadline: device.poll(1n) };
  } finally {
    device.close();
  }
}

test("the module in the slot runs, and the factory's where the slots are blank", () => {
  const images = { ...region(), factory: answering(5) };
  assert.deepEqual(run(images, 1), { booted: [ImageSource.Factory, 0, false], deadline: 5n });
  assert.equal(bench(images, 1).install(release(answering(7), 0x01000000)), 0);
  assert.deepEqual(run(images, 2), { booted: [ImageSource.SlotA, 0x01000000, false], deadline: 7n });
});

test("a module on trial runs three times, and the imports reach the slots", () => {
  const images = region();
  const confirm = rowOf("image_confirm");
  assert.equal(bench(images, 1).install(release(answering(7), 1)), 0);
  activate(images, release(caller(confirm, [1]), 2), 2);
  assert.deepEqual(run(images, 3), { booted: [ImageSource.SlotB, 2, true], deadline: 0n });
  // Confirmed by its poll, it is not on trial any more, and there is nothing left to confirm.
  assert.deepEqual(run(images, 4), { booted: [ImageSource.SlotB, 2, false], deadline: -7n });
  activate(images, release(answering(9), 3), 5);
  for (let boot = 6; boot < 9; boot++) assert.deepEqual(run(images, boot), { booted: [ImageSource.SlotA, 3, true], deadline: 9n });
  assert.deepEqual(run(images, 9), { booted: [ImageSource.SlotB, 2, false], deadline: -7n });
});

test("a module that the gate lets through and wasm3 refuses ends its trial, and the next one is loaded at once", () => {
  const images = region();
  assert.equal(bench(images, 1).install(release(answering(7), 1)), 0);
  activate(images, release(w.module({ 10: w.vector([w.body(w.i32(0x30000)), w.START_BODY, w.POLL_BODY]) }), 2), 2);
  const device = engine(images, 3);
  const booted = device.booted();
  assert.deepEqual([booted?.source, booted?.version], [ImageSource.SlotA, 1]);
  assert.deepEqual([booted?.state[IMAGE_REASON], booted?.state.readUInt16LE(IMAGE_DETAIL)], [ImageReason.Gate, 0]);
  device.close();
  assert.deepEqual(run(images, 4), { booted: [ImageSource.SlotA, 1, false], deadline: 7n });
});

test("a module on trial that has not confirmed in time is stopped", () => {
  const images = region();
  assert.equal(bench(images, 1).install(release(answering(7), 1)), 0);
  activate(images, release(answering(9), 2), 2);
  const device = engine(images, 3);
  device.start(0n, 0);
  assert.equal(device.poll(1_199_999n), 9n);
  assert.throws(() => device.poll(1_200_001n), /has not confirmed in time/);
  assert.throws(() => device.poll(1_200_002n));
  device.close();
});

test("without a module anywhere there is a sentence, and options that contradict each other have one too", () => {
  assert.throws(() => engine(region(), 1), /the module is refused/);
  const wrong = { ...region(), slotSectors: 5 };
  assert.throws(() => engine(wrong, 1), /does not have the sectors/);
  assert.throws(() => engine({ ...region(), identity: { ...identity, root: Buffer.alloc(63) } }, 1), /identity.root/);
  assert.throws(() => new Wasm3Engine({ seed: seed(1), surroundings: surroundings() }), /wasm, or images/);
  const both = { images: region(), wasm: answering(1), seed: seed(1), surroundings: surroundings() };
  assert.throws(() => new Wasm3Engine(both), /wasm, or images/);
});
