// Addresses, the checksum, the pool of packets and the table of neighbours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench } from "./bench.ts";

const on = new Bench("ip/pieces");
const { doors } = on;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

test("addresses are made of EUI-64 and of short addresses: RFC 4291 appendix A, RFC 4944 section 6", () => {
  on.write(hex("fd000db800000001"), 256);
  doors.addresses(0x0200000000000002n, 0xabcd);
  const at = doors.bufferAt();
  const made = Array.from({ length: 6 }, (_, index) => on.read(at + 16 * index, 16).toString("hex"));
  assert.deepEqual(made, [
    "fe800000000000000000000000000002",
    "fe80000000000000000000fffe00abcd",
    "fd000db8000000010000000000000002",
    "fd000db800000001000000fffe00abcd",
    "ff0300000000000000000000000000fc",
    "ff0300000000000000000000000000fc",
  ]);
  assert.equal(doors.extendedOf(at) as unknown as bigint, 0x0200000000000002n);
  assert.equal(doors.kind(at) >>> 0, 0xffff0002);
  assert.equal(doors.kind(at + 16) >>> 0, 0xabcd0002);
  assert.equal(doors.kind(at + 64) >>> 0, 0xffff0301);
  assert.equal(doors.equal(at + 64, at + 80), 1);
  assert.equal(doors.equal(at, at + 16), 0);
});

test("numbers are in network order", () => {
  const from = on.write(hex("0102 03040506 0708090a0b0c0dff"));
  doors.order(from, from + 64);
  assert.equal(on.read(from + 64, 14).toString("hex"), "0102030405060708090a0b0c0e00");
});

test("what an address is for: RFC 4291 section 2.4", () => {
  const kind = (text: string): number => doors.kind(on.write(hex(text))) & 0xf;
  assert.equal(kind("febf0000000000000000000000000001"), 2);
  assert.equal(kind("fec00000000000000000000000000001"), 0);
  assert.equal(kind("00000000000000000000000000000000"), 4);
  assert.equal(kind("00000000000000000000000000000001"), 8);
  assert.equal(kind("20010db8000000000000000000000001"), 0);
});

/** RFC 1071, as slowly as it is written there. */
function sumOf(octets: Buffer): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += (octets[at] << 8) + (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

test("the checksum is that of RFC 1071 over the pseudo-header of RFC 8200, for any size and alignment", () => {
  const octets = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 89 + (index >> 3)) & 0xff));
  for (let size = 0; size < 40; size++) {
    for (const offset of [0, 1, 2, 3]) {
      const addresses = on.write(octets.subarray(100, 132), 64);
      const at = on.write(octets.subarray(0, size), 128 + offset);
      const pseudo = Buffer.concat([octets.subarray(100, 132), hex("00000000"), hex("0000003a"), octets.subarray(0, size)]);
      pseudo.writeUInt32BE(size, 32);
      const sum = doors.sum(at, size, addresses, 58);
      assert.equal(((sum & 0xff) << 8) | (sum >>> 8), sumOf(pseudo), `${size} octets at ${offset}`);
    }
  }
  const ones = on.write(Buffer.alloc(1400, 0xff), 128);
  assert.equal(
    doors.sum(ones, 1400, ones, 0xff),
    ((): number => {
      const pseudo = Buffer.concat([Buffer.alloc(32, 0xff), hex("00000578000000ff"), Buffer.alloc(1400, 0xff)]);
      const sum = sumOf(pseudo);
      return ((sum & 0xff) << 8) | (sum >>> 8);
    })(),
  );
});

test("packets come from a pool of two sizes, have room in front, and are as many as there are", () => {
  doors.start(0n, 0);
  const mtu = doors.mtu();
  const tunnel = doors.take(mtu + doors.headroom());
  assert.deepEqual([doors.packetEnd(tunnel) - doors.packetAt(tunnel), doors.prepend(tunnel, 1)], [mtu + doors.headroom(), 0]);
  doors.free(tunnel);
  assert.equal(doors.take(mtu + doors.headroom() + 1), 0);
  const small = doors.take(1);
  assert.equal(doors.packetEnd(small) - doors.packetAt(small), 256);
  const large = doors.take(257);
  assert.equal(doors.packetEnd(large) - doors.packetAt(large), mtu);
  assert.equal(doors.room(large), mtu);
  assert.equal(doors.prepend(large, doors.headroom()), 1);
  assert.equal(doors.prepend(large, 1), 0);
  assert.equal(doors.room(large), mtu);
  const places = new Set([small, large]);
  for (let packet = doors.take(1); packet !== 0; packet = doors.take(1)) {
    assert.ok(!places.has(packet));
    places.add(packet);
  }
  assert.equal(doors.large(), 0, "small ones take large rows when there are no others");
  assert.equal(places.size, 15);
  doors.free(large);
  assert.equal(doors.large(), 1);
  assert.throws(() => doors.free(large), /unreachable/);
  assert.equal(doors.take(1280), large);
});

test("a neighbour is found by either address, has one row, and a short address is one device's", () => {
  doors.start(0n, 0);
  const first = doors.meet(1n);
  assert.equal(doors.meet(1n), first);
  assert.equal(doors.findShort(0xffff), -1, "no short address is no name");
  doors.name(first, 0x1234);
  const second = doors.meet(2n);
  assert.equal(doors.findShort(0x1234), first);
  doors.name(second, 0x1234);
  assert.equal(doors.findShort(0x1234), second);
  for (let extended = 3n; extended <= 20n; extended++) assert.ok(doors.meet(extended) >= 0);
  assert.equal(doors.meet(21n), -1);
  doors.part(first);
  assert.deepEqual([doors.find(1n), doors.isFree(first), doors.meet(21n)], [-1, 1, first]);
});
