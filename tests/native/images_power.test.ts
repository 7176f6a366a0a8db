// Image slots when the power fails, a sector is stuck, or bits flip: the old or the new module runs, and a later good update gets through.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { compress, delta } from "../../host/image/codec.ts";
import { CutMode, ImageSource } from "../../host/native/addon.ts";
import { simulateSweep } from "../../tools/image/simulate.ts";
import { IDENTITY, keyOf, makePackage } from "./image_package.ts";
import { Board, NEW, NEW_FILE, OLD, OLD_FILE, SECTOR, SLOT } from "./images_harness.ts";

const NEXT = { wasm: NEW, version: 0x01000001, counter: 5, epoch: 3 };
const SEED = Number(process.env.KW_SEED ?? 1 + (Date.now() % 1_000_000));

/** The new module in each encoding; what a recovery loads once more goes on where the cut left it. */
const ENCODINGS: [string, Buffer, number][] = [
  ["plain", NEW_FILE, 0.08],
  ["compressed", makePackage({ ...NEXT, encoding: 1, payload: compress(NEW) }), 0.05],
  ["delta", makePackage({ ...NEXT, encoding: 2, payload: delta(OLD, NEW), base: OLD }), 0.05],
];
for (const [name, file, sample] of ENCODINGS)
  test(`a sample of all power cuts in a ${name} update and a revert, seed ${SEED}`, async () => {
    const options = { identity: IDENTITY, modules: { before: OLD, after: NEW }, sample, seed: SEED };
    const report = await simulateSweep(OLD_FILE, file, options);
    assert.deepEqual(report.failures, []);
    assert.ok(report.firstCuts > 3 && report.secondCuts > 50, JSON.stringify(report));
    assert.ok(report.ranBefore > 0 && report.ranAfter > 0, JSON.stringify(report));
  });

test(`a sample of all power cuts where the slot's head has two sectors, seed ${SEED}`, async () => {
  const options = { identity: IDENTITY, modules: { before: OLD, after: NEW }, sample: 0.03, seed: SEED, sectorSize: 1024 };
  const report = await simulateSweep(OLD_FILE, NEW_FILE, options);
  assert.deepEqual(report.failures, []);
  assert.ok(report.secondCuts > 30, JSON.stringify(report));
});

/** What a test does in one uptime after the other, to the end. */
function update(board: Board): void {
  for (let uptime = 0; uptime < 3; uptime++) {
    if (board.state().flags & 1) board.images.confirm(1);
    else if (board.runs() === "old" && board.load(0, NEW_FILE) === Err.Ok) board.images.activate(0);
    board.boot();
  }
}

test("the cuts of the flash in C, and not only the recorded ones, leave the old or the new module", () => {
  const whole = Board.provisioned();
  assert.equal(whole.load(0, NEW_FILE), Err.Ok);
  whole.images.activate(0);
  const operations = whole.images.stats().operations;
  for (let cut = 1; cut <= operations; cut += 3) {
    const board = Board.provisioned();
    board.boot({ cutAt: cut, cutMode: cut % 5, cutSeed: SEED + cut });
    if (board.load(0, NEW_FILE) === Err.Ok) board.images.activate(0);
    assert.equal(board.images.stats().dead, true);
    board.boot();
    assert.ok(["old", "new"].includes(board.runs()), `cut ${cut}: ${board.runs()}`);
    update(board);
    assert.deepEqual([board.runs(), board.words()], ["new", "Activated, None"], `cut ${cut}`);
    assert.equal(board.images.stats().brokenRule, false);
  }
});

test("a library file survives a cut in any operation, and what it gives back is whole", () => {
  const whole = Board.provisioned();
  assert.equal(whole.load(1, NEW_FILE), Err.Ok);
  const operations = whole.images.stats().operations;
  for (let cut = 1; cut <= operations; cut += 2) {
    const board = Board.provisioned();
    board.boot({ cutAt: cut, cutMode: cut % 5, cutSeed: SEED + cut });
    board.load(1, NEW_FILE);
    board.boot();
    const held = board.images.read(1, 0, NEW_FILE.length);
    assert.ok(held === Err.NotFound || NEW_FILE.equals(held as Buffer), `cut ${cut}`);
    assert.equal(board.load(1, NEW_FILE), Err.Ok, `cut ${cut}: ${board.words(1)}`);
    assert.deepEqual(board.images.read(1, 0, NEW_FILE.length), NEW_FILE);
    assert.equal(board.images.stats().stale, 0);
  }
});

test("a cut at every boot of a trial ends it after three tries all the same", () => {
  for (const mode of Object.values(CutMode)) {
    const board = Board.provisioned();
    board.load(0, NEW_FILE);
    board.images.activate(0);
    let trials = 0;
    // The power fails in the boot's second operation, the snapshot of the try, in every other boot.
    for (let boot = 0; boot < 12; boot++) {
      board.boot(boot % 2 ? { cutAt: 2, cutMode: mode, cutSeed: SEED + boot } : {});
      if (board.state().flags & 1 && !board.images.stats().dead) trials++;
    }
    board.boot();
    assert.ok(trials <= 3, `${trials} trials`);
    assert.deepEqual([board.runs(), board.words()], ["old", "ActivationFailed, NotConfirmed"], `mode ${mode}`);
  }
});

for (const stuckSilent of [false, true]) {
  const how = stuckSilent ? "that lies about it" : "that says so";
  for (const sector of [0, 1]) {
    test(`state sector ${sector} stuck, ${how}: updates go on with the other one`, () => {
      const board = Board.provisioned();
      const stuck = { stuck: sector, stuckSilent };
      board.boot(stuck);
      assert.equal(board.runs(), "old");
      assert.equal(board.load(0, NEW_FILE), Err.Ok, board.words());
      assert.equal(board.images.activate(0), Err.Ok);
      board.boot(stuck);
      assert.deepEqual([board.runs(), board.state().flags], ["new", 1]);
      assert.equal(board.images.confirm(1), Err.Ok);
      board.boot(stuck);
      assert.deepEqual([board.runs(), board.words(), board.state().counter], ["new", "Activated, None", 5]);
    });
  }

  test(`both state sectors stuck, ${how}: the confirmed module runs, an update answers Flash, no trial begins`, () => {
    for (const activated of [false, true]) {
      const board = Board.provisioned();
      if (activated) {
        board.load(0, NEW_FILE);
        board.images.activate(0);
      }
      board.boot({ stuck: 0, stuckSectors: 2, stuckSilent });
      assert.deepEqual([board.runs(), board.state().flags], ["old", 0]);
      if (activated) assert.equal(board.state().reason, ImageReason.Flash);
      assert.equal(board.load(0, NEW_FILE), Err.Refused);
      assert.equal(board.state().reason, ImageReason.Flash);
    }
  });

  test(`a stuck sector of the slot, ${how}: the update is refused with Flash, the old module stays`, () => {
    for (const sector of [2 + SLOT, 2 + SLOT + 1, 2 + SLOT + 2]) {
      const board = Board.provisioned();
      board.boot({ stuck: sector, stuckSilent });
      assert.equal(board.load(0, NEW_FILE), Err.Refused, `sector ${sector}`);
      assert.equal(board.words(), "Failed, Flash");
      board.boot();
      assert.deepEqual([board.runs(), board.words()], ["old", "Failed, Flash"]);
      assert.equal(board.load(0, NEW_FILE), Err.Ok);
    }
  });
}

test("flash that takes nothing any more: the confirmed module runs, an update answers Flash, a trial is not run", () => {
  for (const activated of [false, true]) {
    const board = Board.provisioned();
    if (activated) {
      board.load(0, NEW_FILE);
      board.images.activate(0);
    }
    const before = Buffer.from(board.nor);
    const images = board.reset({ cutAt: 1 });
    // An operation fails before anything was decided; reads go on, as on a part whose program voltage is gone.
    assert.equal(images.opened, Err.Ok);
    images.boot();
    if (!activated) {
      assert.equal(board.runs(), "old");
      assert.equal(board.load(0, NEW_FILE), Err.Refused);
      assert.equal(board.state().reason, ImageReason.Flash);
    } else assert.deepEqual([board.runs(), board.state().flags, board.state().reason], ["old", 0, ImageReason.Flash]);
    assert.deepEqual(board.nor, before);
  }
});

test("a package that waited is no longer ready once the next one has begun to erase it", () => {
  const board = Board.provisioned();
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  const next = makePackage({ wasm: OLD, version: 0x01000002, counter: 5, epoch: 3 });
  assert.equal(board.images.begin(0, keyOf(next)), 0);
  board.write(0, next, 0, 64, next.length - OLD.length + 64);
  board.boot();
  assert.equal(board.words(), "Loading, None");
  assert.equal(board.images.activate(0), Err.NotFound);
});

test("a snapshot of one number never has the nonce of another uptime's", () => {
  const board = Board.provisioned();
  const begun = Buffer.from(board.nor);
  const nonces = new Set<string>();
  for (let uptime = 0; uptime < 8; uptime++) {
    begun.copy(board.nor);
    board.boot();
    board.images.begin(0, Buffer.alloc(12));
    const at = board.nor.compare(begun, 0, SECTOR, 0, SECTOR) ? 0 : SECTOR;
    nonces.add(board.nor.toString("hex", at + 4, at + 16));
  }
  assert.equal(nonces.size, 8);
});

test("beside a stuck state sector the place behind the newest snapshot is left out, because a cut may have torn it", () => {
  const board = Board.provisioned();
  const place = (number: number): Buffer => board.nor.subarray(SECTOR + number * 256, SECTOR + (number + 1) * 256);
  const blank = Buffer.alloc(256, 0xff);
  assert.deepEqual([place(0).equals(blank), place(1).equals(blank)], [false, true], "the newest one is the first of sector 1");
  board.boot({ stuck: 0 });
  board.images.begin(0, Buffer.alloc(12));
  assert.deepEqual([place(1).equals(blank), place(2).equals(blank), place(3).equals(blank)], [true, false, true]);
});

/** Everything that may run when `what` of the flash is another octet. */
function flipped(board: Board, at: number, bit: number): string {
  const changed = new Board();
  board.nor.copy(changed.nor);
  changed.nor[at] ^= 1 << bit;
  changed.boots = board.boots;
  changed.boot();
  const { counter, epoch } = changed.state();
  assert.deepEqual([counter, epoch], [5, 3], `octet ${at}, bit ${bit}: counter and epoch`);
  return changed.runs();
}

/** The old module, then the new one confirmed: both sectors of state hold more than one snapshot. */
function updated(): Board {
  const board = Board.provisioned();
  update(board);
  assert.deepEqual([board.runs(), board.state().counter, board.state().epoch], ["new", 5, 3]);
  return board;
}

test(`bits flipped in both state sectors: the new module runs, counter and epoch stay, seed ${SEED}`, () => {
  const board = updated();
  const used = [];
  for (let at = 0; at < 2 * SECTOR; at++) if (board.nor[at] !== 0xff) used.push(at);
  assert.ok(used.length >= 600, `${used.length} octets of snapshots`);
  for (let i = SEED % 3; i < used.length; i += 3) assert.equal(flipped(board, used[i], (SEED + i) % 8), "new", `octet ${used[i]}`);
});

test("a whole state sector of zeros, ones or noise loses neither the module nor the counter", () => {
  for (const sector of [0, 1]) {
    for (const fill of [0, 0xff, 0xa5]) {
      const board = updated();
      board.nor.fill(fill, sector * SECTOR, (sector + 1) * SECTOR);
      board.boot();
      assert.deepEqual([board.runs(), board.state().counter, board.state().epoch], ["new", 5, 3]);
      // And the boot has put them into that sector again.
      board.nor.fill(fill, (1 - sector) * SECTOR, (2 - sector) * SECTOR);
      board.boot();
      assert.deepEqual([board.runs(), board.state().counter, board.state().epoch], ["new", 5, 3]);
    }
  }
});

test("all state lost: what verifies goes on trial, the higher version first, and then the factory module runs", () => {
  const board = updated();
  board.nor.fill(0, 0, 2 * SECTOR);
  const ran = [];
  for (let boot = 0; boot < 8; boot++) {
    board.boot();
    ran.push(`${board.runs()} ${board.state().flags}`);
  }
  assert.deepEqual(ran, ["new 1", "new 1", "new 1", "old 1", "old 1", "old 1", "factory 2", "factory 2"]);
});

test("a slot that a programmer filled beside blank state sectors is the confirmed one at once", () => {
  const board = updated();
  board.nor.fill(0xff, 0, (2 + SLOT) * SECTOR);
  for (let boot = 0; boot < 4; boot++) {
    board.boot();
    assert.deepEqual([board.runs(), board.state().flags, board.words(), board.state().counter], ["new", 0, "Activated, None", 5]);
  }
  assert.equal(board.images.stats().operations, 0);
});

test(`bits flipped in the running slot's head and module: never anything but old, new or factory, seed ${SEED}`, () => {
  const board = updated();
  const slot = (2 + SLOT) * SECTOR;
  const head = 4 + board.nor.readUInt16LE(slot) + board.nor.readUInt16LE(slot + 2);
  const places = Array.from({ length: head }, (_, i) => slot + i).filter((_, i) => i < 4 || i % 3 === SEED % 3);
  for (let i = 0; i < NEW.length; i += 97 + (SEED % 31)) places.push(slot + 2048 + i);
  for (const at of places) assert.equal(flipped(board, at, (SEED + at) % 8), "factory", `octet ${at - slot}`);
  assert.equal(flipped(board, slot + head + 8, 0), "new", "what lies between head and module is nobody's");
});

test("the second confirmed update follows the first, and the state log goes round", () => {
  const board = Board.provisioned();
  for (let round = 1; round <= 12; round++) {
    const file = makePackage({ wasm: round % 2 ? NEW : OLD, version: 0x01000000 + round, counter: 4 + round, epoch: 2 });
    assert.equal(board.load(0, file), Err.Ok, board.words());
    board.images.activate(0);
    assert.equal(board.boot(), round % 2 ? ImageSource.SlotB : ImageSource.SlotA);
    assert.equal(board.images.confirm(1), Err.Ok);
    assert.equal(board.state().counter, 4 + round);
    for (let again = 0; again < 30; again++) assert.equal(board.images.begin(0, Buffer.alloc(12)), Err.Ok);
    if (round % 3 === 0) board.boot();
  }
  assert.equal(board.images.begin(0, keyOf(OLD_FILE)), 0);
  assert.equal(board.images.stats().brokenRule, false);
});
