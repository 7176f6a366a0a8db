// The key policy, default responses and attributes of each device at their edges.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { answer, BASIC, hub, LINK_KEY_OPTION, METERING, meter, NETWORK_KEY, PRICE, READING, REGISTER, TIME } from "./edges.ts";
import { clockRecord, Device, HUB, IHD, METER, zigbeeTime } from "./home.ts";
import { AUTUMN, meterReport, meterScale, registerOf, SPRING } from "./wire.ts";

const module = labModule("sep1/device");
const KEEP_ALIVE = 0x0025;
/** Of the key that was established with it. */
const TRUST_CENTRE_SLOT = 3;

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
    assert.equal(sent?.zcl.length, 3 + 6 * 10);
    device.hear(`00 01 00 ${"9999".repeat(30)}`, { cluster: METERING });
    assert.equal(device.take()[0]?.zcl.length, 3 + 20 * 3);
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
  it("of Key Establishment are the same at both ends, and name the suites that there is an identity for", () => {
    for (const direction of ["00", "08"]) {
      for (const suites of [[], [1], [2], [1, 2]]) {
        const store = new Map(suites.map((suite) => [suite + 2, Buffer.alloc(suite === 1 ? 91 : 147)]));
        const [sent] = answer(new Device(module, IHD, store), `${direction} 01 00 0000`, { cluster: 0x0800, key: NETWORK_KEY });
        const value = suites.reduce((sum, suite) => sum | suite, 0);
        assert.equal(sent?.slice(2), `0101000000310${value}00`, `suites ${suites}`);
      }
    }
  });
  it("of Keep-Alive say how often the hub wants to be asked, under its link key", () => {
    const device = new Device(module, HUB);
    assert.deepEqual(answer(device, "00 01 00 0000 0100", { cluster: KEEP_ALIVE }), ["180101" + "0000" + "00200a" + "0100" + "00212c01"]);
    assert.deepEqual(answer(device, "00 01 00 0000", { cluster: KEEP_ALIVE, key: NETWORK_KEY }), ["18010b0001"]);
  });
  it("of Keep-Alive are believed of the trust centre alone, from a minute to a quarter of an hour", () => {
    for (const kind of [METER, IHD]) {
      const base = (octet: string, slot = TRUST_CENTRE_SLOT): number =>
        new Device(module, kind).keepAlive(`18 01 01 0000 00 20 ${octet}`, slot);
      assert.deepEqual(
        ["00", "01", "0f", "10", "ff"].map((octet) => base(octet)),
        [1, 1, 15, 15, 15],
      );
      assert.equal(base("01", TRUST_CENTRE_SLOT + 1), 10, "a partner's word counts for nothing");
      assert.equal(new Device(module, kind).keepAlive("18 01 01 0000 00 21 0100", TRUST_CENTRE_SLOT), 10, "nor another type");
      assert.equal(new Device(module, kind).keepAlive("18 01 01 0000 86", TRUST_CENTRE_SLOT), 10, "nor none");
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
