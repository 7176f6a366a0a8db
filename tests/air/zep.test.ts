import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import { Medium } from "../../host/air/medium.ts";
import { readZep, writeZep, ZEP_PEERS_MAX, ZEP_QUEUE_MAX, ZepGate } from "../../host/air/zep.ts";
import { Err } from "../../host/err.ts";
import { CHANNEL, frames, keepPace, PAN, station, until } from "./support.ts";
import { beaconRequest, macData } from "./zigbee.ts";

interface Partner {
  socket: Socket;
  heard: Buffer[];
  send(packet: Buffer): void;
}

function partner(port: number): Promise<Partner> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const heard: Buffer[] = [];
    socket.on("message", (packet) => heard.push(packet));
    socket.bind(0, "127.0.0.1", () => resolve({ socket, heard, send: (packet) => socket.send(packet, port, "127.0.0.1") }));
  });
}

function packet(psdu: Uint8Array, sequence = 1): Buffer {
  return writeZep({ channel: CHANNEL, device: 0x1234, sequence, psdu }, 200, 1_700_000_000_500);
}

async function withGate(body: (medium: Medium, gate: ZepGate, partners: Partner[]) => Promise<void>, count = 2): Promise<void> {
  const medium = new Medium({ seed: 1, ackGraceUs: 100_000 });
  const gate = await ZepGate.open(medium, { port: 0 });
  const partners: Partner[] = [];
  for (let index = 0; index < count; index++) partners.push(await partner(gate.port));
  const stop = keepPace(medium);
  try {
    await body(medium, gate, partners);
  } finally {
    stop();
    for (const { socket } of partners) socket.close();
    await gate.close();
  }
}

test("tshark reads our packets as ZEP version 2 with the frame inside", () => {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-zep-"));
  try {
    const octets = packet(withFcs(macData(0x42, PAN, 1, 2, Buffer.alloc(20, 7))), 99);
    writeFileSync(join(folder, "hex"), `0000 ${(octets.toString("hex").match(/../g) ?? []).join(" ")}\n`);
    execFileSync("text2pcap", ["-u", "17754,17754", join(folder, "hex"), join(folder, "zep.pcap")], { stdio: "ignore" });
    const fields = [
      "frame.protocols",
      "zep.version",
      "zep.channel_id",
      "zep.device_id",
      "zep.seqno",
      "zep.length",
      "zep.time",
      "wpan.seq_no",
      "wpan.fcs_ok",
      "_ws.expert.message",
    ];
    const out = execFileSync("tshark", ["-r", join(folder, "zep.pcap"), "-T", "fields", ...fields.flatMap((field) => ["-e", field])], {
      encoding: "utf8",
      env: { ...process.env, TZ: "UTC" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    const found = out.replace("\n", "").split("\t");
    assert.deepEqual(found.slice(0, 6), ["eth:ethertype:ip:udp:zep:wpan:data", "2", "15", "4660", "99", "31"]);
    assert.match(found[6], /Nov 14, 2023 22:13:20\.5/);
    assert.deepEqual(found.slice(7), ["66", "1", ""]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a partner's frame goes on the air, and the air's frames to every partner but their sender", () =>
  withGate(async (medium, gate, [a, b]) => {
    const node = station(medium, "node", 1);
    const seen = frames(medium);
    b.send(packet(withFcs(beaconRequest(1))));
    await until("the partner is known", () => seen.length === 1);
    a.send(packet(withFcs(macData(7, PAN, 0x5555, 1, Buffer.of(1, 2, 3)))));
    await until("the node has it and the other partner its acknowledgement", () => node.heard.length === 2 && b.heard.length === 2);
    await until("the sender has the acknowledgement", () => a.heard.length === 1);
    assert.deepEqual(
      b.heard.map((octets) => Buffer.from(readZep(octets)?.psdu ?? []).toString("hex")),
      [withFcs(macData(7, PAN, 0x5555, 1, Buffer.of(1, 2, 3))), withFcs(Buffer.of(2, 0, 7))].map((psdu) =>
        Buffer.from(psdu).toString("hex"),
      ),
    );
    const answers = b.heard.map((octets) => readZep(octets));
    assert.deepEqual([answers[0]?.channel, (answers[1]?.sequence ?? 0) - (answers[0]?.sequence ?? 0)], [CHANNEL, 1]);
    assert.notEqual(answers[0]?.device, answers[1]?.device);
    assert.deepEqual([gate.counters.received, gate.counters.refused], [2, 0]);
  }));

test("a node's frame is acknowledged by its partner on the other side of the port", () =>
  withGate(async (medium, _gate, [a]) => {
    const node = station(medium, "node", 1);
    a.send(packet(withFcs(beaconRequest(1))));
    await until("the partner is known", () => node.heard.length === 1);
    a.socket.on("message", (octets) => {
      const data = readZep(octets);
      if (data !== undefined && (data.psdu[0] & 0x20) !== 0) a.send(packet(withFcs(Buffer.of(2, 0, data.psdu[2]))));
    });
    medium.clock.after(0, () => node.radio.send(macData(0x21, PAN, 1, 0x5555, Buffer.of(9)), 4));
    await until("the acknowledgement", () => node.sent.length === 1);
    assert.equal(node.sent[0].status, Err.Ok);
  }, 1));

test("what is not ZEP version 2, has no known channel or a wrong FCS is refused; floods and strangers are bounded", () =>
  withGate(async (medium, gate, [a]) => {
    const good = packet(withFcs(beaconRequest(1)));
    const bad: Buffer[] = [];
    for (let size = 0; size < good.length; size++) bad.push(good.subarray(0, size));
    bad.push(Buffer.concat([good, Buffer.of(0)]));
    for (const [at, value] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 10],
      [4, 27],
      [31, 4],
      [31, 128],
      [good.length - 1, good[good.length - 1] ^ 1],
    ]) {
      const wrong = Buffer.from(good);
      wrong[at] = value;
      bad.push(wrong);
    }
    for (const octets of bad) a.send(octets);
    await until("all are refused", () => gate.counters.refused === bad.length);
    assert.equal(medium.counters.frames, 0);
    for (let index = 0; index < 4 * ZEP_QUEUE_MAX; index++) a.send(packet(withFcs(macData(index, PAN, 5, 0xffff, Buffer.alloc(90)))));
    await until("the flood is over", () => gate.counters.received === 4 * ZEP_QUEUE_MAX);
    assert.ok(gate.counters.dropped > 0);
    for (let index = 0; index < ZEP_PEERS_MAX + 3; index++) {
      const stranger = await partner(gate.port);
      const before = gate.counters.received;
      stranger.send(packet(withFcs(beaconRequest(index))));
      await until("the stranger is heard", () => gate.counters.received > before);
      stranger.socket.close();
    }
    assert.equal((gate as unknown as { peers: Map<string, unknown> }).peers.size, ZEP_PEERS_MAX);
  }, 1));

test("a PSDU that ends in a receiver's verdict gets its FCS back, a bad verdict refuses it", () => {
  const whole = withFcs(beaconRequest(1));
  const octets = packet(whole);
  octets[7] = 0;
  octets[octets.length - 1] = 0xeb;
  assert.deepEqual(readZep(octets)?.psdu, new Uint8Array(whole));
  octets[octets.length - 1] = 0x6b;
  assert.equal(readZep(octets), undefined);
});

test("a fixed partner gets frames without asking", async () => {
  const far = await partner(0);
  const medium = new Medium({ seed: 1 });
  const gate = await ZepGate.open(medium, { port: 0, peer: { address: "127.0.0.1", port: far.socket.address().port } });
  const node = station(medium, "node", 1);
  node.radio.send(beaconRequest(1), 0);
  medium.clock.runUntil(20_000);
  try {
    await until("the frame", () => far.heard.length === 1);
  } finally {
    far.socket.close();
    await gate.close();
  }
});

test("a port in use, and a port that cannot be, get one sentence", async () => {
  const medium = new Medium({ seed: 1 });
  const gate = await ZepGate.open(medium, { port: 0 });
  try {
    await assert.rejects(
      ZepGate.open(medium, { port: gate.port }),
      /^Error: Cannot listen for ZEP on UDP port \d+ of 127\.0\.0\.1: another program has it\.$/,
    );
    await assert.rejects(ZepGate.open(medium, { port: 70_000 }), /a port is a number from 0 to 65535/);
  } finally {
    await gate.close();
  }
});
