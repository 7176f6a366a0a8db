// Flash that programs 16 or 32 octets at once: store and image slots keep its rule, and survive power cuts as with 8.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { CutMode, type NativeStore, type NativeStoreOptions, native } from "../../host/native/addon.ts";
import { sha256 } from "./image_package.ts";
import { Board, NEW_FILE } from "./images_harness.ts";

const SECTOR = 1024;
const SECTORS = 4;
const KEY = Buffer.from("0123456789abcdef");
const UNITS = [8, 16, 32];
const SIZES = [1, 512, 7, 511, 15, 16, 17, 31, 32, 33, 100];

function open(nor: Uint8Array, unit: number, boot: number, more: Partial<NativeStoreOptions> = {}): NativeStore {
  return new (native().NativeStore)({ nor, unit, sectorSize: SECTOR, key: KEY, noise: sha256(Buffer.from(`boot ${boot}`)), ...more });
}

function fresh(unit: number): Buffer {
  const nor = Buffer.alloc(SECTOR * SECTORS, 0xff);
  assert.equal(open(nor, unit, 0).format(), Err.Ok);
  return nor;
}

/** Replaces two records over and over, in all sizes; answers what is durable, and what was being written when the power failed. */
function churn(store: NativeStore): { durable: (Buffer | undefined)[]; pending?: { record: number; value: Buffer } } {
  const durable: (Buffer | undefined)[] = [];
  for (let round = 0; round < 3 * SIZES.length; round++) {
    const record = 1 + (round & 1);
    const value = Buffer.alloc(SIZES[round % SIZES.length], round + 1);
    if (store.write(record, value) !== Err.Ok) return { durable, pending: { record, value } };
    durable[record] = value;
  }
  return { durable };
}

for (const unit of UNITS) {
  test(`units of ${unit}: records of every size read as they were written, and no unit is programmed twice`, () => {
    const nor = fresh(unit);
    const store = open(nor, unit, 1);
    const { durable, pending } = churn(store);
    assert.equal(pending, undefined);
    assert.ok(store.stats().erases > SECTORS, "the log goes round");
    assert.equal(store.stats().brokenRule, false);
    const again = open(nor, unit, 2);
    for (const record of [1, 2]) assert.deepEqual(again.read(record), durable[record]);
  });

  test(`units of ${unit}: a power cut in any operation leaves the old record or the new`, () => {
    const whole = open(fresh(unit), unit, 1);
    churn(whole);
    const { operations } = whole.stats();
    for (const cutMode of Object.values(CutMode)) {
      for (let cutAt = 1; cutAt <= operations; cutAt++) {
        const nor = fresh(unit);
        const store = open(nor, unit, 1, { cutAt, cutMode, cutSeed: cutAt * 31 + cutMode });
        const { durable, pending } = churn(store);
        assert.deepEqual([store.stats().dead, store.stats().brokenRule], [true, false]);
        const again = open(nor, unit, 2);
        for (const record of [1, 2]) {
          const found = again.read(record);
          const may = [durable[record] ?? Err.NotFound, ...(pending?.record === record ? [pending.value] : [])];
          assert.ok(
            may.some((value) => (typeof value === "number" ? value === found : typeof found !== "number" && value.equals(found))),
            `mode ${cutMode}, cut ${cutAt}, record ${record}`,
          );
        }
        assert.equal(again.write(3, Buffer.alloc(40, 3)), Err.Ok);
        assert.equal(again.stats().brokenRule, false);
      }
    }
  });

  test(`units of ${unit}: an update runs, also when the power fails in it`, () => {
    for (let cutAt = 0; cutAt < 60; cutAt += 7) {
      const board = Board.provisioned({ unit });
      if (cutAt > 0) {
        board.boot({ cutAt, cutMode: cutAt % 5, cutSeed: cutAt });
        board.load(0, NEW_FILE);
        board.boot();
      }
      assert.equal(board.load(0, NEW_FILE), Err.Ok, board.words());
      assert.equal(board.images.activate(0), Err.Ok);
      board.boot();
      assert.equal(board.runs(), "new");
      assert.equal(board.images.confirm(1), Err.Ok);
      assert.equal(board.images.stats().brokenRule, false);
    }
  });
}

test("other units make neither store nor slots", () => {
  for (const unit of [1, 4, 12, 24, 64]) {
    if (SECTOR % unit === 0) assert.equal(open(Buffer.alloc(SECTOR * SECTORS, 0xff), unit, 1).opened, Err.Reserved, `${unit}`);
    else assert.throws(() => open(Buffer.alloc(SECTOR * SECTORS, 0xff), unit, 1), `${unit}`);
    if (4096 % unit === 0) assert.equal(new Board().reset({ unit }).opened, Err.Reserved, `${unit}`);
  }
});
