// The record store on flash that wears and errs: nothing silently old, nothing gone, and no board that cannot write.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { flashLives, imageLives, runLives } from "./flash_lives.ts";

let program: string;
let state: string;

before(async () => {
  program = await flashLives();
  state = await imageLives();
});

type Options = (string | number)[];

function countsOf(line: string): Record<string, number> {
  return Object.fromEntries([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]));
}

const lives = (...options: Options): Record<string, number> => countsOf(runLives(program, ...options));
const stateLives = (...options: Options): Record<string, number> => countsOf(runLives(state, ...options));

const SOUND = { old: 0, gone: 0, foreign: 0, unreadable: 0, unopened: 0, blocked: 0 };

test("300 lives with a bit stuck at 0: all write, and read what was written", () => {
  assert.deepEqual(lives("stuck", 300, 1), { lives: 300, ...SOUND });
});

test("a sector after the other goes bad, until two of eight are good: all write", () => {
  assert.deepEqual(lives("worn", 60, 1), { lives: 60, ...SOUND });
});

test("600 bits that rot: each is put right", () => {
  assert.deepEqual(lives("rot", 600, 1), { lives: 600, ...SOUND });
});

const FAULTS: [name: string, kind: number, step: number][] = [
  ["a read fails", 1, 13],
  ["a read is wrong", 2, 13],
  ["a program fails", 4, 3],
  ["a program does nothing and says nothing", 5, 3],
  ["a program stops half-way", 6, 3],
  ["a unit cannot be programmed any more", 7, 3],
  ["an erase fails", 8, 1],
  ["an erase does nothing and says nothing", 9, 1],
  ["a sector cannot be erased any more", 10, 1],
];

for (const [name, kind, step] of FAULTS) {
  test(`${name}, at any operation of a life: nothing is lost`, () => {
    const { lives: count, ...counts } = lives("fault", kind, step);
    assert.ok(count > 15, `${count} lives`);
    assert.deepEqual(counts, SOUND);
  });
}

test("octets that cannot be read any more make an error: never an older record, never none", () => {
  const { unreadable, lives: count, ...counts } = lives("fault", 3, 13);
  assert.deepEqual({ ...counts, unreadable: 0 }, SOUND);
  assert.ok(unreadable > 0 && unreadable < count / 2, `${unreadable} of ${count}`);
});

test("the wear is even", () => {
  const { most, least } = lives("wear", 4000);
  assert.ok(least > 20 && most - least <= 1, `${least} to ${most} erases`);
});

const WHOLE = { older: 0, back: 0, none: 0, blocked: 0 };

test("the image state, 300 lives with a bit stuck at 0 in one of three sectors: the newest snapshot counts, and the next is taken", () => {
  assert.deepEqual(stateLives("stuck", 300, 1), { lives: 300, ...WHOLE });
});

test("the image state, 600 bits that rot, every other one in the newest snapshot: each is put right", () => {
  assert.deepEqual(stateLives("rot", 600, 1), { lives: 600, ...WHOLE });
});

for (const [name, kind, step] of FAULTS) {
  test(`the image state, ${name}, at any operation of a life: no older one comes back`, () => {
    const { lives: count, ...counts } = stateLives("fault", kind, Math.ceil(step / 3));
    assert.ok(count >= 10, `${count} lives`);
    assert.deepEqual(counts, WHOLE);
  });
}

test("the image state, octets that cannot be read any more: the one before counts, with counter and epoch as they were", () => {
  const { older, lives: count, ...counts } = stateLives("fault", 3, 1);
  assert.deepEqual({ older: 0, ...counts }, WHOLE);
  assert.ok(older > 0 && older < count / 20, `${older} of ${count}`);
});
