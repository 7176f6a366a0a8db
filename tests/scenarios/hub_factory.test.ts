// A hub with nothing but its module of last resort: it asks its head-end, loads, verifies, and reboots into what it has loaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind, FileStatus, ResetReason, Role } from "../../host/abi.ts";
import { EngineStopped, type Surroundings } from "../../host/engine.ts";
import { packageInMemory, UpdateSource } from "../../host/home/update_source.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { moduleBytes } from "../../host/modules.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { nextPackage, V2 } from "./update_home.ts";

/** Runs the factory module until it halts or an hour is over; answers how it ended and when. */
function run(slots: ImageSlots, file: Buffer | null, seed: number, lose: (count: number) => boolean): { reason: number; atMs: number } {
  const choice = slots.boot();
  assert.equal(choice.source, "factory");
  const waiting: Buffer[] = [];
  const source = new UpdateSource({ send: (record) => waiting.push(record) > 0 });
  const surroundings: Surroundings = {
    radioSend: () => 0,
    radioSet: () => 0,
    sense: () => -7,
    display: () => undefined,
    uplinkSend: (octets: Uint8Array) => {
      source.take(octets);
      return 0;
    },
    log: () => undefined,
    keySet: () => undefined,
  };
  const engine = new V8Engine({ wasm: choice.wasm as Uint8Array, seed: Buffer.alloc(32, seed), surroundings, images: slots });
  let records = 0;
  try {
    engine.start(0n, ResetReason.PowerOn);
    if (file) source.offer(0, packageInMemory(file));
    for (let now = 0; now < 3_600_000; now += 100) {
      source.tick(now);
      for (const record of waiting.splice(0, 8)) {
        if (lose(records++)) continue;
        const event = Buffer.alloc(EVENT_HEAD + record.length);
        event[EVENT_KIND] = EventKind.Uplink;
        event.writeUInt16LE(record.length, EVENT_SIZE);
        record.copy(event, EVENT_HEAD);
        engine.push(event);
      }
      engine.poll(BigInt(now));
    }
  } catch (error) {
    if (!(error instanceof EngineStopped)) throw error;
    return { reason: error.reason, atMs: 0 };
  }
  return { reason: -1, atMs: 3_600_000 };
}

const blank = (): ImageSlots => new ImageSlots({ identity: developmentIdentity(Role.Hub), files: 4, factory: moduleBytes("hub_factory") });

test("a hub without a module loads one from its head-end and tries it, over an uplink that loses every fifth record too", () => {
  for (const lose of [() => false, (count: number) => count % 5 === 4]) {
    const slots = blank();
    assert.equal(run(slots, nextPackage("hub"), 1, lose).reason, ResetReason.Halt);
    slots.boot();
    assert.deepEqual([slots.version, slots.trying], [V2, true]);
  }
});

test("a hub whose head-end has nothing, or something that nobody signed, stays with its module of last resort", () => {
  const broken = nextPackage("hub");
  broken[broken.length - 1] ^= 1;
  for (const file of [null, broken]) {
    const slots = blank();
    assert.equal(run(slots, file, 2, () => false).reason, -1);
    const state = new Uint8Array(48);
    slots.state(0, state);
    assert.notEqual(state[0], FileStatus.Waiting);
    assert.equal(slots.boot().source, "factory");
  }
});
