// The record store on flash that wears and errs: nothing silently old, nothing gone, and no board that cannot write.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { flashLives, runLives } from "./flash_lives.ts";

let program: string;

before(async () => {
  program = await flashLives();
});

function lives(...options: (string | number)[]): Record<string, number> {
  return Object.fromEntries([...runLives(program, ...options).matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name, Number(value)]));
}

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
