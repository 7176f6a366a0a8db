// An independent coordinator on our air, through our co-processor.  The package is GPL-3 and stays outside the project: a process of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { RadioParameter } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { Err } from "../../host/err.ts";
import { judge } from "../../host/oracle/tshark.ts";
import { type Coprocessor, serveCoprocessor } from "../../host/spinel/coprocessor.ts";
import { keepPace, station, until } from "./support.ts";
import { beaconRequest } from "./zigbee.ts";

const here = dirname(fileURLToPath(import.meta.url));
const peers = process.env.KILOWASM_PEERS ?? join(here, "../../build/peers");
const missing = existsSync(join(peers, "node_modules/zigbee-on-host")) ? false : `zigbee-on-host is not installed: npm test installs it`;

const NETWORK_KEY = Buffer.from("01030507090b0d0f00020406080a0c0d", "hex");
const WELL_KNOWN = Buffer.from("5a6967426565416c6c69616e63653039", "hex");
const PAN = 0x1a62;
const CHILD = 0x00124b0011223344n;

interface Said {
  name: string;
  value: unknown;
}

interface World {
  medium: Medium;
  said: Said[];
  has(name: string): boolean;
  coprocessor(): Coprocessor | undefined;
}

async function withCoordinator(capture: CaptureWriter, body: (world: World) => Promise<void>): Promise<void> {
  const medium = new Medium({ seed: 4 });
  medium.onFrame((frame) => capture.frame(frame.timeUs, frame.psdu));
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-zoh-"));
  mkdirSync(join(folder, "save"));
  let coprocessor: Coprocessor | undefined;
  const server = createServer((stream) => {
    coprocessor = serveCoprocessor(medium, stream, { id: "coordinator", enter: (action) => action() });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = keepPace(medium);
  const said: Said[] = [];
  let child: ChildProcess | undefined;
  try {
    child = spawn(process.execPath, [join(here, "zigbee_on_host_peer.mjs"), peers, String(port), join(folder, "save")], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line.startsWith("{")) said.push(JSON.parse(line));
      });
    }
    const has = (name: string): boolean => said.some((item) => item.name === name);
    await body({ medium, said, has, coprocessor: () => coprocessor });
  } finally {
    child?.kill();
    stop();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

test("zigbee-on-host forms a network over our co-processor, answers a scan, and takes a child", {
  skip: missing,
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-zoh-"));
  const capture = new CaptureWriter(join(folder, "air.pcapng"));
  try {
    await withCoordinator(capture, async ({ medium, said, has, coprocessor }) => {
      await until("the network is formed", () => has("formed"), 20_000);
      assert.deepEqual(said[0], { name: "started", value: [4, 3, "KILOWASM-AIR/1; SIMULATION"] });
      const child = station(medium, "child", 0xffff);
      child.radio.set(RadioParameter.ExtendedAddress, CHILD);
      child.radio.set(RadioParameter.PanId, 0xffffn);
      const send = async (frame: Buffer): Promise<boolean> => {
        const count = child.sent.length;
        medium.clock.after(0, () => child.radio.send(frame, 1));
        await until("the frame is sent", () => child.sent.length > count);
        assert.equal(child.sent[count].status, Err.Ok);
        return child.sent[count].pending;
      };
      await send(beaconRequest(1));
      await until("a beacon", () => child.heard.some((frame) => (frame[0] & 7) === 0));
      const beacon = child.heard.find((frame) => (frame[0] & 7) === 0) ?? Buffer.of();
      assert.equal(beacon.readUInt16LE(3), PAN);
      assert.equal(beacon.readUInt16LE(7) & 0x8000, 0x8000, "association permitted");

      child.radio.set(RadioParameter.PanId, BigInt(PAN));
      const address = Buffer.alloc(8);
      address.writeBigUInt64LE(CHILD);
      const parent = Buffer.of(PAN & 0xff, PAN >> 8, 0, 0);
      await send(Buffer.concat([Buffer.of(0x23, 0xc8, 2), parent, Buffer.of(0xff, 0xff), address, Buffer.of(0x01, 0x8e)]));
      await until("the response waits", () => child.heard.length >= 1);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await send(Buffer.concat([Buffer.of(0x63, 0xc8, 3), parent, address, Buffer.of(0x04)]));
      const response = (): Buffer | undefined => child.heard.find((frame) => (frame[0] & 7) === 3 && frame.at(-4) === 0x02);
      await until("the association response", () => response() !== undefined);
      assert.equal(response()?.at(-1), 0, "association successful");
      const short = response()?.readUInt16LE((response()?.length ?? 0) - 3) ?? 0;
      assert.ok(short > 0 && short < 0xfff8);
      child.radio.set(RadioParameter.ShortAddress, BigInt(short));
      await until("the Transport Key", () => child.heard.some((frame) => (frame[0] & 7) === 1 && frame.readUInt16LE(5) === short));
      assert.equal(coprocessor()?.counters.refused, 0);
    });
    capture.close();
    const verdict = await judge(join(folder, "air.pcapng"), [
      { key: NETWORK_KEY, label: "network" },
      { key: WELL_KNOWN, label: "link" },
    ]);
    assert.ok(verdict.frames >= 6);
    assert.deepEqual([verdict.malformed.count, verdict.undecrypted.count], [0, 0], JSON.stringify(verdict));
  } finally {
    capture.close();
    rmSync(folder, { recursive: true });
  }
});
