// What a household sees of phase 2: the meter tells the hub, the hub the display, and the display shows what one of phase 1 would.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, Quantity } from "../../host/abi.ts";
import { clockRecord } from "../../host/home/head_end.ts";
import { tariffEmit } from "../../host/home/uplink.ts";
import { type EngineName, Home } from "./home.ts";

const MINUTE = 60;
const UTC_MS = Date.UTC(2027, 0, 12, 14, 5);

function measured(wattHours: number, powerW: number): Buffer {
  const octets = Buffer.alloc(13);
  octets.writeBigInt64LE(BigInt(wattHours) * 3600n, 0);
  octets.writeInt32LE(powerW, 8);
  octets[12] = Quantity.ElectricityImport;
  return octets;
}

for (const engine of ["V8"] as const satisfies EngineName[])
  test(`${engine}: the display shows register, power, price, label and time`, () => {
    const home = new Home(11, engine);
    for (const kind of ["hub", "meter", "ihd"] as const) home.add(kind, kind);
    home.start();
    home.run(1);
    const hub = home.devices.get("hub");
    assert.ok(hub?.push(EventKind.Uplink, clockRecord(UTC_MS)));
    const price = { start: 0, minutes: 0xffff, currency: 826, price: 2450, digits: 4, tier: 1, label: Buffer.from("Day rate") };
    assert.ok(hub?.push(EventKind.Uplink, tariffEmit({ eventId: 7, ...price })));
    const tell = (wattHours: number, powerW: number, seconds: number): void => {
      assert.ok(home.devices.get("meter")?.push(EventKind.Measured, measured(wattHours, powerW)));
      home.run(seconds);
    };
    tell(12_345_678, 1234, MINUTE);
    tell(12_345_700, 1300, MINUTE);
    tell(12_345_720, 1234, 2 * MINUTE);
    assert.deepEqual(home.troubles, []);
    const screen = home.screens.get("ihd") ?? [];
    assert.deepEqual(
      screen.slice(0, 7).map((line) => line.trimEnd()),
      ["1.234 kW £0.30/h", "12345.720 kWh", "Today      £0.01", "Per kWh  £0.2450", screen[4].trimEnd(), "Connected", "Day rate"],
    );
    assert.match(screen[4], /^2027-01-12 14:0\d/);
  });
