// Devices that were out for good until somebody pulled their plug.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind } from "../../host/abi.ts";
import type { AirFrame } from "../../host/air/medium.ts";
import { rekeyEmit } from "../../host/home/uplink.ts";
import { KEY_SLOTS } from "../../host/v8/crypto.ts";
import { BRISK, House, scenario } from "./house.ts";
import { greet, healed } from "./outages.ts";

const MINUTE = 60_000;
const ASSOCIATION_RESPONSE = 2;
/** The slot of a device's first key with a partner. */
const FIRST_PARTNER = 4;
const WRONG_KEY = Buffer.alloc(16, 0x5a);

function isAssociationResponse({ source, psdu }: AirFrame): boolean {
  return source === "hub" && (psdu[0] & 7) === 3 && psdu[1] === 0xcc && psdu[21] === ASSOCIATION_RESPONSE;
}

for (const [what, fault] of [
  ["the hub loses its power for five seconds", (house: House) => house.cut("hub", 5000)],
  [
    "nothing is heard for 300 ms",
    (house: House) => {
      house.home.medium.partition(["ihd"], ["hub", "meter"]);
      house.run(300);
      house.home.medium.heal();
    },
  ],
] as const) {
  test(`${what} between the display's association and its network key`, async (t) => {
    await scenario(t, new House("between", { seed: 5, load: BRISK }), (house) => {
      let seen = false;
      house.onFrame = (frame) => {
        seen ||= house.of("meter", "key").length > 0 && isAssociationResponse(frame);
      };
      assert.ok(house.until(() => seen, 120_000, 1));
      house.onFrame = () => {};
      fault(house);
      greet(house);
      house.join(20 * MINUTE);
      house.sound();
    });
  });
}

for (const id of ["meter", "ihd"] as const) {
  test(`the hub's link key with the ${id} is another one than the ${id}'s: a new one is made`, async (t) => {
    await scenario(t, new House(`other-key-${id}`, { seed: 6, load: BRISK }), (house) => {
      house.join();
      house.run(MINUTE);
      const own = house.plug(id).flash.keys.find(3);
      const { keys } = house.hub.flash;
      const slot = Array.from({ length: KEY_SLOTS }, (_, index) => index).find((index) => own && keys.find(index)?.equals(own));
      assert.ok(slot, "the hub has the same key");
      keys.set(slot, Buffer.alloc(16, 0x5a));
      const from = house.nowMs;
      assert.ok(
        house.until(() => house.of(id, "key", from).some(({ suite }) => suite !== 0), 30 * MINUTE, 1000),
        house.tail(),
      );
      healed(house, "a new key");
      house.sound();
    });
  });
}

for (const id of ["meter", "ihd"] as const) {
  test(`the key between meter and display is another one at the ${id}: a new one is made`, async (t) => {
    await scenario(t, new House(`other-partner-key-${id}`, { seed: 6, load: BRISK }), (house) => {
      house.join();
      house.run(MINUTE);
      const between = (): (Buffer | undefined)[] => [house.meter, house.ihd].map(({ flash }) => flash.keys.find(FIRST_PARTNER));
      const [own, others] = between();
      assert.ok(own && others?.equals(own), "both have the same key");
      house.plug(id).flash.keys.set(FIRST_PARTNER, WRONG_KEY);
      const made = (): boolean => {
        const [one, other] = between();
        return one !== undefined && other !== undefined && one.equals(other) && !one.equals(WRONG_KEY);
      };
      assert.ok(house.until(made, 30 * MINUTE, 1000), house.tail());
      healed(house, "a new key between partners");
      house.sound();
    });
  });
}

test("the network key is changed while all are there, and nobody notices", async (t) => {
  await scenario(t, new House("rekey", { seed: 7, load: BRISK }), async (house) => {
    house.join();
    house.run(MINUTE);
    const joined = house.events.filter(({ event }) => event === "joined").length;
    for (let time = 0; time < 3; time++) {
      house.hub.push(EventKind.Uplink, rekeyEmit({ seconds: 30 }));
      house.run(5 * MINUTE);
      house.heals(MINUTE, `change ${time}`);
    }
    assert.equal(house.events.filter(({ event }) => event === "joined").length, joined, "nobody had to rejoin");
    house.sound();
    await house.verdict();
    await house.countersRise();
  });
});

test("a meter notices that its trust centre is gone, and goes on for its display", async (t) => {
  await scenario(t, new House("alone", { seed: 8, load: BRISK }), (house) => {
    house.join();
    house.plug("hub").cut();
    house.run(60 * MINUTE);
    let scans = 0;
    house.onFrame = ({ source, psdu }) => {
      scans += Number(source === "meter" && psdu.length === 10 && psdu[7] === 0x07);
    };
    const from = house.nowMs;
    house.run(120 * MINUTE);
    assert.ok(scans > 16 * 2 && scans < 16 * 4 * 16, `${scans} beacon requests in two hours`);
    assert.ok(house.of("ihd", "reading", from).length > 500, `${house.of("ihd", "reading", from).length} readings in two hours`);
    house.plug("hub").powerOn();
    greet(house);
    healed(house, "the hub is back");
    house.sound();
  });
});
