// Link-key counters are not written for each frame, and no frame is heard twice all the same: whatever the power does, whatever is sent again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { Air, APS_ACK, APS_LINK_KEY, establish, form, joinNetwork, type LabNode } from "../scenarios/harness.ts";
import { Intruder, openFrame, sealFrame } from "../scenarios/intruder.ts";

const LINK = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const CHANNEL = 15;
const METERING = 0x0702;
/** Numbers that a reset of the receiver may skip: a message has one repetition more. */
const SKIPPED_MAX = 3;
const MESSAGES = 40;
const SECURED_DATA = 0x20;
/** Far beyond what the sender has counted to. */
const JUMP = 100_000;

interface Scene {
  air: Air;
  sender: LabNode;
  receiver: LabNode;
  writes(): number;
  /** Puts all that the sender secured with the link key into new frames of the network layer. */
  replay(): void;
  /** Numbers in the payloads that came. */
  came(): number[];
  say(number: number, forMs?: number): void;
}

async function scene(name: string, receiverIs: "hub" | "member"): Promise<Scene> {
  const air = new Air(71, name);
  const hub = await air.node("hub", "coordinator");
  const member = await air.node("meter", "router");
  assert.ok(form(hub, member));
  assert.ok(joinNetwork(member));
  air.run(500);
  establish(hub, member, LINK);
  const [sender, receiver] = receiverIs === "hub" ? [member, hub] : [hub, member];
  const key = hub.keys.entries().find(([slot]) => slot < 2)?.[1] as Uint8Array;
  const intruder = new Intruder(air, CHANNEL);
  let written = 0;
  const { store } = receiver;
  const set = store.set.bind(store);
  store.set = (record, octets) => {
    if (record === Record.Keys || record === Record.TrustCentre) written++;
    return set(record, octets);
  };
  let jump = JUMP;
  const replay = (): void => {
    const frames = air.frames.map(({ psdu }) => openFrame(psdu, key)).filter((frame) => frame?.source === sender.extended);
    for (const frame of frames) {
      if (!frame || (frame.payload[0] & 0x23) !== SECURED_DATA) continue;
      jump += 64; // beyond what the network layer spends at a reset
      intruder.say(sealFrame(frame, key, frame.counter + jump));
    }
  };
  const came = (): number[] => receiver.messages().map(({ payload }) => payload.readUInt8(payload.length - 1));
  const say = (number: number, forMs = 300): void => {
    assert.ok(sender.send(receiver, METERING, APS_ACK | APS_LINK_KEY, Buffer.from([0x18, number, 0x0a, 0, 0, 0x20, number])) >= 0);
    air.run(forMs);
  };
  return { air, sender, receiver, writes: () => written, replay, came, say };
}

for (const receiver of ["hub", "member"] as const) {
  test(`${receiver}: a burst of messages costs a write each four, and each is heard once`, async (t) => {
    const made = await scene(`spent-burst-${receiver}`, receiver);
    const before = made.writes();
    for (let number = 0; number < MESSAGES; number++) made.say(number);
    const cost = made.writes() - before;
    t.diagnostic(`${cost} writes for ${MESSAGES} messages`);
    assert.deepEqual(
      made.came(),
      Array.from({ length: MESSAGES }, (_, index) => index),
    );
    assert.ok(cost <= MESSAGES / 4 + 2, `${cost} writes`);
    made.air.close();
  });

  test(`${receiver}: whenever it is cut, nothing that it heard is heard again, and no message is lost by that`, async () => {
    for (const heard of [1, 2, 3, 4, 5, 6]) {
      const made = await scene(`spent-cut-${receiver}-${heard}`, receiver);
      for (let number = 0; number < heard; number++) made.say(number);
      assert.equal(made.came().length, heard);
      made.receiver.powerCut(500);
      made.air.run(3000);
      assert.ok(made.receiver.resumed);
      const before = made.sender.store.get(Record.LinkCounter);
      made.say(100, 10_000);
      assert.deepEqual(made.sender.store.get(Record.LinkCounter), before, "the sender's numbers go on one by one");
      assert.equal(made.came().at(-1), 100, `after ${heard} messages: the next is lost`);
      const count = made.came().length;
      made.replay();
      assert.equal(made.came().length, count, `after ${heard} messages: a replay was heard`);
      made.air.close();
    }
  });

  test(`${receiver}: with the power cut at each write, before and after it, nothing is heard twice`, async () => {
    for (const taken of [false, true]) {
      for (let write = 1; write <= 4; write++) {
        const made = await scene(`spent-write-${receiver}-${write}-${taken}`, receiver);
        made.receiver.cutAtWrite(write, taken);
        for (let number = 0; number < 20; number++) made.say(number, 2000);
        made.air.run(10_000);
        assert.ok(!made.receiver.isCutDue, "it was cut");
        made.replay();
        const came = made.came();
        assert.equal(new Set(came).size, came.length, `write ${write}, ${taken ? "after" : "before"}: ${came} came`);
        assert.ok(came.length >= 20 - SKIPPED_MAX - 1, `only ${came} came`);
        made.air.close();
      }
    }
  });
}
