// Whoever has the network key can send in a member's name, with a frame counter far ahead (docs/threat-model.md): the member is then not
// heard.  A change of the network key ends it, with nobody at a plug, and no number is used twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind } from "../../host/abi.ts";
import { rekeyEmit } from "../../host/home/uplink.ts";
import { BRISK, House, scenario } from "./house.ts";
import { healed } from "./outages.ts";
import { Insider } from "./stranger.ts";

const MINUTE = 60_000;
const HUB = 0x0000;
const TIME = 0x000a;
const FAR_AHEAD = 0xffff_ff00;
const READ = Buffer.from([0x00, 0x01, 0x00, 0x00, 0x00]);

for (const id of ["meter", "ihd"] as const) {
  test(`the ${id} that somebody has muted at the hub is heard again when the network key has changed`, async (t) => {
    await scenario(t, new House(`muted-${id}`, { seed: 19, load: BRISK }), (house) => {
      house.join();
      house.run(3 * MINUTE);
      const liar = new Insider(house, Number(house.last(id, "joined")?.address), house.plug(id).factory.extended, "liar");
      liar.counter = FAR_AHEAD;
      liar.send(HUB, liar.data(TIME, READ));
      liar.leave();
      const from = house.nowMs;
      house.run(5 * MINUTE);
      const dropped = house.of("hub", "refused", from).filter(({ layer, reason }) => layer === "nwk" && reason === "replayed");
      assert.ok(dropped.length > 0, "the lie is believed: this is no test of something else");
      house.hub.push(EventKind.Uplink, rekeyEmit({ seconds: 30 }));
      house.run(2 * MINUTE);
      t.diagnostic(`healed after ${healed(house, "another network key")} ms`);
      house.sound();
    });
  });
}
