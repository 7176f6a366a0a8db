// TCP, TLS and HTTP of assembly/ip and assembly/sep2 against Linux: its TCP through a TUN interface, curl and OpenSSL.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";
import { device, filesOf } from "../tls/peers.ts";
import { OURS, THEIRS, tunPossible, tunWire } from "./wire.ts";

const run = promisify(execFile);
const SKIP = tunPossible() ? false : "needs Linux and root, for a TUN interface";
const CCM8 = ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-CCM8"];

/** Some of what is sent is lost, the same in every run. */
function losing(percent: number): () => boolean {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 16) % 100 < percent;
  };
}

function collect(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    socket.on("data", (octets) => parts.push(octets));
    socket.on("end", () => resolve(Buffer.concat(parts)));
    socket.on("error", reject);
  });
}

function pattern(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index * 7 + (index >> 8)) & 0xff));
}

for (const percent of [0, 10]) {
  test(`Linux's TCP gets back what it sent, ${percent} % of all packets lost`, { skip: SKIP }, async (context) => {
    context.after(tunWire(`kwt${percent}`, undefined, losing(percent)).close);
    const socket = connect(7, OURS);
    const octets = pattern(percent ? 8_000 : 60_000);
    const answer = collect(socket);
    socket.end(octets);
    const got = await answer;
    assert.equal(got.length, octets.length);
    assert.ok(got.equals(octets));
  });
}

test("what we send arrives at Linux's TCP", { skip: SKIP }, async (context) => {
  const server = createServer({ allowHalfOpen: true });
  context.after(tunWire("kwts", { port: 9998, secure: false, octets: 30_000 }).close);
  // The module's SYN is repeated until somebody listens.
  await new Promise<void>((resolve) => server.listen(9998, THEIRS, resolve));
  const socket = await new Promise<Socket>((resolve) => server.once("connection", resolve));
  assert.ok((await collect(socket)).equals(pattern(30_000)));
  socket.end();
  server.close();
});

test("curl reads /dcap and /tm over TLS, with one connection for both", { skip: SKIP }, async (context) => {
  const { chain, key } = filesOf(context, device({ serial: Buffer.from("curl") }));
  context.after(tunWire("kwtc").close);
  const words = ["-g", "-s", "-S", "-k", ...CCM8, "--cert", chain, "--key", key, "-w", "%{http_code} %{num_connects}\n"];
  const { stdout } = await run("curl", [...words, `https://[${OURS}]/dcap`, `https://[${OURS}]/tm`]);
  assert.match(stdout, /<DeviceCapability xmlns="urn:ieee:std:2030.5:ns" href="\/dcap" pollRate="900">.*<\/DeviceCapability>200 1\n/);
  assert.match(
    stdout,
    /<Time xmlns="urn:ieee:std:2030.5:ns" href="\/tm" pollRate="900"><currentTime>17900\d+<\/currentTime>.*<\/Time>200 0\n/,
  );
});

test("OpenSSL's client verifies us, and another authority's client is refused", { skip: SKIP }, async (context) => {
  const { chain, rest, key, root } = filesOf(context, device({ serial: Buffer.from("openssl") }));
  context.after(tunWire("kwto").close);
  const words = ["s_client", "-connect", `[${OURS}]:443`, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8", "-CAfile", root];
  const child = run("openssl", [...words, "-cert", chain, "-cert_chain", rest, "-key", key, "-verify_return_error"] as string[]);
  child.child.stdin?.end();
  const { stdout } = await child;
  assert.match(stdout, /Verification: OK/);
  const bare = run("openssl", words);
  bare.child.stdin?.end();
  await assert.rejects(bare, /alert handshake failure/);
});
