// Wrong uses of the add-on that once ended the process, one by one; tests/hostile/addon.test.ts tries the others by chance.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { type Native, type NativeDevice, type NativeImages, native } from "../../host/native/addon.ts";
import { caller, device, rowOf, surroundings } from "./harness.ts";
import { IDENTITY } from "./image_package.ts";
import { FACTORY, SECTOR, SLOT } from "./images_harness.ts";
import * as w from "./wasm_bytes.ts";

const KEY = Buffer.alloc(16, 1);
const NOISE = Buffer.alloc(32, 2);
const LOG = caller(rowOf("log"), [1, 0, 4]);

/** The octets go elsewhere, and this array has none any more. */
function detach(array: Uint8Array): void {
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
}

function own(size: number): Uint8Array {
  return new Uint8Array(size).fill(0xff);
}

function resizable(size: number): Uint8Array & { buffer: { resize(size: number): void } } {
  const buffer = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(size, { maxByteLength: size });
  return new Uint8Array(buffer).fill(0xff) as never;
}

function images(more: object = {}): NativeImages {
  const nor = own(SECTOR * (2 + 2 * SLOT));
  const options = { nor, sectorSize: SECTOR, slotSectors: SLOT, identity: IDENTITY, deviceKey: KEY, noise: NOISE, factory: FACTORY };
  return new (native().NativeImages)({ ...options, ...more });
}

const deviceOptions = { wasm: LOG, seed: NOISE, arenaSize: 65_536, nor: own(65_536), deviceKey: KEY, surroundings: surroundings() };

test("slots and stores that did not open are refused by each of their methods", () => {
  const closed = images({ slotSectors: 1000 });
  assert.notEqual(closed.opened, 0);
  for (const call of [
    (): unknown => closed.state(1_000_000),
    (): unknown => closed.boot(),
    (): unknown => closed.begin(7, Buffer.alloc(12)),
  ])
    assert.throws(call, /does not have the sectors/);
  const store = new (native().NativeStore)({ nor: own(512), sectorSize: 512, key: KEY, noise: NOISE });
  assert.notEqual(store.opened, 0);
  for (const call of [(): unknown => store.format(), (): unknown => store.read(1), (): unknown => store.write(1, KEY)])
    assert.throws(call, /makes no store/);
});

test("a flash that was detached, shrunk or regrown between calls is not touched", () => {
  const nor = own(65_536);
  const d = device(LOG, { nor });
  detach(nor);
  assert.throws(() => d.start(0n, 0), /detached/);
  assert.throws(() => d.writeRecord(1, KEY), /detached/);
  d.close();
  const shrinking = resizable(65_536);
  const store = new (native().NativeStore)({ nor: shrinking, key: KEY, noise: NOISE });
  assert.equal(store.format(), 0);
  shrinking.buffer.resize(4096);
  assert.throws(() => store.write(1, KEY), /detached|changed its size/);
  shrinking.buffer.resize(65_536);
  // Other octets than it wrote, in memory that is there.
  assert.ok(typeof store.write(1, KEY) === "number");
});

test("a flash that goes away under a running call ends the call", () => {
  const shrink = (nor: ReturnType<typeof resizable>): void => nor.buffer.resize(0);
  for (const goAway of [detach, shrink]) {
    for (const which of [0, 1]) {
      const flashes = [resizable(65_536), resizable(SECTOR * (2 + 2 * SLOT))];
      const d = new (native().NativeDevice)({
        seed: NOISE,
        arenaSize: 200_000,
        nor: flashes[0],
        deviceKey: KEY,
        images: { nor: flashes[1], sectorSize: SECTOR, slotSectors: SLOT, identity: IDENTITY, factory: LOG },
        surroundings: { ...surroundings(), log: () => goAway(flashes[which]) },
      });
      assert.ok(d.start(0n, 0), d.stop().reason);
      for (let turn = 1n; turn < 3n; turn++) assert.throws(() => d.poll(turn), /the flash of the device was detached, or changed its size/);
      d.close();
    }
  }
});

test("what a getter takes away before it is used is missed", () => {
  for (const later of ["unit", "sectorSize", "arenaSize", "surroundings"] as const) {
    const nor = own(65_536);
    const options = { ...deviceOptions, unit: 8, sectorSize: 4096, nor };
    const value = options[later];
    const get = (): unknown => {
      if (nor.length > 0) detach(nor);
      return value;
    };
    Object.defineProperty(options, later, { get });
    assert.throws(() => new (native().NativeDevice)(options), /whole number|too few/, later);
  }
});

test("a getter that throws is heard, whichever option it is of", () => {
  const classes: [keyof Native, object][] = [
    ["NativeDevice", deviceOptions],
    ["NativeStore", { nor: own(65_536), key: KEY, noise: NOISE, unit: 8, cutSeed: 1 }],
    ["NativeImages", { nor: own(SECTOR * 10), slotSectors: SLOT, identity: IDENTITY, deviceKey: KEY, noise: NOISE, factory: FACTORY }],
  ];
  for (const [name, options] of classes) {
    for (const member of Object.keys(options)) {
      const twisted = { ...options };
      let reads = 0;
      Object.defineProperty(twisted, member, {
        get: () => {
          if (++reads > 0) throw new RangeError(`of ${member}`);
        },
      });
      assert.throws(() => new (native()[name] as new (options: object) => object)(twisted), new RegExp(`of ${member}`));
    }
  }
});

test("each option of another type is named", () => {
  for (const [member, value] of [
    ["wasm", "no octets"],
    ["seed", KEY],
    ["arenaSize", "65536"],
    ["fuel", 0.5],
    ["memoryLimit", -1],
    ["trace", 1],
    ["surroundings", 7],
    ["nor", new Uint16Array(32_768)],
    ["nor", new Uint8Array(new SharedArrayBuffer(65_536))],
  ] as const)
    assert.throws(
      () => new (native().NativeDevice)({ ...deviceOptions, [member]: value } as never),
      new RegExp(`^TypeError: ${member} must`),
    );
  assert.throws(() => native().sha256(new Uint8Array(new SharedArrayBuffer(8))), /not shared/);
});

test("a class is called with new, and its methods on its own objects", () => {
  const { NativeDevice: Device, NativeStore: Store } = native();
  const call = Device as unknown as (options: object) => unknown;
  assert.throws(() => call.call(globalThis, deviceOptions), /with new/);
  assert.throws(() => call.call({}, deviceOptions), /with new/);
  const store = new Store({ nor: own(65_536), key: KEY, noise: NOISE });
  assert.throws(() => Device.prototype.stats.call(store), TypeError);
  const mixed = Reflect.construct(Device, [deviceOptions], Store) as InstanceType<typeof Store>;
  assert.throws(() => mixed.read(1), TypeError);
});

test("setters of Object.prototype and Array.prototype are not run by answers", () => {
  const d = device(LOG);
  let ran = 0;
  const names = ["code", "reason", "opened", "ok", "arenaSize", "error", "0", "2"];
  const set = (): void => {
    ran++;
    d.close();
  };
  for (const holder of [Object.prototype, Array.prototype])
    for (const name of names) Object.defineProperty(holder, name, { configurable: true, get: () => undefined, set });
  try {
    d.stop();
    d.stats();
    native().gate(LOG, 0);
    images();
    device(LOG, { surroundings: { ...surroundings(), log: () => assert.fail("kept") } }).start(0n, 0);
  } finally {
    for (const holder of [Object.prototype, Array.prototype] as unknown as Record<string, unknown>[])
      for (const name of names) delete holder[name];
  }
  assert.equal(ran, 0);
  d.close();
});

test("a module is the device's own: what becomes of the caller's octets does not matter", () => {
  const wasm = Uint8Array.from(LOG);
  const d = device(wasm);
  wasm.fill(0xff);
  detach(wasm);
  globalThis.gc?.();
  assert.ok(d.start(0n, 0));
  assert.equal(d.poll(1n), 0n);
});

test("surroundings that change, vanish or close their device are a sentence", () => {
  const around = surroundings() as unknown as Record<string, unknown>;
  const d = device(LOG, { surroundings: around as never });
  d.start(0n, 0);
  around.log = 7;
  assert.throws(() => d.poll(1n), /missing/);
  Object.defineProperty(around, "log", {
    get: () => {
      throw new Error("from a getter");
    },
  });
  assert.throws(() => d.poll(1n), /from a getter/);
  let closing: NativeDevice;
  closing = device(LOG, { surroundings: { ...surroundings(), log: () => closing.close() } });
  closing.start(0n, 0);
  assert.throws(() => closing.poll(1n), /is running/);
  closing.close();
  assert.throws(() => closing.poll(1n), /closed/);
});

test("what a module's abi asks for while it is loaded may throw", () => {
  const log = { name: "log", type: w.type([w.I32, w.I32, w.I32], []) };
  const abi = [...w.i32(1), ...w.i32(0), ...w.i32(0), 0x10, 0, 0x41, 0x80, 0x80, 0x08];
  const asks = w.withPoll([0x20, 0], { import: log, abi });
  const thrower = { ...surroundings(), log: (): void => assert.fail("while it is loaded") };
  assert.throws(() => device(asks, { surroundings: thrower }), /while it is loaded/);
});

const IN_A_WORKER = new URL("addon_worker.ts", import.meta.url).href;
const READS_TYPESCRIPT = `import("tsx/esm/api").then(({ register }) => {
  register();
  return import(require("node:worker_threads").workerData.file);
});`;

function inWorker(what: string): Promise<string> {
  return new Promise((done, failed) => {
    const worker = new Worker(READS_TYPESCRIPT, { eval: true, workerData: { what, file: IN_A_WORKER } });
    worker.once("message", done);
    worker.once("error", failed);
    worker.once("exit", () => failed(new Error("the worker ended without an answer")));
  });
}

test("threads run devices beside each other and each finds its own", async () => {
  const answers = await Promise.all([inWorker("many"), inWorker("many")]);
  assert.deepEqual(answers, ["done", "done"]);
});

test("a call where the stack has no room left is a RangeError, in a worker too", async () => {
  assert.equal(await inWorker("deep"), "RangeError");
});
