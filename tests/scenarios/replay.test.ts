// Frames that were on the air once are put on the air again: at once, later, and after the victim lost its power.  05-3474 4.3.1.2 and 4.4.1.2.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceId } from "../../host/home/plan.ts";
import { BRISK, House, scenario } from "./house.ts";
import { openNetwork, Stranger } from "./stranger.ts";

const APS_SECURED = 0x20;
const REPLAYED_MAX = 250;
const MAC_HEADER = 9;
const FCS = 2;

interface Taped {
  psdu: Uint8Array;
  source: string;
}

/** What a device said itself, as the network layer carries it: APS frames only; what it passes on is not for it to judge. */
function apsFrames(house: House, frames: readonly Taped[], device: DeviceId): Buffer[] {
  const key = house.hub.flash.keys.find(0) as Buffer;
  const short = Number(house.last(device, "joined")?.address ?? 0);
  return frames
    .filter(({ source, psdu }) => source === device && (psdu[0] & 7) === 1)
    .map(({ psdu }) => openNetwork(key, Buffer.from(psdu.subarray(MAC_HEADER, psdu.length - FCS))))
    .filter((opened) => opened !== undefined && (opened.header[0] & 3) === 0 && opened.source === short)
    .map((opened) => (opened as { payload: Buffer }).payload);
}

/** Tapes the home for a while. */
function tape(house: House, ms: number): Taped[] {
  const frames: Taped[] = [];
  house.onFrame = ({ psdu, source }) => {
    if ((psdu[0] & 7) === 1) frames.push({ psdu: Uint8Array.from(psdu), source });
  };
  house.run(ms);
  house.onFrame = () => {};
  return frames;
}

/** Plays what others said to one device that is alone on the air; answers what it said meanwhile. */
function play(house: House, victim: DeviceId, frames: readonly Taped[]): Taped[] {
  const stranger = new Stranger(house);
  const said: Taped[] = [];
  house.onFrame = ({ psdu, source }) => void (source === victim && said.push({ psdu: Uint8Array.from(psdu), source }));
  for (const { psdu } of frames.filter(({ source }) => source !== victim).slice(-REPLAYED_MAX)) stranger.sayWhole(psdu);
  house.run(2_000);
  house.onFrame = () => {};
  stranger.leave();
  return said;
}

for (const [victim, others] of [
  ["hub", ["meter", "ihd"]],
  ["meter", ["hub", "ihd"]],
] as const) {
  test(`the ${victim} hears its past again`, async (t) => {
    await scenario(t, new House(`replay-${victim}`, { seed: victim === "hub" ? 111 : 112, load: BRISK }), async (house) => {
      const frames = tape(house, 5 * 60_000);
      house.heals(60_000, "before the replay");
      assert.ok(frames.length > 100);
      for (const other of others) house.plug(other).cut();
      house.run(30_000);
      const own = (aps: Buffer): boolean => (aps[0] & 3) === 0 && aps.readUInt16LE(2) === 0x0702; // its reports go on
      const answers = apsFrames(house, play(house, victim, frames), victim).filter((aps) => !own(aps));
      assert.deepEqual(answers, [], "a replayed frame is neither acknowledged nor answered");

      house.cut(victim, 1000);
      house.run(5_000);
      const after = apsFrames(house, play(house, victim, frames), victim).filter((aps) => !own(aps));
      const secured = after.filter((aps) => (aps[0] & APS_SECURED) !== 0);
      assert.deepEqual(secured, [], "after a power cut nothing under a link key is taken again");

      for (const other of others) house.plug(other).powerOn();
      house.heals(15 * 60_000, "when the others are back");
      house.sound();
    });
  });
}

test("the display hears old reports again while it listens, also after a power cut", async (t) => {
  await scenario(t, new House("replay-ihd", { seed: 113, load: BRISK }), async (house) => {
    const frames = tape(house, 4 * 60_000).filter(({ source }) => source !== "ihd");
    house.join();
    for (const rebooted of [false, true]) {
      if (rebooted) house.cut("ihd", 1000);
      const from = house.nowMs;
      const stranger = new Stranger(house);
      let next = 0;
      // Right behind each data request of the display, when its receiver is on.
      house.onFrame = ({ source, psdu }) => {
        if (source === "ihd" && (psdu[0] & 7) === 3)
          house.home.clock.after(600, () => stranger.sayNow(frames[next++ % frames.length].psdu));
      };
      house.run(5 * 60_000);
      house.onFrame = () => {};
      stranger.leave();
      assert.ok(next > 30, "there were moments to say something");
      let before = -1;
      for (const { importWh, t: at } of house.of("ihd", "reading", from)) {
        if (importWh === null) continue;
        assert.ok(Number(importWh) >= before, `${importWh} Wh at ${at} ms after ${before} Wh`);
        before = Number(importWh);
      }
      house.heals(120_000, "after the replays");
    }
    house.sound();
  });
});
