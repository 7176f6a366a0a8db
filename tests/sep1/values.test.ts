// A wrong value does not stay: totals that fall or leap, and numbers that are too wide for their line.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { hub, METERING, meter, READING } from "./edges.ts";
import { clockRecord, Device, HUB, IHD, type Sent, tariffRecord, zigbeeTime } from "./home.ts";
import { meterReport, meterScale, readingOf } from "./wire.ts";

const module = labModule("sep1/device");
const TIME = 0x000a;
const PRICE = 0x0700;
const ZCL_READ = 0;
const WH = { unit: 0, multiplier: 1, divisor: 1000 };
const LINE = 16;

interface Told {
  clock?: string;
  tariff?: Partial<Parameters<typeof tariffRecord>[0]>;
  scale?: Parameters<typeof meterScale>[1];
  store?: Map<number, Buffer>;
}

/** A display with its partners, whose time, price and scale were answered by a hub's own lab and by us; `at` counts from there. */
class Display {
  readonly device: Device;
  private now = 1000n;
  constructor(told: Told = {}) {
    const server = new Device(module, HUB);
    if (told.clock) server.event(clockRecord(zigbeeTime(told.clock), 0, 0, 0, 0), this.now);
    if (told.tariff) server.event(tariffRecord({ event: 1, price: 2703, ...told.tariff }), this.now);
    this.device = new Device(module, IHD, told.store ?? new Map(), this.now);
    this.device.stage(5);
    this.device.partners(hub, meter, this.now);
    const end = this.now + 300_000n;
    for (let scaled = false; !scaled && this.now < end; this.now += 1000n) {
      this.device.tick(this.now);
      for (const frame of this.device.take()) scaled = this.answer(server, frame, told.scale ?? WH) || scaled;
      for (let handle = 0; handle < 256; handle++) this.device.confirm(handle);
    }
    assert.ok(this.now < end, "the display asked for its meter's scale");
  }

  private answer(server: Device, frame: Sent, scale: Parameters<typeof meterScale>[1]): boolean {
    if (frame.cluster === METERING && frame.zcl[2] === ZCL_READ) {
      this.device.hear(meterScale(frame.zcl[1] as number, scale), { from: meter, cluster: METERING, now: this.now });
      return true;
    }
    if (frame.cluster !== TIME && frame.cluster !== PRICE) return false;
    server.hear(frame.zcl, { from: 0x00124b0000000003n, cluster: frame.cluster, now: this.now });
    for (const back of server.take()) this.device.hear(back.zcl, { from: hub, cluster: back.cluster, now: this.now });
    return false;
  }

  report(wh: number, seconds: number, watts = 0): ReturnType<typeof readingOf> {
    const at = this.now + BigInt(seconds) * 1000n;
    this.device.hear(meterReport(BigInt(wh), watts), { from: meter, cluster: METERING, now: at });
    this.device.tick(at);
    this.device.take();
    return readingOf(this.device.logged(READING).at(-1) as Buffer);
  }

  silence(seconds: number): void {
    this.device.tick(this.now + BigInt(seconds) * 1000n);
    this.device.take();
  }
}

describe("a total that is told once and is wrong", () => {
  const home = { clock: "2026-03-02T12:00:00Z", tariff: {} };
  for (const wrong of [0, 1, 12_345_677, 12_000_000, 13_000_000, 99_999_999, 0xfffffffffffe]) {
    it(`as ${wrong} Wh, moves neither register nor cost`, () => {
      const display = new Display(home);
      display.report(12_345_678, 0);
      assert.equal(display.report(12_345_700, 60).costToday, 59);
      const doubted = display.report(wrong, 120);
      assert.equal(doubted.importWh, 12_345_700n);
      assert.equal(doubted.costToday, 59);
      const after = display.report(12_345_720, 130);
      assert.equal(after.importWh, 12_345_720n);
      assert.equal(after.costToday, 114); // 42 Wh at 0.2703
    });
  }
  it("is not believed from time to time either", () => {
    const display = new Display(home);
    for (let turn = 0; turn < 50; turn++) {
      assert.equal(display.report(1_000_000 + turn, turn * 70).importWh, BigInt(1_000_000 + turn));
      assert.equal(display.report(turn, turn * 70 + 10).importWh, BigInt(1_000_000 + turn));
    }
  });
  it("becomes the register when it goes on for three minutes, and what it grew meanwhile is charged", () => {
    const display = new Display(home);
    display.report(12_345_678, 0);
    for (let second = 10; second < 190; second += 10) assert.equal(display.report(5000 + second, second).importWh, 12_345_678n);
    assert.equal(display.report(5190, 190).importWh, 5190n);
    for (let second = 200; second <= 600; second += 10) display.report(5000 + second, second);
    const last = display.report(5600, 600);
    assert.equal(last.importWh, 5600n);
    assert.equal(last.costToday, Math.round((5600 - 5190) * 0.2703 * 10)); // from when it was believed
  });
  it("does not stand at a start, when the display has counted before", () => {
    const store = new Map<number, Buffer>();
    const first = new Display({ ...home, store });
    first.report(12_345_000, 0);
    first.report(12_345_678, 1000);
    const second = new Display({ ...home, store });
    assert.equal(second.report(0, 0).importWh, 12_345_678n);
    assert.equal(second.report(12_345_700, 10).importWh, 12_345_700n);
  });
  it("of a meter with large steps is counted step by step", () => {
    const display = new Display({ ...home, scale: { unit: 0, multiplier: 25, divisor: 1 } });
    display.report(10, 0);
    assert.equal(display.report(11, 10).importWh, 275_000n);
    assert.equal(display.report(13, 20).importWh, 275_000n);
  });
});

describe("a number and its unit", () => {
  const lines = (told: Told, wh: number, watts: number, silence = 0) => {
    const display = new Display(told);
    display.report(wh, 0, watts);
    if (silence > 0) display.silence(silence);
    for (const line of display.device.screen) assert.equal(line.length, LINE);
    return display.device.screen;
  };
  it("fit the line: leading zeros give way", () => {
    const scale = { ...WH, summation: 0x4b, demand: 0x4b };
    assert.deepEqual(lines({ scale }, 3932, 3932).slice(0, 2), ["000000003.932 kW", "00000003.932 kWh"]);
    assert.equal(lines({ scale }, 3932, 0, 200)[1], "0000003.932 kWh!");
  });
  it("fit the line for every formatting and size", () => {
    for (let format = 0; format < 256; format += 5) {
      for (let wh = 0, power = -1; wh < 2 ** 47; wh = wh * 19 + 7, power = power * -3) {
        const watts = Math.max(-0x7fffff, Math.min(0x7fffff, power));
        const told = { clock: "2026-03-02T12:00:00Z", tariff: { price: 4_000_000_000, digits: format % 10 } };
        const [powerLine, energyLine] = lines({ ...told, scale: { ...WH, summation: format, demand: format } }, wh, watts);
        assert.match(powerLine as string, /^-?\d+(\.\d+)? kW( +£\d+(\.\d+)?\/h| *)$/);
        assert.match(energyLine as string, /^(\d+(\.\d+)?|\*) kWh *$/);
        assert.doesNotMatch(powerLine as string, /^-0+(\.0+)? /);
      }
    }
  });
  it("that is zero has no sign", () => {
    assert.equal(lines({ scale: { ...WH, demand: 0x8a } }, 0, -4)[0], "0.00 kW         ");
  });
  it("of money lose decimals before they touch their words", () => {
    const told = { clock: "2026-03-02T12:00:00Z", tariff: { price: 4_294_967_294, digits: 9 } };
    assert.equal(lines(told, 0, 1000)[3], "Per kWh £4.29496");
    const dear = { clock: "2026-03-02T12:00:00Z", tariff: { price: 4_294_967_294, digits: 0 } };
    assert.equal(lines(dear, 0, 1000)[3], "Per kWh        *");
  });
});
