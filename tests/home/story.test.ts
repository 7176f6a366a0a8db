// The story that a person starts: a home on Smart Energy 1.x becomes one on ZigBee IP over the air.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { tsharkFields } from "../../host/oracle/tshark.ts";
import { run as ask, type Line, linesOf } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-story-"));
after(() => rmSync(FOLDER, { recursive: true }));
const PCAP = join(FOLDER, "story.pcapng");
const KEYS = join(FOLDER, "story.keys");
const DEVICES = ["hub", "meter", "ihd"];
const ended = await ask("--story", "upgrade", "--json", "--pcap", PCAP, "--keys", KEYS);
const lines = linesOf(ended);
const of = (device: string, event: string): Line[] => lines.filter((line) => line.device === device && line.event === event);

/** A run's lines without what it took of real time. */
const told = (all: readonly Line[]): Line[] => all.filter(({ event }) => event !== "summary" && event !== "progress");

test("the whole home changes, and the exit code says so", () => {
  assert.equal(ended.status, 0, ended.error);
  const changes = of("hub", "change");
  assert.deepEqual([...new Set(changes.map(({ stage }) => stage))], ["hub", "load", "told", "change", "over"]);
  const last = changes.at(-1) as Line;
  assert.deepEqual([last.changed, last.devices, last.leftMs], [3, 3, 0]);
  assert.ok((lines.at(-1)?.t as number) - last.t >= 299_000, "some minutes of the changed home are shown");
  for (const id of DEVICES) assert.equal(lines.at(-1)?.[id], "2.0.0");
});

test("each line of a device says in which phase it is, and how far its module and the change are", () => {
  for (const id of DEVICES) {
    const phases = lines.filter(({ device, event }) => device === id && event !== "change").map(({ phase }) => phase);
    assert.deepEqual(phases, [...phases].sort(), `${id}: from 1 to 2, and not back`);
    assert.deepEqual([...new Set(phases)], [1, 2], id);
    const statuses = of(id, "update").map(({ status }) => status);
    for (const status of ["loading", "waiting", "activating", "activated"]) assert.ok(statuses.includes(status), `${id}: ${status}`);
  }
  const leave = of("hub", "change").filter(({ stage, leftMs }) => stage === "told" && leftMs !== null);
  assert.ok(leave.length > 0, "the time left is told");
});

test("devices that were sold without a certificate have one before anybody changes", () => {
  const begun = of("hub", "change")[0].t;
  for (const id of DEVICES.slice(1)) {
    const steps = of(id, "certificate");
    assert.deepEqual([...new Set(steps.map(({ step }) => step))], ["asked", "given", "installed"], id);
    assert.ok(
      steps.every(({ t, phase }) => t <= begun && phase === 1),
      id,
    );
  }
});

test("before and after, strangers read what is said: Smart Energy's reports, then HTTP over TLS", async () => {
  const rows: { time: number; se: boolean; http: boolean }[] = [];
  const fields = ["frame.time_relative", "frame.protocols", "http.response.code"];
  const take = ([time, protocols, code]: string[]): void =>
    void rows.push({ time: Number(time) * 1000, se: (protocols ?? "").includes("zbee_zcl"), http: code === "200" });
  await tsharkFields(PCAP, KEYS, fields, take, "zbee_zcl || http.response");
  const change = (of("meter", "boot").at(-1) as Line).t;
  assert.ok(rows.filter(({ time, se }) => se && time < change).length > 100, "reports, prices, blocks of modules");
  assert.ok(rows.filter(({ time, http }) => http && time > change).length > 4, "answers of the hub");
});

test("the same seed tells the same story on either engine", async () => {
  const wasm3 = linesOf(await ask("--story", "upgrade", "--json", "--engine", "wasm3"));
  assert.deepEqual(told(wasm3), told(lines));
});

test("what cannot change is refused in one sentence, before anything starts", async () => {
  const cases: [string[], string][] = [
    [["--phase", "2"], "a home of phase 2 has nothing to change to; leave --phase or --story away."],
    [["--root", "x.pem"], "--root: only the owner of the key can sign the packages of a change to phase 2; leave it away."],
  ];
  for (const [words, sentence] of cases) {
    const { status, out, error } = await ask("--story", "upgrade", ...words);
    assert.deepEqual([status, out, error], [2, "", `kilowasm: ${sentence}\n`]);
  }
  const unknown = await ask("--story", "saga");
  assert.equal(unknown.error, 'kilowasm: --story takes upgrade, not "saga".\n');
});
