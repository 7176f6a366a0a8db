import assert from "node:assert/strict";
import { test } from "node:test";
import { CLOCK_EVENTS_MAX, Clock, type Timer } from "../../host/air/clock.ts";
import { Random } from "../../host/air/random.ts";

test("events run in order of time, and of asking where times are equal, whatever is cancelled", () => {
  const clock = new Clock();
  const random = new Random(7, "clock");
  const expected: { time: number; order: number }[] = [];
  const ran: { time: number; order: number }[] = [];
  const timers: { timer: Timer; time: number; order: number }[] = [];
  for (let order = 0; order < 5_000; order++) {
    const time = random.below(500);
    timers.push({ timer: clock.at(time, () => ran.push({ time: clock.nowUs, order })), time, order });
  }
  for (const { timer, time, order } of timers) {
    if (random.chance(0.3)) {
      assert.equal(clock.cancel(timer), true);
      assert.equal(clock.cancel(timer), false);
    } else expected.push({ time, order });
  }
  assert.equal(clock.pending, expected.length);
  while (clock.step());
  expected.sort((a, b) => a.time - b.time || a.order - b.order);
  assert.deepEqual(ran, expected);
});

test("runUntil includes its end, leaves the clock there and takes what events ask for meanwhile", () => {
  const clock = new Clock();
  const ran: string[] = [];
  clock.at(10, () => {
    ran.push("first");
    clock.at(3, () => ran.push(`late at ${clock.nowUs}`));
    clock.after(5, () => ran.push("inside"));
    clock.after(6, () => ran.push("outside"));
  });
  clock.runUntil(15);
  assert.deepEqual(ran, ["first", "late at 10", "inside"]);
  assert.equal(clock.nowUs, 15);
  assert.equal(clock.nextUs, 16);
});

test("a cancelled event of the same moment does not run", () => {
  const clock = new Clock();
  let ran = false;
  const timer: Timer[] = [];
  clock.at(1, () => clock.cancel(timer[0]));
  timer.push(clock.at(1, () => (ran = true)));
  clock.runUntil(2);
  assert.equal(ran, false);
});

test("the queue has a limit, and time is whole microseconds", () => {
  const clock = new Clock();
  for (let count = 0; count < CLOCK_EVENTS_MAX; count++) clock.at(1, () => {});
  assert.throws(() => clock.at(1, () => {}), /wait on the simulation's clock/);
  assert.throws(() => new Clock().at(0.5, () => {}), RangeError);
});

test("xoshiro128** gives the numbers of its authors' code for the state 1, 2, 3, 4", () => {
  const random = new Random(0, "");
  Object.assign(random, { a: 1, b: 2, c: 3, d: 4 });
  assert.deepEqual([random.next(), random.next(), random.next(), random.next()], [11520, 0, 5927040, 70819200]);
});

test("a stream follows from the seed and its name; others do not disturb it", () => {
  const draw = (seed: number, name: string): number[] => {
    const random = new Random(seed, name);
    return Array.from({ length: 8 }, () => random.next());
  };
  assert.deepEqual(draw(1, "a"), draw(1, "a"));
  assert.notDeepEqual(draw(1, "a"), draw(2, "a"));
  assert.notDeepEqual(draw(1, "a"), draw(1, "b"));
});

test("below is even and chance keeps its probability", () => {
  const random = new Random(3, "even");
  const counts = [0, 0, 0, 0, 0, 0, 0];
  for (let turn = 0; turn < 70_000; turn++) counts[random.below(7)]++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`);
  let hits = 0;
  for (let turn = 0; turn < 100_000; turn++) if (random.chance(0.1)) hits++;
  assert.ok(Math.abs(hits - 10_000) < 500, `${hits}`);
  assert.equal(random.chance(0), false);
  assert.equal(random.chance(1), true);
});
