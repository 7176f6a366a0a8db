// Our meter in the network of another make: zigbee-on-host is coordinator and trust centre, the meter joins with its install code, gets the network key,
// announces itself, and answers what it is asked.  The package is GPL-3 and stays outside the project: a process of its own.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Log } from "../../host/abi.ts";
import type { NamedKey } from "../../host/air/keys.ts";
import { Medium } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { hashMmo } from "../../host/crypto/mmo.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { type Factory, provision } from "../../host/home/provision.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { serveCoprocessor } from "../../host/spinel/coprocessor.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { keepPace, until } from "../air/support.ts";

const here = dirname(fileURLToPath(import.meta.url));
const peers = process.env.KILOWASM_PEERS ?? join(ROOT, "build/peers");
const missing = existsSync(join(peers, "node_modules/zigbee-on-host")) ? false : `zigbee-on-host is not installed: npm test installs it`;

const NETWORK_KEY = Buffer.from("01030507090b0d0f00020406080a0c0d", "hex");
const PAN = 0x1a62;
const SEED = 141;

interface Said {
  name: string;
  value: unknown[];
}

function meter(medium: Medium, factory: Factory, logged: (code: number, octets: Buffer) => void): ModuleDevice {
  const edge = {
    log: (code: number, octets: Uint8Array) => logged(code, Buffer.from(octets)),
    display: () => undefined,
    uplink: () => undefined,
    sense: () => true,
    key: () => undefined,
    trouble: (sentence: string) => assert.fail(sentence),
  };
  const wasm = moduleBytes("meter_sep1");
  const seed = createHash("sha256").update(factory.seed).digest();
  return new ModuleDevice("meter", medium, (surroundings) => new V8Engine({ wasm, seed, surroundings, store: factory.records }), edge);
}

test("the meter joins a zigbee-on-host coordinator with its install code", { skip: missing, timeout: 60_000 }, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-foreign-"));
  mkdirSync(join(folder, "save"));
  mkdirSync(join(ROOT, "build/captures"), { recursive: true });
  const path = join(ROOT, "build/captures/foreign.pcapng");
  const capture = new CaptureWriter(path);
  const medium = new Medium({ seed: SEED });
  medium.onFrame((frame) => capture.frame(frame.timeUs, frame.psdu));
  const server = createServer((stream) => void serveCoprocessor(medium, stream, { id: "coordinator", enter: (action) => action() }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = keepPace(medium);
  const factory = provision(SEED, null).get("meter") as Factory;
  const key = hashMmo(factory.installCode);
  const said: Said[] = [];
  const has = (name: string): Said | undefined => said.find((item) => item.name === name);
  const logs: { code: number; octets: Buffer }[] = [];
  const device = meter(medium, factory, (code, octets) => logs.push({ code, octets }));
  let child: ChildProcess | undefined;
  try {
    const script = join(here, "zigbee_on_host_coordinator.mjs");
    child = spawn(process.execPath, [script, peers, String(port), join(folder, "save"), key.toString("hex")], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    if (child.stdout) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("{")) said.push(JSON.parse(line));
      });
    }
    await until("the network is formed", () => has("formed") !== undefined, 20_000);
    medium.clock.after(0, () => device.powerOn());
    await until("the coordinator knows the meter", () => has("joined") !== undefined, 20_000);
    await until("the meter has the network key", () => logs.some(({ code }) => code === Log.Joined), 20_000);
    const joined = logs.find(({ code }) => code === Log.Joined)?.octets as Buffer;
    const short = joined.readUInt16LE(0);
    assert.equal(joined.readUInt16LE(2), PAN);
    assert.equal(joined.readUInt16LE(4), 0, "its parent is the coordinator");
    assert.ok((has("joined") as Said).value.includes(short), "both mean the same address");
    assert.ok((has("joined") as Said).value.includes(factory.extended.toString(16)), "and the same device");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal(has("fatal"), undefined);
    assert.equal(has("left"), undefined);
    capture.close();
    const keys = [
      { key: NETWORK_KEY, label: "network" },
      { key, label: "install code" },
    ];
    const verdict = await judge(path, keys);
    assert.deepEqual([verdict.malformed.count, verdict.undecrypted.count], [0, 0], JSON.stringify(verdict).slice(0, 2000));
    let announced = 0;
    await tsharkFields(
      path,
      keys,
      ["zbee_zdp.nwk_addr"],
      ([address = ""]) => void (Number(address) === short && announced++),
      "zbee_aps.cluster == 0x0013 || zbee_aps.zdp_cluster == 0x0013",
    );
    assert.ok(announced > 0, "it announced itself");
    let acknowledged = 0;
    const filter = `zbee_aps.type == 2 && zbee_nwk.src == 0x0000 && zbee_nwk.dst == ${short}`;
    await tsharkFields(path, keys, ["frame.number"], () => void acknowledged++, filter);
    assert.ok(acknowledged > 0, "the coordinator takes its frames under the network key");
    await answers(t, path, keys, short);
    rmSync(path);
  } finally {
    capture.close();
    child?.kill();
    device.close();
    stop();
    server.close();
    rmSync(folder, { recursive: true });
  }
});

/** Every ZDO question of the coordinator to the meter has its response. */
async function answers(t: { diagnostic(text: string): void }, path: string, keys: readonly NamedKey[], short: number): Promise<void> {
  const asked = new Set<string>();
  const answered = new Set<string>();
  const fields = ["zbee_nwk.src", "zbee_aps.zdp_cluster", "zbee_zdp.seqno"];
  await tsharkFields(
    path,
    keys,
    fields,
    ([source = "", cluster = "", sequence = ""]) => {
      const number = Number(cluster);
      if (Number(source) === 0 && number < 0x8000) asked.add(`${number} ${sequence}`);
      if (Number(source) === short && number >= 0x8000) answered.add(`${number & 0x7fff} ${sequence}`);
    },
    "zbee_aps.type == 0 && zbee_aps.zdp_cluster && zbee_nwk.dst < 0xfff8",
  );
  t.diagnostic(`asked: ${[...asked].join(", ") || "nothing"}; answered: ${[...answered].join(", ") || "nothing"}`);
  for (const question of asked) assert.ok(answered.has(question), `ZDO question ${question} is answered`);
}
