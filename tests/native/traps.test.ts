// A trap says in which function of the module it was: the same on V8 and on the boards' engine, by name where the build knows the module.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind } from "../../host/abi.ts";
import { compile, entryOf, targets } from "../../host/build/built.ts";
import { type Engine, EngineStopped } from "../../host/engine.ts";
import { functionOf, moduleHash, namesText, withNames } from "../../host/function_names.ts";
import { moduleBytes } from "../../host/modules.ts";
import { Wasm3Engine } from "../../host/native/index.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { functionNames, moduleSizes } from "../../host/wasm.ts";
import { surroundings } from "./harness.ts";

const seed = Buffer.alloc(32, 7);
const PROBE = "tests/labs/boards/probe.ts";
const Command = { Loop: 5, Trap: 6, Recurse: 8, Outside: 9 };

/** What both engines say when `run` ends badly. */
function ends(wasm: Uint8Array, run: (engine: Engine) => void, fuel?: number): [string, string] {
  const said = (engine: Engine): string => {
    try {
      run(engine);
    } catch (error) {
      assert.ok(error instanceof EngineStopped, String(error));
      return error.message;
    } finally {
      engine.close();
    }
    return "";
  };
  const options = { wasm, seed, surroundings: surroundings(), fuel };
  return [said(new V8Engine(options)), said(new Wasm3Engine(options))];
}

/** The function of a sentence about the probe, whose names no build keeps. */
function placeOf(sentence: string, wasm: Uint8Array, names: ReadonlyMap<number, string>): string | undefined {
  const found = / in function (\d+) of module ([0-9a-f]{16})$/.exec(sentence);
  assert.ok(found, sentence);
  assert.equal(found[2], moduleHash(wasm));
  return names.get(Number(found[1]));
}

test("what ships carries no names, and the build knows one for each function of it", async () => {
  for (const name of targets().filter((target) => target !== "software")) {
    const { wasm, names } = await compile(entryOf(name), name);
    assert.deepEqual(moduleBytes(name), Buffer.from(wasm), `build/${name}.wasm is old; run "npm run build"`);
    assert.equal(functionNames(wasm).size, 0);
    assert.ok(
      moduleSizes(wasm, names).functions.every((each) => !each.name.startsWith("function ")),
      name,
    );
    for (const [index, text] of names) assert.equal(functionOf(moduleHash(wasm), index), text.replace(/^assembly\//, ""));
  }
});

test("wherever the last unit of a shipped module's start is used up, both engines name the same function", () => {
  const wasm = moduleBytes("meter_sep1");
  const seen = new Set<string>();
  for (let fuel = 2; fuel < 400; fuel += 7) {
    const [onV8, onBoards] = ends(wasm, (engine) => engine.start(0n, 0), fuel);
    assert.equal(onV8, onBoards, `${fuel} units`);
    if (onV8 === "") break;
    const place = /^the module ran on without an end, in (\w+(?:\/\w+)+)$/.exec(onV8);
    assert.ok(place, onV8);
    seen.add(place[1]);
  }
  assert.ok(seen.size >= 3, [...seen].join(", "));
});

test("a trap, a recursion and a pointer that leaves the memory are of the function that made them", async () => {
  const { wasm, names } = await compile(PROBE, undefined);
  const command = (octet: number) => (engine: Engine) => {
    const event = Buffer.alloc(EVENT_HEAD + 1);
    event[EVENT_KIND] = EventKind.Uplink;
    event.writeUInt16LE(1, EVENT_SIZE);
    event[EVENT_HEAD] = octet;
    engine.start(0n, 0);
    assert.ok(engine.push(event));
    engine.poll(1n);
  };
  const probe = (name: string): string => `tests/labs/boards/probe/${name}`;
  for (const [octet, place] of [
    [Command.Trap, probe("obey")],
    [Command.Outside, probe("obey")],
    [Command.Recurse, probe("recurse")],
    [Command.Loop, probe("obey")],
  ] as const)
    for (const sentence of ends(wasm, command(octet), 1_000_000)) assert.equal(placeOf(sentence, wasm, names), place, sentence);
});

test("a module that the build does not know is named by its hash, and a function without a name by its number", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kw-names-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const wasm = Buffer.from("module");
  const hash = moduleHash(wasm);
  assert.equal(functionOf(hash, 3, join(folder, "none")), `function 3 of module ${hash}`);
  writeFileSync(join(folder, "other.names"), namesText(Buffer.from("other"), new Map([[3, "assembly/other"]])));
  assert.equal(functionOf(hash, 3, folder), `function 3 of module ${hash}`);
  writeFileSync(
    join(folder, "ours.names"),
    namesText(
      wasm,
      new Map([
        [3, "assembly/zigbee/nwk/receive/nwkReceive"],
        [30, "export:x"],
      ]),
    ),
  );
  assert.equal(functionOf(hash, 3, folder), "zigbee/nwk/receive/nwkReceive");
  assert.equal(functionOf(hash, 30, folder), "export:x");
  assert.equal(functionOf(hash, 4, folder), `function 4 of module ${hash}`);
});

test("a board's last line, which has a number and a hash, is told with the name", async () => {
  const { wasm, names } = await compile(entryOf("ihd_sep1"), "ihd_sep1");
  const [index, name] = [...names].find(([, each]) => each.endsWith("/nwkReceive")) ?? assert.fail("a display receives");
  const line = (hash: string): string => `the module stopped: [trap] unreachable executed in function ${index} of module ${hash}`;
  assert.equal(withNames(line(moduleHash(wasm))), `the module stopped: [trap] unreachable executed, in ${name.replace("assembly/", "")}`);
  assert.match(withNames(line("0123456789abcdef")), /executed, in function \d+ of module 0123456789abcdef$/);
  assert.equal(withNames("the module halts"), "the module halts");
});
