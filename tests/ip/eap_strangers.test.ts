// EAP-TLS of ours with Debian's eapol_test as the other peer and its hostapd as the other server, RADIUS between: RFC 5216.
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ResetReason } from "../../host/abi.ts";
import { lab } from "../../host/build/labs.ts";
import { HARDWARE_TYPE } from "../../host/tls/authority.ts";
import type { TlsIdentity } from "../../host/tls/session.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { BoardIdentity } from "../../host/v8/identity.ts";
import { device, filesOf, roots, stranger } from "../tls/peers.ts";
import { Code, keyOf, make, parse, SECRET, udp } from "./radius.ts";
import { noRadio } from "./wire.ts";

const OUT = 2048;
const CIPHERS = "ECDHE-ECDSA-AES128-CCM8@SECLEVEL=0";
const FRAGMENT = 300;
/** `EapServerState`, assembly/ip/eap/server.ts. */
const DONE = 3;
const FAILED = 4;
const SUCCESS = 3;
const FAILURE = 4;
const IDENTITY = Buffer.from([1, 7, 0, 5, 1]);
const WAIT_MS = 20_000;

type Doors = { memory: WebAssembly.Memory } & Record<string, (...values: number[]) => number>;

/** The lab `ip/eap` with a device's certificate. */
class Side {
  readonly doors: Doors;
  private readonly octets: Buffer;

  constructor(identity: TlsIdentity) {
    const engine = new V8Engine({
      wasm: lab("ip/eap"),
      seed: Buffer.alloc(32, 5),
      store: new Map(),
      identity: new BoardIdentity(roots, HARDWARE_TYPE, Buffer.from("5"), identity),
      surroundings: noRadio,
    });
    engine.start(0n, ResetReason.PowerOn);
    this.doors = (engine as unknown as { exports: Doors }).exports;
    this.octets = Buffer.from(this.doors.memory.buffer);
  }

  /** A packet goes in by a door; what answers it, or the number that the door gave. */
  take(door: string, packet: Uint8Array): { answer: number; octets: Buffer } {
    const at = this.doors.areaAt();
    this.octets.set(packet, at);
    const answer = this.doors[door](packet.length);
    return { answer, octets: Buffer.from(this.octets.subarray(at + OUT, at + OUT + Math.max(answer, 0))) };
  }

  /** What can be seen of the key that was exported. */
  digest(isServer: boolean): string {
    const at = this.doors.digest(Number(isServer));
    assert.notEqual(at, 0, "there is a key");
    return this.octets.subarray(at, at + 32).toString("hex");
  }
}

/** The same of a key that is known. */
function digestOf(key: Buffer): string {
  const hmac = (by: Buffer, octet: number): Buffer => createHmac("sha256", by).update(Buffer.of(octet)).digest();
  return hmac(hmac(key, 1), 2).toString("hex");
}

function toldKey(log: string): Buffer {
  const [, hex] = /Derived key - hexdump\(len=64\): ([0-9a-f ]+)/.exec(log) ?? [];
  assert.ok(hex, "eapol_test tells its key");
  return Buffer.from(hex.replaceAll(" ", ""), "hex");
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-eap-"));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** eapol_test with a certificate against our server: what it says, and our side. */
async function byTheirPeer(context: TestContext, theirs: TlsIdentity, ours: TlsIdentity) {
  const side = new Side(ours);
  const { socket, port } = await udp();
  context.after(() => socket.close());
  let pieces = 0;
  socket.on("message", (octets, { port: to }) => {
    const request = parse(octets);
    if (request.state.length === 0) side.doors.begin(request.eap[1]);
    const { answer, octets: eap } = side.take("serve", request.eap);
    if (answer < 0) return;
    if (eap[5] & 0x40) pieces++;
    const end = side.doors.state();
    const code = answer > 0 ? Code.Challenge : end === DONE ? Code.Accept : Code.Reject;
    const last = Buffer.of(end === DONE ? SUCCESS : FAILURE, request.eap[1], 0, 4);
    const reply = { code, identifier: request.identifier, eap: answer > 0 ? eap : last, state: Buffer.of(1), user: Buffer.alloc(0) };
    socket.send(make(reply, request.authenticator), to, "127.0.0.1");
  });
  const { chain, key, root } = filesOf(context, theirs);
  const config = join(folderOf(context), "peer.conf");
  const lines = [`identity="anonymous"`, `ca_cert="${root}"`, `client_cert="${chain}"`, `private_key="${key}"`];
  const network = ["key_mgmt=WPA-EAP", "eap=TLS", ...lines, `openssl_ciphers="${CIPHERS}"`, `fragment_size=${FRAGMENT}`];
  writeFileSync(config, `network={\n${network.join("\n")}\n}\n`);
  const words = ["-c", config, "-a", "127.0.0.1", "-p", String(port), "-s", SECRET, "-n", "-t", "15"];
  const log = await new Promise<string>((resolve) => {
    execFile("eapol_test", words, { maxBuffer: 1 << 24 }, (_, out, errors) => resolve(out + errors));
  });
  return { side, log, pieces };
}

test("eapol_test proves itself to our server, in pieces, and both have the same key", async (context) => {
  const { side, log, pieces } = await byTheirPeer(
    context,
    device({ serial: Buffer.from("theirs") }),
    device({ serial: Buffer.from("ours") }),
  );
  assert.match(log, /^SUCCESS$/m);
  assert.match(log, /CTRL-EVENT-EAP-SUCCESS/);
  assert.equal(side.doors.state(), DONE);
  assert.ok(pieces > 1, "our flight went in pieces");
  assert.equal(side.digest(true), digestOf(toldKey(log)));
});

test("eapol_test with another authority's certificate is refused by our server", async (context) => {
  const { side, log } = await byTheirPeer(context, device({ serial: Buffer.from("theirs") }, stranger), device());
  assert.match(log, /^FAILURE$/m);
  assert.equal(side.doors.state(), FAILED);
  assert.match(log, /alert|SSL3/i);
});

test("eapol_test refuses our server when it has another authority's certificate", async (context) => {
  const { side, log } = await byTheirPeer(context, device({ serial: Buffer.from("theirs") }), device({}, stranger));
  assert.match(log, /^FAILURE$/m);
  assert.equal(side.doors.state(), FAILED);
});

interface Hostapd {
  port: number;
  log: () => string;
}

async function hostapd(context: TestContext, identity: TlsIdentity): Promise<Hostapd> {
  const { chain, key, root } = filesOf(context, identity);
  const folder = folderOf(context);
  const free = await udp();
  free.socket.close();
  writeFileSync(join(folder, "clients"), `127.0.0.1/32 ${SECRET}\n`);
  writeFileSync(join(folder, "users"), "* TLS\n");
  const lines = [
    "driver=none",
    "eap_server=1",
    `eap_user_file=${join(folder, "users")}`,
    `radius_server_clients=${join(folder, "clients")}`,
    `radius_server_auth_port=${free.port}`,
    `ca_cert=${root}`,
    `server_cert=${chain}`,
    `private_key=${key}`,
    `openssl_ciphers=${CIPHERS}`,
    `fragment_size=${FRAGMENT}`,
  ];
  writeFileSync(join(folder, "hostapd.conf"), `${lines.join("\n")}\n`);
  const child: ChildProcess = spawn("hostapd", ["-dd", "-K", join(folder, "hostapd.conf")], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  context.after(async () => {
    child.kill();
    await ended;
  });
  await new Promise<void>((resolve, reject) => {
    const note = (octets: Buffer): void => {
      log += octets.toString();
      if (/Setup of interface done|AP-ENABLED/.test(log)) resolve();
    };
    child.stdout?.on("data", note);
    child.stderr?.on("data", note);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`hostapd ended: ${log}`)));
  });
  return { port: free.port, log: () => log };
}

/** Our peer with a certificate against hostapd: the packet that ended it, and our side. */
async function byOurPeer(context: TestContext, theirs: TlsIdentity, ours: TlsIdentity) {
  const server = await hostapd(context, theirs);
  const side = new Side(ours);
  const { socket } = await udp();
  context.after(() => socket.close());
  const user = Buffer.from("anonymous");
  let identifier = 1;
  let pieces = 0;
  let asked: Buffer = Buffer.alloc(0);
  let key: Buffer = Buffer.alloc(0);
  const say = (eap: Buffer, state: Buffer): void => {
    asked = make({ code: Code.Request, identifier: identifier++, eap, state, user });
    socket.send(asked, server.port, "127.0.0.1");
  };
  const end = new Promise<number>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no end: ${server.log().slice(-2000)}`)), WAIT_MS);
    socket.on("message", (octets) => {
      const { code, eap, state } = parse(octets);
      if (code === Code.Challenge) {
        const { answer, octets: response } = side.take("answer", eap);
        if (answer < 0) return;
        if (response[5] & 0x40) pieces++;
        say(response, state);
        return;
      }
      clearTimeout(late);
      key = keyOf(octets, parse(asked).authenticator);
      assert.equal(eap[0], code === Code.Accept ? SUCCESS : FAILURE);
      resolve(code);
    });
  });
  say(side.take("answer", IDENTITY).octets, Buffer.alloc(0));
  const code = await end;
  return { side, code, key, pieces };
}

test("our peer proves itself to hostapd, in pieces, and both have the same key", async (context) => {
  const { side, code, key, pieces } = await byOurPeer(context, device({ serial: Buffer.from("theirs") }), device());
  assert.equal(code, Code.Accept);
  assert.equal(side.doors.established(), 1);
  assert.ok(pieces > 1, "our flight went in pieces");
  assert.equal(side.digest(false), digestOf(key));
});

test("our peer with another authority's certificate is refused by hostapd", async (context) => {
  const { side, code } = await byOurPeer(context, device({ serial: Buffer.from("theirs") }), device({}, stranger));
  assert.equal(code, Code.Reject);
  assert.equal(side.doors.established(), 0);
});

test("our peer refuses hostapd when it has another authority's certificate", async (context) => {
  const { side, code } = await byOurPeer(context, device({ serial: Buffer.from("theirs") }, stranger), device());
  assert.equal(code, Code.Reject);
  assert.equal(side.doors.established(), 0);
});
