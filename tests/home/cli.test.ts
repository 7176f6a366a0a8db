// The command line: what is understood, what is refused, and that a refusal is one sentence before anything starts.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { type Options, UNPACED } from "../../host/home/run_options.ts";
import { HelpShown, optionsParse } from "../../tools/home/options.ts";
import { run } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-cli-"));

function parse(words: string, terminal = true): Options {
  return optionsParse(words.split(" ").filter(Boolean), { folder: "/home/somebody", terminal, write: () => undefined });
}

test("the defaults are lively on a terminal and fast without one", () => {
  const shown = parse("");
  assert.deepEqual([shown.speed, shown.json, shown.seed, shown.engine, shown.durationMs, shown.load], [60, false, 1, "v8", null, null]);
  const piped = parse("", false);
  assert.deepEqual([piped.speed, piped.json], [UNPACED, true]);
  assert.equal(parse("--json").speed, UNPACED);
  assert.equal(parse("--json --speed 1").speed, 1);
});

test("durations are sums of days, hours, minutes and seconds", () => {
  assert.equal(parse("--duration 2h").durationMs, 7_200_000);
  assert.equal(parse("--duration 90s").durationMs, 90_000);
  assert.equal(parse("--duration 3d").durationMs, 259_200_000);
  assert.equal(parse("--duration 1h30m").durationMs, 5_400_000);
  assert.equal(parse("--duration 0.5s").durationMs, 500);
});

test("relative names start from where the person stands", () => {
  assert.equal(parse("--load a.csv").load, "/home/somebody/a.csv");
  assert.equal(parse("--pcap /tmp/x").pcap, "/tmp/x");
});

test("what talks to real peers runs in real time", () => {
  assert.equal(parse("--zep 17754").speed, 1);
  assert.equal(parse("--boards --json").speed, 1);
  assert.throws(() => parse("--boards --speed 60"), /--boards runs in real time/);
});

test("speeds from 1 to 700 are taken, the next ones are not", () => {
  assert.equal(parse("--speed 1").speed, 1);
  assert.equal(parse("--speed 700").speed, 700);
  assert.equal(parse("--speed max").speed, UNPACED);
  for (const word of ["0", "0.9", "701", "1e2", "fast", ""]) {
    assert.throws(() => optionsParse(["--speed", word], { folder: "/", terminal: true, write: () => undefined }), InputError, word);
  }
});

test("a wrong word is refused in one sentence that names it", () => {
  const cases: [string, RegExp][] = [
    ["--nope", /unknown option '--nope'/],
    ["more", /no argument "more"/],
    ["--speed", /argument missing/],
    ["--duration 5", /--duration takes/],
    ["--duration 0s", /--duration takes/],
    ["--duration 99999d", /at most/],
    ["--seed 1.5", /--seed takes a whole number/],
    ["--zep 65536", /--zep takes a UDP port/],
    ["--engine v9", /--engine takes v8 or wasm3/],
    ["--web 65536", /--web takes a TCP port/],
    ["--web page", /--web takes a TCP port/],
    ["--suite 3", /--suite takes 1 or 2/],
    ["--load --json", /--load takes a file name/],
    ["--pcap a --keys a", /--pcap and --keys name the same file|--keys and --pcap name the same file/],
  ];
  for (const [words, message] of cases) {
    assert.throws(
      () => parse(words),
      (error: Error) => error instanceof InputError && message.test(error.message) && /^[^\n]+\.$/.test(error.message),
      words,
    );
  }
});

test("a page is there on a terminal, and elsewhere where it is asked for", () => {
  assert.deepEqual(parse("").web, { port: null });
  assert.deepEqual(parse("--web 8080").web, { port: 8080 });
  assert.equal(parse("--no-web").web, null);
  assert.equal(parse("--json").web, null);
  assert.equal(parse("--pcap -").web, null);
  assert.equal(parse("", false).web, null);
  assert.deepEqual(parse("--web 0", false).web, { port: 0 });
});

test("help tells every option", () => {
  let text = "";
  const ask = (): Options => optionsParse(["--help"], { folder: "/", terminal: true, write: (part) => (text += part) });
  assert.throws(ask, HelpShown);
  for (const name of [
    "load",
    "speed",
    "seed",
    "duration",
    "json",
    "pcap",
    "keys",
    "zep",
    "web",
    "no-web",
    "engine",
    "boards",
    "suite",
    "update",
    "update-at",
    "help",
  ]) {
    assert.ok(text.includes(`--${name}`), name);
  }
});

test("the process refuses before it starts anything: one sentence, exit 2", async () => {
  const capture = join(FOLDER, "never.pcapng");
  writeFileSync(join(FOLDER, "bad.csv"), "time,watts\n0,1\n0,x\n");
  const cases: [string[], RegExp][] = [
    [["--frobnicate"], /unknown option '--frobnicate'/],
    [["--load", join(FOLDER, "none.csv"), "--pcap", capture], /none\.csv cannot be read: there is no such file/],
    [["--load", join(FOLDER, "bad.csv"), "--pcap", capture], /bad\.csv, line 3:/],
    [["--pcap", join(FOLDER, "no", "such", "x.pcapng")], /Cannot write the capture .*x\.pcapng/],
    [["--keys", FOLDER], /Cannot write the keys file .*it is a directory/],
  ];
  for (const [words, message] of cases) {
    const { status, out, error } = await run(...words);
    assert.deepEqual([status, out], [2, ""], error);
    assert.match(error, message);
    assert.match(error, /^kilowasm: [^\n]+\.\n$/);
  }
  assert.equal(existsSync(capture), false);
});

test("a UDP port that another program has is refused in one sentence", async () => {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  try {
    const { status, out, error } = await run("--zep", String(socket.address().port));
    assert.notEqual(status, 0);
    assert.equal(out, "");
    assert.match(error, /^kilowasm: [^\n]*port[^\n]*\.\n$/);
  } finally {
    socket.close();
  }
});
