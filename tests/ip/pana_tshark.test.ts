// What tshark reads in PANA messages of ours, field by field, is what we wrote: joins with all that goes with them, and messages at random.
// It does not say what flags there are.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { AGENT, CLIENT, PanaHouse, RELAY, turns } from "./pana_house.ts";
import { ClientAsk, global, linkLocal, PANA_PORT, PanaNode } from "./pana_lab.ts";

const LINKTYPE_IPV6 = 229;
const UDP = 17;
const RANDOM_MESSAGES = 2000;
const FIELDS = ["length", "type", "sid", "seq", "avp.code", "avp.data_length", "avp.vendorid"];
const VENDOR = 37244;

interface Sent {
  from: Buffer;
  to: Buffer;
  octets: Buffer;
}

function checksum(addresses: Buffer, datagram: Buffer): number {
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(datagram.length);
  pseudo[7] = UDP;
  const all = Buffer.concat([addresses, pseudo, datagram, Buffer.alloc(datagram.length & 1)]);
  let sum = 0;
  for (let at = 0; at < all.length; at += 2) sum += all.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff || 0xffff;
}

function packet({ from, to, octets }: Sent): Buffer {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(PANA_PORT);
  udp.writeUInt16BE(PANA_PORT, 2);
  udp.writeUInt16BE(8 + octets.length, 4);
  const addresses = Buffer.concat([from, to]);
  udp.writeUInt16BE(checksum(addresses, Buffer.concat([udp, octets])), 6);
  const ipv6 = Buffer.from("6000000000001140", "hex");
  ipv6.writeUInt16BE(8 + octets.length, 4);
  return Buffer.concat([ipv6, addresses, udp, octets]);
}

function capture(path: string, sent: Sent[]): void {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(65535, 16);
  head.writeUInt32LE(LINKTYPE_IPV6, 20);
  const records = sent.flatMap((message, index) => {
    const octets = packet(message);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(index, 0);
    record.writeUInt32LE(octets.length, 8);
    record.writeUInt32LE(octets.length, 12);
    return [record, octets];
  });
  writeFileSync(path, Buffer.concat([head, ...records]));
}

/** What the header and the attributes of a message are, in the words of tshark; of an envelope the message inside as well. */
function ours(octets: Buffer): string[] {
  const attributes = { codes: [] as number[], sizes: [] as number[], vendors: [] as string[] };
  const inner: string[][] = [];
  for (let at = 16; at < octets.length; ) {
    const isOfVendor = (octets.readUInt16BE(at + 2) & 0x8000) !== 0;
    const [code, size, head] = [octets.readUInt16BE(at), octets.readUInt16BE(at + 4), isOfVendor ? 12 : 8];
    attributes.codes.push(code);
    // The value of a Result-Code has the same name there.
    if (code === 7 && !isOfVendor) attributes.codes.push(octets.readUInt32BE(at + head));
    attributes.sizes.push(size);
    if (isOfVendor)
      attributes.vendors.push(
        `0x${octets
          .readUInt32BE(at + 8)
          .toString(16)
          .padStart(8, "0")}`,
      );
    if (code === 11) inner.push(ours(octets.subarray(at + head, at + head + size)));
    at += head + ((size + 3) & ~3);
  }
  const number = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
  const own = [octets.length, octets.readUInt16BE(6)].map(String);
  const whole = [...own, number(octets.readUInt32BE(8)), number(octets.readUInt32BE(12))];
  const lists = [attributes.codes, attributes.sizes, attributes.vendors].map((list) => list.join("|"));
  return inner.reduce(
    (sum, part) => sum.map((text, index) => [text, part[index]].filter((piece) => piece !== "").join("|")),
    [...whole, ...lists],
  );
}

async function agrees(sent: Sent[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-pana-"));
  try {
    const path = join(folder, "pana.pcap");
    capture(path, sent);
    const theirs: string[][] = [];
    await tsharkFields(
      path,
      [],
      FIELDS.map((field) => `pana.${field}`),
      (values) => theirs.push(values),
    );
    assert.equal(theirs.length, sent.length);
    for (const [index, values] of theirs.entries())
      assert.deepEqual(values, ours(sent[index].octets), `message ${index}: ${sent[index].octets.toString("hex")}`);
    const { malformed } = await judge(path, []);
    assert.deepEqual(malformed.lines, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("of joins, keys asked for and told, and an end", async () => {
  const house = new PanaHouse(turns([180, 1900, 1700, 51]));
  house.client();
  assert.ok(house.join(CLIENT, RELAY));
  house.ask(CLIENT, ClientAsk.OtherKey, global(AGENT));
  house.settle();
  house.agent.call("rotate", BigInt(house.now));
  house.run(house.now + 30_000);
  house.ask(CLIENT, ClientAsk.Key, linkLocal(RELAY));
  house.settle();
  house.agent.call("agentRemove", CLIENT, BigInt(house.now));
  house.settle();
  house.admits = () => false;
  house.join(CLIENT, AGENT);
  assert.ok(house.sent.length > 80);
  await agrees(house.sent);
});

test("of two thousand messages at random", async () => {
  const random = new Random("pana", "tshark");
  const node = new PanaNode("writes", () => undefined);
  const sizes = [
    [4, 3, 6, 7, 8, 9, 12].map((code) => [code, 4]),
    [
      [5, 16],
      [5, 32],
      [13, 32],
      [0x10001, 18],
      [0x10002, 2],
    ],
  ].flat();
  const sent = Array.from({ length: RANDOM_MESSAGES }, () => {
    const at = node.put(Buffer.alloc(0), 512);
    const flags = [0x8000, 0x4000, 0x2000, 0x0800].reduce((all, flag) => all | (random.below(2) ? flag : 0), 0);
    node.call("begin", at, 1 + random.below(4), flags, random.below(0x7fffffff), random.below(0x7fffffff));
    for (let count = random.below(6); count > 0; count--) {
      const [code, size] = sizes[random.below(sizes.length)];
      node.call("append", at, code, node.put(Buffer.from(Array.from({ length: size }, () => random.below(256)))), size);
    }
    return {
      from: linkLocal(BigInt(random.below(0x7fffffff))),
      to: linkLocal(1n),
      octets: node.read(at, node.read(at, 4).readUInt16BE(2)),
    };
  });
  assert.ok(sent.some(({ octets }) => octets.includes(Buffer.from([0, 0, VENDOR >>> 8, VENDOR & 255]))));
  await agrees(sent);
});
