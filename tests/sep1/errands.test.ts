// The display's questions when nobody answers, the wrong one answers, or the answer is no.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { ADDRESS, Device, HUB, IHD, METER, type Sent } from "./home.ts";
import { meterReport, meterScale, readingOf } from "./wire.ts";

const TIME = 0x000a;
const PRICE = 0x0700;
const METERING = 0x0702;
const READING = 5;
const hub = ADDRESS[HUB] as bigint;
const meter = ADDRESS[METER] as bigint;

const module = labModule("sep1/device");

/** Runs the display from deadline to deadline; answers what it asked, with the time in seconds. */
function run(device: Device, from: number, to: number, reply?: (frame: Sent, now: bigint) => void): string[] {
  const asked: string[] = [];
  for (let now = BigInt(from) * 1000n; now <= BigInt(to) * 1000n; ) {
    const next = device.tick(now);
    const frames = device.take();
    for (const frame of frames) {
      asked.push(`${now / 1000n} ${frame.cluster.toString(16)}.${frame.zcl[2]}`);
      reply?.(frame, now);
    }
    now = frames.length === 0 && next > now ? next : now + 1n; // an answer may have moved the deadline
  }
  return asked;
}

const display = () => {
  const device = new Device(module, IHD, new Map(), 0n);
  device.stage(5);
  return device;
};

const timeAnswer = (frame: Sent, utc: string) =>
  Buffer.from(`180101000000e2${utc}`.replace("1801", `18${frame.zcl.toString("hex", 1, 2)}`), "hex");

describe("the display's errands", () => {
  it("wait for their partners", () => {
    assert.deepEqual(run(display(), 0, 1000), []);
  });

  it("go unanswered at growing distance, one at a time", () => {
    const device = display();
    device.partners(hub, 0n, 0n);
    const times = run(device, 0, 1200)
      .filter((line) => line.endsWith("a.0"))
      .map((line) => Number(line.split(" ")[0]));
    assert.ok(times.length >= 4 && times.length <= 9, times.join());
    const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
    assert.ok((gaps.at(-1) as number) >= 200, gaps.join());
  });

  it("begin again after a pause when sending is impossible", () => {
    const device = display();
    device.sendAnswer = -12;
    device.partners(hub, meter, 0n);
    device.tick(0n);
    device.sendAnswer = 0;
    assert.match(run(device, 1, 60)[0] ?? "", /^\d+ /);
  });

  it("take an answer only with its number, from its partner, with a time in it", () => {
    const device = display();
    device.partners(hub, meter, 0n);
    device.tick(0n);
    const [question] = device.take() as [Sent];
    assert.equal(question.cluster, TIME);
    const good = timeAnswer(question, "00112233");
    const other = Buffer.from(good);
    other.writeUInt8((other.readUInt8(1) + 1) & 0xff, 1);
    device.hear(other, { from: hub, cluster: TIME, now: 1000n });
    device.hear(good, { from: meter, cluster: TIME, now: 1000n });
    device.hear(timeAnswer(question, "ffffffff"), { from: hub, cluster: TIME, now: 1000n });
    device.hear(timeAnswer(question, "00000000"), { from: hub, cluster: TIME, now: 1000n });
    device.tick(1000n);
    assert.deepEqual(device.take(), []);
    assert.equal(device.screen[4]?.trim(), "");
    device.hear(good, { from: hub, cluster: TIME, now: 1000n });
    device.tick(1000n);
    assert.equal(device.take()[0]?.cluster, PRICE);
    assert.match(device.screen[4] ?? "", /^2027-03-09 01:23/);
  });

  it("go to the next one when a partner refuses, and come back", () => {
    const device = display();
    device.partners(hub, meter, 0n);
    const asked = run(device, 0, 40, (frame, now) => {
      if (frame.cluster === TIME)
        device.hear(Buffer.from([0x18, frame.zcl[1] as number, 0x0b, 0x00, 0x86]), { from: hub, cluster: TIME, now });
    });
    assert.equal(asked[0], "0 a.0");
    assert.equal(asked[1], "0 700.0");
    assert.ok(
      asked.slice(1).some((line) => line.endsWith("a.0")),
      asked.join(", "),
    );
  });

  it("read values from a meter that does not report, and go on asking it to", () => {
    const device = display();
    device.partners(hub, meter, 0n);
    let summation = 5000;
    const asked = run(device, 0, 900, (frame, now) => {
      const number = frame.zcl[1] as number;
      if (frame.cluster === TIME) device.hear(timeAnswer(frame, "00112233"), { from: hub, cluster: TIME, now });
      if (frame.cluster !== METERING) return;
      if (frame.zcl[2] === 6)
        device.hear(Buffer.from([0x18, number, 0x07, 0x8c, 0x00, 0x00, 0x00]), { from: meter, cluster: METERING, now });
      else {
        const scale = meterScale(number, { unit: 0, multiplier: 1, divisor: 1000 });
        const whole = frame.zcl.length > 13;
        const values = Buffer.alloc(10);
        values.writeUInt8(0x25, 3);
        values.writeUIntLE(whole ? summation++ : 0, 4, 6);
        device.hear(whole ? Buffer.concat([scale, values]) : scale, { from: meter, cluster: METERING, now });
      }
    });
    const reads = asked.filter((line) => line.endsWith("702.0"));
    assert.ok(reads.length > 10, asked.join(", "));
    assert.ok(asked.filter((line) => line.endsWith("702.6")).length > 2, asked.join(", "));
    const readings = device.logged(READING).map(readingOf);
    assert.equal(readings[0]?.importWh, 5000n);
    assert.ok(readings.length > 10);
  });

  it("do without values as long as the meter reports", () => {
    const device = display();
    device.partners(hub, meter, 0n);
    const sizes: number[] = [];
    run(device, 0, 300, (frame, now) => {
      const number = frame.zcl[1] as number;
      if (frame.cluster === METERING && frame.zcl[2] === 0) {
        sizes.push(frame.zcl.length);
        device.hear(meterScale(number, { unit: 0, multiplier: 1, divisor: 1000 }), { from: meter, cluster: METERING, now });
      }
      if (frame.cluster === METERING && frame.zcl[2] === 6)
        device.hear(Buffer.from([0x18, number, 0x07, 0x00]), { from: meter, cluster: METERING, now });
      device.hear(meterReport(BigInt(now), 5), { from: meter, cluster: METERING, now });
    });
    assert.deepEqual(sizes, [13]);
    assert.ok(device.logged(READING).length > 1);
  });
});
