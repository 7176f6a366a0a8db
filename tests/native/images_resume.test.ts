// Where a download goes on after a reset that changed more than the offset: what runs, which slot is free, how far the head came.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { compress, delta } from "../../host/image/codec.ts";
import { ImageSource } from "../../host/native/addon.ts";
import { keyOf, type Making, makePackage } from "./image_package.ts";
import { Board, NEW, NEW_FILE, OLD, OLD_FILE, SECTOR, SLOT } from "./images_harness.ts";

const NEXT: Making = { wasm: NEW, version: 0x01000001, counter: 5, epoch: 3 };

test("on the factory module a first package goes on after every reset, and is not loaded twice", () => {
  const board = new Board();
  assert.equal(board.boot(), ImageSource.Factory);
  const payloadAt = OLD_FILE.length - OLD.length;
  let wanted = 0;
  for (const sectors of [1, 2]) {
    const upto = payloadAt + sectors * SECTOR - 2048 + 300;
    wanted = board.images.begin(0, keyOf(OLD_FILE));
    board.write(0, OLD_FILE, wanted, 100, upto);
    board.boot();
    assert.equal(board.images.begin(0, keyOf(OLD_FILE)), 0);
    const jumped = board.write(0, OLD_FILE, 0, 100, payloadAt + 1);
    assert.ok(jumped >= payloadAt + sectors * SECTOR - 2048, `after ${sectors} sectors it goes on at ${jumped}`);
  }
  assert.equal(board.load(0, OLD_FILE), Err.Ok, board.words());
  const before = Buffer.from(board.nor);
  assert.equal(board.load(0, OLD_FILE), Err.Ok);
  assert.deepEqual([board.words(), board.nor.equals(before)], ["Waiting, None", true]);
  // Where nothing was ever confirmed, what is ready is tried without waiting for the activation.
  assert.equal(board.boot(), ImageSource.SlotA);
  assert.equal(board.state().flags, 1);
});

test("on the factory module another package than the one that waits goes to the other slot", () => {
  const board = new Board();
  board.boot();
  assert.equal(board.load(0, OLD_FILE), Err.Ok);
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  board.images.activate(0);
  assert.equal(board.boot(), ImageSource.SlotB);
});

test("a delta that was begun against a module that is lost since is refused with Base, whole or half loaded", () => {
  // Slot B runs and the delta goes to A, which is also where a board without any confirmed module begins.
  const third = makePackage({ ...NEXT, wasm: OLD, version: 0x01000002, encoding: 2, payload: delta(NEW, OLD), base: NEW });
  const payloadAt = third.length - delta(NEW, OLD).length;
  const board = Board.provisioned();
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  board.images.activate(0);
  assert.equal(board.boot(), ImageSource.SlotB);
  assert.equal(board.images.confirm(1), Err.Ok);
  board.images.begin(0, keyOf(third));
  board.write(0, third, 0, 1, third.length - 1);
  board.nor[(2 + SLOT) * SECTOR + 3000] ^= 1;
  assert.equal(board.boot(), ImageSource.Factory);
  board.images.begin(0, keyOf(third));
  assert.ok(board.write(0, third, 0, 1, payloadAt + 1) < 0);
  assert.equal(board.state().reason, ImageReason.Base, board.words());
  assert.equal(board.load(0, makePackage({ ...NEXT, version: 0x01000003 })), Err.Ok, board.words());
});

for (const sectorSize of [1024, 2048])
  test(`sectors of ${sectorSize}, fewer octets than a slot's head or just as many: a cut in any operation of a download is gone on behind`, () => {
    const layout = { sectorSize, slotSectors: 12, files: 0, fileSectors: 0 };
    const file = makePackage({ ...NEXT, encoding: 1, payload: compress(NEW) });
    const installed = new Board(layout);
    assert.equal(installed.reset().install(OLD_FILE), Err.Ok);
    for (let cut = 1; cut <= 14; cut++) {
      const board = new Board(layout);
      installed.nor.copy(board.nor);
      board.boot({ cutAt: cut, cutSeed: cut });
      board.load(0, file);
      board.boot();
      assert.equal(board.load(0, file), Err.Ok, `cut ${cut}: ${board.words()}`);
    }
  });

test("image_* calls in any order, with any offset and size: the running module stays and a good update follows", () => {
  const board = Board.provisioned();
  const { images } = board;
  const offsets = [0, 1, 55, 60, 0x7fffffff, 0x80000000, 0xffffffff];
  const sizes = [0, 1, 60, 2000];
  let state = 7;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  };
  const corrupt = Buffer.from(NEW_FILE);
  corrupt[corrupt.length - 9] ^= 1;
  const odd = [0, 1, 59, SECTOR * SLOT, SECTOR * SLOT + 1, 0x7fffffff, 0xffffffff].map((size) => {
    const key = keyOf(NEW_FILE);
    key.writeUInt32LE(size, 8);
    return key;
  });
  let wanted = 0;
  for (let call = 0; call < 6000; call++) {
    const image = [0, 0, 0, 1, 2, 3, 0xffffffff][random(7)];
    const file = [NEW_FILE, corrupt, OLD_FILE][random(3)];
    const begun = random(40);
    if (begun === 0) wanted = images.begin(image, random(4) ? keyOf(file) : odd[random(odd.length)]);
    else if (begun < 3) images.finish(image);
    else if (begun === 3) images.confirm(random(2));
    else if (begun === 4) images.write(image, offsets[random(offsets.length)], file.subarray(0, sizes[random(sizes.length)]));
    else wanted = images.write(image, Math.max(0, wanted), file.subarray(Math.max(0, wanted), Math.max(0, wanted) + 700));
    if (random(200) === 0) images.activate([1, 2, 0xffffffff][random(3)]);
  }
  assert.deepEqual([board.runs(), images.stats().brokenRule, images.stats().stale], ["old", false, 0]);
  board.boot();
  assert.equal(board.runs(), "old");
  images.begin(0, Buffer.alloc(12));
  assert.equal(board.load(0, NEW_FILE), Err.Ok, board.words());
  board.images.activate(0);
  board.boot();
  assert.equal(board.runs(), "new");
});
