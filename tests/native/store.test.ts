// The sealed record store: what it keeps when the power fails in any operation, in any way.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { CutMode, type NativeStore, type NativeStoreOptions, native } from "../../host/native/addon.ts";

const SECTOR = 1024; // small, so that a few dozen writes go round the flash
const SECTORS = 4;
const KEYS = 80;
const KEY = Buffer.from("0123456789abcdef");

/** Different in each boot, as the noise source makes it. */
function noise(boot: number): Buffer {
  return createHash("sha256").update(`boot ${boot}`).digest();
}

function open(nor: Uint8Array, boot: number, more: Partial<NativeStoreOptions> = {}): NativeStore {
  return new (native().NativeStore)({ nor, sectorSize: SECTOR, key: KEY, noise: noise(boot), ...more });
}

function fresh(sectors = SECTORS): Buffer {
  const nor = Buffer.alloc(SECTOR * sectors, 0xff);
  assert.equal(open(nor, 0).format(), Err.Ok);
  return nor;
}

function octets(store: NativeStore, record: number): string {
  const value = store.read(record);
  return typeof value === "number" ? (value === Err.NotFound ? "none" : `error ${value}`) : value.toString("hex");
}

test("a record reads as it was written, also after a reboot", () => {
  const nor = fresh(8);
  const store = open(nor, 1);
  assert.equal(store.opened, Err.Ok);
  for (const size of [1, 7, 8, 9, 100, 511, 512]) {
    assert.equal(store.write(size, Buffer.alloc(size, size)), Err.Ok);
    assert.deepEqual(store.read(size), Buffer.alloc(size, size));
  }
  const again = open(nor, 2);
  for (const size of [1, 7, 8, 9, 100, 511, 512]) assert.deepEqual(again.read(size), Buffer.alloc(size, size));
  assert.equal(again.read(2), Err.NotFound);
});

test("names and sizes beyond the contract are refused", () => {
  const store = open(fresh(), 1);
  assert.equal(store.write(0, Buffer.alloc(1)), Err.Reserved);
  assert.equal(store.write(0x8000, Buffer.alloc(1)), Err.Reserved);
  assert.equal(store.write(0x7fff, Buffer.alloc(1)), Err.Ok);
  assert.equal(store.write(1, Buffer.alloc(513)), Err.NoBuffer);
  assert.equal(store.read(0x8000), Err.NotFound);
  assert.equal(store.keySet(KEYS, Buffer.alloc(16)), Err.NoBuffer);
});

test("a key is out of the records' reach, and clearing forgets it", () => {
  const nor = fresh(8);
  const store = open(nor, 1);
  for (let slot = 0; slot < KEYS; slot++) assert.equal(store.keySet(slot, Buffer.alloc(16, slot)), Err.Ok);
  for (let record = 0x8000; record < 0x8000 + KEYS; record++) assert.equal(store.read(record), Err.NotFound);
  assert.equal(store.keySet(5, Buffer.alloc(0)), Err.Ok);
  const again = open(nor, 2);
  assert.equal(again.keyGet(5), Err.NotFound);
  assert.deepEqual(again.keyGet(6), Buffer.alloc(16, 6));
});

test("an erased record stays erased while the log goes round", () => {
  const nor = fresh();
  const store = open(nor, 1);
  store.write(1, Buffer.from("old"));
  store.write(1, Buffer.alloc(0));
  for (let i = 0; i < 200; i++) {
    assert.equal(store.write(2, Buffer.alloc(100, i)), Err.Ok);
    assert.equal(octets(open(Buffer.from(nor), 100 + i), 1), "none");
  }
  assert.ok(store.stats().erases > 2 * SECTORS);
});

test("64 records and 80 keys have room, the 65th record has not", () => {
  const nor = fresh(16);
  const store = open(nor, 1);
  for (let record = 1; record <= 64; record++) assert.equal(store.write(record, Buffer.alloc(20, record)), Err.Ok);
  assert.equal(store.write(65, Buffer.alloc(1)), Err.NoBuffer);
  for (let slot = 0; slot < KEYS; slot++) assert.equal(store.keySet(slot, Buffer.alloc(16, slot)), Err.Ok);
  assert.equal(store.write(64, Buffer.alloc(0)), Err.Ok);
  assert.equal(store.write(65, Buffer.alloc(1, 9)), Err.Ok);
  const again = open(nor, 2);
  for (let record = 1; record <= 63; record++) assert.deepEqual(again.read(record), Buffer.alloc(20, record));
  assert.deepEqual(again.read(65), Buffer.alloc(1, 9));
});

test("a full store says so, keeps what it has, and takes replacements", () => {
  const nor = fresh();
  const store = open(nor, 1);
  let written = 0;
  while (store.write(written + 1, Buffer.alloc(60, written)) === Err.Ok) written++;
  assert.ok(written >= 8, `${written} records`);
  for (let round = 0; round < 50; round++) assert.equal(store.write(1 + (round % written), Buffer.alloc(60, round)), Err.Ok);
  assert.equal(store.write(written + 1, Buffer.alloc(60)), Err.NoBuffer);
  const again = open(nor, 2);
  for (let record = 1; record <= written; record++) assert.ok(Buffer.isBuffer(again.read(record)), `record ${record}`);
  assert.equal(store.stats().brokenRule, false);
});

test("another device key finds no store, and nothing readable lies in the flash", () => {
  const nor = fresh();
  const store = open(nor, 1);
  const secret = Buffer.from("the very secret network key");
  store.write(3, secret);
  store.keySet(0, Buffer.from("sixteen octets k"));
  assert.equal(nor.includes(secret), false);
  assert.equal(nor.includes(Buffer.from("sixteen octets k")), false);
  assert.equal(open(nor, 2, { key: Buffer.alloc(16) }).opened, Err.NotFound);
});

test("a changed octet is noticed: the record it belongs to is never read wrong", () => {
  const nor = fresh();
  open(nor, 1).write(3, Buffer.from("first value"));
  open(nor, 2).write(3, Buffer.from("other value"));
  const values = new Set<string>();
  for (let at = 0; at < nor.length; at++) {
    const changed = Buffer.from(nor);
    changed[at] ^= 0x10;
    const store = open(changed, 3);
    if (store.opened === Err.Ok) values.add(octets(store, 3));
  }
  const allowed = ["first value", "other value"].map((text) => Buffer.from(text).toString("hex"));
  for (const value of values) assert.ok(value === "none" || value.startsWith("error") || allowed.includes(value), value);
});

test("no sealed octets are ever equal: a nonce does not come back after a cut", () => {
  const nor = fresh();
  const seen = new Map<string, string>();
  for (let boot = 1; boot < 60; boot++) {
    // The power fails in the middle of every boot's second or third operation.
    const store = open(nor, boot, { cutAt: 3 + (boot % 3), cutMode: CutMode.Prefix, cutSeed: boot });
    if (store.opened === Err.NotFound) assert.fail("the store was lost");
    for (let i = 0; i < 4; i++) store.write(1, Buffer.alloc(64)); // always the same plain octets
    for (let at = 32; at + 16 <= nor.length; at += 8) {
      const block = nor.toString("hex", at, at + 16);
      if (block.includes("ff", 16)) continue; // an entry that was cut off: its clear head and blank octets may look alike
      const place = `${at}`;
      assert.equal(seen.get(block) ?? place, place, "the same sealed octets at two places");
      seen.set(block, place);
    }
  }
});

/** What a device would write: replacements, a growing record, an erased one, keys. */
const SCRIPT: [number, (step: number) => Buffer][] = [
  [1, (step) => Buffer.alloc(40, step)],
  [2, (step) => Buffer.alloc(200, step)],
  [3, (step) => (step % 2 ? Buffer.alloc(0) : Buffer.alloc(30, step))],
  [1, (step) => Buffer.alloc(90, step + 100)],
];
const ROUNDS = 9;

/** Runs the script until the power fails.  Answers what must be there: the last durable value, and the one being written. */
function runScript(store: NativeStore): { durable: Map<number, string>; pending: [number, string] | undefined } {
  const durable = new Map<number, string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [record, value] of SCRIPT) {
      const bytes = value(round);
      const text = bytes.length ? bytes.toString("hex") : "none";
      if (store.write(record, bytes) !== Err.Ok) return { durable, pending: [record, text] };
      durable.set(record, text);
    }
  }
  return { durable, pending: undefined };
}

function checkAfterCut(nor: Buffer, outcome: ReturnType<typeof runScript>, boot: number, where: string): void {
  const store = open(nor, boot);
  assert.equal(store.opened, Err.Ok, `${where}: the store opens`);
  for (const record of [1, 2, 3]) {
    const value = octets(store, record);
    const before = outcome.durable.get(record) ?? "none";
    const during = outcome.pending?.[0] === record ? outcome.pending[1] : before;
    assert.ok(value === before || value === during, `${where}: record ${record} is neither the old nor the new: ${value}`);
  }
}

const operationsOfScript = ((): number => {
  const store = open(fresh(), 1);
  assert.equal(runScript(store).pending, undefined);
  assert.ok(store.stats().erases > SECTORS, "the script goes round the flash");
  return store.stats().operations;
})();

for (const [name, mode] of Object.entries(CutMode)) {
  test(`a power cut in any of ${operationsOfScript} operations, ${name.toLowerCase()}, leaves the old record or the new`, () => {
    for (let cut = 1; cut <= operationsOfScript; cut++) {
      for (let seed = 1; seed <= (mode === CutMode.Lost || mode === CutMode.Done ? 1 : 4); seed++) {
        const nor = fresh();
        const store = open(nor, 1, { cutAt: cut, cutMode: mode, cutSeed: seed * 7919 + cut });
        const outcome = runScript(store);
        assert.equal(store.stats().dead, true, `the power failed in operation ${cut}`);
        assert.equal(store.stats().brokenRule, false);
        checkAfterCut(nor, outcome, 2, `cut ${cut}, seed ${seed}`);
      }
    }
  });

  test(`a second cut, ${name.toLowerCase()}, while the first one is being recovered from, leaves the old record or the new`, () => {
    for (let cut = 1; cut <= operationsOfScript; cut += 3) {
      for (let second = 1; second <= 8; second++) {
        const nor = fresh();
        const first = runScript(open(nor, 1, { cutAt: cut, cutMode: mode, cutSeed: cut }));
        const again = open(nor, 2, { cutAt: second, cutMode: mode, cutSeed: cut * 31 + second });
        const expected = [1, 2, 3].map((record) => octets(again, record));
        again.write(9, Buffer.alloc(120, 9)); // a record that no rule above is about
        checkAfterCut(nor, first, 3, `cuts ${cut} and ${second}`);
        const last = open(nor, 3);
        assert.deepEqual(
          [1, 2, 3].map((record) => octets(last, record)),
          expected,
          `cuts ${cut} and ${second}: what was read once stays`,
        );
      }
    }
  });
}

test("a power cut at every boot's first writes, for ever, wears nothing out and loses nothing", () => {
  const nor = fresh();
  open(nor, 1).write(1, Buffer.from("kept"));
  for (let boot = 2; boot < 300; boot++) {
    const store = open(nor, boot, { cutAt: 1 + (boot % 6), cutMode: boot % 5, cutSeed: boot });
    assert.equal(octets(store, 1), Buffer.from("kept").toString("hex"), `boot ${boot}`);
    store.write(2, Buffer.alloc(50, boot));
  }
  const store = open(nor, 1000);
  assert.equal(store.write(2, Buffer.from("works again")), Err.Ok);
});

test("formatting again loses everything at once", () => {
  const nor = fresh();
  const store = open(nor, 1);
  store.write(1, Buffer.from("old"));
  assert.equal(store.format(), Err.Ok);
  assert.equal(store.read(1), Err.NotFound);
  assert.equal(octets(open(nor, 2), 1), "none");
});

test("erases are spread over all sectors", () => {
  const sectors = 8;
  const nor = fresh(sectors);
  const store = open(nor, 1);
  store.write(7, Buffer.alloc(400, 7)); // lives long, and must not pin its sector
  const erased = new Array<number>(sectors).fill(0);
  let before = Buffer.from(nor);
  for (let i = 0; i < 600; i++) {
    assert.equal(store.write(1, Buffer.alloc(200, i)), Err.Ok);
    for (let sector = 0; sector < sectors; sector++) {
      const head = sector * SECTOR;
      if (nor.compare(before, head, head + 32, head, head + 32) !== 0) erased[sector]++;
    }
    before = Buffer.from(nor);
  }
  assert.ok(Math.min(...erased) > 10, `${erased}`);
  assert.ok(Math.max(...erased) - Math.min(...erased) <= 1, `${erased}`);
});

test("sizes of flash that make no store are refused", () => {
  const { NativeStore: Store } = native();
  const options = { key: KEY, noise: noise(1) };
  assert.equal(new Store({ ...options, nor: Buffer.alloc(2 * SECTOR, 0xff), sectorSize: SECTOR }).opened, Err.Reserved);
  assert.equal(new Store({ ...options, nor: Buffer.alloc(3 * 512, 0xff), sectorSize: 512 }).opened, Err.Reserved);
  assert.equal(new Store({ ...options, nor: Buffer.alloc(65 * SECTOR, 0xff), sectorSize: SECTOR }).opened, Err.Reserved);
});
