// What a module dropped is read from its memory, where its section `drops` says that it counts: docs/abi.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Drop, Layer } from "../../host/abi.ts";
import { targets } from "../../host/build/built.ts";
import { type Dropped, dropsAt } from "../../host/drops.ts";
import { Home } from "../../host/library/index.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { native } from "../../host/native/addon.ts";
import { Wasm3Engine } from "../../host/native/index.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { run } from "../home/process.ts";
import { surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const PAGE = 65_536;
const SIZE = 256;
const BAD_MIC = 4 * (Layer.Aps * 16 + Drop.BadMic);
const LAST = 4 * (Layer.Zcl * 16 + Drop.Exhausted);

/** A module whose poll sets two counters, and whose section says that they are at `place`. */
function counting(at: number, place: number[]): Buffer {
  const store = (offset: number, value: number): w.Octets => [...w.i32(at + offset), ...w.i32(value), 0x36, 2, 0];
  const module = w.withPoll([...store(BAD_MIC, 3), ...store(LAST, 70_000), 0x42, 0]);
  return Buffer.concat([module, Buffer.from([0, 6 + place.length, 5, ...Buffer.from("drops"), ...place])]);
}

const little = (value: number): number[] => [...Buffer.from(Uint32Array.of(value).buffer)];

/** On V8, and on the boards' engine. */
function read(wasm: Buffer): [Dropped[], Dropped[]] {
  const options = { wasm, seed: Buffer.alloc(32, 7), surroundings: surroundings() };
  const engines = [new V8Engine(options), new Wasm3Engine(options)] as const;
  return engines.map((engine) => {
    assert.deepEqual(engine.drops(), []);
    engine.start(0n, 0);
    engine.poll(1n);
    const drops = engine.drops();
    engine.close();
    return drops;
  }) as [Dropped[], Dropped[]];
}

test("both engines read the same counters, by layer and reason, without those that are 0", () => {
  const told = [
    { layer: "aps", reason: "badMic", count: 3 },
    { layer: "zcl", reason: "exhausted", count: 70_000 },
  ];
  for (const at of [1024, PAGE - SIZE]) assert.deepEqual(read(counting(at, little(at))), [told, told], `${at}`);
});

test("both engines name the layers that a module of phase 2 has", () => {
  const told = [
    { layer: "ip", reason: "badMic", count: 3 },
    { layer: "transport", reason: "exhausted", count: 70_000 },
  ];
  assert.deepEqual(read(counting(1024, [...little(1024), ...little(Layer.Link)])), [told, told]);
});

test("both engines name the layers of a module of both phases", () => {
  const told = [
    { layer: "aps", reason: "badMic", count: 3 },
    { layer: "zcl", reason: "exhausted", count: 70_000 },
  ];
  const place = (at: number): number[] => [...little(at), ...little(Layer.Nwk), ...little(8)];
  for (const at of [1024, PAGE - 2 * SIZE]) assert.deepEqual(read(counting(at, place(at))), [told, told], `${at}`);
  const [v8, wasm3] = read(counting(1024, [...little(1024 - SIZE), ...little(Layer.Nwk), ...little(8)]));
  assert.deepEqual(v8, [
    { layer: "ip", reason: "badMic", count: 3 },
    { layer: "transport", reason: "exhausted", count: 70_000 },
  ]);
  assert.deepEqual(wasm3, v8);
});

test("a module that says nothing, or that its counters are where it has no memory, has none", () => {
  const places = [
    little(0),
    little(PAGE - SIZE + 1),
    little(PAGE),
    little(0xffff_ffff),
    little(0xffff_ff00),
    [0, 4, 0],
    [...little(1024), 0],
    [...little(1024), ...little(0), ...little(0)],
    [...little(1024), ...little(0), ...little(9)],
    [...little(1024), ...little(0), ...little(0xffff_ffff)],
    [...little(PAGE - 2 * SIZE + 1), ...little(0), ...little(8)],
    [...little(1024), ...little(0), ...little(4), ...little(0)],
  ];
  for (const place of places) {
    const wasm = counting(1024, place);
    assert.equal(native().gate(wasm, 0).ok, true);
    assert.deepEqual(read(wasm), [[], []], `${place}`);
  }
});

test("every module that ships says where it counts, within its memory, each of its counters", () => {
  for (const name of targets().filter((target) => target !== "software")) {
    const wasm = moduleBytes(name);
    const { at, size, layer } = dropsAt(wasm) ?? assert.fail(`${name} does not say`);
    assert.equal(size, name.endsWith("_both") ? 2 * SIZE : SIZE, name);
    assert.ok(at >= 16 && at % 4 === 0 && at + size <= memoryNeed(wasm), `${name}: ${at}`);
    assert.equal(layer, name.endsWith("_sep2") ? Layer.Link : Layer.Nwk, name);
  }
});

test("a home tells what its devices dropped, at the end as lines and in between to a program", async () => {
  const ended = await run("--json", "--duration", "2m");
  const lines = ended.out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { t: number; event: string; device: string });
  const dropped = lines.filter(({ event }) => event === "dropped");
  assert.ok(dropped.length > 0 && dropped.every(({ t }) => t === 120_000));
  assert.equal(lines.at(-1)?.event, "summary");
  const home = await Home.open();
  home.advance(120_000);
  for (const { id } of home.devices) {
    const told = dropped
      .filter(({ device }) => device === id)
      .map(({ t: _t, date: _d, phase: _p, device: _i, event: _e, ...rest }: Record<string, unknown>) => rest);
    assert.deepEqual(home.drops(id), told, id);
  }
  home.power("meter", false);
  assert.deepEqual(home.drops("meter"), []);
  await home.close();
});
