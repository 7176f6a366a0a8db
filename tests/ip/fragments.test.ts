// Packets put together from fragments, RFC 4944 section 5.3: in any order, once, and whatever others send meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { frameFrom, iphc, type Piece, pieces, udpPacket } from "./frames.ts";
import { DROP, Heard, type Identity, LowNode } from "./low_node.ts";

const OWN: Identity = { extended: 0x0200000000000001n, short: 0x0000 };
const OTHER: Identity = { extended: 0x0200000000000002n, short: 0x0002 };
const THIRD: Identity = { extended: 0x0200000000000003n, short: 0x0003 };
const SLOTS = 4;

const node = (): LowNode => new LowNode(OWN, [OTHER, THIRD]);

/** Feeds pieces as secured frames of a neighbour; answers the packets that came of them. */
function feed(on: LowNode, of: readonly Piece[], from = OTHER, counter?: () => number): Buffer[] {
  return of.flatMap((piece) =>
    on
      .hear(frameFrom(from, OWN, piece.octets, counter ? { counter: counter() } : {}))
      .filter(({ kind }) => kind === Heard.Packet)
      .map(({ octets }) => octets),
  );
}

const packet = udpPacket(OTHER, OWN, Buffer.from(Array.from({ length: 1100 }, (_, index) => index & 0xff)));

test("fragments make their packet in every order", () => {
  const of = pieces(packet, 7, OTHER, OWN);
  assert.ok(of.length > 12);
  const random = new Random(1, "fragments");
  for (let round = 0; round < 40; round++) {
    const shuffled = [...of];
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = random.below(index + 1);
      [shuffled[index], shuffled[other]] = [shuffled[other], shuffled[index]];
    }
    const on = node();
    const made = feed(on, round === 0 ? of : round === 1 ? [...of].reverse() : shuffled);
    assert.deepEqual(
      made.map((octets) => octets.toString("hex")),
      [packet.toString("hex")],
      `round ${round}`,
    );
  }
});

test("a fragment that comes twice changes nothing", () => {
  const on = node();
  const of = pieces(packet, 7, OTHER, OWN);
  const [made] = feed(on, [of[0], of[1], of[1], of[0], ...of.slice(2)]);
  assert.ok(made.equals(packet));
  assert.equal(on.drop(DROP.duplicate), 2);
});

test("one that overlaps begins the packet anew with itself: the old octets are not mixed with the new", () => {
  const of = pieces(packet, 7, OTHER, OWN);
  const longer = pieces(packet, 7, OTHER, OWN, 72);
  const on = node();
  // The second of another division covers the end of the second and the beginning of the third.
  assert.deepEqual(feed(on, [of[0], of[1], of[2], longer[2]]), []);
  assert.equal(on.drop(DROP.refused), 1);
  // What was there before is gone, so the whole of one division makes it, and nothing less.
  assert.deepEqual(feed(on, of.slice(3)), []);
  const again = node();
  const [made] = feed(again, [of[0], of[1], ...longer]);
  assert.ok(made.equals(packet));
});

test("who lies about sizes and places is not believed", () => {
  const of = pieces(packet, 7, OTHER, OWN);
  const lie = (change: (octets: Buffer) => Buffer, index = 1): Buffer => change(Buffer.from(of[index].octets));
  const at = (offset: number, value: number, index = 1): Buffer =>
    lie((octets) => {
      octets[offset] = value;
      return octets;
    }, index);
  const sized = (kind: number, size: number, index = 1): Buffer =>
    lie((octets) => {
      octets.writeUInt16BE(kind | size);
      return octets;
    }, index);
  const cases: [string, Buffer, number][] = [
    ["beyond the end of the packet", at(4, 0x8f), DROP.malformed],
    ["at the place of the first", at(4, 0), DROP.malformed],
    ["not a multiple of eight, and not the last", lie((octets) => octets.subarray(0, -1)), DROP.malformed],
    ["with nothing in it", lie((octets) => octets.subarray(0, 5)), DROP.malformed],
    ["cut in its header", lie((octets) => octets.subarray(0, 4)), DROP.malformed],
    ["of a packet of 39 octets", sized(0xe000, 39), DROP.malformed],
    ["of a packet of 1,377 octets, for which there is no room", sized(0xe000, 1377), DROP.noBuffer],
    ["the first, longer than the packet", sized(0xc000, 72, 0), DROP.malformed],
    ["the first, ending inside of a unit", lie((octets) => octets.subarray(0, -3), 0), DROP.malformed],
    ["the first, with nothing in it", lie((octets) => octets.subarray(0, 4), 0), DROP.malformed],
    ["the first, with no header of IPv6", at(4, 0x42, 0), DROP.malformed],
    [
      "the first, not compressed and cut in its header",
      Buffer.concat([of[0].octets.subarray(0, 4), Buffer.from([0x41, 0x60])]),
      DROP.malformed,
    ],
  ];
  for (const [name, octets, reason] of cases) {
    const on = node();
    assert.deepEqual(feed(on, [{ octets, begun: 0, end: 0 }]), [], name);
    assert.equal(on.drop(reason), 1, name);
    const [made] = feed(on, pieces(packet, 8, OTHER, OWN));
    assert.ok(made.equals(packet), name);
  }
});

test("a packet of less than its fragments say is none", () => {
  // A first fragment that is the whole packet by its own words, and a second that goes on.
  const small = udpPacket(OTHER, OWN, Buffer.alloc(160));
  const of = pieces(small, 9, OTHER, OWN);
  const on = node();
  assert.deepEqual(feed(on, [of[0]]), []);
  on.now = 4999n;
  on.engine.poll(on.now);
  assert.equal(on.drop(DROP.expired), 0);
  on.now = 5000n;
  on.engine.poll(on.now);
  assert.equal(on.drop(DROP.expired), 1, "its time is over");
  assert.deepEqual(feed(on, of.slice(1)), []);
});

test("as many pieces as a slot notes, and one more", () => {
  const on = node();
  const large = udpPacket(OTHER, OWN, Buffer.alloc(1000));
  // Of eight octets each, from the end: the first is never sent.
  const bits = pieces(large, 3, OTHER, OWN, 8).reverse();
  assert.deepEqual(feed(on, bits.slice(0, 24)), []);
  assert.equal(on.drop(DROP.exhausted), 0);
  feed(on, bits.slice(24, 25));
  assert.equal(on.drop(DROP.exhausted), 1);
});

test("a neighbour has one packet on its way: a new one takes the place of what is not complete", () => {
  const on = node();
  const of = pieces(packet, 1, OTHER, OWN);
  feed(on, of.slice(0, 3));
  for (let tag = 2; tag < 40; tag++) feed(on, pieces(packet, tag, OTHER, OWN).slice(0, 1));
  assert.equal(on.drop(DROP.noBuffer), 0);
  const third = udpPacket(THIRD, OWN, Buffer.alloc(300, 3));
  assert.ok(feed(on, pieces(third, 1, THIRD, OWN), THIRD)[0].equals(third));
});

/** Fragments that nobody authenticated, each of another sender, packet and size. */
function junk(random: Random): Buffer {
  const from = { extended: 0x0200000000010000n + BigInt(random.below(0xffff)), short: 0xffff };
  const size = 40 + random.below(1300);
  const head = Buffer.alloc(5);
  head.writeUInt16BE((random.chance(0.5) ? 0xc000 : 0xe000) | size);
  head.writeUInt16BE(random.below(0x10000), 2);
  head[4] = 1 + random.below(4);
  const first = Buffer.concat([head.subarray(0, 4), iphc({ bare: true }), Buffer.alloc(48)]);
  return frameFrom(from, OWN, head[0] & 0x20 ? Buffer.concat([head, Buffer.alloc(8)]) : first, { clear: true });
}

test("under ten times as many fragments of strangers each packet of a member arrives, and memory is free again", () => {
  const on = node();
  const random = new Random(2, "flood");
  let arrived = 0;
  for (let count = 0; count < 50; count++) {
    for (const piece of pieces(packet, count, OTHER, OWN)) {
      for (let turn = 0; turn < 10; turn++) on.hear(junk(random));
      on.now += 4n;
      arrived += feed(on, [piece]).length;
    }
  }
  assert.equal(arrived, 50);
  on.now += 10_000n;
  on.engine.poll(on.now);
  // All slots and packets are free: as many members as there are slots are heard at a time.
  const members = Array.from({ length: SLOTS }, (_, index) => ({ extended: 0x0200000000000020n + BigInt(index), short: 0x20 + index }));
  for (const member of members) on.link(member);
  const large = members.map((member) => udpPacket(member, OWN, Buffer.alloc(1100, member.short)));
  for (const [index, member] of members.entries()) feed(on, pieces(large[index], 1, member, OWN).slice(0, -1), member);
  for (const [index, member] of members.entries())
    assert.ok(feed(on, pieces(large[index], 1, member, OWN).slice(-1), member)[0].equals(large[index]));
});

test("under ten times as many fragments of a member packets of the others arrive", () => {
  const on = node();
  const random = new Random(3, "flood of a member");
  let arrived = 0;
  for (let count = 0; count < 20; count++) {
    for (const piece of pieces(packet, count, OTHER, OWN)) {
      for (let turn = 0; turn < 10; turn++) {
        const bad = pieces(udpPacket(THIRD, OWN, Buffer.alloc(300)), random.below(0x10000), THIRD, OWN);
        feed(on, [bad[random.below(bad.length)]], THIRD);
      }
      arrived += feed(on, [piece]).length;
    }
  }
  assert.equal(arrived, 20);
});

test("a stranger's packet is heard where strangers are few, and makes room for a member's", () => {
  const stranger = { extended: 0x0200000000000099n, short: 0xffff };
  const pana = udpPacket(stranger, OWN, Buffer.alloc(400, 1), 716);
  const on = node();
  const hear = (of: readonly Piece[]): Buffer[] =>
    of.flatMap(({ octets }) => on.hear(frameFrom(stranger, OWN, octets, { clear: true }))).map(({ octets }) => octets);
  assert.ok(hear(pieces(pana, 5, stranger, OWN))[0].equals(pana));
  hear(pieces(pana, 6, stranger, OWN).slice(0, 2));
  const members = Array.from({ length: SLOTS }, (_, index) => ({ extended: 0x0200000000000020n + BigInt(index), short: 0x20 + index }));
  for (const member of members) on.link(member);
  const large = members.map((member) => udpPacket(member, OWN, Buffer.alloc(500, member.short)));
  for (const [index, member] of members.entries()) feed(on, pieces(large[index], 1, member, OWN).slice(0, -1), member);
  for (const [index, member] of members.entries())
    assert.ok(feed(on, pieces(large[index], 1, member, OWN).slice(-1), member)[0].equals(large[index]), member.extended.toString());
});

test("fragments in clear do not mix with those of a packet that is secured", () => {
  const on = node();
  const of = pieces(packet, 4, OTHER, OWN);
  feed(on, of.slice(0, -1));
  assert.deepEqual(on.hear(frameFrom(OTHER, OWN, (of.at(-1) as Piece).octets, { clear: true })), []);
  assert.ok(feed(on, of.slice(-1))[0].equals(packet));
});
