// `kilowasm image serve` with a co-processor at the other end of a socket: a meter joins its hub over that radio and is updated.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Role } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { provision } from "../../host/home/provision.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { serveCoprocessor } from "../../host/spinel/coprocessor.ts";
import { Property } from "../../host/spinel/frame.ts";
import { type StrictOptions, StrictRcp } from "../air/strict_rcp.ts";
import { keepPace } from "../air/support.ts";

const CLI = [join(ROOT, "tools/kilowasm.mjs"), "image", "serve"];
const SEED = 1;
const PATIENCE_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), "kilowasm-serve-"));
const file = join(folder, "meter.ota");
const base = Buffer.from(moduleBytes("meter_sep1"));
/** A custom section is all that is new. */
const next = Buffer.concat([base, Buffer.from("\0\x05\x04next", "latin1")]);
const meter = provision(SEED, null).get("meter");

before(() => {
  writeFileSync(file, packageBuild({ wasm: next, base, encoding: Encoding.Delta, role: Role.Meter, version: 0x0002_0000, counter: 1 }));
});
after(() => rmSync(folder, { recursive: true }));

function refused(words: string[]): string {
  const ended = spawnSync(process.execPath, [...CLI, ...words], { encoding: "utf8", timeout: 60_000 });
  assert.equal(ended.status, 2, ended.stderr);
  assert.equal(ended.stdout, "");
  return ended.stderr;
}

test("a meter joins through the co-processor, loads its package, and runs it", { timeout: PATIENCE_MS }, async () => {
  assert.ok(meter);
  const medium = new Medium({ seed: SEED });
  const air = createServer((socket) => {
    serveCoprocessor(medium, socket, { id: "hub", enter: (action) => action() });
  });
  await new Promise<void>((resolve) => air.listen(0, "127.0.0.1", resolve));
  const { port } = air.address() as { port: number };
  const admit = `${meter.extended.toString(16).padStart(16, "0")}=${meter.installCode.toString("hex")}`;
  const words = [...CLI, file, "--dongle", `127.0.0.1:${port}`, "--admit", admit, "--seed", String(SEED), "--json"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  const rest = keepPace(medium);
  const versions: number[] = [];
  const boot = v8Machine({
    role: "meter",
    factory: meter,
    installed: packageBuild({ wasm: base, role: Role.Meter, version: 0x0001_0000, counter: 1 }),
  });
  const device = new ModuleDevice("meter", medium, boot, {
    log: () => undefined,
    display: () => undefined,
    uplink: () => undefined,
    sense: () => true,
    key: () => undefined,
    booted: ({ version }) => void versions.push(version),
    reboots: () => undefined,
    trouble: (sentence) => assert.fail(sentence),
  });
  try {
    let errors = "";
    server.stderr.on("data", (part) => {
      errors += part;
    });
    const seen: string[] = [];
    for await (const line of createInterface({ input: server.stdout })) {
      const event = JSON.parse(line);
      assert.match(event.date, /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);
      if (event.event === "formed") device.powerOn();
      if (event.event === "device") seen.push(event.status);
      if (seen.at(-1) === "activated") break;
    }
    assert.equal(seen.at(-1), "activated", errors);
    assert.ok(seen.includes("loading"));
    assert.deepEqual(versions, [0x0001_0000, 0x0002_0000]);
  } finally {
    server.kill("SIGKILL");
    device.close();
    rest();
    air.close();
  }
});

/** The server at a co-processor that `answer` makes of each connection; answers how it ended. */
async function servedBy(answer: (socket: Socket) => void): Promise<{ status: unknown; out: string; errors: string }> {
  const air = createServer(answer);
  await new Promise<void>((resolve) => air.listen(0, "127.0.0.1", resolve));
  const { port } = air.address() as { port: number };
  const child = spawn(process.execPath, [...CLI, file, "--dongle", `127.0.0.1:${port}`], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", errors: "" };
  child.stdout.on("data", (part) => {
    said.out += part;
  });
  child.stderr.on("data", (part) => {
    said.errors += part;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  air.close();
  return { status, ...said };
}

test("a co-processor that refuses every frame: it is told, nothing is formed, exit 1", { timeout: PATIENCE_MS }, async () => {
  const medium = new Medium({ seed: SEED });
  const refuse: StrictOptions["refuse"] = ({ property, command }) => (property === Property.StreamRaw && command === 3 ? 9 : undefined);
  const { status, out, errors } = await servedBy((socket) => {
    const rcp = new StrictRcp(medium, { refuse });
    socket.pipe(rcp.stream).pipe(socket);
  });
  assert.equal(status, 1, errors);
  assert.doesNotMatch(out, /formed/);
  assert.match(out, /trouble .*refuses to send: parse error \(9\)/);
  assert.match(errors, /^kilowasm: the radio's co-processor refuses to send: parse error \(9\); of 8 frames none went out\.$/m);
});

test("a line that goes away: one sentence, exit 1", { timeout: PATIENCE_MS }, async () => {
  const medium = new Medium({ seed: SEED });
  const { status, errors } = await servedBy((socket) => {
    const rcp = new StrictRcp(medium);
    socket.pipe(rcp.stream).pipe(socket);
    socket.on("data", () => setTimeout(() => socket.destroy(), 1500));
  });
  assert.equal(status, 1, errors);
  assert.match(errors, /the radio's co-processor is KILOWASM-AIR\/1; SIMULATION; Spinel 4\.3; RCP API 10/);
  assert.match(errors, /^kilowasm: the line to the radio's co-processor (was closed|broke: .*)\.$/m);
});

test("a line behind which nobody is: one sentence, exit 1", { timeout: PATIENCE_MS }, async () => {
  const { status, errors } = await servedBy((socket) => socket.resume());
  assert.equal(status, 1, errors);
  assert.match(errors, /^kilowasm: 127\.0\.0\.1:\d+: the radio's co-processor said nothing for 5 s; is its firmware an OpenThread RCP\?$/m);
});

test("what cannot be served is told in a sentence", () => {
  assert.match(refused([file]), /one of --zep and --dongle/);
  assert.match(refused([file, "--zep", "0"]), /--zep takes a whole number from 1 to 65535, not "0"\./);
  assert.match(refused([file, "--dongle", "/dev/no-such-port"]), /cannot open \/dev\/no-such-port as a serial port: .+/);
  assert.match(refused([file, "--dongle", "127.0.0.1:1"]), /cannot connect to 127\.0\.0\.1:1: .+/);
  assert.match(refused([file, "--dongle", "127.0.0.1:1", "--baud", "115200"]), /--baud and --flow-control are a serial port's/);
  assert.match(refused([file, "--zep", "17754", "--flow-control"]), /--baud and --flow-control need --dongle/);
  assert.match(refused([file, "--zep", "17754", "--admit", "026b77:=00"]), /IEEE address of 16 hexadecimal digits/);
  assert.match(
    refused([file, "--zep", "17754", "--admit", "026b7700000000ff=83fed3407a939723a5c639b26916d505c3b6"]),
    /the CRC of the install code/,
  );
  assert.match(refused([file, file, file, file, file, "--zep", "17754"]), /room for 4/);
});
