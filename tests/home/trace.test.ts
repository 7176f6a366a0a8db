// `home --record` and `kilowasm trace`: what a home recorded plays again to the same trace on both engines, and a changed trace is told by its first difference.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readTrace, TraceFile, TraceKind } from "../../host/trace.ts";
import { traceDescribe, traceDifference, traceLine } from "../../host/trace_text.ts";
import { kilowasm, run } from "./process.ts";

const CUT = mkdtempSync(join(tmpdir(), "kilowasm-cut-"));
const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-trace-"));
const DEVICES = ["hub", "meter", "ihd"];
const at = (name: string): string => join(FOLDER, name);

before(async () => {
  const ended = await run("--json", "--duration", "90s", "--record", FOLDER);
  assert.equal(ended.status, 0, ended.error);
});
after(() => [FOLDER, CUT].forEach((folder) => void rmSync(folder, { recursive: true })));

for (const engine of ["v8", "wasm3"]) {
  test(`a recorded home plays again on ${engine} to the same traces`, async () => {
    for (const device of DEVICES) {
      const ended = await kilowasm("trace", "replay", at(`${device}.recording`), "--engine", engine);
      assert.equal(ended.status, 0, ended.error);
      assert.match(ended.out, /are the same$/m);
    }
  });
}

test("each boot of a device that loses its power twice is a recording that plays again on both engines", async () => {
  const home = join(CUT, "home.yaml");
  const cuts = [60, 80].flatMap((at) => [`  - {at: ${at}s, unplug: meter}`, `  - {at: ${at + 2}s, plug: meter}`]);
  const devices = ["{id: hub, role: hub}", "{id: meter, role: meter}", "{id: ihd, role: ihd}"].map((each) => `  - ${each}`);
  writeFileSync(home, ["devices:", ...devices, "events:", ...cuts, ""].join("\n"));
  const ended = await run("--json", "--home", home, "--duration", "100s", "--record", CUT);
  assert.equal(ended.status, 0, ended.error);
  const recordings = readdirSync(CUT).filter((name) => name.endsWith(".recording"));
  assert.deepEqual(recordings.sort(), ["hub.recording", "ihd.recording", "meter.2.recording", "meter.3.recording", "meter.recording"]);
  for (const name of recordings)
    for (const engine of ["v8", "wasm3"]) {
      const replayed = await kilowasm("trace", "replay", join(CUT, name), "--engine", engine);
      assert.equal(replayed.status, 0, `${name} on ${engine}: ${replayed.error}`);
    }
  // The second boot finds the keys of the first, and goes on in its network without a new one.
  const second = readTrace(readFileSync(join(CUT, "meter.2.recording")));
  assert.ok(second.filter(({ kind }) => kind === TraceKind.Key).length >= 2);
  const effects = readTrace(readFileSync(join(CUT, "meter.2.trace"))).map((record) => traceLine(traceDescribe(record)));
  assert.ok(effects.some((line) => line.startsWith("effect  log code Joined ")) && !effects.some((line) => line.includes("log code Key ")));
  // Without them the replay goes another way.
  const keyless = TraceFile.recording();
  for (const { kind, octets } of second) if (kind !== TraceKind.Key) keyless.add(kind, octets);
  writeFileSync(join(CUT, "keyless.recording"), keyless.bytes());
  const words = ["--module", join(CUT, "meter.2.wasm"), "--trace", join(CUT, "meter.2.trace")];
  assert.notEqual((await kilowasm("trace", "replay", join(CUT, "keyless.recording"), ...words)).status, 0);
});

test("every record of a recording and of a trace is shown, for people and for programs", async () => {
  for (const name of ["hub.recording", "ihd.trace"]) {
    const count = readTrace(readFileSync(at(name))).length;
    const [people, programs] = [await kilowasm("trace", "show", at(name)), await kilowasm("trace", "show", at(name), "--json")];
    assert.equal(people.out.trimEnd().split("\n").length, count);
    const lines = programs.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string });
    assert.equal(lines.length, count);
    assert.ok(lines.every(({ kind }) => !kind.startsWith("unknown")));
  }
  assert.match((await kilowasm("trace", "show", at("meter.trace"))).out, /^effect {2}log code Joined /m);
});

test("the first difference is named, with the poll before it", async () => {
  const records = readTrace(readFileSync(at("meter.trace")));
  const changed = records.findIndex(({ kind }, index) => index > 20 && kind === TraceKind.Answer);
  const file = TraceFile.trace();
  for (const [index, { kind, octets }] of records.entries()) {
    const copy = Uint8Array.from(octets);
    if (index === changed) copy[0] ^= 1;
    file.add(kind, copy);
  }
  writeFileSync(at("changed.trace"), file.bytes());
  const ended = await kilowasm("trace", "diff", at("meter.trace"), at("changed.trace"));
  assert.equal(ended.status, 3);
  const poll = records.slice(0, changed).findLast(({ kind }) => kind === TraceKind.Poll);
  assert.ok(poll && ended.error.includes(`record ${changed}, after "poll    now ${traceDescribe(poll).now}"`), ended.error);
  const replayed = await kilowasm("trace", "replay", at("meter.recording"), "--trace", at("changed.trace"));
  assert.equal(replayed.status, 3);
  assert.equal(traceDifference(file.bytes(), file.bytes()), null);
  const shorter = traceDifference(file.bytes(), readFileSync(at("meter.trace")).subarray(0, 4));
  assert.equal(shorter?.index, 0);
  assert.match(shorter?.second ?? "", /it ends here/);
});

test("what is no recording is refused in a sentence", async () => {
  writeFileSync(at("odd.recording"), "no recording");
  copyFileSync(at("meter.wasm"), at("odd.wasm"));
  for (const words of [
    ["show", at("odd.recording")],
    ["replay", at("odd.recording")],
    ["show", at("none")],
    ["replay", at("meter.recording"), "--engine", "v9"],
  ]) {
    const ended = await kilowasm("trace", ...words);
    assert.equal(ended.status, 2, ended.error);
    assert.match(ended.error, /^kilowasm: [^\n]+\.\n$/);
  }
});

test("one program: its help names every command, and a misspelt one is guessed", async () => {
  const help = await kilowasm("--help");
  assert.equal(help.status, 0);
  for (const name of ["home", "image", "vectors", "trace", "ca", "bench"]) assert.match(help.out, new RegExp(`^ {2}${name} `, "m"));
  const bare = await kilowasm();
  assert.equal(bare.status, 2);
  const misspelt = await kilowasm("tarce");
  assert.equal(misspelt.status, 2);
  assert.match(misspelt.error, /unknown command 'tarce' \(Did you mean trace\?\)/);
  assert.match((await kilowasm("home", "-h")).out, /--record <dir>/);
  assert.match((await kilowasm("--version")).out, /^\d+\.\d+\.\d+\n$/);
});
