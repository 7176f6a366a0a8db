// Packets that scapy makes, malformed and by chance: dropped, counted, unanswered, and afterwards everything is served as before.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { AirNode, IpAir } from "./air.ts";
import { derived, NETWORK_KEY, PREFIX } from "./captures.ts";
import { frameFrom } from "./frames.ts";
import { LowParsers } from "./low_vectors.ts";
import { GET, Net, Peer } from "./tcp_peer.ts";
import { OURS, THEIRS, Wire } from "./wire.ts";

const SECOND = 1000;
const CHANCE = 1500;
const SEED = 11;
/** What a frame of 802.15.4 holds of a packet that is not compressed. */
const PAYLOAD_MAX = 96;
const UNCOMPRESSED = Buffer.of(0x41);

interface Made {
  fate: string;
  name: string;
  octets: Buffer;
}

function made(us: string, them: string): Made[] {
  const words = [join(import.meta.dirname, "scapy_packets.py"), us, them, String(CHANCE), String(SEED)];
  const text = execFileSync("/usr/bin/python3", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 26 });
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([fate, name, hex]) => ({ fate, name, octets: Buffer.from(hex, "hex") }));
}

test("the transport drops and counts what is malformed, answers none of it, and serves as before", () => {
  const wire = new Wire(1, undefined, true);
  const on = new Net(wire);
  const { drops } = (wire.engine as unknown as { exports: { drops(): number } }).exports;
  const packets = made(OURS, THEIRS).filter(({ fate }) => fate !== "piece");
  assert.ok(packets.length > CHANCE, `${packets.length} packets`);
  for (const { fate, name, octets } of packets) {
    const before = drops();
    on.others.length = 0;
    on.send(octets);
    on.settle();
    if (fate !== "drop") continue;
    assert.ok(drops() > before, `${name} is counted: ${octets.toString("hex")}`);
    assert.deepEqual(on.others, [], `${name} is answered`);
  }
  for (let count = 0; count < 8; count++) {
    const peer = new Peer(on, 0x10 + count, 5000, 80);
    peer.say(GET);
    on.run(2 * SECOND);
    assert.match(peer.heard.toString(), /^HTTP\/1\.1 200 OK\r\n/);
    peer.close();
  }
});

const OWN = { extended: 0x0200000000000001n, short: 1 };
const EVIL = { extended: 0x0200000000000002n, short: 2 };
const FRIEND = { extended: 0x0200000000000003n, short: 3 };
const addressOf = ({ short }: typeof OWN): Buffer => Buffer.concat([PREFIX, Buffer.from([0, 0, 0, 0xff, 0xfe, 0, 0, short])]);
const textOf = (address: Buffer): string => (address.toString("hex").match(/.{4}/g) as string[]).join(":");

function nodeOf(air: IpAir, own: typeof OWN, others: readonly (typeof OWN)[]): AirNode {
  const node = new AirNode(air, "ip/node", `${own.short}`, own.extended);
  node.doors.keysInstall(1, node.write(derived(NETWORK_KEY)), 2);
  node.write(Buffer.concat([addressOf(own), PREFIX]));
  node.call("open", 15, 0xface, own.short);
  for (const other of others) node.call("neighbour", other.extended, other.short);
  return node;
}

test("a node puts together nothing that lies about itself, and keeps no packet of it", () => {
  const air = new IpAir("scapy");
  const node = nodeOf(air, OWN, [EVIL, FRIEND]);
  const friend = nodeOf(air, FRIEND, [OWN]);
  for (const { fate, octets } of made(textOf(addressOf(OWN)), textOf(addressOf(EVIL)))) {
    const payload = fate === "piece" ? octets : Buffer.concat([UNCOMPRESSED, octets]);
    if (payload.length > PAYLOAD_MAX + 1) continue;
    node.inject(frameFrom(EVIL, OWN, payload));
    air.run(3);
  }
  air.run(12_000);
  for (let count = 0; count < 8; count++) {
    friend.write(addressOf(OWN));
    assert.equal(friend.call("ping", 1200, 0, 2, 1n, friend.now), 0);
    air.run(SECOND);
  }
  air.close();
  assert.equal(friend.heard(229).length, 8, "each of 1,200 octets is answered");
});

test("messages of DNS and RPL that lie, loop or end early are none, and chance reads nothing beyond them", () => {
  const words = [join(import.meta.dirname, "scapy_words.py"), "600", String(SEED)];
  const text = execFileSync("/usr/bin/python3", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], maxBuffer: 1 << 26 });
  const parsers = { dns_message: new LowParsers(labModule("ip/names")), rpl_message: new LowParsers(labModule("ip/mesh")) };
  const fates: Record<string, number> = {};
  for (const line of text.trim().split("\n")) {
    const [fate, whose, name, hex] = line.split(" ");
    const answer = parsers[whose as keyof typeof parsers].parse(whose, Buffer.from(hex.replace("-", ""), "hex"));
    if (fate !== "live") assert.equal(answer < 0, fate === "refuse", `${whose}: ${name} ${hex}`);
    fates[fate] = (fates[fate] ?? 0) + 1;
  }
  assert.ok(fates.refuse > 100 && fates.take >= 10 && fates.live > 800, JSON.stringify(fates));
});
