// A display that loads an update in the home, recorded: its trace is the same on V8, and under wasm3 with the answers of the recording.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileStatus, IMAGE_STATE, IMAGE_STATUS } from "../../host/abi.ts";
import type { Surroundings } from "../../host/engine.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { updatesRead } from "../../host/home/update_file.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { replayOnV8, replayOnWasm3 } from "../../host/replay/replay.ts";
import { readTrace, TraceKind } from "../../host/trace.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { packageOf, saved } from "./update_kit.ts";

const V01 = 0x00010000;
const IMPORT_WRITE = 20;

interface Recorded {
  engine: V8Engine;
  slots: ImageSlots;
}

/** Runs the home until the display restarts for its trial; answers what ran until then. */
function loaded(): Recorded {
  const updates = updatesRead([{ device: "ihd", path: saved("replay.ota", packageOf("ihd")) }]);
  const recorded: Recorded[] = [];
  const home = new Home({
    seed: 11,
    suite: null,
    load: loadRead(DEFAULT_HOUSEHOLD),
    enter: (action) => action(),
    keyring: new Keyring(),
    tell: () => undefined,
    updates,
    build: ({ id, role, module }, factory, edge, { medium }) => {
      const installed = firstPackage(role, moduleBytes(module), V01);
      if (id !== "ihd") return new ModuleDevice(id, medium, v8Machine({ role, factory, installed }), edge);
      const slots = new ImageSlots({ identity: developmentIdentity(3), installed });
      const make = (surroundings: Surroundings): V8Engine => {
        const wasm = slots.boot().wasm as Uint8Array;
        const store = new Map(factory.records);
        const engine = new V8Engine({ wasm, seed: factory.seed, surroundings, store, images: slots, record: true });
        recorded.push({ engine, slots });
        return engine;
      };
      return new ModuleDevice(id, medium, make, edge);
    },
  });
  home.start();
  while (recorded.length < 2 && home.nowMs < 120_000) home.advance(home.nowUs + 100_000);
  home.close();
  assert.equal(recorded.length, 2, "the display restarts for its trial");
  return recorded[0];
}

test("a recorded update replays to the same trace on both engines", () => {
  const { engine, slots } = loaded();
  const wasm = moduleBytes("ihd_sep1");
  const recording = engine.recording.bytes();
  const answers = readTrace(recording).filter(({ kind }) => kind === TraceKind.Image);
  assert.ok(answers.filter(({ octets }) => octets[0] === IMPORT_WRITE).length > 500, "the package was written block by block");
  const state = new Uint8Array(IMAGE_STATE);
  slots.state(0, state);
  assert.equal(state[IMAGE_STATUS], FileStatus.Activating);
  const trace = engine.trace.bytes();
  assert.ok(replayOnV8(wasm, recording).equals(trace), "V8");
  assert.ok(replayOnWasm3(wasm, recording, memoryNeed(wasm)).equals(trace), "wasm3");
});

test("a recording that lacks an answer, or has another one, is no recording of this module", () => {
  const { engine } = loaded();
  const recording = engine.recording.bytes();
  let at = 4;
  while (recording[at] !== TraceKind.Image) at += 3 + recording.readUInt16LE(at + 1);
  const without = Buffer.concat([recording.subarray(0, at), recording.subarray(at + 3 + recording.readUInt16LE(at + 1))]);
  const other = Buffer.from(recording);
  other[at + 3]++;
  for (const wrong of [without, other])
    assert.throws(() => replayOnV8(moduleBytes("ihd_sep1"), wrong), /goes on otherwise than the module/);
});
