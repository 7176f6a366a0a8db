// The serial line to a co-processor: on a pair of pseudo-terminals, whose other end can be pulled.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { RadioParameter } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Err } from "../../host/err.ts";
import { InputError } from "../../host/files/input_error.ts";
import { ROOT } from "../../host/modules.ts";
import { Dongle } from "../../host/spinel/dongle.ts";
import { BAUD, openLine } from "../../tools/image/line.ts";
import { scratch } from "../image/es256_openssl.ts";
import { smallPackage } from "../image/packages.ts";
import { programWords } from "../support/program.ts";
import { StrictRcp } from "./strict_rcp.ts";
import { CHANNEL, keepPace, PAN, station, until } from "./support.ts";
import { macData } from "./zigbee.ts";

const folder = scratch("serial");
const FILE = join(folder, "small.ota");
writeFileSync(FILE, smallPackage());
after(() => rmSync(folder, { recursive: true, force: true }));

interface Port {
  path: string;
  rcp: StrictRcp;
  medium: Medium;
  /** The cable is pulled. */
  pull(): void;
  [Symbol.dispose](): void;
}

/** A serial port with a co-processor at its other end. */
async function port(connected = true): Promise<Port> {
  const medium = new Medium({ seed: 1 });
  const rcp = new StrictRcp(medium);
  const child: ChildProcess = spawn("python3", [join(ROOT, "tests/air/serial_pair.py")], { stdio: ["pipe", "pipe", "pipe"] });
  const path = await new Promise<string>((resolve, reject) => {
    child.stderr?.once("data", (name) => resolve(String(name).trim()));
    child.once("error", reject);
  });
  child.stdin?.on("error", () => undefined);
  child.stdout?.on("data", (octets) => {
    if (connected) rcp.stream.write(octets);
  });
  rcp.stream.on("data", (octets) => child.stdin?.write(octets));
  const rest = keepPace(medium);
  return {
    path,
    rcp,
    medium,
    pull: () => void child.kill("SIGKILL"),
    [Symbol.dispose]: () => {
      rest();
      child.kill("SIGKILL");
      rcp.stream.destroy();
    },
  };
}

const setting = (path: string): string => execFileSync("stty", ["-F", path, "-a"], { encoding: "utf8" });

test("speed and flow control are those that were asked for, and octets pass as they are", async () => {
  for (const [how, baud, flow] of [
    [{}, BAUD, "-crtscts"],
    [{ baud: 115_200, flowControl: true }, 115_200, " crtscts"],
    [{ baud: 57_600 }, 57_600, "-crtscts"],
  ] as const) {
    using line = await port();
    const stream = await openLine(line.path, how);
    const set = setting(line.path);
    assert.ok(set.startsWith(`speed ${baud} baud;`), set);
    assert.ok(set.includes(flow), set);
    for (const raw of ["-icanon", "-echo", "-opost", "-icrnl", "-ixon"]) assert.ok(set.includes(raw), `${raw}: ${set}`);
    const dongle = new Dongle(stream);
    const sent: number[] = [];
    dongle.onSent = (_handle, status) => sent.push(status);
    await dongle.begin(5000);
    assert.match(dongle.about, /^KILOWASM-AIR/);
    dongle.set(RadioParameter.PanId, BigInt(PAN));
    dongle.set(RadioParameter.ShortAddress, 0n);
    dongle.set(RadioParameter.Receive, 1n);
    dongle.set(RadioParameter.Channel, BigInt(CHANNEL));
    const other = station(line.medium, "other", 2);
    const every = Buffer.from(Array.from({ length: 100 }, (_, index) => (index * 5) & 0xff)); // with XON, XOFF, flags and escapes
    dongle.send(macData(1, PAN, 0, 2, every), 1);
    await until("it is sent", () => sent.length > 0);
    assert.deepEqual(sent, [Err.Ok]);
    assert.ok(Buffer.from(other.heard[0]).includes(every));
    dongle.close();
    stream.destroy();
  }
});

test("a line that is pulled is told once", async () => {
  using line = await port();
  const stream = await openLine(line.path);
  const dongle = new Dongle(stream);
  const lost: string[] = [];
  dongle.onLost = (sentence) => lost.push(sentence);
  await dongle.begin(5000);
  line.pull();
  await until("it is told", () => lost.length > 0);
  assert.match(lost.join("\n"), /^the line to the radio's co-processor (was closed|broke: [^\n]+)$/);
});

/** A whole run of serve. */
function serve(path: string, ...words: string[]) {
  const child = spawn(process.execPath, [...programWords(), "image", "serve", FILE, "--dongle", path, ...words], { cwd: ROOT });
  const said = { out: "", errors: "" };
  child.stdout.on("data", (part) => {
    said.out += part;
  });
  child.stderr.on("data", (part) => {
    said.errors += part;
  });
  return { said, child, ended: new Promise<number | null>((resolve) => child.on("close", resolve)) };
}

test("serve on a serial port: what it is is said, and a pulled cable is one sentence and exit code 1", { timeout: 120_000 }, async () => {
  using line = await port();
  const run = serve(line.path, "--baud", "115200", "--flow-control");
  run.child.stderr.on("data", () => {
    if (run.said.errors.includes("Ctrl-C ends it")) line.pull();
  });
  assert.equal(await run.ended, 1, run.said.errors);
  assert.match(run.said.errors, /^kilowasm: the radio's co-processor is KILOWASM-AIR/m);
  assert.match(run.said.errors, /^kilowasm: the line to the radio's co-processor (was closed|broke: [^\n]+)\.$/m);
  assert.doesNotMatch(run.said.errors, /^ {4}at /m);
});

test("SIGTERM ends serve on a serial port, with exit code 0", { timeout: 120_000 }, async () => {
  using line = await port();
  const run = serve(line.path);
  run.child.stderr.on("data", () => {
    if (run.said.errors.includes("Ctrl-C ends it")) run.child.kill("SIGTERM");
  });
  assert.equal(await run.ended, 0, run.said.errors);
  assert.equal(run.child.signalCode, null);
});

test("a port where nobody answers, no port, and a speed that no port has: one sentence each", { timeout: 120_000 }, async () => {
  using silent = await port(false);
  const run = serve(silent.path);
  assert.equal(await run.ended, 1, run.said.errors);
  assert.match(run.said.errors.trimEnd().split("\n").at(-1) ?? "", new RegExp(`^kilowasm: ${silent.path}: [^\n]+[.?]$`));
  for (const [path, how] of [
    [FILE, {}],
    ["/dev/null", {}],
    [silent.path, { baud: 12_345 }],
  ] as const)
    await assert.rejects(
      openLine(path, how),
      (error) => error instanceof InputError && /as a serial port: [^\n]+\.$/.test(error.message),
      path,
    );
});
