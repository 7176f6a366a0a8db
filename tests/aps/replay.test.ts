// What was heard once is not heard again: link-key frames put into new frames of the network layer, before and after a power cut.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Air, APS_ACK, APS_LINK_KEY, establish, form, Heard, joinNetwork, type LabNode } from "../scenarios/harness.ts";
import { Intruder, type NetworkFrame, openFrame, sealFrame } from "../scenarios/intruder.ts";

const LINK = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const CHANNEL = 15;
const JUMP = 500;

interface Setting {
  air: Air;
  hub: LabNode;
  meter: LabNode;
  intruder: Intruder;
  key: Uint8Array;
}

async function setting(seed: number, name: string): Promise<Setting> {
  const air = new Air(seed, name);
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  assert.ok(form(hub, meter));
  assert.ok(joinNetwork(meter));
  air.run(500);
  establish(hub, meter, LINK);
  const key = hub.keys.entries().find(([slot]) => slot < 2)?.[1];
  assert.ok(key);
  return { air, hub, meter, intruder: new Intruder(air, CHANNEL), key };
}

/** The last frame from a device with a secured APS frame of that type in it. */
function secured({ air, key }: Setting, from: LabNode, type: number, since: number): NetworkFrame {
  for (const { psdu } of air.frames.slice(since).reverse()) {
    const frame = openFrame(psdu, key);
    if (frame && frame.source === from.extended && (frame.payload[0] & 0x23) === (0x20 | type)) return frame;
  }
  assert.fail("no such frame was on the air");
}

test("data under a link key is taken once, also after a power cut of the receiver", async () => {
  const scene = await setting(21, "aps-replay");
  const { air, hub, meter, intruder, key } = scene;
  const since = air.frames.length;
  meter.send(hub, 0x0702, APS_ACK | APS_LINK_KEY, Buffer.from("18010a00002005", "hex"));
  assert.ok(air.until(() => meter.heard(Heard.Confirm).length > 0, 5000));
  assert.equal(hub.messages().length, 1);
  const frame = secured(scene, meter, 0, since);

  intruder.say(sealFrame(frame, key, frame.counter + JUMP));
  assert.equal(hub.messages().length, 1);
  assert.equal(hub.counters().replayed, 1, "the network layer let it through, APS did not");

  air.run(60_000);
  hub.powerCut(1000);
  air.run(3000);
  assert.ok(hub.resumed);
  intruder.say(sealFrame(frame, key, frame.counter + 2 * JUMP));
  assert.equal(hub.messages().length, 1);
  assert.equal(hub.counters().replayed, 1, "counted since the reset");

  // The right frame with the next number is taken: nothing was lost but the replay.
  meter.powerCut(100);
  air.run(3000);
  meter.send(hub, 0x0702, APS_ACK | APS_LINK_KEY, Buffer.from("18020a00002006", "hex"));
  assert.ok(
    air.until(() => hub.messages().length > 1, 10_000),
    "a device that was reset goes on with higher numbers",
  );
  air.close();
});

test("a frame that was changed under way is not taken, and the true one afterwards is", async () => {
  const scene = await setting(22, "aps-forged");
  const { air, hub, meter, intruder, key } = scene;
  const since = air.frames.length;
  air.medium.setLink("hub", "meter", { inRange: false });
  meter.send(hub, 0x0702, APS_LINK_KEY, Buffer.from("18010a00002005", "hex"));
  air.run(200);
  const frame = secured(scene, meter, 0, since);
  air.medium.setLink("hub", "meter", { inRange: true });
  for (const index of [0, 2, 8, 10, 13, frame.payload.length - 5, frame.payload.length - 1]) {
    const forged = Buffer.from(frame.payload);
    forged[index] ^= index === 8 ? 8 : 1; // the level in octet 8 does not travel
    intruder.say(sealFrame(frame, key, frame.counter + JUMP + index, forged));
    assert.equal(hub.messages().length, 0, `octet ${index}`);
  }
  const { badMic, noKey, malformed, replayed } = hub.counters();
  assert.equal(badMic + noKey + malformed + replayed, 7);
  intruder.say(sealFrame(frame, key, frame.counter + 2 * JUMP));
  assert.equal(hub.messages().length, 1, "a forgery spends no number");
  air.close();
});

test("a repeated frame is acknowledged again and not delivered again", async () => {
  const { air, hub, meter } = await setting(23, "aps-duplicate");
  // The hub is deaf to nothing, but its answers are lost for a while: the sender repeats.
  meter.send(hub, 0x0702, APS_ACK | APS_LINK_KEY, Buffer.from("18010a00002005", "hex"));
  air.medium.setOneWay("hub", "meter", { loss: 1 });
  air.run(3500);
  air.medium.setOneWay("hub", "meter", { loss: 0 });
  assert.ok(air.until(() => meter.heard(Heard.Confirm).length > 0, 20_000));
  assert.equal(hub.messages().length, 1);
  assert.ok(hub.counters().duplicates > 0);
  air.close();
});
