// The home of phase 2 as a person starts it: what it tells, what it refuses, and what Wireshark reads of it with the keys that it gives.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { DEFAULT_PLAN_2, planOf } from "../../host/home/plan.ts";
import { planParse, planRead } from "../../host/home/plan_read.ts";
import { ROOT } from "../../host/modules.ts";
import { judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { plain } from "../../host/render/text.ts";
import { view } from "../../host/render/view.ts";
import { live } from "./plan_kit.ts";
import { kilowasm, type Line, linesOf, run } from "./process.ts";

const MINUTE = 60_000;
const TOWER = join(ROOT, "docs/homes/tower.yaml");
const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-phase2-"));
after(() => rmSync(FOLDER, { recursive: true }));
const PCAP = join(FOLDER, "run.pcapng");
const KEYS = join(FOLDER, "run.keys");
const first = await run("--phase", "2", "--json", "--duration", "3m", "--pcap", PCAP, "--keys", KEYS, "--record", FOLDER);
const lines = linesOf(first);
const of = (device: string, event: string): Line[] => lines.filter((line) => line.device === device && line.event === event);

/** A run's lines without what it took of real time. */
const told = (all: readonly Line[]): Line[] => all.filter(({ event }) => event !== "summary" && event !== "progress");

test("meter and display join, the display through the meter, and the hub answers them", () => {
  assert.equal(first.status, 0, first.error);
  const [hub] = of("hub", "reachable");
  const [meter] = of("meter", "reachable");
  const [ihd] = of("ihd", "reachable");
  const extended = (line: Line): string => String(line.address).split(":").slice(4).join(":");
  const named = (parent: unknown): string => String(parent).replaceAll(":", "");
  assert.equal(hub.parent, null);
  // An interface identifier is the EUI-64 with one bit turned: its last three octets are the same.
  assert.equal(named(meter.parent).slice(-4), extended(hub).slice(-4).padStart(4, "0"));
  assert.equal(named(ihd.parent).slice(-4), extended(meter).slice(-4).padStart(4, "0"));
  for (const id of ["meter", "ihd"]) {
    assert.equal(of(id, "joined").length, 1, id);
    const answers = of(id, "answer").filter(({ status }) => status === 200);
    assert.ok(answers.length >= 2, `${id}: ${answers.length} answers`);
    for (const { date, clock } of answers)
      assert.ok(Date.parse(date as string) - Date.parse(clock as string) < 15_000, `${id}: ${date} ${clock}`);
  }
  assert.deepEqual(
    lines.filter(({ event }) => event === "trouble"),
    [],
  );
  for (const { device, phase } of lines) assert.equal(phase, device === "home" ? undefined : 2);
  const layers = new Set(lines.filter(({ event }) => event === "dropped").map(({ layer }) => layer as string));
  for (const layer of layers) assert.ok(["link", "ip", "control", "transport"].includes(layer), layer);
});

test("the same seed gives the same run, line by line, on either engine; another one another", async () => {
  const words = ["--phase", "2", "--json", "--duration", "40s"];
  const [again, wasm3, other] = await Promise.all([run(...words), run(...words, "--engine", "wasm3"), run(...words, "--seed", "2")]);
  assert.ok(told(linesOf(again)).some(({ event, device }) => event === "answer" && device === "ihd"));
  assert.deepEqual(
    told(linesOf(again)),
    told(lines)
      .filter(({ t, event }) => t <= 40_000 && event !== "dropped")
      .concat(told(linesOf(again)).filter(({ event }) => event === "dropped")),
  );
  assert.deepEqual(told(linesOf(wasm3)), told(linesOf(again)));
  assert.notDeepEqual(told(linesOf(other)), told(linesOf(again)));
});

test("each minute's question goes over the connection that is there: one handshake a device, an answer within three seconds", async () => {
  const hello = new Set<string>();
  await tsharkFields(PCAP, KEYS, ["tcp.stream"], ([stream]) => hello.add(stream as string), "tcp && tls.handshake.type == 1");
  assert.equal(hello.size, 2, [...hello].join());
  for (const id of ["meter", "ihd"]) {
    const [, ...kept] = of(id, "answer");
    assert.ok(kept.length >= 2, id);
    for (const { status, date, clock } of kept) {
      assert.equal(status, 200);
      assert.ok(Date.parse(date as string) - Date.parse(clock as string) < 4000, `${id}: ${date} ${clock}`);
    }
  }
});

test("what was recorded is replayed with the same effects", async () => {
  for (const id of ["hub", "meter", "ihd"]) {
    const { status, out, error } = await kilowasm("trace", "replay", join(FOLDER, `${id}.recording`));
    assert.equal(status, 0, `${id}: ${out}${error}`);
  }
});

test("with the keys tshark reads all of it, without them nothing above MLE and PANA", async () => {
  const verdict = await judge(PCAP, KEYS);
  assert.ok(verdict.frames > 1000);
  assert.deepEqual([verdict.malformed.lines, verdict.undecrypted.lines], [[], []]);
  const requests: string[] = [];
  await tsharkFields(PCAP, KEYS, ["http.request.uri"], ([uri]) => requests.push(uri as string), "http.request");
  assert.ok(requests.length >= 4 && ["/tm", "/mup", "/upt"].every((path) => requests.some((uri) => uri.startsWith(path))), `${requests}`);
  const readable: string[] = [];
  await tsharkFields(PCAP, [], ["frame.number", "frame.protocols"], (fields) => readable.push(fields.join(" ")), "tcp || http || icmpv6");
  assert.deepEqual(readable, []);
});

test("the line of docs/home.md gives tshark the keys", () => {
  const [line] = /^ {4}\(IFS=.*ieee802154_keys.*$/m.exec(readFileSync(join(ROOT, "docs/home.md"), "utf8")) as RegExpExecArray;
  const command = line.trim().replace(" -V)", ' -Y "http.response || mle.cmd" -T fields -e frame.protocols)');
  const out = execFileSync("bash", ["-c", command], { cwd: FOLDER, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  assert.match(out, /:tls:http(:media|:xml)$/m);
  assert.match(out, /:udp:mle$/m);
});

test("what a home of phase 2 cannot have is refused in one sentence, before anything starts", async () => {
  const wrong = [["--update", "meter=x.ota"], ["--suite", "2"], ["--boards"], ["--root", "x.pem"]];
  const ended = await Promise.all(wrong.map((words) => run("--phase", "2", ...words)));
  for (const [index, { status, out, error }] of ended.entries()) {
    assert.deepEqual([status, out], [2, ""]);
    const option = (wrong[index] as string[])[0];
    assert.equal(error, `kilowasm: ${option} is for a home of phase 1, and this one is of phase 2; leave it away.\n`);
  }
  const { status, error } = await run("--phase", "3");
  assert.deepEqual([status, error], [2, 'kilowasm: --phase takes 1 or 2, not "3".\n']);
  const fault = async (text: string): Promise<string> => {
    const failure = await planParse("home.yaml", text, FOLDER).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof InputError, text);
    return failure.message;
  };
  const home = "phase: 2\ndevices:\n  - {id: hub, role: hub}\n  - {id: a, role: ihd}\n";
  assert.match(await fault(`phase: 3\n${home.slice(9)}`), /line 1, column 8: "3" stands where a whole number from 1 to 2 is wanted/);
  assert.match(
    await fault(home.replace("role: ihd", "role: ihd, board: true")),
    /line 4, column 31: a device of phase 2 does not run on a board yet; remove the key/,
  );
  assert.match(await fault(`${home}events:\n  - {at: 1m, remove: a}\n`), /line 6, column 5: remove is for a home of phase 1/);
  assert.match(await fault(`${home}events:\n  - {at: 1m, rekey: a}\n`), /line 6, column 21: a is no hub; name the one whose network gets/);
  assert.match(await fault(`${home}events:\n  - {at: 1m, rekey: b}\n`), /line 6, column 21: there is no device b; it is one of hub, a/);
});

test("the phase of the command line wins over that of the file", async () => {
  assert.equal((await planRead(TOWER)).plan.phase, 2);
  const { plan } = await planRead(TOWER, 1);
  assert.deepEqual([plan.phase, plan.rows[2].module], [1, "meter_sep1"]);
});

test("a meter behind a repeater, a display behind the meter: three hops, another key, and a display that slept through it", async () => {
  const { plan } = await planRead(TOWER);
  const { of: had, events, home } = await live(plan, 18 * MINUTE);
  const parents = plan.rows.map(({ id }) => had(id, "reachable")[0].parent);
  const { devices } = home.status;
  assert.deepEqual(parents, [null, ...devices.slice(0, 3).map(({ extended }) => extended)]);
  assert.deepEqual(
    events.filter(({ event }) => event === "trouble"),
    [],
  );
  for (const { id, role } of plan.rows.filter((row) => row.role !== "hub")) {
    const answers = had(id, "answer").filter(({ status, t }) => status === 200 && t > 15.5 * MINUTE);
    assert.ok(answers.length >= 1, `${role} ${id} is answered under the new key`);
  }
});

test("without the repeater the meter and what is behind it hear nobody", async () => {
  const { plan } = await planRead(TOWER);
  const rows = plan.rows.filter(({ role }) => role !== "repeater");
  const { events } = await live(planOf(rows, { ...plan, events: [] }), 2 * MINUTE);
  assert.deepEqual(
    events.filter(({ event }) => event === "joined"),
    [],
  );
});

test("the view has a line for each device: where it is, whom it goes through, what it was answered", async () => {
  const { home } = await live(DEFAULT_PLAN_2, 1.5 * MINUTE);
  home.status.nowMs = home.nowMs;
  const shown = view(home.status, { columns: 80, rows: 24 }, plain);
  for (const line of shown) assert.ok(line.length <= 80, line);
  const text = shown.join("\n");
  const { address, network } = home.status.device("hub");
  assert.match(text, new RegExp(`hub +✓ formed +${address} +${network.replace("channel", "ch")}`));
  assert.match(text, /meter +✓ joined +…[0-9a-f:]+ +via hub +200 16:0\d:\d\d/);
  assert.match(text, /display +✓ joined +…[0-9a-f:]+ +via meter +(200 16:0\d:\d\d|no answer)/);
});
