// The link: who is heard, under which key and counter, what passes in clear, beacons and scans.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_HANDLE, EventKind } from "../../host/abi.ts";
import { addresses, type FrameOptions, frameFrom, iphc, ipv6, pieces, udp, udpPacket } from "./frames.ts";
import { DROP, Heard, type Identity, LINKED, LowNode, MODE, type Note, packets, RANK, sends } from "./low_node.ts";

const OWN: Identity = { extended: 0x0200000000000001n, short: 0x0001 };
const OTHER: Identity = { extended: 0x0200000000000002n, short: 0x0002 };
const STRANGER: Identity = { extended: 0x0200000000000077n, short: 0xffff };
const KEYS = [Buffer.alloc(16, 0x11), Buffer.alloc(16, 0x22), Buffer.alloc(16, 0x33)];

const packet = udpPacket(OTHER, OWN, Buffer.from("hello"));
const payload = Buffer.concat([iphc(), packet.subarray(40)]);

const node = (): LowNode => new LowNode(OWN, [OTHER]);
const hear = (on: LowNode, options: FrameOptions = {}, from = OTHER, octets: Uint8Array = payload): Note[] =>
  on.hear(frameFrom(from, OWN, octets, options));
const isHeard = (notes: readonly Note[]): boolean => packets(notes)[0] === packet.toString("hex");

test("a frame of a neighbour is opened, by its short address and by its EUI-64", () => {
  const on = node();
  const [note] = hear(on);
  assert.deepEqual(
    { ...note, octets: 0 },
    {
      kind: Heard.Packet,
      from: 2n,
      mode: MODE.short,
      secured: true,
      toAll: false,
      lqi: 200,
      status: 0,
      pending: 0,
      panId: 0xface,
      octets: 0,
    },
  );
  assert.ok(isHeard([note]));
  const extended = Buffer.concat([iphc(), packet.subarray(40)]);
  extended[1] = 0xd7; // the interface identifier of its source in-line, of 16 bits
  assert.equal(
    packets(hear(on, { extended: true }, OTHER, Buffer.concat([Buffer.from([0x7a, 0xe7, 0, 17, 0, 2]), packet.subarray(40)]))).length,
    1,
  );
});

test("a counter is accepted once, and never one below it", () => {
  const on = node();
  assert.ok(isHeard(hear(on, { counter: 100 })));
  assert.equal(on.doors.counterOf(OTHER.extended), 101);
  assert.deepEqual(hear(on, { counter: 100 }), []);
  assert.deepEqual([on.drop(DROP.duplicate), on.drop(DROP.replayed)], [1, 0], "the last one again is a repetition");
  assert.deepEqual(hear(on, { counter: 99 }), []);
  assert.equal(on.drop(DROP.replayed), 1);
  assert.ok(isHeard(hear(on, { counter: 101 })));
  assert.ok(isHeard(hear(on, { counter: 0xfffffffe })));
  assert.deepEqual(hear(on, { counter: 0xffffffff }), []);
  assert.equal(on.drop(DROP.malformed), 1, "the last number is no frame's");
});

test("a frame that is not authentic moves no counter and says nothing", () => {
  const on = node();
  const good = frameFrom(OTHER, OWN, payload, { counter: 7 });
  for (let at = 0; at < good.length; at++) {
    for (const bit of [0, 3, 7]) {
      const bad = Buffer.from(good);
      bad[at] ^= 1 << bit;
      assert.deepEqual(packets(on.hear(bad)), [], `bit ${bit} of octet ${at}`);
    }
  }
  assert.equal(on.doors.counterOf(OTHER.extended), 0);
  assert.ok(isHeard(on.hear(good)));
  for (let size = 0; size < good.length; size++) assert.deepEqual(on.hear(good.subarray(0, size)), []);
});

test("other levels of security and other names of keys are refused", () => {
  const on = node();
  for (const control of [0x08, 0x0c, 0x0e, 0x0f, 0x05, 0x15, 0x1d, 0x2d, 0x8d])
    assert.deepEqual(hear(on, { control }), [], `control ${control}`);
  assert.deepEqual(hear(on, { keyIndex: 0 }), []);
  assert.equal(on.drop(DROP.malformed), 10);
  assert.deepEqual(hear(on, { version: 0 }), [], "a frame of 2003 has no such header");
  assert.deepEqual(hear(on, { version: 2 }), []);
  assert.equal(on.drop(DROP.malformed), 12);
});

test("an unknown device and an unknown key are told of, to be rejected: never for what was sent to everyone", () => {
  const on = node();
  const [note] = hear(on, {}, STRANGER);
  assert.deepEqual([note.kind, note.from, note.mode], [Heard.Unlinked, STRANGER.extended, MODE.extended]);
  assert.deepEqual(hear(on, { broadcast: true }, STRANGER), []);
  const [unknown] = hear(on, { keyIndex: 9 });
  assert.deepEqual([unknown.kind, unknown.from, unknown.mode], [Heard.Unlinked, 2n, MODE.short]);
  assert.deepEqual([on.drop(DROP.foreign), on.drop(DROP.noKey)], [2, 1]);
  on.link({ extended: STRANGER.extended, short: 0xffff }, LINKED - 1);
  assert.deepEqual(hear(on, {}, STRANGER), [], "with one that is being linked nothing is wrong yet");
});

test("the key to come is used from its first frame on, and who has used a newer key is not heard under an older one", () => {
  const on = node();
  on.install(2, KEYS[1], RANK.next);
  assert.ok(isHeard(hear(on, { counter: 50 })));
  assert.equal(on.doors.keysIndex(), 1);
  const bad = frameFrom(OTHER, OWN, payload, { counter: 51, keyIndex: 2, key: KEYS[2] });
  assert.deepEqual(on.hear(bad), []);
  assert.equal(on.doors.keysIndex(), 1, "not for one that is not authentic");
  assert.ok(isHeard(hear(on, { counter: 0, keyIndex: 2, key: KEYS[1] })), "its counter begins anew");
  assert.deepEqual([on.doors.keysIndex(), on.doors.keysNext()], [2, 0]);
  assert.deepEqual(hear(on, { counter: 52 }), []);
  assert.equal(on.drop(DROP.replayed), 1);
  const third = { extended: 0x0200000000000003n, short: 3 };
  on.link(third);
  assert.equal(packets(on.hear(frameFrom(third, OWN, payload, { counter: 1 }))).length, 1, "another may still use the previous one");
});

test("a frame of another network is none of ours", () => {
  assert.deepEqual(hear(node(), { pan: 0x1234 }), []);
});

test("in clear pass PANA and MLE on their link, and nothing else", () => {
  const of = addresses(STRANGER, { ...OWN, short: 0xffff });
  const clear = (octets: Buffer): number => {
    const on = node();
    const compressed = Buffer.concat([Buffer.from([0x41]), octets]);
    const notes = on.hear(frameFrom(STRANGER, OWN, compressed, { clear: true }));
    assert.equal(on.drop(DROP.unsecured), 1 - notes.length);
    return notes.length;
  };
  const datagram = (target: number, source: number): Buffer => udp(of, Buffer.alloc(8), target, source);
  assert.equal(clear(ipv6(of, 17, datagram(716, 716))), 1);
  assert.equal(clear(ipv6(of, 17, datagram(716, 5000))), 1);
  assert.equal(clear(ipv6(of, 17, datagram(5000, 716))), 1);
  assert.equal(clear(ipv6(of, 17, datagram(19788, 19788))), 1);
  assert.equal(clear(ipv6(of, 17, datagram(717, 717))), 0);
  assert.equal(clear(ipv6(of, 58, datagram(716, 716))), 0, "not UDP");
  assert.equal(clear(ipv6(of, 17, datagram(716, 716).subarray(0, 7))), 0, "no whole header");
  const beyond = Buffer.from(of);
  beyond.set([0xfd, 0], 16);
  assert.equal(clear(ipv6(beyond, 17, datagram(716, 716))), 0, "to a global address");
  const group = Buffer.from(of);
  group.set(Buffer.from("ff0200000000000000000000000000022", "hex").subarray(0, 16), 16);
  assert.equal(clear(ipv6(group, 17, datagram(19788, 19788))), 1);
  group[17] = 3;
  assert.equal(clear(ipv6(group, 17, datagram(19788, 19788))), 0, "to a group beyond the link");
  const hops = Buffer.concat([Buffer.from([17, 0, 1, 4, 0, 0, 0, 0]), datagram(716, 716)]);
  assert.equal(clear(ipv6(of, 0, hops)), 0, "behind a header");
});

test("what is not to be sent in clear is refused", () => {
  const on = node();
  on.write(packet);
  assert.equal(on.doors.send(packet.length, MODE.short, 2n, 0, 0n), -15);
  assert.equal(on.doors.send(packet.length, MODE.short, 2n, 1, 0n), 0);
  on.write(packet);
  assert.equal(on.doors.send(packet.length - 1, MODE.short, 2n, 1, 0n), -2, "a size that the header contradicts");
  assert.equal(on.doors.send(packet.length, MODE.none, 0n, 1, 0n), -7, "without a next hop");
});

test("a packet goes in fragments, each with its own counter, and is told of when it has gone", () => {
  const on = node();
  const large = udpPacket(OWN, OTHER, Buffer.from(Array.from({ length: 1200 }, (_, index) => index & 0xff)));
  on.write(large);
  assert.equal(on.doors.send(large.length, MODE.short, 2n, 1, 0n), 0);
  const frames: Buffer[] = [];
  for (let frame = sends(on); frame; frame = sends(on)) frames.push(frame);
  const sent = on.logged.filter(({ code }) => code === 100 + Heard.Sent);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].octets.readInt8(12), 0);
  const counters = frames.map((frame) => frame.readUInt32LE(10));
  assert.deepEqual(
    counters,
    counters.map((_, index) => counters[0] + index),
  );
  const peer = new LowNode(OTHER, [OWN]);
  assert.deepEqual(packets(frames.flatMap((frame) => peer.hear(frame))), [large.toString("hex")]);
});

test("a frame that nobody acknowledges is sent again under another counter, and given up after three times", () => {
  const on = node();
  on.write(packet);
  on.doors.send(packet.length, MODE.short, 2n, 1, 0n);
  const counters = new Set<number>();
  for (let turn = 0; turn < 10; turn++) {
    const frame = sends(on, -9);
    if (frame) counters.add(frame.readUInt32LE(10));
    on.now += 100n;
  }
  assert.equal(counters.size, 3);
  const [sent] = on.logged.filter(({ code }) => code === 100 + Heard.Sent);
  assert.deepEqual([sent.octets.readInt8(12), sent.octets.length], [-9, 16 + packet.length], "its owner has it again");
  assert.ok(on.doors.etxOf(OTHER.extended) > 300);
  assert.equal(on.drop(DROP.unsent), 1);
});

test("a radio that never tells of the end costs the packets that wait for it, and no more", () => {
  const on = node();
  for (let count = 0; count < 2; count++) {
    on.write(packet);
    on.doors.send(packet.length, MODE.short, 2n, 1, on.now);
  }
  on.engine.poll(on.now);
  for (; on.now < 9000n; on.now += 500n) on.engine.poll(on.now);
  assert.deepEqual([on.sent.length, on.drop(DROP.expired), on.doors.busy()], [1, 2, 0]);
  on.event(EventKind.RadioSent, { [EVENT_HANDLE]: on.handle });
  on.write(packet);
  on.doors.send(packet.length, MODE.short, 2n, 1, on.now);
  on.engine.poll(on.now);
  assert.equal(on.sent.length, 2);
});

test("a packet that waits for too long is given back", () => {
  const on = node();
  on.write(packet);
  on.doors.send(packet.length, MODE.short, 2n, 1, 0n);
  on.now = 8000n;
  on.engine.poll(on.now);
  assert.equal(on.sent.length, 0);
  assert.equal(on.drop(DROP.expired), 1);
  assert.equal(on.doors.busy(), 0);
});

test("a parent is asked by a secured command that anybody can read, and what it acknowledges is told", () => {
  const on = node();
  on.doors.ask(OTHER.extended);
  const frame = sends(on, 0, 1) as Buffer;
  assert.equal(frame[0], 0x6b);
  assert.equal(frame.at(-5), 4, "data request");
  const [polled] = on.logged.filter(({ code }) => code === 100 + Heard.Polled);
  assert.equal(polled, undefined);
  on.engine.poll(on.now);
  const [told] = on.logged.filter(({ code }) => code === 100 + Heard.Polled);
  assert.deepEqual([told.octets.readInt8(12), told.octets[13]], [0, 1]);
  const peer = new LowNode(OTHER, [OWN]);
  assert.deepEqual(
    peer.hear(frame).map(({ kind, from }) => [kind, from]),
    [[Heard.Poll, OWN.extended]],
  );
});

test("who scans is told of the network, once for many questions", () => {
  const on = node();
  on.write(Buffer.from("A NETWORK OF OURS"), 2048);
  const request = Buffer.from("03080affffffff07", "hex");
  on.hear(request);
  assert.equal(on.doors.deadline(), 0x7fffffffffffffffn as unknown as number, "not while there is nothing to tell");
  on.doors.serve(7, 1);
  on.hear(request);
  on.hear(request);
  on.now = 100n;
  const beacon = sends(on) as Buffer;
  assert.equal(beacon.subarray(-18).toString("latin1"), "\x02\x07A NETWORK OF OUR");
  assert.equal(beacon.readUInt16LE(7), 0xcfff);
  on.now = 300n;
  assert.equal(sends(on), undefined);
  const [note] = new LowNode(OTHER).hear(beacon);
  assert.deepEqual(
    [note.kind, note.from, note.panId, note.octets.subarray(2, 18).toString("latin1")],
    [Heard.Beacon, 1n, 0xface, "A NETWORK OF OUR"],
  );
});

test("a scan asks on each channel and ends", () => {
  const on = node();
  on.doors.scan(0x0000_1800, 0n);
  const frames: Buffer[] = [];
  for (let turn = 0; turn < 60; turn++) {
    const frame = sends(on);
    if (frame) frames.push(frame);
    on.now += 10n;
  }
  assert.deepEqual(
    frames.map((frame) => frame.subarray(-1)[0]),
    [7, 7],
  );
  assert.equal(on.logged.filter(({ code }) => code === 100 + Heard.ScanDone).length, 1);
});

test("pieces of a packet lie where the sender's frames have room", () => {
  // What the others' tests build must be what a node takes.
  const large = udpPacket(OTHER, OWN, Buffer.alloc(300, 1));
  const on = node();
  const made = pieces(large, 1, OTHER, OWN).flatMap(({ octets }) => packets(hear(on, {}, OTHER, octets)));
  assert.deepEqual(made, [large.toString("hex")]);
});
