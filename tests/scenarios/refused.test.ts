// What a shipped module drops can be seen from outside: the layer, the reason and how often, the first time in each minute.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withFcs } from "../../host/air/frame.ts";
import type { EventLine } from "../../host/home/events.ts";
import { BRISK, House, scenario } from "./house.ts";
import { Insider, Stranger } from "./stranger.ts";

const METERING = 0x0702;
const READ_FIRST = Buffer.from([0x00, 0x2a, 0x00, 0x00, 0x00]);
const MAC_HEADER = 9;
const NWK_SECURITY = 0x0200;
const FCS = 2;
const MINUTE_MS = 60_000;

/** Frames of the network layer that others said and the hub can be the target of: newest last. */
function tape(house: House, ms: number): Buffer[] {
  const frames: Buffer[] = [];
  house.onFrame = ({ psdu, source }) => {
    const frame = Buffer.from(psdu);
    const data = (frame[0] & 7) === 1 && frame.length > MAC_HEADER + 8 && (frame.readUInt16LE(MAC_HEADER) & NWK_SECURITY) !== 0;
    if (data && source === "meter" && frame.readUInt16LE(5) === 0) frames.push(frame);
  };
  house.run(ms);
  house.onFrame = () => {};
  return frames;
}

function refused(house: House, layer: string, reason: string, fromMs: number): EventLine[] {
  return house.of("hub", "refused", fromMs).filter((event) => event.layer === layer && event.reason === reason);
}

test("a replayed frame and one that is not authentic are seen as refused, once a minute", async (t) => {
  await scenario(t, new House("refused", { seed: 141, load: BRISK }), async (house) => {
    house.join();
    const frames = tape(house, 5 * MINUTE_MS);
    assert.ok(frames.length > 10);
    const stranger = new Stranger(house);

    house.run(2 * MINUTE_MS + 7_000); // the hub's minutes begin when it had something to do: not between the five
    let from = house.nowMs;
    for (const frame of frames.slice(0, 5)) stranger.sayWhole(frame);
    const replays = refused(house, "nwk", "replayed", from);
    assert.equal(replays.length, 1, "five at once are told once");
    house.run(2 * MINUTE_MS);
    from = house.nowMs;
    stranger.sayWhole(frames[0]);
    const [again] = refused(house, "nwk", "replayed", from);
    assert.equal(Number(again?.count), Number(replays[0].count) + 5, "the next minute tells how many there were");
    for (const frame of frames.slice(1, 4)) stranger.sayWhole(frame);
    const counted = house.hub.engine?.drops().find(({ layer, reason }) => layer === "nwk" && reason === "replayed");
    assert.equal(counted?.count, Number(again?.count) + 3, "and those that nobody was told can be asked for");

    from = house.nowMs;
    const forged = Buffer.from(frames[frames.length - 1].subarray(0, -FCS));
    const counter = MAC_HEADER + 8 + (forged[MAC_HEADER + 1] & 0x08 ? 8 : 0) + (forged[MAC_HEADER + 1] & 0x10 ? 8 : 0) + 1;
    forged.writeUInt32LE(forged.readUInt32LE(counter) + 100_000, counter);
    stranger.sayWhole(Buffer.from(withFcs(forged)));
    assert.equal(refused(house, "nwk", "badMic", from).length, 1, "another counter needs another MIC");
    stranger.leave();
    house.heals(2 * MINUTE_MS, "after the forgeries");
    house.sound();
  });
});

test("a frame without the link key that its cluster requires is seen as refused", async (t) => {
  await scenario(t, new House("refused-key", { seed: 142 }), async (house) => {
    house.join();
    const insider = new Insider(house);
    house.run(2 * MINUTE_MS);
    const from = house.nowMs;
    const meter = Number(house.last("meter", "joined")?.address);
    insider.send(meter, insider.data(METERING, READ_FIRST));
    house.run(3_000);
    const told = house.of("meter", "refused", from).filter(({ layer, reason }) => layer === "zcl" && reason === "noKey");
    assert.deepEqual(
      told.map(({ count }) => count),
      [1],
    );
    house.sound();
  });
});
