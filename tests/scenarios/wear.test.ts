// Who has no key, or only the network's, makes nobody write his flash again and again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BRISK, House, scenario } from "./house.ts";
import { Insider, Stranger, u16, u64 } from "./stranger.ts";

const MINUTE = 60_000;
const METERING = 0x0702;
const HUB = 0x0000;
const FAILURE = 1;
const ROUNDS = 40;

test("who says in another's name that a key was lost has it made anew once in a quarter of an hour", async (t) => {
  await scenario(t, new House("wear-keys", { seed: 17, load: BRISK }), (house) => {
    house.join();
    house.run(30_000);
    const meter = Number(house.last("meter", "joined")?.address);
    const insider = new Insider(house);
    const denial = Buffer.from([0x18, 0x55, 0x0b, 0x00, FAILURE]);
    const from = house.nowMs;
    for (let round = 0; round < ROUNDS; round++) {
      insider.send(meter, insider.data(METERING, denial));
      house.run(20_000);
    }
    assert.ok(house.nowMs - from < 15 * MINUTE);
    const made = house.of("meter", "key", from).length;
    assert.equal(made, 1, "it is believed once");
    house.heals(20 * MINUTE, "after the lies");
    house.sound();
  });
});

test("a stranger that asks to rejoin in a member's name makes the hub write nothing", async (t) => {
  await scenario(t, new House("wear-rejoin", { seed: 18, load: BRISK }), (house) => {
    house.join();
    house.run(30_000);
    const stranger = new Stranger(house);
    const { extended } = house.ihd.factory;
    const short = Number(house.last("ihd", "joined")?.address);
    const rejoin = (index: number): Buffer => {
      const mac = Buffer.concat([Buffer.from([0x61, 0x88, index]), u16(stranger.pan), u16(HUB), u16(short)]);
      const nwk = Buffer.concat([u16(0x1009), u16(HUB), u16(short), Buffer.from([1, index]), u64(extended)]);
      return Buffer.concat([mac, nwk, Buffer.from([6, 0x88])]);
    };
    let answers = 0;
    house.onFrame = ({ source, psdu }) => {
      if (source === "hub" && (psdu[0] & 7) === 1) answers++;
    };
    const writesIn = (body: () => void): number => {
      const before = house.hub.flash.writes;
      body();
      return house.hub.flash.writes - before;
    };
    const calm = writesIn(() => house.run(2 * MINUTE));
    const storm = writesIn(() => {
      for (let index = 0; index < 120; index++) {
        stranger.say(rejoin(index));
        house.run(1000);
      }
    });
    assert.ok(answers > 100, `the hub answers: ${answers} times`);
    t.diagnostic(`${calm} writes in two calm minutes, ${storm} in two of lies`);
    assert.ok(storm <= calm + 20, `${storm} writes against ${calm}`);
    house.heals(20 * MINUTE, "after the lies");
    house.sound();
  });
});
