// Half-hours, rings and the command line of a run: what the page's numbers rest on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine } from "../../host/web/command_line.ts";
import { HalfHours } from "../../host/web/half_hours.ts";
import { KeyShelf } from "../../host/web/key_shelf.ts";
import { Ring } from "../../host/web/ring.ts";

const HALF = 1_800_000;
const sums = (halfHours: HalfHours): number[] => halfHours.all().map(({ wh }) => wh);

test("what a report finds is spread over the time since the one before, and half-hours add up to the register", () => {
  const found = new HalfHours();
  found.take(10 * HALF - 60_000, 1_000, 500);
  found.take(10 * HALF + 60_000, 1_011, 500);
  assert.deepEqual(sums(found), [6, 5]);
  found.take(13 * HALF + HALF / 2, 1_361, 500);
  assert.deepEqual(sums(found), [6, 103, 101, 101, 50]);
  assert.equal(
    sums(found).reduce((one, other) => one + other),
    361,
  );
  assert.deepEqual(
    found.all().map(({ startMs }) => startMs / HALF),
    [9, 10, 11, 12, 13],
  );
});

test("a report on the stroke belongs to the half-hour that ends, and the next one is empty", () => {
  const found = new HalfHours();
  found.take(4 * HALF, 0, 0);
  found.take(5 * HALF, 7, 0);
  assert.deepEqual(sums(found), [7, 0]);
});

test("a register that lost what it had not written down takes nothing from anybody", () => {
  const found = new HalfHours();
  found.take(HALF, 100, 0);
  found.take(HALF + 1_000, 150, 0);
  found.take(HALF + 2_000, 120, 0);
  found.take(HALF + 3_000, 125, 0);
  assert.deepEqual(sums(found), [55]);
});

test("eight days are kept, and a minute's newest power", () => {
  const found = new HalfHours();
  for (let half = 0; half < 500; half++) found.take(half * HALF, half, half);
  assert.equal(found.all().length, 384);
  assert.equal(found.points.length, 500);
  found.take(500 * HALF + 1_000, 500, 1);
  found.take(500 * HALF + 2_000, 500, 2);
  assert.deepEqual(found.points.at(-1), { ms: 500 * HALF, w: 2 });
});

test("a ring gives what comes after a number, and says how much of it is gone", () => {
  const ring = new Ring<number>(4);
  assert.deepEqual(ring.after(0, 10, 10), { items: [], next: 0, missed: 0 });
  for (let number = 1; number <= 10; number++) assert.equal(ring.push(number), number);
  assert.deepEqual([ring.first, ring.last, ring.get(6), ring.get(7), ring.get(11)], [7, 10, undefined, 7, undefined]);
  assert.deepEqual(ring.after(0, 10, 10), { items: [7, 8, 9, 10], next: 10, missed: 6 });
  assert.deepEqual(ring.after(8, 1, 10), { items: [9], next: 9, missed: 0 });
  assert.deepEqual(
    ring.after(6, 10, 2, (item) => item > 8),
    { items: [], next: 8, missed: 0 },
  );
  assert.deepEqual(ring.after(99, 10, 10), { items: [], next: 99, missed: 0 });
});

test("a key that a device tells again at each boot is one key", () => {
  const shelf = new KeyShelf();
  for (let boot = 0; boot < 5_000; boot++) shelf.told("meter", 0, Buffer.alloc(16, 7));
  shelf.told("meter", 5, Buffer.alloc(16, 8));
  assert.deepEqual([shelf.version, shelf.opened.network.length, shelf.opened.link.length], [2, 1, 1]);
  assert.ok(shelf.partners.has("meter"));
});

test("the command of a run has its seed, and neither the page's own words nor a broker's password", () => {
  assert.equal(commandLine(["--web", "0", "--home", "my home.yaml", "--no-web"], 7), "npm start -- --home 'my home.yaml' --seed 7");
  const secret = ["--mqtt", "mqtts://somebody:secret@broker", "--mqtt-ca=ca.pem", "--mqtt=mqtt://a:secret@b", "--speed", "2"];
  assert.equal(commandLine(secret, 1), "npm start -- --speed 2 --seed 1");
  assert.equal(commandLine(["--web=8", "--seed", "3", "--pcap", "it's"], 3), "npm start -- --seed 3 --pcap 'it'\\''s'");
});
