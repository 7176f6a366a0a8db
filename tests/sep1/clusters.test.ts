// Each cluster at its edges: policy, refusals, reporting, foreign meters, prices.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { ADDRESS, clockRecord, Device, deviceModule, HUB, IHD, METER, type Sent, tariffRecord, zigbeeTime } from "./home.ts";
import { AUTUMN, equip, meterReport, meterScale, readingOf, registerOf, SPRING } from "./wire.ts";

const BASIC = 0x0000;
const TIME = 0x000a;
const PRICE = 0x0700;
const METERING = 0x0702;
const NETWORK_KEY = 0;
const LINK_KEY_OPTION = 2;
const REGISTER = 4;
const READING = 5;

const hub = ADDRESS[HUB] as bigint;
const meter = ADDRESS[METER] as bigint;
const ihd = ADDRESS[IHD] as bigint;

let module: WebAssembly.Module;
before(async () => {
  module = await deviceModule();
});

const hex = (frames: Sent[]) => frames.map((frame) => frame.zcl.toString("hex"));

/** What a device answers to one frame. */
function answer(
  device: Device,
  zcl: string,
  options: { cluster: number; key?: number; broadcast?: boolean; from?: bigint; now?: bigint },
): string[] {
  device.take();
  device.hear(zcl, options);
  return hex(device.take());
}

describe("the key policy", () => {
  it("refuses a protected cluster without a link key, under the network key", () => {
    const device = new Device(module, METER);
    device.take();
    device.hear("00 05 00 0000", { cluster: METERING, key: NETWORK_KEY });
    const [refusal] = device.take();
    assert.equal(refusal?.zcl.toString("hex"), "18050b0001");
    assert.equal((refusal?.options ?? 0) & LINK_KEY_OPTION, 0);
  });

  it("refuses there what it does not know, too", () => {
    assert.deepEqual(answer(new Device(module, METER), "00 05 00 0000", { cluster: 0x0704, key: NETWORK_KEY }), ["18050b0001"]);
  });

  it("is silent about broadcasts and default responses", () => {
    const device = new Device(module, METER);
    assert.deepEqual(answer(device, "00 05 00 0000", { cluster: METERING, key: NETWORK_KEY, broadcast: true }), []);
    assert.deepEqual(answer(device, "00 05 0b 0001", { cluster: METERING, key: NETWORK_KEY }), []);
  });

  it("lets Basic and Time be read without one", () => {
    assert.deepEqual(answer(new Device(module, METER), "00 05 00 0700", { cluster: BASIC, key: NETWORK_KEY }), ["18050107000030" + "01"]);
    assert.deepEqual(answer(new Device(module, HUB), "00 05 00 0100", { cluster: TIME, key: NETWORK_KEY }), ["18050101000018" + "00"]);
  });

  it("takes no report without one", () => {
    const device = new Device(module, IHD);
    device.partners(hub, meter, 1000n);
    device.hear(meterScale(0, {}), { from: meter, cluster: METERING, key: NETWORK_KEY });
    device.hear(meterReport(1n, 1), { from: meter, cluster: METERING, key: NETWORK_KEY, now: 2000n });
    device.tick(2000n);
    assert.equal(device.logged(READING).length, 0);
  });

  it("tells the device that a partner lost its key", () => {
    const device = new Device(module, IHD);
    assert.equal(device.hear("18 05 0b 0001", { from: meter, cluster: METERING, key: NETWORK_KEY }), 2);
    assert.equal(device.hear("18 05 0b 0001", { from: meter, cluster: METERING }), 0);
    assert.equal(device.hear("18 05 0b 0001", { from: meter, cluster: BASIC, key: NETWORK_KEY }), 0);
  });
});

describe("default responses", () => {
  const device = () => new Device(module, METER);

  it("name a command that the cluster lacks", () => {
    assert.deepEqual(answer(device(), "01 07 00 00 00000000 01", { cluster: METERING }), ["18070b0081"]);
    assert.deepEqual(answer(device(), "01 07 00", { cluster: BASIC }), ["18070b0081"]);
  });
  it("name a general command that does not exist", () => {
    assert.deepEqual(answer(device(), "00 07 0e 00", { cluster: METERING }), ["18070b0e82"]);
  });
  it("name a manufacturer's command, with the manufacturer", () => {
    assert.deepEqual(answer(device(), "05 3412 07 02 00", { cluster: METERING }), ["1c3412070b0283"]);
    assert.deepEqual(answer(device(), "04 3412 07 00 0000", { cluster: METERING }), ["1c3412070b0084"]);
  });
  it("name a malformed command", () => {
    assert.deepEqual(answer(device(), "00 07 00 000000", { cluster: METERING }), ["18070b0080"]);
    assert.deepEqual(answer(device(), "00 07 06 0000 00", { cluster: METERING }), ["18070b0680"]);
  });
  it("name a cluster that is not served", () => {
    assert.deepEqual(answer(device(), "00 07 00 0000", { cluster: PRICE }), ["18070b00c3"]);
    assert.deepEqual(answer(device(), "01 07 00 00", { cluster: PRICE }), ["18070b00c3"]);
  });
  it("come in the direction of a server's frame to a client, and not when switched off and all is well", () => {
    assert.deepEqual(answer(device(), "08 07 0a 0000 20 01", { cluster: METERING }), ["10070b0a00"]);
    assert.deepEqual(answer(device(), "18 07 0a 0000 20 01", { cluster: METERING }), []);
  });
  it("answer only at our endpoint and profile", () => {
    const heard = new Device(module, METER);
    const answers = (endpoint: number, profile: number) => {
      heard.take();
      heard.misdirected(Buffer.from("00070e00", "hex"), endpoint, profile, METERING);
      return heard.take().length;
    };
    assert.deepEqual([answers(1, 0x0109), answers(0xff, 0x0109), answers(2, 0x0109), answers(1, 0x0104)], [1, 1, 0, 0]);
  });
  it("never answer a default response or what is no frame", () => {
    for (const frame of ["00 07 0b 00 00", "00 07 0b 00", "00 07", "02 07 00", ""])
      assert.deepEqual(answer(device(), frame, { cluster: METERING }), []);
  });
});

describe("attributes", () => {
  it("say that they do not exist", () => {
    const device = new Device(module, METER);
    assert.deepEqual(answer(device, "00 01 00 0100 0003 9999", { cluster: METERING }), ["180101" + "010086" + "0003003000" + "999986"]);
  });
  it("of a meter without a measurement are unknown, not zero", () => {
    const device = new Device(module, METER);
    assert.deepEqual(answer(device, "00 01 00 0000 0004", { cluster: METERING }), ["180101" + "00000025ffffffffffff" + "0004002a000080"]);
    assert.equal(device.logged(REGISTER).length, 0);
  });
  it("of a meter have their values, negative power too", () => {
    const device = new Device(module, METER);
    device.measured(3600n * 0x010203040506n, -2, 0n);
    assert.deepEqual(answer(device, "00 01 00 0000 0004", { cluster: METERING }), ["180101" + "00000025060504030201" + "0004002afeffff"]);
    assert.deepEqual(device.logged(REGISTER).map(registerOf), [{ importWh: 0x010203040506n, powerW: -2 }]);
  });
  it("fill one frame and no more", () => {
    const device = new Device(module, METER);
    device.hear(`00 01 00 ${"0000".repeat(30)}`, { cluster: METERING });
    const [sent] = device.take();
    assert.equal(sent?.zcl.length, 3 + 7 * 10);
    device.hear(`00 01 00 ${"9999".repeat(30)}`, { cluster: METERING });
    assert.equal(device.take()[0]?.zcl.length, 3 + 23 * 3);
  });
  it("cannot be written", () => {
    const device = new Device(module, METER);
    assert.deepEqual(answer(device, "00 01 02 0003 30 01 9999 42 0141", { cluster: METERING }), ["180104" + "880003" + "869999"]);
    assert.deepEqual(answer(device, "00 01 05 0003 30 01", { cluster: METERING }), []);
  });
  it("can be discovered from anywhere, in pieces", () => {
    const device = new Device(module, METER);
    assert.deepEqual(answer(device, "00 01 0c 0000 02", { cluster: METERING }), ["18010d00" + "000025" + "000218"]);
    assert.deepEqual(answer(device, "00 01 0c 0503 ff", { cluster: METERING }), ["18010d01" + "060318" + "00042a"]);
    assert.deepEqual(answer(device, "00 01 0c 0004 01", { cluster: METERING }), ["18010d01" + "00042a"]);
    assert.deepEqual(answer(device, "00 01 0c 0104 01", { cluster: METERING }), ["18010d01"]);
    assert.deepEqual(answer(device, "00 01 0c 0000 00", { cluster: METERING }), ["18010d00"]);
  });
  it("of Basic name the device", () => {
    const device = new Device(module, IHD);
    const [sent] = answer(device, "00 01 00 0400 0500", { cluster: BASIC });
    assert.equal(
      sent,
      `180101${"0400"}0042${"08"}${Buffer.from("kilowasm").toString("hex")}${"0500"}0042${"0c"}${Buffer.from("kilowasm ihd").toString("hex")}`,
    );
  });
  it("of Key Establishment are the same at both ends", () => {
    for (const direction of ["00", "08"]) {
      const [sent] = answer(new Device(module, IHD), `${direction} 01 00 0000`, { cluster: 0x0800, key: NETWORK_KEY });
      assert.equal(sent?.slice(2), "0101" + "000000310300");
    }
  });
  it("of a client there are none", () => {
    assert.deepEqual(answer(new Device(module, IHD), "08 01 00 0000", { cluster: METERING }), ["100101000086"]);
  });
  it("of a clock that was not set are unknown", () => {
    assert.deepEqual(answer(new Device(module, HUB), "00 01 00 0000 0700", { cluster: TIME }), [
      "180101" + "000000e2ffffffff" + "07000023ffffffff",
    ]);
  });
  it("of a clock follow summer time", () => {
    const device = new Device(module, HUB);
    const noon = zigbeeTime("2026-06-01T12:00:00Z");
    device.event(clockRecord(noon, -18_000, SPRING, AUTUMN, 3600), 1000n);
    device.hear("00 01 00 0000 0600 0700", { cluster: TIME, now: 61_000n });
    const zcl = device.take()[0]?.zcl as Buffer;
    assert.deepEqual(
      [zcl.readUInt32LE(7), zcl.readUInt32LE(15), zcl.readUInt32LE(23)],
      [noon + 60, noon + 60 - 18_000, noon + 60 - 14_400],
    );
  });
});

describe("reporting", () => {
  const configure = (id: string, type: string, minimum: number, maximum: number, change: string) => {
    const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]).toString("hex");
    return `00${id}${type}${u16(minimum)}${u16(maximum)}${change}`;
  };
  const SUMMATION = (minimum: number, maximum: number, change = "010000000000") => configure("0000", "25", minimum, maximum, change);
  const fresh = () => {
    const device = new Device(module, METER);
    device.bind(METERING, ihd);
    device.measured(3_600_000n, 100, 0n);
    device.take();
    return device;
  };
  const reports = (device: Device) => device.take().map((frame) => frame.zcl.readUIntLE(6, 6));

  it("answers with one octet when all is well", () => {
    assert.deepEqual(answer(fresh(), `00 09 06 ${SUMMATION(10, 60)} ${configure("0004", "2a", 10, 60, "010000")}`, { cluster: METERING }), [
      "18090700",
    ]);
  });
  it("names each attribute that it refuses, and why", () => {
    const request = [
      configure("9999", "20", 10, 60, "01"), // no such attribute
      configure("0003", "30", 10, 60, ""), // not reportable
      configure("0000", "24", 10, 60, "0100000000"), // another type
      SUMMATION(61, 60), // the wrong way round
      SUMMATION(10, 60),
      "0100000000", // a timeout for a client
    ];
    assert.deepEqual(answer(fresh(), `00 09 06 ${request.join("")}`, { cluster: METERING }), [
      "180907" + "86009999" + "8c000003" + "8d000000" + "87000000" + "8c010000",
    ]);
  });
  it("reports a change after the minimum interval and anyway after the maximum", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    assert.equal(device.tick(0n), 60_000n); // the handle of the first report is still awaited until then
    assert.deepEqual(reports(device), [1000]);
    device.confirm(device.lastHandle);
    assert.equal(device.tick(1n), 60_000n);
    device.measured(3_600_000n + 3600n, 100, 5000n);
    assert.equal(device.tick(5000n), 10_000n);
    assert.deepEqual(reports(device), []);
    device.tick(10_000n);
    assert.deepEqual(reports(device), [1001]);
    device.confirm(device.lastHandle);
    assert.equal(device.tick(10_001n), 70_000n);
    device.tick(69_999n);
    assert.deepEqual(reports(device), []);
    device.tick(70_000n);
    assert.deepEqual(reports(device), [1001]);
  });
  it("waits for the change that was asked for", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(0, 0, "030000000000")}`, { cluster: METERING, now: 0n });
    device.take();
    device.tick(0n);
    assert.deepEqual(reports(device), [1000]);
    device.confirm(device.lastHandle);
    device.measured(3_600_000n + 2n * 3600n, 0, 1000n);
    device.tick(1000n);
    assert.deepEqual(reports(device), []);
    device.measured(3_600_000n + 3n * 3600n, 0, 2000n);
    device.tick(2000n);
    assert.deepEqual(reports(device), [1003]);
  });
  it("sends one report at a time, so that none overtakes another", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(1, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    device.tick(0n);
    assert.equal(reports(device).length, 1);
    device.measured(7_200_000n, 0, 5000n);
    device.tick(5000n);
    assert.deepEqual(reports(device), []);
    device.confirm(device.lastHandle ^ 1); // of something else
    device.tick(5001n);
    assert.deepEqual(reports(device), []);
    device.confirm(device.lastHandle);
    device.tick(5002n);
    assert.deepEqual(reports(device), [2000]);
  });
  it("tries again after the minimum interval when nothing could be sent", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    device.sendAnswer = -12;
    assert.equal(device.tick(0n), 10_000n);
    assert.equal(device.logged(REGISTER).length, 0);
    device.sendAnswer = 0;
    device.tick(10_000n);
    assert.deepEqual(reports(device), [1000]);
  });
  it("survives a power cut", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.bind(METERING, ihd);
    first.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING });
    const second = new Device(module, METER, store);
    second.measured(3_600_000n, 100, 500n);
    second.tick(500n);
    assert.deepEqual(reports(second), [1000]);
    assert.deepEqual(answer(second, "00 03 08 000000 000004 009999", { cluster: METERING }), [
      "180309" + "00000000250a003c00010000000000" + "8b000004" + "86009999",
    ]);
  });
  it("ends on request", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING });
    assert.deepEqual(answer(device, `00 09 06 ${SUMMATION(10, 0xffff)}`, { cluster: METERING }), ["18090700"]);
    device.tick(1000n);
    assert.deepEqual(reports(device), []);
  });
  it("is not offered by those who have nothing to report", () => {
    assert.deepEqual(answer(new Device(module, HUB), "00 09 06 0000 00e2 0a00 3c00 01000000", { cluster: TIME }), ["18090b0682"]);
  });
});

describe("a foreign meter", () => {
  /** The reading of a display that was told this scale and this report. */
  function shown(scale: Parameters<typeof meterScale>[1], summation: bigint, demand: number) {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.stage(5);
    device.partners(hub, meter, 1000n);
    // Time and price get no answer; the third question is for the scale.
    let question: Sent | undefined;
    for (let now = 1000n; !question && now < 200_000n; now += 1000n) {
      device.tick(now);
      question = device.take().find((frame) => frame.cluster === METERING && frame.zcl[2] === 0);
    }
    assert.ok(question);
    device.hear(meterScale(question.zcl[1] as number, scale), { from: meter, cluster: METERING, now: 200_000n });
    device.hear(meterReport(summation, demand), { from: meter, cluster: METERING, now: 200_000n });
    device.tick(200_000n);
    const last = device.logged(READING).at(-1);
    return { reading: last && readingOf(last), lines: device.screen };
  }

  it("is scaled by its multiplier and divisor", () => {
    const { reading, lines } = shown({ unit: 0, multiplier: 25, divisor: 10_000, summation: 0xa9, demand: 0x9a }, 40_000n, 400);
    assert.equal(reading?.importWh, 100_000n);
    assert.equal(reading?.powerW, 1000);
    assert.equal(lines[1], "100.0 kWh       "); // one decimal, leading zeros suppressed
    assert.equal(lines[0], "1.00 kW         ");
  });
  it("has its leading zeros shown when it asks for them", () => {
    const { lines } = shown({ unit: 0, multiplier: 1, divisor: 100, summation: 0x32, demand: 0x12 }, 12_345n, 50);
    assert.equal(lines[1], "000123.45 kWh   ");
    assert.equal(lines[0], "00.50 kW        ");
  });
  it("counts whole kWh when it names no scale", () => {
    const { reading } = shown({}, 123n, -2);
    assert.equal(reading?.importWh, 123_000n);
    assert.equal(reading?.powerW, -2000);
  });
  it("keeps precision up to the largest numbers", () => {
    const { reading } = shown({ unit: 0, multiplier: 0xffffff, divisor: 0xffffff }, 0xfffffffffffen, 0x7fffff);
    assert.equal(reading?.importWh, 0xfffffffffffen * 1000n);
    assert.equal(reading?.powerW, 0); // 8.4 GW is beyond what a display holds
  });
  for (const [name, scale, summation] of [
    ["a divisor of zero", { unit: 0, multiplier: 1, divisor: 0 }, 5n],
    ["a multiplier of zero", { unit: 0, multiplier: 0, divisor: 1000 }, 5n],
    ["another unit", { unit: 1, multiplier: 1, divisor: 1000 }, 5n],
    ["a summation of all ones", { unit: 0, multiplier: 1, divisor: 1000 }, 0xffffffffffffn],
    ["a product beyond 63 bits", { unit: 0, multiplier: 0xffffff, divisor: 1 }, 0xfffffffffffen],
    ["BCD that spells no number", { unit: 0x80, multiplier: 1, divisor: 1000 }, 0x00000000001an],
  ] as const) {
    it(`with ${name} has no reading`, () => {
      const { reading, lines } = shown(scale, summation, 1);
      assert.equal(reading, undefined);
      assert.doesNotMatch(lines.slice(0, 2).join(), /\d kWh/);
    });
  }
  it("may count in BCD", () => {
    const { reading } = shown({ unit: 0x80, multiplier: 1, divisor: 1000 }, 0x000012345678n, 0x1234);
    assert.equal(reading?.importWh, 12_345_678n);
    assert.equal(reading?.powerW, 1234);
  });
  it("with a demand of 0x800000 has an energy and no power", () => {
    const { reading, lines } = shown({ unit: 0, multiplier: 1, divisor: 1000 }, 5000n, -0x800000);
    assert.equal(reading?.importWh, 5000n);
    assert.equal(lines[0], "--- kW          ");
  });
  it("that is not ours is not heard", () => {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.partners(hub, meter, 1000n);
    for (const from of [hub, ihd, 0n]) device.hear(meterReport(1n, 1), { from, cluster: METERING, now: 2000n });
    device.hear(meterScale(1, {}), { from: meter, cluster: METERING, now: 2000n }); // nobody asked
    device.hear(meterReport(1n, 1), { from: meter, cluster: METERING, now: 2000n });
    device.tick(2000n);
    assert.equal(device.logged(READING).length, 0);
  });
});

describe("prices", () => {
  const publish = (t: {
    event?: number;
    unit?: number;
    price?: number;
    digits?: number;
    start?: number;
    minutes?: number;
    control?: number;
    label?: string;
  }) => {
    const label = Buffer.from(t.label ?? "X");
    const body = Buffer.alloc(23 + 14);
    body.writeUInt32LE(t.event ?? 1, 0);
    body.writeUInt8(t.unit ?? 0, 8);
    body.writeUInt16LE(826, 9);
    body.writeUInt8(((t.digits ?? 4) << 4) | 1, 11);
    body.writeUInt32LE(t.start ?? 0, 13);
    body.writeUInt16LE(t.minutes ?? 0xffff, 17);
    body.writeUInt32LE(t.price ?? 2450, 19);
    body.fill(0xff, 23, 35);
    body.writeUInt8(t.control ?? 0, 36);
    return Buffer.concat([Buffer.from("090500", "hex"), Buffer.from([0x78, 0x56, 0x34, 0x12, label.length]), label, body]);
  };
  const display = () => {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.stage(5);
    device.partners(hub, meter, 1000n);
    return device;
  };
  const line = (device: Device) => {
    device.tick(3000n);
    return device.screen[3];
  };

  it("are shown with all their decimals, and acknowledged when that is asked for", () => {
    const device = display();
    device.take();
    device.hear(publish({ event: 0x11223344, control: 1 }), { from: hub, cluster: PRICE, now: 2000n });
    assert.deepEqual(hex(device.take()), ["110502" + "78563412" + "44332211" + "ffffffff" + "01"]);
    assert.equal(line(device), "Per kWh  £0.2450");
  });
  it("get a default response when none is asked for", () => {
    const device = display();
    device.take();
    device.hear(publish({}), { from: hub, cluster: PRICE, now: 2000n });
    assert.deepEqual(hex(device.take()), ["10050b0000"]);
  });
  it("of gas, of ten decimals, of all ones, and from others are not electricity's", () => {
    for (const [change, from] of [
      [{ unit: 1 }, hub],
      [{ digits: 10 }, hub],
      [{ price: 0xffffffff }, hub],
      [{}, meter],
      [{}, 5n],
    ] as const) {
      const device = display();
      device.hear(publish(change), { from, cluster: PRICE, now: 2000n });
      assert.equal(line(device), "Per kWh      ---");
    }
  });
  it("keep twelve letters of their name, and any number may follow", () => {
    const device = display();
    device.hear(publish({ label: "A very long name for a price" }), { from: hub, cluster: PRICE, now: 2000n });
    device.tick(3000n);
    assert.equal(device.screen[6], "A very long     ");
  });
  it("that are cut short are malformed", () => {
    const whole = publish({});
    for (const size of [3, 7, 8, 20, 3 + 4 + 2 + 22, whole.length - 14 + 2]) {
      const device = display();
      device.take();
      device.hear(whole.subarray(0, size), { from: hub, cluster: PRICE, now: 2000n });
      assert.deepEqual(hex(device.take()), ["10050b0080"], `${size}`);
    }
  });

  it("are not found where there is none", () => {
    const device = new Device(module, HUB);
    assert.deepEqual(answer(device, "01 05 00 00", { cluster: PRICE }), ["18050b008b"]);
    assert.deepEqual(answer(device, "01 05 01 00000000 00", { cluster: PRICE }), ["18050b018b"]);
  });
  it("are asked for with whole questions only", () => {
    const device = new Device(module, HUB);
    assert.deepEqual(answer(device, "01 05 00", { cluster: PRICE }), ["18050b0080"]);
    assert.deepEqual(answer(device, "01 05 01 00000000", { cluster: PRICE }), ["18050b0180"]);
    assert.deepEqual(answer(device, `01 05 02 ${"00".repeat(12)}`, { cluster: PRICE }), ["18050b0280"]);
    assert.deepEqual(answer(device, `01 05 02 ${"00".repeat(13)}`, { cluster: PRICE }), ["18050b0200"]);
    assert.deepEqual(answer(device, "01 05 06", { cluster: PRICE }), ["18050b0681"]);
  });
  it("come in order of their start, as many as asked for, the active one first", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.event(tariffRecord({ event: 3, start: zigbeeTime("2026-06-01T16:00:00Z"), minutes: 60, price: 3 }), 0n);
    device.event(tariffRecord({ event: 2, start: zigbeeTime("2026-06-01T14:00:00Z"), minutes: 60, price: 2 }), 0n);
    const prices = (request: string) => {
      device.take();
      device.hear(request, { cluster: PRICE, now: 0n });
      return device.take().map((frame) => {
        const label = frame.zcl[7] as number;
        return frame.zcl.readUInt32LE(8 + label + 19);
      });
    };
    assert.deepEqual(prices("11 05 01 00000000 00"), [2450, 2, 3]);
    assert.deepEqual(prices("11 05 01 00000000 02"), [2450, 2]);
    assert.deepEqual(prices("11 05 00 00"), [2450]);
    const later = Buffer.alloc(4);
    later.writeUInt32LE(zigbeeTime("2026-06-01T15:30:00Z"));
    assert.deepEqual(prices(`11 05 01 ${later.toString("hex")} 00`), [2450, 3]);
  });
  it("are told at once to a client that listens, when they change", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.tick(0n);
    device.hear("11 05 00 00", { from: meter, cluster: PRICE, now: 0n }); // sleeps
    device.hear("11 05 00 01", { from: ihd, cluster: PRICE, now: 0n }); // listens
    device.take();
    device.event(tariffRecord({ event: 9, price: 999 }), 1000n);
    device.tick(1000n);
    assert.deepEqual(
      device.take().map((frame) => frame.extended),
      [ihd],
    );
    device.tick(2000n);
    assert.deepEqual(device.take(), []);
  });
  it("survive a power cut of the hub", () => {
    const store = new Map<number, Buffer>();
    equip(new Device(module, HUB, store), "2026-06-01T12:00:00Z", 0n);
    const again = new Device(module, HUB, store);
    again.hear("11 05 00 00", { cluster: PRICE });
    assert.equal(again.take()[0]?.zcl.readUInt32LE(8 + 8 + 19), 2450);
  });
});

describe("the head-end's records", () => {
  it("are refused at every length but their own, and never harm", () => {
    const clockAt = clockRecord(zigbeeTime("2026-06-01T12:00:00Z"), 0, 0, 0, 0);
    const tariff = tariffRecord({ event: 1, price: 1, label: "abc" });
    const admit = Buffer.concat([Buffer.from([3]), Buffer.alloc(8, 7), Buffer.from([8]), Buffer.alloc(8)]);
    for (const record of [clockAt, tariff, admit, Buffer.from([4, 200])]) {
      for (let size = 0; size < record.length; size++) {
        const device = new Device(module, HUB);
        assert.equal(device.event(record.subarray(0, size), 0n), 0);
        assert.deepEqual(answer(device, "00 05 00 0000", { cluster: TIME }), ["180501000000e2ffffffff"]);
      }
    }
    const device = new Device(module, HUB);
    assert.equal(device.event(admit, 0n), 1);
    assert.equal(device.event(Buffer.from([4, 200]), 0n), 2);
    assert.equal(device.event(Buffer.from([9, 200]), 0n), 0);
    const long = Buffer.concat([Buffer.from([3]), Buffer.alloc(8, 7), Buffer.from([19]), Buffer.alloc(19)]);
    assert.equal(device.event(long, 0n), 0);
  });
});

describe("the meter's register", () => {
  const read = (device: Device) => {
    device.take();
    device.hear("00 01 00 0000", { cluster: METERING });
    return device.take()[0]?.zcl.readUIntLE(7, 6);
  };
  it("is the element's total, whatever was written last", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.measured(36_000_000n, 0, 0n);
    first.measured(36_000_000n + 3600n * 5n, 0, 10_000n);
    const second = new Device(module, METER, store);
    second.measured(36_000_000n + 3600n * 9n, 0, 0n);
    assert.equal(read(second), 10_009);
  });
  it("goes on from where it stood when the element begins again", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.measured(36_000_000n, 0, 0n);
    first.measured(3600n, 0, 10_000n);
    assert.equal(read(first), 10_001);
    first.measured(3_600_000n, 0, 900_000n);
    const second = new Device(module, METER, store);
    second.measured(7200n, 0, 0n);
    assert.equal(read(second), 11_002);
  });
  it("is written each kWh or quarter of an hour, not more often", () => {
    const store = new Map<number, Buffer>();
    let writes = 0;
    const set = store.set.bind(store);
    store.set = (record, octets) => {
      writes++;
      return set(record, octets);
    };
    const device = new Device(module, METER, store);
    for (let second = 0; second <= 7200; second += 10) device.measured(BigInt(second) * 500n, 500, BigInt(second) * 1000n);
    assert.equal(writes, 8); // 1 kWh in two hours: each quarter of an hour
    writes = 0;
    for (let second = 7210; second <= 10_810; second += 10)
      device.measured(3_600_000n + BigInt(second - 7200) * 8000n, 8000, BigInt(second) * 1000n);
    assert.equal(writes, 8); // 8 kWh in an hour: each kWh
  });
});
