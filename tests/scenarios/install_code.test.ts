// A wrong install code: the trust centre's Transport Key cannot be opened, so there is no key and no membership; the device goes on trying at the
// profile's pace (SE 1.4a 5.5.5.3) and nothing hangs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { withCrc } from "../../host/home/provision.ts";
import { House, scenario } from "./house.ts";

const OTHER = withCrc(Buffer.from("83fed3407a939723a5c639b26916d505", "hex"));
const BROKEN = Buffer.from(OTHER).fill(0, 16);

for (const [name, code] of [
  ["another device's", OTHER],
  ["one whose CRC is wrong", BROKEN],
] as const) {
  test(`a meter with ${name} install code does not join, and does not stop trying`, async (t) => {
    const tamper = (device: string, factory: { records: Map<number, Uint8Array> }): void => {
      if (device === "meter") factory.records.set(Record.InstallCode, code);
    };
    await scenario(t, new House("install-code", { seed: 71, tamper }), async (house) => {
      house.run(20 * 60_000);
      assert.equal(house.of("meter", "joined").length, 0, "no membership");
      assert.equal(house.of("meter", "key").length, 0);
      assert.equal(house.meter.flash.keys.find(0), undefined, "no network key");
      assert.ok(house.of("meter", "failed").length >= 3, "it says that it failed");
      assert.ok(house.of("ihd", "key").length === 1, "another device joins meanwhile");
      let scans = 0;
      house.onFrame = ({ source, psdu }) => void (source === "meter" && psdu[0] === 3 && psdu[7] === 7 && scans++);
      house.run(20 * 60_000);
      assert.ok(scans > 0, "it still scans");
      house.sound();
    });
  });
}

test("the hub refuses to admit an install code with a wrong CRC, and goes on", async (t) => {
  const tamper = (device: string, factory: { installCode: Buffer; records: Map<number, Uint8Array> }): void => {
    if (device === "ihd") factory.installCode.fill(0, 16);
  };
  await scenario(t, new House("install-code-hub", { seed: 73, tamper }), async (house) => {
    house.run(10 * 60_000);
    assert.equal(house.of("hub", "failed").length, 1, house.tail());
    assert.equal(house.of("ihd", "joined").length, 0, "a device that nobody admitted does not join");
    assert.equal(house.of("meter", "key").length, 1);
    house.sound();
  });
});
