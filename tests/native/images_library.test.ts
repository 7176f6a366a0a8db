// The library of a hub: whole files of other devices, verified as far as they concern everyone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { key, keyOf, type Making, makePackage } from "./image_package.ts";
import { Board, FILE_SECTORS, NEW, NEW_FILE, OLD_FILE, SECTOR, wasm } from "./images_harness.ts";

const NEXT: Making = { wasm: NEW, version: 0x01000001, counter: 5, epoch: 3 };

test("a library takes anyone's whole package, gives it back octet by octet, and goes on after a reset", () => {
  const foreign = makePackage({
    wasm: wasm(5, 9000),
    version: 7,
    type: 1,
    hardware: [1, 2],
    vendor: Buffer.alloc(16),
    epoch: 2,
    notBefore: 99,
  });
  const board = Board.provisioned();
  assert.equal(board.images.begin(1, keyOf(foreign)), 0);
  board.write(1, foreign, 0, 240, 8800);
  assert.equal(board.images.read(1, 0, 10), Err.NotFound);
  board.boot();
  assert.equal(board.words(1), "Loading, None");
  assert.equal(board.images.begin(1, keyOf(foreign)), 0);
  const answers = [];
  for (let at = 0; at < foreign.length; ) {
    at = board.images.write(1, at, foreign.subarray(at, at + 240));
    answers.push(at);
  }
  assert.ok(answers.includes(2 * SECTOR), `${answers}`);
  assert.equal(board.images.finish(1), Err.Ok, board.words(1));
  assert.equal(board.images.activate(1), Err.NotFound);
  board.boot();
  assert.equal(board.words(1), "Waiting, None");
  const parts = [];
  for (let at = 0; ; ) {
    const part = board.images.read(1, at, 100);
    assert.ok(Buffer.isBuffer(part));
    if (part.length === 0) break;
    parts.push(part);
    at += part.length;
  }
  assert.deepEqual(Buffer.concat(parts), foreign);
  assert.deepEqual([board.words(2), board.words(0)], ["None, None", "Activated, None"]);
  assert.equal(board.images.read(1, 0xffffffff, 10).toString(), "");
});

test("a library file that is another one under the same name is asked for from its first octet", () => {
  const one = makePackage({ wasm: wasm(5, 9000), version: 7, type: 1, epoch: 2 });
  const two = makePackage({ wasm: wasm(6, 9000), version: 7, type: 1, epoch: 2 });
  assert.deepEqual(keyOf(one), keyOf(two));
  for (const whole of [false, true]) {
    const board = Board.provisioned();
    if (whole) assert.equal(board.load(2, one), Err.Ok);
    else {
      board.images.begin(2, keyOf(one));
      board.write(2, one, 0, 240, 8800);
    }
    board.boot();
    assert.equal(board.load(2, two, 100), Err.Ok, board.words(2));
    assert.deepEqual(board.images.read(2, 0, two.length), two);
    board.boot();
    assert.equal(board.load(2, two, 100), Err.Ok, board.words(2));
  }
});

test("a library file that is not whole, not signed or too large is refused", () => {
  const board = Board.provisioned();
  const changed = Buffer.from(NEW_FILE);
  changed[5000] ^= 1;
  assert.equal(board.load(1, changed), Err.BadMic);
  assert.equal(board.state(1).reason, ImageReason.PayloadDigest);
  assert.equal(board.load(1, makePackage({ ...NEXT, root: key("x") })), Err.BadMic);
  assert.equal(board.state(1).reason, ImageReason.RootSignature);
  const huge = keyOf(NEW_FILE);
  huge.writeUInt32LE(FILE_SECTORS * SECTOR + 1, 8);
  assert.equal(board.images.begin(1, huge), Err.NoBuffer);
  assert.equal(board.images.begin(3, keyOf(NEW_FILE)), Err.NotFound);
  assert.equal(board.images.state(3), Err.NotFound);
});

test("own update and library file arrive at the same time", () => {
  const board = Board.provisioned();
  board.images.begin(0, keyOf(NEW_FILE));
  board.images.begin(1, keyOf(OLD_FILE));
  let [own, file] = [0, 0];
  while (own < NEW_FILE.length || file < OLD_FILE.length) {
    if (own < NEW_FILE.length) own = board.images.write(0, own, NEW_FILE.subarray(own, own + 200));
    if (file < OLD_FILE.length) file = board.images.write(1, file, OLD_FILE.subarray(file, file + 150));
  }
  assert.deepEqual([board.images.finish(0), board.images.finish(1)], [Err.Ok, Err.Ok]);
  assert.deepEqual(board.images.read(1, 0, OLD_FILE.length), OLD_FILE);
});
