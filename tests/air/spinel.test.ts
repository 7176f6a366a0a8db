import assert from "node:assert/strict";
import { test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import { PENDING_MAX } from "../../host/air/identity.ts";
import { Medium } from "../../host/air/medium.ts";
import { Random } from "../../host/air/random.ts";
import { Coprocessor, TRANSMIT_QUEUE_MAX } from "../../host/spinel/coprocessor.ts";
import { Property, packed, readPacked, readSpinel, type SpinelFrame, Status, writeSpinel } from "../../host/spinel/frame.ts";
import { HDLC_FRAME_MAX, HdlcDecoder, hdlcEncode } from "../../host/spinel/hdlc.ts";
import { CHANNEL, frames, PAN, run, station } from "./support.ts";
import { beaconRequest, dataRequest, macData } from "./zigbee.ts";

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

test("HDLC-lite: a known frame, escapes, any cut of the stream, any octets", () => {
  assert.equal(hex(hdlcEncode(Buffer.from("810243", "hex"))), "7e810243d3d37e");
  const random = new Random(1, "hdlc");
  const sent: string[] = [];
  const stream: number[] = [];
  for (let count = 0; count < 200; count++) {
    const frame = new Uint8Array(1 + random.below(300));
    random.fill(frame);
    if (count % 3 === 0) for (let at = 0; at < frame.length; at++) frame[at] = [0x7e, 0x7d, 0x11, 0x13, 0xf8, 0x5e][random.below(6)];
    sent.push(hex(frame));
    stream.push(...hdlcEncode(frame).subarray(count % 2));
  }
  const got: string[] = [];
  const decoder = new HdlcDecoder((frame) => got.push(hex(frame)));
  for (let at = 0; at < stream.length; ) {
    const size = 1 + random.below(40);
    decoder.input(Uint8Array.from(stream.slice(at, at + size)));
    at += size;
  }
  assert.deepEqual(got, sent);
});

test("HDLC-lite: damaged, aborted and endless frames are dropped, and the next is taken", () => {
  const got: string[] = [];
  const decoder = new HdlcDecoder((frame) => got.push(hex(frame)));
  const good = hdlcEncode(Buffer.from("8102430011", "hex"));
  for (let at = 1; at < good.length - 1; at++) {
    const damaged = Uint8Array.from(good);
    damaged[at] ^= 0x01;
    decoder.input(damaged);
  }
  decoder.input(Buffer.from("7e81027d7e", "hex"));
  decoder.input(new Uint8Array(HDLC_FRAME_MAX + 10).fill(0x55));
  decoder.input(good);
  assert.deepEqual(got, ["8102430011"]);
  assert.ok(decoder.counters.badFcs > 3);
  assert.equal(decoder.counters.tooLong, 1);
});

test("packed integers", () => {
  for (const [value, octets] of [
    [0, "00"],
    [127, "7f"],
    [128, "8001"],
    [0x1303, "8326"],
    [2_097_151, "ffff7f"],
  ] as const) {
    assert.equal(hex(Uint8Array.from(packed(value))), octets);
    assert.deepEqual(readPacked(Buffer.from(octets, "hex"), 0), { value, size: octets.length / 2 });
  }
  assert.equal(readPacked(Buffer.from("ffffffff01", "hex"), 0), undefined);
  assert.equal(readPacked(Buffer.from("80", "hex"), 0), undefined);
});

interface Host {
  coprocessor: Coprocessor;
  got: SpinelFrame[];
  ask(command: number, property: number, value?: Uint8Array | number[], tid?: number): SpinelFrame | undefined;
  set(property: number, ...value: number[]): void;
}

function host(medium: Medium, id: string): Host {
  const got: SpinelFrame[] = [];
  const decoder = new HdlcDecoder((octets) => {
    const frame = readSpinel(octets);
    assert.ok(frame);
    got.push(frame);
  });
  const coprocessor = new Coprocessor(medium, { id, hardwareAddress: 0x1122334455667788n, output: (octets) => decoder.input(octets) });
  const ask = (command: number, property: number, value: Uint8Array | number[] = [], tid = 3): SpinelFrame | undefined => {
    const before = got.length;
    coprocessor.input(hdlcEncode(writeSpinel(tid, command, property, value)));
    return got[before];
  };
  const set = (property: number, ...value: number[]): void => {
    const answer = ask(3, property, value);
    assert.deepEqual(
      [answer?.tid, answer?.command, answer?.property, hex(answer?.value ?? new Uint8Array(0))],
      [3, 6, property, hex(Uint8Array.from(value))],
    );
  };
  return { coprocessor, got, ask, set };
}

/** What a board does after its reset. */
function open(medium: Medium, id: string, short: number): Host {
  const made = host(medium, id);
  made.set(Property.MacPan, PAN & 0xff, PAN >> 8);
  made.set(Property.MacShort, short, 0);
  made.set(Property.MacExtended, 0, 0x12, 0x4b, 0, 0, 0, 0, short);
  made.set(Property.PhyChannel, CHANNEL);
  made.set(Property.MacRawStream, 1);
  made.set(Property.SourceMatch, 1);
  made.set(Property.PhyEnabled, 1);
  made.got.length = 0;
  return made;
}

function raw(body: Uint8Array, ...metadata: number[]): number[] {
  return [body.length + 2, 0, ...body, 0, 0, ...metadata];
}

test("a reset is answered with 114 on tid 0, the start with 112, and the settings are the defaults again", () => {
  const medium = new Medium({ seed: 1 });
  const { got, ask, set } = host(medium, "rcp");
  assert.deepEqual([got[0].tid, got[0].property, ...got[0].value], [0, 0, Status.ResetPowerOn]);
  set(Property.MacPan, 1, 2);
  const answer = ask(1, 2);
  assert.deepEqual([answer?.tid, answer?.command, answer?.property, ...(answer?.value ?? [])], [0, 6, 0, Status.ResetSoftware]);
  assert.equal(hex(ask(2, Property.MacPan)?.value ?? Buffer.of()), "ffff");
});

test("what zigbee-on-host asks first is answered on its tid", () => {
  const { ask } = host(new Medium({ seed: 1 }), "rcp");
  for (const [property, value] of [
    [1, "0403"],
    [3, "03"],
    [176, "0a"],
    [177, "04"],
    [37, "00"],
    [38, "9e"],
    [39, "9c"],
    [36, "b5"],
    [8, "1122334455667788"],
  ] as const) {
    const answer = ask(2, property, [], 9);
    assert.deepEqual([answer?.tid, answer?.command, answer?.property, hex(answer?.value ?? Buffer.of())], [9, 6, property, value]);
  }
  assert.match(Buffer.from(ask(2, 2)?.value ?? []).toString("latin1"), /^[ -~]+\0$/);
});

test("wrong requests get a status; a request with tid 0 none; malformed frames nothing", () => {
  const { ask, coprocessor, got } = host(new Medium({ seed: 1 }), "rcp");
  const status = (answer: SpinelFrame | undefined): number => {
    assert.equal(answer?.property, 0);
    return answer?.value[0] ?? -1;
  };
  assert.equal(status(ask(2, 0x4444)), Status.PropertyNotFound);
  assert.equal(status(ask(3, 0x4444, [1])), Status.PropertyNotFound);
  assert.equal(status(ask(3, Property.MacPan, [1])), Status.ParseError);
  assert.equal(status(ask(3, Property.PhyChannel, [27])), Status.InvalidArgument);
  assert.equal(status(ask(3, Property.PhyEnabled, [2])), Status.InvalidArgument);
  assert.equal(status(ask(3, Property.NcpVersion, [2])), Status.PropertyNotFound);
  assert.equal(status(ask(4, Property.MacPan, [1, 2])), Status.InvalidCommand);
  assert.equal(status(ask(5, Property.SourceMatchShort, [1, 2])), Status.ItemNotFound);
  assert.equal(status(ask(5, Property.SourceMatchShort, [1])), Status.ParseError);
  assert.equal(status(ask(6, Property.MacPan, [1, 2])), Status.InvalidCommand);
  assert.equal(status(ask(3, Property.StreamRaw, raw(beaconRequest(1)))), Status.InvalidState);
  assert.equal(status(ask(3, Property.StreamRaw, [200, 0, 1])), Status.ParseError);
  assert.equal(status(ask(3, Property.StreamRaw, [1, 0, 1])), Status.InvalidArgument);
  assert.equal(status(ask(0, 0)), Status.Ok);
  assert.equal(ask(3, Property.MacPan, [1, 2], 0), undefined);
  assert.equal(hex(ask(2, Property.MacPan)?.value ?? Buffer.of()), "0102");
  const before = got.length;
  for (const octets of ["", "81", "0102", "c10202", "81ffffff", "9102ff", "8102ffffff7f"])
    coprocessor.input(hdlcEncode(Buffer.from(octets, "hex")));
  assert.equal(got.length, before);
});

test("a frame is sent with acknowledgement, and received with its metadata", () => {
  const medium = new Medium({ seed: 1, link: { lqi: 177, rssi: -61 } });
  const [a, b] = [open(medium, "a", 1), open(medium, "b", 2)];
  const seen = frames(medium);
  const frame = macData(0x2a, PAN, 1, 2, Buffer.of(1, 2, 3));
  assert.equal(a.ask(3, Property.StreamRaw, raw(frame), 5), undefined);
  run(medium, 20);
  const ack = hex(withFcs(Buffer.of(2, 0, 0x2a)));
  const done = a.got[0];
  assert.deepEqual([a.got.length, done.tid, done.command, done.property], [1, 5, 6, 0]);
  assert.equal(hex(done.value.subarray(0, 10)), `0000000500${ack}`);
  const received = b.got[0];
  assert.deepEqual([b.got.length, received.tid, received.command, received.property], [1, 0, 6, Property.StreamRaw]);
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(BigInt(seen[0].timeUs));
  assert.equal(hex(received.value), `0e00${hex(withFcs(frame))}c3800000${"0a00"}0fb1${hex(time)}0100${"00"}`);
});

test("no acknowledgement is 17 after the retries asked for, a busy channel 18", () => {
  const medium = new Medium({ seed: 1 });
  const a = open(medium, "a", 1);
  const seen = frames(medium);
  a.ask(3, Property.StreamRaw, raw(macData(1, PAN, 1, 9, Buffer.of(1)), CHANNEL, 4, 1), 5);
  run(medium, 100);
  assert.deepEqual([seen.length, hex(a.got[0].value)], [2, "110000"]);
  const jammer = medium.attach("jammer", () => {});
  const jam = (): void => medium.transmit(jammer, withFcs(Buffer.alloc(125)), CHANNEL, jam);
  jam();
  a.ask(3, Property.StreamRaw, raw(beaconRequest(1)), 6);
  run(medium, 200);
  assert.deepEqual([a.got[1].tid, hex(a.got[1].value)], [6, "120000"]);
  a.ask(3, Property.StreamRaw, raw(beaconRequest(2), CHANNEL, 4, 3, 0), 7);
  run(medium, 100);
  assert.deepEqual([a.got[2].tid, hex(a.got[2].value)], [7, "000000"]);
});

test("fifteen frames may wait; each is answered on its own tid, in order", () => {
  const medium = new Medium({ seed: 1 });
  const a = open(medium, "a", 1);
  const seen = frames(medium);
  for (let tid = 1; tid <= TRANSMIT_QUEUE_MAX; tid++) assert.equal(a.ask(3, Property.StreamRaw, raw(beaconRequest(tid)), tid), undefined);
  const refused = a.ask(3, Property.StreamRaw, raw(beaconRequest(99)), 1);
  assert.deepEqual([refused?.property, refused?.value[0]], [0, Status.NoMemory]);
  run(medium, 200);
  assert.deepEqual(
    a.got.slice(1).map(({ tid }) => tid),
    Array.from({ length: TRANSMIT_QUEUE_MAX }, (_, index) => index + 1),
  );
  assert.deepEqual(
    seen.map(({ psdu }) => psdu[2]),
    Array.from({ length: TRANSMIT_QUEUE_MAX }, (_, index) => index + 1),
  );
});

test("a reset in the middle of a transmission answers it no more, and the next is sent", () => {
  const medium = new Medium({ seed: 1 });
  const a = open(medium, "a", 1);
  a.ask(3, Property.StreamRaw, raw(macData(1, PAN, 1, 9, Buffer.alloc(90))), 5);
  run(medium, 4);
  a.ask(1, 2);
  a.set(Property.PhyEnabled, 1);
  a.got.length = 0;
  a.ask(3, Property.StreamRaw, raw(beaconRequest(2)), 6);
  run(medium, 100);
  assert.deepEqual([a.got.length, a.got[0].tid, hex(a.got[0].value)], [1, 6, "000000"]);
});

test("the source match list sets frame pending; it can be edited, replaced, cleared and is bounded", () => {
  const medium = new Medium({ seed: 1 });
  const a = open(medium, "a", 0);
  const child = station(medium, "child", 1, false);
  const poll = (): boolean => {
    const before = child.sent.length;
    child.radio.send(dataRequest(before, PAN, 0, 1), 1);
    run(medium, 50);
    return child.sent[before].pending;
  };
  assert.equal(poll(), false);
  assert.equal(a.ask(4, Property.SourceMatchShort, [1, 0])?.command, 7);
  assert.equal(poll(), true);
  assert.equal(a.got.at(-1)?.value.at(-17), 0x10);
  assert.equal(a.ask(5, Property.SourceMatchShort, [1, 0])?.command, 8);
  assert.equal(poll(), false);
  a.set(Property.SourceMatch, 0);
  assert.equal(poll(), true, "who does not know for whom something waits says it to everyone");
  a.set(Property.SourceMatch, 1);
  assert.equal(poll(), false);
  a.set(Property.SourceMatchShort, 7, 0, 1, 0);
  assert.equal(poll(), true);
  a.set(Property.SourceMatchShort);
  assert.equal(poll(), false);
  a.set(Property.SourceMatchExtended, 0, 0x12, 0x4b, 0, 0, 0, 0, 1);
  const before = child.sent.length;
  child.radio.send(Buffer.concat([Buffer.of(0x63, 0xc8, 1, PAN & 0xff, PAN >> 8, 0, 0, 1, 0, 0, 0, 0, 0x4b, 0x12, 0), Buffer.of(4)]), 1);
  run(medium, 50);
  assert.equal(child.sent[before].pending, true);
  for (let index = 0; index < PENDING_MAX; index++) assert.equal(a.ask(4, Property.SourceMatchShort, [index, 1])?.command, 7);
  assert.equal(a.ask(4, Property.SourceMatchShort, [255, 1])?.value[0], Status.NoMemory);
});

test("frames are handed on only with the raw stream, and while asleep only after frame pending", () => {
  const medium = new Medium({ seed: 1 });
  const a = open(medium, "a", 1);
  const parent = station(medium, "parent", 0);
  const hears = (): boolean => {
    const before = a.got.length;
    parent.radio.send(macData(before, PAN, 0, 1, Buffer.of(5)), 1);
    run(medium, 100);
    return a.got.slice(before).some(({ property }) => property === Property.StreamRaw);
  };
  assert.equal(hears(), true);
  a.set(Property.MacReceiveWhenIdle, 0);
  assert.equal(hears(), false);
  parent.radio.set(6, 1n);
  const before = a.got.length;
  parent.radio.onReceived = () => medium.clock.after(9_000, () => parent.radio.send(macData(77, PAN, 0, 1, Buffer.of(6)), 2));
  a.ask(3, Property.StreamRaw, raw(dataRequest(9, PAN, 0, 1)), 5);
  run(medium, 100);
  assert.deepEqual(
    a.got.slice(before).map(({ property, value }) => (property === 0 ? value[1] : value[4])),
    [1, 77],
  );
  a.set(Property.MacReceiveWhenIdle, 1);
  assert.equal(hears(), true);
  a.set(Property.MacRawStream, 0);
  assert.equal(hears(), false);
});

test("random octets after a good start neither throw nor stop the co-processor", () => {
  const medium = new Medium({ seed: 1 });
  const { coprocessor, ask } = open(medium, "a", 1);
  const random = new Random(2, "spinel");
  for (let count = 0; count < 20_000; count++) {
    const octets = new Uint8Array(random.below(24));
    random.fill(octets);
    octets[0] = 0x80 | random.below(16);
    if (octets.length > 1) octets[1] = random.below(9);
    coprocessor.input(hdlcEncode(octets));
    if (count % 100 === 0) run(medium, 1);
  }
  run(medium, 1_000);
  assert.equal(hex(ask(2, 1)?.value ?? Buffer.of()), "0403");
});
