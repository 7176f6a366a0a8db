// What passes between the network and the outside, a rule a test: RFC 6092, RFC 4890.
import assert from "node:assert/strict";
import { test } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { Err } from "../../host/err.ts";
import { ACK, echo, icmp, NEXT, RST, SYN, tcp, udp } from "./outside.ts";

const OPENED_RECORD = 53;
const FIN = 0x01;
const FLOWS = 16;
const FLOWS_OF_ONE = 8;
const OPENED = 8;

const inside = (number: number): Buffer => Buffer.from(`fd0102030405060700017a000000${number.toString(16).padStart(4, "0")}`, "hex");
const outside = (number: number): Buffer => Buffer.from(`fd01020304050606080000fffe00${number.toString(16).padStart(4, "0")}`, "hex");
const METER = inside(1);
const HOST = outside(1);
/** The EUI-64 that an address was made of. */
const deviceOf = (address: Buffer): bigint => address.readBigUInt64BE(8) ^ 0x0200_0000_0000_0000n;

function packet(source: Buffer, target: Buffer, next: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head[0] = 0x60;
  head.writeUInt16BE(payload.length, 4);
  head[6] = next;
  head[7] = 64;
  return Buffer.concat([head, source, target, payload]);
}

class Firewall {
  now = 1_000n;
  store: Buffer | undefined;
  private readonly calls: Record<string, (...values: (number | bigint)[]) => number>;
  private readonly memory: Buffer;

  constructor(before?: Firewall) {
    this.store = before?.store;
    const han: Record<string, unknown> = {
      store_read: (_: number, at: number, capacity: number) => {
        if (!this.store) return Err.NotFound;
        assert.ok(capacity >= this.store.length);
        this.memory.set(this.store, at);
        return this.store.length;
      },
      store_write: (record: number, at: number, size: number) => {
        assert.equal(record, OPENED_RECORD);
        this.store = Buffer.from(this.memory.subarray(at, at + size));
        return 0;
      },
    };
    const instance = new WebAssembly.Instance(labModule("ip/firewall"), {
      han: new Proxy(han, { get: (names, name) => names[name as string] ?? (() => 0) }) as WebAssembly.ModuleImports,
    });
    this.calls = instance.exports as typeof this.calls;
    this.memory = Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer);
    this.calls.firewallReset();
  }

  open(address: Buffer, port: number, isOpen = true): boolean {
    return this.openDevice(deviceOf(address), port, isOpen);
  }

  openDevice(device: bigint, port: number, isOpen = true): boolean {
    return this.calls.firewallOpen(device, port, isOpen ? 1 : 0) !== 0;
  }

  in(source: Buffer, target: Buffer, next: number, payload: Uint8Array): boolean {
    return this.pass("fromOutside", packet(source, target, next, payload));
  }

  out(source: Buffer, target: Buffer, next: number, payload: Uint8Array): boolean {
    return this.pass("fromInside", packet(source, target, next, payload));
  }

  pass(door: "fromOutside" | "fromInside", octets: Buffer): boolean {
    this.memory.set(octets, this.calls.bufferAt());
    return this.calls[door](octets.length, this.now) !== 0;
  }

  tcpIn(port: number, flags: number, from = 40_000, source = HOST, target = METER): boolean {
    return this.in(source, target, NEXT.tcp, tcp(source, target, from, port, flags));
  }

  tcpOut(port: number, flags: number, to = 443, target = HOST, source = METER): boolean {
    return this.out(source, target, NEXT.tcp, tcp(source, target, port, to, flags));
  }
}

/** An error about a packet. */
const errorAbout = (type: number, code: number, about: Buffer): Buffer =>
  icmp(HOST, METER, type, code, Buffer.concat([Buffer.alloc(4), about]));

test("an address is all of it: who has the same end in another prefix is somebody else", () => {
  const wall = new Firewall();
  const other = Buffer.concat([Buffer.from("fd01020304050609", "hex"), HOST.subarray(8)]);
  assert.ok(wall.out(METER, HOST, NEXT.udp, udp(METER, HOST, 40_000, 53)));
  assert.ok(!wall.in(other, METER, NEXT.udp, udp(other, METER, 53, 40_000)));
  assert.ok(wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 53, 40_000)));
});

test("nothing from outside reaches a device that was not opened", () => {
  const wall = new Firewall();
  for (const flags of [SYN, ACK, SYN | ACK, RST, FIN]) assert.equal(wall.tcpIn(443, flags), false);
  assert.equal(wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 5000, 5000)), false);
  assert.equal(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7)), false);
  assert.equal(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7, 8, 129)), false);
  const own = packet(METER, HOST, NEXT.tcp, tcp(METER, HOST, 443, 40_000, ACK));
  for (const type of [1, 2, 3, 4]) assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(type, 0, own)), false);
});

test("an opened port of a device is reached by TCP and UDP, by an echo, and by errors about it; no other port, no other device", () => {
  const wall = new Firewall();
  assert.ok(wall.open(METER, 443));
  for (const flags of [SYN, ACK]) assert.ok(wall.tcpIn(443, flags));
  assert.ok(wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 5000, 443)));
  assert.ok(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7)));
  const own = packet(METER, HOST, NEXT.tcp, tcp(METER, HOST, 443, 40_000, ACK));
  for (const type of [1, 2, 3, 4]) assert.ok(wall.in(HOST, METER, NEXT.icmp, errorAbout(type, 0, own)));
  assert.ok(wall.in(HOST, METER, NEXT.icmp, errorAbout(3, 0, packet(METER, HOST, NEXT.icmp, echo(METER, HOST, 7, 8, 129)))));
  assert.equal(wall.tcpIn(80, SYN), false);
  assert.equal(wall.tcpIn(0, SYN), false);
  assert.equal(wall.tcpIn(443, SYN, 0), false);
  assert.equal(wall.tcpIn(443, SYN, 40_000, HOST, inside(2)), false);
  assert.equal(wall.in(HOST, inside(2), NEXT.icmp, echo(HOST, inside(2), 7)), false);
  assert.ok(wall.open(METER, 443, false));
  assert.equal(wall.tcpIn(443, SYN), false);
  assert.equal(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7)), false);
});

test("what the inside began is answered: the same two ends, and no other", () => {
  const wall = new Firewall();
  assert.ok(wall.tcpOut(50_000, SYN));
  assert.ok(wall.tcpIn(50_000, SYN | ACK, 443));
  assert.equal(wall.tcpIn(50_000, SYN | ACK, 444), false);
  assert.equal(wall.tcpIn(50_001, SYN | ACK, 443), false);
  assert.equal(wall.tcpIn(50_000, SYN | ACK, 443, outside(2)), false);
  assert.equal(wall.tcpIn(50_000, SYN | ACK, 443, HOST, inside(2)), false);
  assert.equal(wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 443, 50_000)), false);
  assert.ok(wall.out(METER, HOST, NEXT.udp, udp(METER, HOST, 5000, 53)));
  assert.ok(wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 53, 5000)));
  assert.ok(wall.out(METER, HOST, NEXT.icmp, echo(METER, HOST, 7)));
  assert.ok(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7, 8, 129)));
  assert.equal(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 8, 8, 129)), false);
  assert.equal(wall.in(HOST, METER, NEXT.icmp, echo(HOST, METER, 7)), false, "who asks is not asked back");
});

test("an error passes where it is about what the device sent in a conversation of its own", () => {
  const wall = new Firewall();
  const sent = (source: Buffer, from: number): Buffer => packet(source, HOST, NEXT.tcp, tcp(source, HOST, from, 443, SYN));
  assert.ok(wall.pass("fromInside", sent(METER, 50_000)));
  for (const type of [1, 2, 3, 4]) assert.ok(wall.in(outside(9), METER, NEXT.icmp, errorAbout(type, 0, sent(METER, 50_000))));
  for (const type of [5, 127, 130, 133, 134, 135, 136, 137, 143, 155]) {
    assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(type, 0, sent(METER, 50_000))), false, `type ${type}`);
  }
  assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(1, 0, sent(METER, 50_001))), false, "another port");
  assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(1, 0, sent(inside(2), 50_000))), false, "another's packet");
  assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(1, 0, sent(METER, 50_000).subarray(0, 47))), false, "too little of it");
  assert.ok(wall.in(HOST, METER, NEXT.icmp, errorAbout(1, 0, sent(METER, 50_000).subarray(0, 48))));
  const solicited = packet(METER, HOST, NEXT.icmp, icmp(METER, HOST, 135, 0, Buffer.alloc(20)));
  assert.equal(wall.in(HOST, METER, NEXT.icmp, errorAbout(1, 0, solicited)), false);
});

test("errors, answers and questions leave; Neighbour Discovery, RPL and what has no ports do not", () => {
  const wall = new Firewall();
  for (const type of [1, 2, 3, 4, 128, 129]) assert.ok(wall.out(METER, HOST, NEXT.icmp, icmp(METER, HOST, type, 0, Buffer.alloc(8))));
  for (const type of [0, 5, 130, 133, 134, 135, 136, 137, 143, 155, 157]) {
    assert.equal(wall.out(METER, HOST, NEXT.icmp, icmp(METER, HOST, type, 0, Buffer.alloc(8))), false, `type ${type}`);
  }
  for (const next of [0, 4, 41, 43, 44, 50, 59, 60, 132, 135]) {
    assert.equal(wall.out(METER, HOST, next, Buffer.alloc(64, 1)), false, `next header ${next} leaves`);
    assert.ok(wall.open(METER, 257));
    assert.equal(wall.in(HOST, METER, next, Buffer.alloc(64, 1)), false, `next header ${next} comes in`);
  }
  assert.equal(wall.out(METER, HOST, NEXT.udp, Buffer.alloc(7, 1)), false, "no whole header");
});

test("conversations end: datagrams after 2 minutes, openings after 4, connections after 124, ends after 1", () => {
  const minutes = (count: number): bigint => BigInt(count) * 60_000n;
  const after = (begin: (wall: Firewall) => void, ms: bigint, answered: (wall: Firewall) => boolean): boolean => {
    const wall = new Firewall();
    begin(wall);
    wall.now += ms;
    return answered(wall);
  };
  const datagram = (wall: Firewall): unknown => wall.out(METER, HOST, NEXT.udp, udp(METER, HOST, 5000, 53));
  const reply = (wall: Firewall): boolean => wall.in(HOST, METER, NEXT.udp, udp(HOST, METER, 53, 5000));
  assert.ok(after(datagram, minutes(2) - 1n, reply));
  assert.equal(after(datagram, minutes(2), reply), false);
  const opening = (wall: Firewall): unknown => wall.tcpOut(50_000, SYN);
  const segment = (wall: Firewall): boolean => wall.tcpIn(50_000, ACK, 443);
  assert.ok(after(opening, minutes(4) - 1n, segment));
  assert.equal(after(opening, minutes(4), segment), false);
  const open = (wall: Firewall): void => {
    opening(wall);
    wall.tcpIn(50_000, SYN | ACK, 443);
    wall.tcpOut(50_000, ACK);
  };
  assert.ok(after(open, minutes(124) - 1n, segment));
  assert.equal(after(open, minutes(124), segment), false);
  const ended = (wall: Firewall): void => {
    open(wall);
    wall.tcpOut(50_000, ACK | FIN);
  };
  assert.ok(after(ended, minutes(1) - 1n, segment));
  assert.equal(after(ended, minutes(1), segment), false);
});

test("the table is full: what would end first gives way, and one device alone does not take all of it", () => {
  const wall = new Firewall();
  for (let port = 1; port <= 3 * FLOWS; port++) {
    wall.now += 1n;
    assert.ok(wall.tcpOut(port, SYN));
  }
  const alive = (from: number): boolean => wall.tcpIn(from, SYN | ACK, 443);
  assert.deepEqual([...Array(3 * FLOWS).keys()].map((port) => port + 1).filter(alive).length, FLOWS_OF_ONE);
  assert.ok(alive(3 * FLOWS) && alive(3 * FLOWS - FLOWS_OF_ONE + 1));
  for (let device = 2; device < 2 + FLOWS_OF_ONE; device++) assert.ok(wall.tcpOut(1, SYN, 443, HOST, inside(device)));
  assert.ok(alive(3 * FLOWS), "the others had room");
  wall.now += 10n;
  assert.ok(wall.tcpOut(1, SYN, 443, HOST, inside(99)));
  assert.ok(wall.tcpIn(1, SYN | ACK, 443, HOST, inside(99)));
});

test("an answer from an opened port makes no conversation of it", () => {
  const wall = new Firewall();
  wall.open(METER, 443);
  assert.ok(wall.tcpOut(443, SYN | ACK, 40_000));
  wall.open(METER, 443, false);
  assert.equal(wall.tcpIn(443, ACK), false);
});

test("what was opened is remembered, twice is once, and there is room for eight", () => {
  const wall = new Firewall();
  for (let port = 1; port <= OPENED; port++) for (const _ of [1, 2]) assert.ok(wall.open(METER, port));
  assert.equal(wall.open(METER, OPENED + 1), false);
  assert.equal(wall.open(METER, 0), false);
  assert.equal(wall.openDevice(0n, 443), false);
  const again = new Firewall(wall);
  assert.ok(again.tcpIn(OPENED, SYN));
  assert.ok(again.open(METER, 1, false));
  assert.ok(again.open(METER, OPENED + 1));
  assert.equal(again.tcpIn(1, SYN), false);
  assert.ok(again.open(inside(5), 99, false), "closed already");
});
