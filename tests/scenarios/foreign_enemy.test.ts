// A stranger's coordinator that says every wrong thing it can to devices that are in its network: leaves, keys nobody uses, answers nobody asked for,
// and that forgets them.  Whatever it said, both come back by themselves, and the display shows the register again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "./foreign/day.ts";
import { ForeignHome } from "./foreign/home.ts";
import { type Argument, big, hex, missing } from "./foreign/outside.ts";

const MINUTE = 60_000;
/** The ladder and its rests, then keys and the meter. */
const HEALS_MS = 60 * MINUTE;
const OTHER_KEY = Buffer.alloc(16, 0x5a);
const REFUSED = 2;

type Act = (short: number, extended: bigint) => [path: string, args: Argument[]][];

const ACTS: Record<string, Act> = {
  "leave and rejoin": (short) => [["nwkHandler.sendLeave", [short, true]]],
  leave: (short) => [["nwkHandler.sendLeave", [short, false]]],
  "a switch to a key that never came": (short) => [["apsHandler.sendSwitchKey", [short, 5]]],
  "a network key and a switch that it does not follow itself": (short, extended) => [
    ["apsHandler.sendTransportKeyNWK", [short, hex(OTHER_KEY), 1, big(extended)]],
    ["apsHandler.sendSwitchKey", [short, 1]],
  ],
  "another key under the number in use": (short, extended) => [
    ["apsHandler.sendTransportKeyNWK", [short, hex(OTHER_KEY), 0, big(extended)]],
    ["apsHandler.sendSwitchKey", [short, 0]],
  ],
  "a link key": (short, extended) => [["apsHandler.sendTransportKeyTC", [short, hex(OTHER_KEY), big(extended)]]],
  "a rejoin response with another address": (short) => [["nwkHandler.sendRejoinResp", [short, 0x4321, 0]]],
  "a refused rejoin": (short) => [["nwkHandler.sendRejoinResp", [short, short, REFUSED]]],
  "removal without its key": (short, extended) => [["apsHandler.sendRemoveDevice", [short, big(extended)]]],
  "that it knows nobody of that name": (short, extended) => [["context.disassociate", [short, big(extended)]]],
};

/** It tells a new key under the one that all joined with, which is ours no more, uses it, and so loses both. */
async function change(home: ForeignHome): Promise<void> {
  const { outside, esi } = home;
  outside.call("context.setPendingNetworkKey", [hex(OTHER_KEY), 1]);
  for (const { short, extended } of esi.partners.values()) {
    outside.call("apsHandler.sendTransportKeyNWK", [short, hex(OTHER_KEY), 1, big(extended)]);
    await home.pass(10_000);
  }
  outside.call("apsHandler.sendSwitchKey", [0xffff, 1]);
  await home.pass(2000);
  outside.call("context.activatePendingNetworkKey", [1]);
  esi.networkKey = OTHER_KEY;
  esi.keySequence = 1;
}

test("whatever a stranger's coordinator says, meter and display come back", { skip: missing }, async (t) => {
  const home = new ForeignHome("foreign-enemy", { seed: 143, load: "time,watts\n0,3600\n" });
  try {
    await settled(home, 180_000);
    // Joining stays open, as a person would have it who looks for a device.
    const open = (): void => {
      home.outside.call("context.allowJoins", [254, true]);
      home.home.clock.after(240_000_000, open);
    };
    open();
    for (const [name, act] of Object.entries(ACTS)) {
      for (const device of ["meter", "ihd"] as const) {
        const extended = home.extended(device);
        const short = home.esi.partners.get(extended)?.short ?? 0;
        for (const [path, args] of act(short, extended)) {
          home.outside.call(path, args);
          await home.pass(3000);
        }
        await home.pass(MINUTE);
        const from = home.nowMs;
        const heals = await home.passUntil(() => home.agrees(from), HEALS_MS, 1000);
        assert.ok(heals, `${name}, to the ${device}: not healed; ${home.tail()}`);
        t.diagnostic(`${name}, to the ${device}: ${Math.round((home.nowMs - from) / 1000)} s after the first minute`);
      }
    }
    await change(home);
    const from = home.nowMs;
    assert.ok(await home.passUntil(() => home.agrees(from), HEALS_MS, 1000), `a change of the network key: not healed; ${home.tail()}`);
    t.diagnostic(`a change of the network key: ${Math.round((home.nowMs - from) / 1000)} s`);
    for (const device of ["meter", "ihd"] as const) assert.deepEqual(home.plug(device).troubles, []);
    assert.deepEqual(home.saidOf("fatal"), []);
  } finally {
    home.close();
  }
});
