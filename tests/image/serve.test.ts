// `kilowasm image serve` with a co-processor at the other end of a socket: a meter joins its hub over that radio and is updated.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
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

test("what cannot be served is told in a sentence", () => {
  assert.match(refused([file]), /one of --zep and --dongle/);
  assert.match(refused([file, "--zep", "0"]), /--zep takes a whole number from 1 to 65535, not "0"\./);
  assert.match(refused([file, "--dongle", "/dev/no-such-port"]), /cannot open \/dev\/no-such-port as a serial port: .+/);
  assert.match(refused([file, "--dongle", "127.0.0.1:1"]), /cannot connect to 127\.0\.0\.1:1: .+/);
  assert.match(refused([file, "--zep", "17754", "--admit", "026b77:=00"]), /IEEE address of 16 hexadecimal digits/);
  assert.match(
    refused([file, "--zep", "17754", "--admit", "026b7700000000ff=83fed3407a939723a5c639b26916d505c3b6"]),
    /the CRC of the install code/,
  );
  assert.match(refused([file, file, file, file, file, "--zep", "17754"]), /room for 4/);
});
