// A state sector of the slots that goes bad: with a third one updates go on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { Board, NEW_FILE, SECTOR } from "./images_harness.ts";

const BOOTS = 12;
const KEY_OCTETS = 12;

/** Boots and begins the update again and again, then ends it; answers what the device runs and whether that is confirmed. */
function update(region: number, stuck: number): { runs: string; confirmed: number } {
  const nor = Buffer.alloc(region, 0xff);
  const board = Board.provisioned({ nor });
  for (let boot = 0; boot < BOOTS; boot++) {
    board.boot({ stuck });
    board.images.begin(0, Buffer.alloc(KEY_OCTETS)); // size 0: forgets it
    board.load(0, NEW_FILE);
  }
  const activated = board.images.activate(0);
  board.boot({ stuck });
  return { runs: board.runs(), confirmed: activated === Err.Ok ? board.images.confirm(1) : activated };
}

test("one of three state sectors takes neither program nor erase: the update comes to its end", () => {
  const region = new Board().nor.length + SECTOR;
  for (const stuck of [0, 1, region / SECTOR - 1]) assert.deepEqual(update(region, stuck), { runs: "new", confirmed: Err.Ok }, `${stuck}`);
});

test("with two state sectors a bad one ends all updates, and what runs goes on", () => {
  const region = new Board().nor.length;
  const ends = [0, 1].map((stuck) => update(region, stuck).runs);
  assert.deepEqual(ends, ["old", "old"]);
});

test("a state that was lost in all but the third sector is read there", () => {
  const region = new Board().nor.length + SECTOR;
  const nor = Buffer.alloc(region, 0xff);
  const board = Board.provisioned({ nor });
  nor.fill(0, 0, 2 * SECTOR);
  board.boot();
  assert.equal(board.runs(), "old");
  assert.equal(
    nor.subarray(region - SECTOR).every((octet) => octet === 0xff),
    false,
  );
});
