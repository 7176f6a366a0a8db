// A message in fragments to the hub: in order, out of order, with one missing, with some twice.  It is answered once when it is whole, never otherwise,
// and half a message does not keep anything busy for ever.  05-3474 2.2.8.4.5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { House, scenario } from "./house.ts";
import { Insider } from "./stranger.ts";

const HUB = 0;
const BASIC = 0x0000;
const BLOCK = 40;
/** A sender that falls silent has given up after this time. */
const SILENCE_MS = 25_000;
const WAIT_MS = 2_000;

/** Read Attributes of the Basic cluster with more identifiers than fit a frame. */
function question(sequence: number): Buffer[] {
  const ids = Buffer.alloc(96);
  for (let index = 0; index < ids.length / 2; index++) ids.writeUInt16LE(index, 2 * index);
  const whole = Buffer.concat([Buffer.from([0x00, sequence, 0x00]), ids]);
  return Array.from({ length: Math.ceil(whole.length / BLOCK) }, (_, index) => whole.subarray(index * BLOCK, (index + 1) * BLOCK));
}

/** Sends blocks in the order given; answers how many answers to that question came. */
function send(house: House, insider: Insider, sequence: number, order: readonly number[], waitMs = WAIT_MS): number {
  const blocks = question(sequence);
  const from = insider.messages.length;
  let collided = false;
  // The insider does not listen before it speaks: a block that met another frame is lost, and goes again.
  const stop = house.home.medium.onFrame((frame) => {
    collided ||= ["insider", "another"].includes(frame.source) && frame.collided;
  });
  for (const index of order) {
    do {
      collided = false;
      insider.send(HUB, insider.block(BASIC, sequence, index, blocks.length, blocks[index]));
      house.run(60);
    } while (collided);
  }
  stop();
  house.run(waitMs);
  const answers = insider.messages
    .slice(from)
    .filter(({ aps }) => (aps[0] & 3) === 0 && aps.length > 10 && aps[9 + offset(aps)] === sequence);
  // One that is not acknowledged comes again with its APS counter.
  return new Set(answers.map(({ aps }) => aps[7])).size;
}

/** An answer in fragments has an extended header before its ZCL frame. */
const offset = (aps: Buffer): number => ((aps[0] & 0x80) !== 0 ? 2 : 0);

test("fragments in every order, missing and repeated", async (t) => {
  await scenario(t, new House("fragments", { seed: 101 }), async (house) => {
    house.join();
    const insider = new Insider(house);
    assert.equal(send(house, insider, 1, [0, 1, 2]), 1, "in order");
    assert.equal(send(house, insider, 2, [0, 0, 1, 1, 2, 2, 1, 0]), 1, "repeated: one answer");
    assert.equal(send(house, insider, 3, [0, 2, 1, 2]), 1, "one comes early and is sent again");
    assert.equal(send(house, insider, 4, [2, 1]), 0, "without the first");
    assert.equal(send(house, insider, 5, [0, 2], SILENCE_MS), 0, "without the second");
    // Four senders give up in the middle; then there must be room again.
    for (const sequence of [6, 7, 8, 9]) assert.equal(send(house, insider, sequence, [0, 1], 100), 0);
    house.run(SILENCE_MS);
    // Another sender: a neighbour without link status ages, and the hub has no route back to the first any more.
    insider.leave();
    assert.equal(send(house, new Insider(house, 0x3345, 0x00124b00deadbef0n, "another"), 10, [0, 1, 2]), 1, "after the others gave up");
    house.heals(60_000, "after fragments");
    house.sound();
  });
});
