// Network keys and the counters under them: which is which, and that no pair of key and counter is ever used twice, whatever the power does.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { Bench, CutStore, PowerCut } from "./bench.ts";

const RANK = { none: 0, previous: 1, current: 2, next: 3 };
const pair = (mark: number): Buffer => Buffer.concat([Buffer.alloc(16, mark), Buffer.alloc(16, mark + 0x80)]);
const NONE = 0xffffffff;

function bench(): Bench {
  return new Bench("ip/pieces");
}

function install(on: Bench, index: number, mark: number, rank: number): number {
  return on.doors.keysInstall(index, on.write(pair(mark)), rank);
}

/** What the board holds for an index: the MLE key and the MAC key. */
function held(on: Bench, index: number): string {
  const [mle, mac] = [on.doors.keysMleSlot(index), on.doors.keysMacSlot(index)];
  return mle < 0 ? `${mle}` : `${on.keys.find(mle)?.toString("hex").slice(0, 2)} ${on.keys.find(mac)?.toString("hex").slice(0, 2)}`;
}

test("a key comes as the next one, is used, gets old and goes", () => {
  const on = bench();
  const { doors } = on;
  assert.equal(doors.keysIndex(), 0);
  assert.equal(held(on, 1), "-12");
  assert.equal(install(on, 1, 0x11, RANK.current), 0);
  assert.equal(install(on, 2, 0x22, RANK.next), 0);
  assert.equal(install(on, 3, 0x33, RANK.next), 0, "another one comes instead");
  assert.equal(doors.keysRank(2), RANK.none);
  assert.deepEqual([held(on, 1), held(on, 3)], ["11 91", "33 b3"]);
  assert.equal(doors.keysSwitch(2), -7);
  assert.equal(doors.keysSwitch(1), -7, "the current one is no next one");
  assert.equal(doors.keysSwitch(3), 0);
  assert.deepEqual([doors.keysRank(1), doors.keysRank(3), doors.keysIndex(), doors.keysNext()], [RANK.previous, RANK.current, 3, 0]);
  assert.equal(install(on, 4, 0x44, RANK.next), 0);
  assert.deepEqual([held(on, 1), held(on, 3), held(on, 4)], ["11 91", "33 b3", "44 c4"], "three at once");
  assert.equal(doors.keysSwitch(4), 0);
  assert.deepEqual([doors.keysRank(1), doors.keysRank(3), doors.keysRank(4)], [RANK.none, RANK.previous, RANK.current]);
  on.boot();
  assert.deepEqual([held(on, 1), held(on, 3), held(on, 4)], ["-12", "33 b3", "44 c4"]);
  assert.equal(on.doors.keysErase(), 0);
  assert.deepEqual([on.doors.keysIndex(), held(on, 4), on.keys.entries().length], [0, "-12", 0]);
});

test("the current key told again stays the current one, and a current key of another index makes it the previous", () => {
  const on = bench();
  install(on, 1, 0x11, RANK.current);
  install(on, 2, 0x22, RANK.next);
  assert.equal(install(on, 1, 0x11, RANK.next), 0);
  assert.deepEqual([on.doors.keysRank(1), on.doors.keysRank(2)], [RANK.current, RANK.next]);
  assert.equal(install(on, 2, 0x22, RANK.current), 0);
  assert.deepEqual([on.doors.keysRank(1), on.doors.keysRank(2)], [RANK.previous, RANK.current]);
  assert.equal(install(on, 9, 0x33, RANK.current), 0);
  assert.deepEqual([held(on, 1), held(on, 2), held(on, 9)], ["-12", "22 a2", "33 b3"]);
});

test("an index is 1 to 255", () => {
  const on = bench();
  assert.deepEqual(
    [0, 256, 255].map((index) => install(on, index, 0x11, RANK.current)),
    [-4, -4, 0],
  );
});

test("counters are two, begin at 0 and go on through resets and changes of key", () => {
  const on = bench();
  install(on, 1, 0x11, RANK.current);
  assert.deepEqual([on.doors.keysMacCounter(), on.doors.keysMacCounter(), on.doors.keysMleCounter()], [0, 1, 0]);
  assert.equal(on.doors.keysMacCounterNext(), 2);
  install(on, 2, 0x22, RANK.next);
  on.doors.keysSwitch(2);
  assert.equal(on.doors.keysMacCounter(), 2);
  on.boot();
  assert.equal(on.doors.keysMacCounter(), 4096);
});

test("a counter that was lost while a key lives goes on where nobody has been", () => {
  const on = bench();
  install(on, 1, 0x11, RANK.current);
  on.store.delete(Record.IpMacCounter);
  on.boot();
  assert.ok(on.doors.keysMacCounter() >>> 0 >= 0x80000000);
});

/** A life with three changes of key, a rejoin with a key that was there before, and frames throughout. */
function live(on: Bench, used: Set<string>): void {
  const frames = (count: number): void => {
    const key = held(on, on.doors.keysIndex());
    if (key === "-12") return;
    for (let frame = 0; frame < count; frame++) {
      for (const [kind, take] of [
        ["mac", on.doors.keysMacCounter],
        ["mle", on.doors.keysMleCounter],
      ] as const) {
        const counter = take() >>> 0;
        if (counter === NONE) continue;
        const name = `${kind} ${key} ${counter}`;
        assert.ok(!used.has(name), `twice: ${name}`);
        used.add(name);
      }
    }
  };
  const steps = [
    () => install(on, 1, 0x11, RANK.current),
    () => install(on, 2, 0x22, RANK.next),
    () => on.doors.keysSwitch(2),
    () => install(on, 3, 0x33, RANK.next),
    () => on.doors.keysSwitch(3),
    () => on.doors.keysErase(),
    () => install(on, 2, 0x22, RANK.current),
    () => install(on, 1, 0x11, RANK.current),
  ];
  for (const step of steps) {
    step();
    frames(1500);
  }
}

test("the power goes at every write, before or after it: no counter comes twice under a key", () => {
  let cuts = 0;
  for (let write = 1; ; write++) {
    const seen = new Set<string>();
    let due = false;
    for (const taken of [false, true]) {
      const used = new Set<string>();
      const store = new CutStore();
      Object.assign(store, { cutAt: write, taken });
      let on: Bench | undefined;
      try {
        on = new Bench("ip/pieces", store);
        live(on, used);
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        due = true;
        cuts++;
      }
      store.cutAt = 0;
      on ??= new Bench("ip/pieces", store);
      on.boot();
      // Whatever the record names has the keys of one installation.
      for (let index = 1; index <= 3; index++) assert.match(held(on, index), /^(-12|11 91|22 a2|33 b3)$/);
      live(on, used);
      for (const name of used) seen.add(name);
    }
    if (!due) break;
  }
  assert.ok(cuts > 30, `only ${cuts} cuts took place`);
});

test("a store that takes nothing leaves the keys as they are", () => {
  const on = bench();
  install(on, 1, 0x11, RANK.current);
  install(on, 2, 0x22, RANK.next);
  // As full: the record is there no more, and there is no room for another.
  on.store.delete(Record.IpKeys);
  for (let record = 1000; on.store.size < 64; record++) on.store.set(record, new Uint8Array(1));
  assert.equal(on.doors.keysSwitch(2), -5);
  assert.deepEqual([on.doors.keysRank(1), on.doors.keysRank(2)], [RANK.current, RANK.next]);
});
