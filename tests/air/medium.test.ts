import assert from "node:assert/strict";
import { test } from "node:test";
import { crc16, fcsGood, withFcs } from "../../host/air/frame.ts";
import { Medium } from "../../host/air/medium.ts";
import { OCTET_US } from "../../host/air/standard.ts";
import { frames, run, station } from "./support.ts";
import { macData } from "./zigbee.ts";

const TEXT = Buffer.from("123456789");

test("the FCS is the CRC-16 whose check value over 123456789 is 2189, and X.25's is 906e", () => {
  assert.equal(crc16(TEXT, 0, 9), 0x2189);
  assert.equal(crc16(TEXT, 0xffff, 9) ^ 0xffff, 0x906e);
  const psdu = withFcs(TEXT);
  assert.equal(fcsGood(psdu), true);
  for (let bit = 0; bit < psdu.length * 8; bit++) {
    psdu[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(fcsGood(psdu), false);
    psdu[bit >> 3] ^= 1 << (bit & 7);
  }
});

function raw(medium: Medium, id: string, channel = 15) {
  const heard: number[] = [];
  const port = medium.attach(id, (_psdu, reception) => heard.push(reception.startUs));
  port.tune(channel, true);
  return { port, heard };
}

test("a frame takes 32 us for each octet of preamble, length and PSDU, and reaches only its channel", () => {
  const medium = new Medium({ seed: 1 });
  const a = raw(medium, "a");
  const b = raw(medium, "b");
  const c = raw(medium, "c", 16);
  const seen = frames(medium);
  let endedAt = 0;
  medium.transmit(a.port, withFcs(Buffer.alloc(125)), 15, () => (endedAt = medium.clock.nowUs));
  assert.equal(medium.busy(b.port, 15, 0), true);
  assert.equal(medium.busy(c.port, 16, 0), false);
  assert.equal(medium.busy(a.port, 15, 0), false);
  run(medium, 10);
  assert.equal(endedAt, (6 + 127) * OCTET_US);
  assert.equal(medium.busy(b.port, 15, medium.clock.nowUs - 128), false);
  assert.deepEqual([a.heard.length, b.heard.length, c.heard.length], [0, 1, 0]);
  assert.deepEqual([seen.length, seen[0]?.collided, seen[0]?.source], [1, false, "a"]);
});

test("overlapping frames are lost where both are heard, and only there", () => {
  const medium = new Medium({ seed: 1 });
  const [a, b, between, besideA] = [raw(medium, "a"), raw(medium, "b"), raw(medium, "between"), raw(medium, "besideA")];
  medium.setLink("a", "b", { inRange: false });
  medium.setLink("besideA", "b", { inRange: false });
  const seen = frames(medium);
  medium.transmit(a.port, withFcs(Buffer.alloc(50)), 15, () => {});
  medium.clock.at(1_000, () => medium.transmit(b.port, withFcs(Buffer.alloc(50)), 15, () => {}));
  run(medium, 10);
  assert.deepEqual([between.heard.length, besideA.heard.length], [0, 1]);
  assert.deepEqual(
    seen.map((frame) => frame.collided),
    [true, true],
  );
  medium.transmit(a.port, withFcs(Buffer.alloc(50)), 15, () => {});
  run(medium, 10);
  assert.deepEqual([between.heard.length, besideA.heard.length], [1, 2]);
});

test("who began to listen too late or stopped too early has nothing, and the noise still spoils what follows", () => {
  const medium = new Medium({ seed: 1 });
  const [a, b, late, early] = [raw(medium, "a"), raw(medium, "b"), raw(medium, "late"), raw(medium, "early")];
  medium.setLink("a", "b", { inRange: false });
  late.port.tune(15, false);
  medium.transmit(a.port, withFcs(Buffer.alloc(100)), 15, () => {});
  medium.clock.at(100, () => late.port.tune(15, true));
  medium.clock.at(200, () => early.port.tune(15, false));
  medium.clock.at(300, () => early.port.tune(15, true));
  medium.clock.at(2_000, () => medium.transmit(b.port, withFcs(Buffer.alloc(20)), 15, () => {}));
  run(medium, 20);
  assert.deepEqual([late.heard.length, early.heard.length], [0, 0]);
});

test("a power cut ends a frame in the middle: nobody has it, no observer sees it", () => {
  const medium = new Medium({ seed: 1 });
  const [a, b] = [raw(medium, "a"), raw(medium, "b")];
  const seen = frames(medium);
  medium.transmit(a.port, withFcs(Buffer.alloc(100)), 15, () => assert.fail("it did not end"));
  medium.clock.at(1_000, () => medium.detach(a.port));
  run(medium, 2);
  assert.equal(medium.busy(b.port, 15, medium.clock.nowUs - 128), false);
  run(medium, 10);
  assert.deepEqual([b.heard.length, seen.length, medium.counters.aborted], [0, 0, 1]);
  medium.attach("a", () => {});
  assert.throws(() => medium.attach("a", () => {}), /on the air already/);
});

test("partitions, positions and one-way links decide who hears whom", () => {
  const medium = new Medium({ seed: 1, rangeMetres: 20 });
  const stations = [raw(medium, "a"), raw(medium, "b"), raw(medium, "c")];
  const heard = (): number[] => {
    for (const { heard } of stations) heard.length = 0;
    medium.transmit(stations[0].port, withFcs(Buffer.alloc(20)), 15, () => {});
    run(medium, 5);
    return stations.map(({ heard }) => heard.length);
  };
  assert.deepEqual(heard(), [0, 1, 1]);
  medium.partition(["a", "b"], ["c"]);
  assert.deepEqual(heard(), [0, 1, 0]);
  medium.heal();
  medium.setPosition("a", 0, 0);
  medium.setPosition("b", 20, 0);
  medium.setPosition("c", 0, 20.1);
  assert.deepEqual(heard(), [0, 1, 0]);
  medium.setOneWay("a", "b", { inRange: false });
  medium.setOneWay("a", "c", { inRange: true });
  assert.deepEqual(heard(), [0, 0, 1]);
});

function lossy(seed: number): { heard: string[]; frames: string[] } {
  const medium = new Medium({ seed, link: { loss: 0.3, duplicate: 0.1, delayUs: 500, jitterUs: 20_000 } });
  const a = station(medium, "a", 0);
  const b = station(medium, "b", 1);
  const seen = frames(medium);
  for (let index = 0; index < 300; index++) {
    medium.clock.at(index * 20_000, () => a.radio.send(macData(index & 0xff, 0x1a62, 0, 1, Buffer.alloc(20, index)), 0));
  }
  run(medium, 10_000);
  return {
    heard: b.heard.map((frame, index) => `${b.heardAt[index]} ${frame.toString("hex")}`),
    frames: seen.map((frame) => `${frame.timeUs}`),
  };
}

test("loss, duplication and delay follow from the seed alone", () => {
  const first = lossy(11);
  assert.deepEqual(lossy(11), first);
  assert.notDeepEqual(lossy(12), first);
});

test("a lossy link repeats, doubles and reorders", () => {
  const { heard } = lossy(11);
  const order = heard.map((line) => Number.parseInt(line.split(" ")[1].slice(4, 6), 16));
  assert.ok(
    order.some((sequence, index) => index > 0 && ((order[index - 1] - sequence) & 0xff) < 0x80 && order[index - 1] !== sequence),
    "nothing was reordered",
  );
  assert.ok(heard.length > 300, `${heard.length} of 300 arrived: no duplicates`);
});

test("a link's loss keeps its probability", () => {
  const medium = new Medium({ seed: 5, link: { loss: 0.25 } });
  const [a, b] = [raw(medium, "a"), raw(medium, "b")];
  for (let index = 0; index < 4_000; index++)
    medium.clock.at(index * 2_000, () => medium.transmit(a.port, withFcs(Buffer.alloc(10)), 15, () => {}));
  run(medium, 9_000);
  assert.ok(Math.abs(b.heard.length - 3_000) < 120, `${b.heard.length}`);
});
