// Extension headers in bounds, options by their action bits, tunnels and source routes: RFC 8200.  Echo and errors: RFC 4443.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, checksum, ipv6, udp } from "./frames.ts";
import { LowNode } from "./low_node.ts";

const OWN = { extended: 0x0200000000000001n, short: 1 };
const OTHER = { extended: 0x0200000000000002n, short: 2 };
const of = addresses(OTHER, OWN);
const group = Buffer.concat([of.subarray(0, 16), Buffer.from("ff020000000000000000000000000001", "hex")]);
const HEARD = { drop: 0, forUs: 1, forward: 2, routed: 3, tunnel: 4 };
const NEXT = { hops: 0, udp: 17, ipv6: 41, routing: 43, fragment: 44, icmp: 58, none: 59, destination: 60 };
/** Types and codes of errors. */
const FAULT = { field: 0x400, next: 0x401, option: 0x402 };

const on = new LowNode(OWN, [OTHER]);
const { doors } = on;
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");
const datagram = udp(of, Buffer.from("abc"), 7);

/** An extension header in front of what follows: its octets behind the first two. */
const extension = (next: number, body: Buffer, after: Buffer): Buffer =>
  Buffer.concat([Buffer.from([next, (body.length + 2) / 8 - 1]), body, after]);

function deliver(
  packet: Buffer,
  isOurs = true,
): {
  heard: number;
  next: number;
  payload: number;
  size: number;
  fault: number;
  pointer: number;
  rpl: number;
  mpl: number;
  routing: number;
} {
  on.write(packet);
  const heard = doors.deliver(packet.length, Number(isOurs));
  const [next, payload, size, fault, pointer, rpl, mpl, routing] = Array.from({ length: 8 }, (_, index) => doors.heard(index));
  return { heard, next, payload, size, fault, pointer, rpl, mpl, routing };
}

const PAD = hex("01 04 00000000");

test("headers are walked over to what the packet carries", () => {
  const plain = deliver(ipv6(of, NEXT.udp, datagram));
  assert.deepEqual([plain.heard, plain.next, plain.payload, plain.size], [HEARD.forUs, 17, 40, 11]);
  const rpl = hex("63 04 80000100");
  const mpl = hex("6d 02 2001 0000");
  const headers = extension(
    NEXT.routing,
    Buffer.concat([rpl, mpl, hex("0000")]),
    extension(NEXT.destination, hex("03 00 00000000"), extension(NEXT.udp, PAD, datagram)),
  );
  const all = deliver(ipv6(of, NEXT.hops, headers));
  assert.deepEqual([all.heard, all.next, all.payload, all.size], [HEARD.forUs, 17, 72, 11]);
  assert.deepEqual([all.rpl, all.mpl, all.routing], [42, 48, -1]);
  const other = deliver(ipv6(of, NEXT.hops, headers), false);
  assert.deepEqual([other.heard, other.rpl, other.fault], [HEARD.forward, 42, 0]);
  assert.equal(
    deliver(ipv6(of, NEXT.destination, hex("ffff")), false).heard,
    HEARD.forward,
    "of another's packet only the first is looked at",
  );
  assert.equal(deliver(ipv6(of, NEXT.none, Buffer.alloc(8))).heard, HEARD.drop);
});

test("a header that leaves the packet is dropped", () => {
  const whole = ipv6(of, NEXT.hops, extension(NEXT.udp, PAD, datagram));
  const cases: [string, Buffer][] = [
    ["four octets of it", ipv6(of, NEXT.destination, hex("11 00 01 02"))],
    ["longer than the packet", ipv6(of, NEXT.destination, hex("11 02 01 04 00000000 0000000000000000"))],
    ["an option that leaves it", ipv6(of, NEXT.hops, extension(NEXT.udp, hex("01 05 00000000"), datagram))],
    ["an option without its size", ipv6(of, NEXT.hops, extension(NEXT.udp, hex("01 03 000000 1e"), datagram))],
    ["a packet cut in its header", whole.subarray(0, 39)],
    ["a packet cut behind its header", whole.subarray(0, 47)],
  ];
  for (const [name, packet] of cases) assert.deepEqual([deliver(packet).heard, deliver(packet).fault], [HEARD.drop, 0], name);
  let chain = datagram;
  for (let count = 0; count < 8; count++) chain = extension(count ? NEXT.destination : NEXT.udp, PAD, chain);
  assert.equal(deliver(ipv6(of, NEXT.destination, chain)).heard, HEARD.forUs);
  chain = extension(NEXT.destination, PAD, chain);
  assert.equal(deliver(ipv6(of, NEXT.destination, chain)).heard, HEARD.drop, "nine of them");
});

test("an option that is not known is skipped, or the packet is dropped, told of or not, by its first two bits", () => {
  const withOption = (type: number, to = of, kind = NEXT.hops): ReturnType<typeof deliver> =>
    deliver(ipv6(to, kind, extension(NEXT.udp, Buffer.concat([hex("00"), Buffer.from([type, 3]), hex("aabbcc")]), datagram)));
  assert.equal(withOption(0x1e).heard, HEARD.forUs);
  assert.deepEqual([withOption(0x5e).heard, withOption(0x5e).fault], [HEARD.drop, 0]);
  assert.deepEqual([withOption(0x9e).heard, withOption(0x9e).fault, withOption(0x9e).pointer], [HEARD.drop, FAULT.option, 43]);
  assert.deepEqual([withOption(0xde).heard, withOption(0xde).fault], [HEARD.drop, FAULT.option]);
  assert.equal(withOption(0x9e, group).fault, FAULT.option, "also about a group");
  assert.equal(withOption(0xde, group).fault, 0, "not about a group");
  assert.equal(withOption(0x63, of, NEXT.destination).heard, HEARD.drop, "RPL's stands hop by hop only");
  const twice = extension(NEXT.udp, hex("63 04 80000100 63 04 80000200 0000"), datagram);
  assert.equal(deliver(ipv6(of, NEXT.hops, twice)).heard, HEARD.drop, "and once");
});

test("fragments, hop-by-hop options that are not first, and routes of other types are faults", () => {
  const fragment = deliver(ipv6(of, NEXT.fragment, extension(NEXT.udp, hex("0000 00000001"), datagram)));
  assert.deepEqual([fragment.heard, fragment.fault, fragment.pointer], [HEARD.drop, FAULT.next, 6]);
  const late = deliver(ipv6(of, NEXT.destination, extension(NEXT.hops, PAD, extension(NEXT.udp, PAD, datagram))));
  assert.deepEqual([late.heard, late.fault, late.pointer], [HEARD.drop, FAULT.next, 40]);
  const route = (type: number, left: number): ReturnType<typeof deliver> =>
    deliver(
      ipv6(of, NEXT.routing, extension(NEXT.udp, Buffer.concat([Buffer.from([type, left]), hex("00000000"), Buffer.alloc(16)]), datagram)),
    );
  assert.deepEqual([route(3, 1).heard, route(3, 1).routing], [HEARD.routed, 40]);
  assert.deepEqual([route(0, 1).heard, route(0, 1).fault, route(0, 1).pointer], [HEARD.drop, FAULT.field, 42]);
  assert.equal(route(0, 0).heard, HEARD.forUs, "one that is done is passed over");
});

test("a tunnel is opened, and what is behind the packet is cut off", () => {
  const inner = ipv6(of, NEXT.udp, datagram);
  const tunnel = deliver(ipv6(of, NEXT.hops, extension(NEXT.ipv6, hex("63 04 80000100"), inner)));
  assert.deepEqual([tunnel.heard, tunnel.next, tunnel.payload, tunnel.size, tunnel.rpl], [HEARD.tunnel, 41, 0, inner.length, -6]);
  const long = deliver(Buffer.concat([ipv6(of, NEXT.udp, datagram), Buffer.alloc(6)]));
  assert.deepEqual([long.heard, long.size], [HEARD.forUs, 11]);
});

function icmp(to: Buffer, type: number, code: number, body: Buffer): Buffer {
  const octets = Buffer.concat([Buffer.from([type, code, 0, 0]), body]);
  octets.writeUInt16BE(checksum(octets, to, NEXT.icmp), 2);
  return octets;
}

const swapped = Buffer.concat([of.subarray(16), of.subarray(0, 16)]);
const OWN_LOCAL = hex("fe800000000000000000000000000001");
const ECHO = hex("0001 0002 61626364 65");

function echo(packet: Buffer): Buffer | number {
  on.write(packet);
  on.write(OWN_LOCAL, 2048);
  const size = doors.echo(packet.length);
  return size > 0 ? on.read(doors.bufferAt(), size) : size;
}

test("an echo is answered with what it brought, from the address it went to", () => {
  const wanted = ipv6(swapped, NEXT.icmp, icmp(swapped, 129, 0, ECHO));
  assert.equal((echo(ipv6(of, NEXT.icmp, icmp(of, 128, 0, ECHO), 3)) as Buffer).toString("hex"), wanted.toString("hex"));
  const behind = ipv6(of, NEXT.hops, extension(NEXT.icmp, hex("63 04 80000100"), icmp(of, 128, 0, ECHO)));
  assert.equal((echo(behind) as Buffer).toString("hex"), wanted.toString("hex"), "without the headers that brought it");
  const back = Buffer.concat([OWN_LOCAL, of.subarray(0, 16)]);
  assert.deepEqual(echo(ipv6(group, NEXT.icmp, icmp(group, 128, 0, ECHO))), ipv6(back, NEXT.icmp, icmp(back, 129, 0, ECHO)));
});

test("no echo for a group beyond the link, for nobody, or with a wrong sum; other messages are others'", () => {
  const wide = Buffer.from(group);
  wide[17] = 3;
  assert.equal(echo(ipv6(wide, NEXT.icmp, icmp(wide, 128, 0, ECHO))), 0);
  const nobody = Buffer.concat([Buffer.alloc(16), of.subarray(16)]);
  assert.equal(echo(ipv6(nobody, NEXT.icmp, icmp(nobody, 128, 0, ECHO))), 0);
  const wrong = icmp(of, 128, 0, ECHO);
  wrong[8] ^= 1;
  assert.equal(echo(ipv6(of, NEXT.icmp, wrong)), 0);
  assert.equal(echo(ipv6(of, NEXT.icmp, icmp(of, 155, 0, ECHO))), -100);
});

const FROM = hex("fd000db8000000010000000000000001");
function error(
  packet: Buffer,
  now = 1_000_000n,
  { secured = true, toAll = false, type = 1, code = 4, parameter = 0 } = {},
): Buffer | undefined {
  on.write(packet);
  on.write(FROM, 2048);
  const size = doors.error(packet.length, Number(secured), Number(toAll), type, code, parameter, now);
  return size ? on.read(doors.bufferAt(), size) : undefined;
}

test("an error tells of as much of the packet as fits the MTU", () => {
  const back = Buffer.concat([FROM, of.subarray(0, 16)]);
  const short = ipv6(of, NEXT.udp, datagram);
  const told = error(short, 1_000_000n, { type: 4, code: 1, parameter: 6 });
  assert.deepEqual(told, ipv6(back, NEXT.icmp, icmp(back, 4, 1, Buffer.concat([hex("00000006"), short]))));
  const long = ipv6(of, NEXT.udp, udp(of, Buffer.alloc(1232, 7), 7));
  assert.equal(long.length, 1280);
  const cut = error(long) as Buffer;
  assert.deepEqual(cut, ipv6(back, NEXT.icmp, icmp(back, 1, 4, Buffer.concat([hex("00000000"), long.subarray(0, 1232)]))));
});

test("there is no error about errors, groups, everyone's frames, nobody, or what was not authentic", () => {
  let now = 2_000_000n;
  const none = (packet: Buffer, options = {}, about = ""): void => {
    now += 1000n;
    assert.equal(error(packet, now, options), undefined, about);
  };
  const short = ipv6(of, NEXT.udp, datagram);
  none(short, { secured: false }, "in clear");
  none(short, { toAll: true }, "to everyone");
  none(ipv6(group, NEXT.udp, datagram), {}, "to a group");
  none(ipv6(Buffer.concat([Buffer.alloc(16), of.subarray(16)]), NEXT.udp, datagram), {}, "from nobody");
  none(ipv6(Buffer.concat([group.subarray(16), of.subarray(16)]), NEXT.udp, datagram), {}, "from a group");
  none(ipv6(of, NEXT.icmp, icmp(of, 3, 0, Buffer.alloc(20))), {}, "about an error");
  none(ipv6(of, NEXT.hops, extension(NEXT.icmp, PAD, icmp(of, 127, 0, Buffer.alloc(20)))), {}, "about one behind a header");
  none(ipv6(of, NEXT.fragment, extension(NEXT.icmp, hex("0000 00000001"), Buffer.alloc(16))), {}, "about what may be one");
  none(ipv6(of, NEXT.hops, hex("3a 05 01 04 00000000")), {}, "about what hides its kind");
  assert.ok(error(ipv6(of, NEXT.icmp, icmp(of, 128, 0, ECHO)), now + 1000n), "about an echo there is");
  assert.ok(
    error(ipv6(group, NEXT.udp, datagram), now + 2000n, { type: 2, code: 0 }),
    "and one that a packet is too big, also about a group",
  );
  assert.ok(error(ipv6(group, NEXT.udp, datagram), now + 3000n, { type: 4, code: 2 }), "and one about an option");
  none(ipv6(group, NEXT.udp, datagram), { type: 4, code: 1 }, "but not about another field");
});

test("errors are ten at a time and ten a second", () => {
  const now = 5_000_000n;
  const short = ipv6(of, NEXT.udp, datagram);
  const count = (at: bigint): number => Array.from({ length: 30 }, () => error(short, at)).filter((told) => told).length;
  assert.equal(count(now), 10);
  assert.equal(count(now + 99n), 0);
  assert.equal(count(now + 100n), 1);
  assert.equal(count(now + 350n), 2);
  assert.equal(count(now + 1_000_000n), 10);
});
