// The signatures of the confirmed slot are verified once: what a boot remembers of that, and what no flash can make it believe.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { CutMode, native } from "../../host/native/addon.ts";
import { IDENTITY, makePackage, sha256 } from "./image_package.ts";
import { Board, NEW, NEW_FILE, SECTOR, SLOT } from "./images_harness.ts";

const SNAPSHOT = 256;
const SEALED = SNAPSHOT - 8;
const VERDICT = 220;
const VERDICT_SIZE = 28;
const COUNTER = 16;
const EPOCH = 20;
const DEVICE_KEY = Buffer.alloc(16, 0x5a);
const SLOT_A = 2 * SECTOR;
const SLOT_B = (2 + SLOT) * SECTOR;

/** Every place of the state sectors that holds a snapshot. */
function snapshots(board: Board): Buffer[] {
  return Array.from({ length: (2 * SECTOR) / SNAPSHOT }, (_, i) => board.nor.subarray(i * SNAPSHOT, (i + 1) * SNAPSHOT)).filter(
    (place) => place.readUInt32LE(0) === 0x3149574b,
  );
}

const newest = (board: Board): Buffer => snapshots(board).reduce((a, b) => (b.readUInt32LE(4) > a.readUInt32LE(4) ? b : a));

/** Changes every snapshot as only somebody with the device key can. */
function reseal(board: Board, change: (snapshot: Buffer) => void, deviceKey = DEVICE_KEY): void {
  const { hmacMmo, ccmSeal } = native();
  const key = hmacMmo(deviceKey, Buffer.from("kilowasm image state"));
  for (const snapshot of snapshots(board)) {
    change(snapshot);
    const nonce = Buffer.concat([snapshot.subarray(4, 16), Buffer.of(0)]);
    (ccmSeal(key, nonce, snapshot.subarray(0, SEALED), Buffer.alloc(0), 8) as Buffer).copy(snapshot, SEALED);
  }
}

/** Two u16 sizes, certificate, manifest: what a slot's signatures are about. */
function head(board: Board, slot: number): Buffer {
  return board.nor.subarray(slot, slot + 4 + board.nor.readUInt16LE(slot) + board.nor.readUInt16LE(slot + 2));
}

function verdictOf(octets: Buffer, { root, nativeVersion } = IDENTITY): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32LE(nativeVersion);
  return sha256(Buffer.concat([Buffer.from("kilowasm verdict\0"), version, root, octets])).subarray(0, VERDICT_SIZE);
}

const remembered = (board: Board): Buffer => newest(board).subarray(VERDICT, VERDICT + VERDICT_SIZE);
const operations = (board: Board): number => board.images.stats().operations;

function updated(): Board {
  const board = Board.provisioned();
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  board.images.activate(0);
  board.boot();
  board.images.confirm(1);
  return board;
}

function flip(octets: Buffer, at: number, bit: number): void {
  octets[at] ^= 1 << bit;
}

/** A signature of the slot's manifest that is none: a bit of its last octet, which no digest covers. */
function breakSignature(board: Board, slot: number): void {
  const octets = head(board, slot);
  octets[octets.length - 1] ^= 1;
}

test("manufacture and each confirmation remember what they verified, sealed, and later boots write nothing", () => {
  const board = Board.provisioned();
  assert.deepEqual(remembered(board), verdictOf(head(board, SLOT_A)));
  assert.equal(operations(board), 0);
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  board.images.activate(0);
  board.boot();
  assert.deepEqual(remembered(board), verdictOf(head(board, SLOT_A)), "a trial is not remembered");
  board.images.confirm(1);
  for (const snapshot of snapshots(board).slice(-1)) assert.deepEqual(snapshot.subarray(VERDICT, SEALED), verdictOf(head(board, SLOT_B)));
  board.boot();
  assert.deepEqual([board.runs(), operations(board)], ["new", 0]);
});

test("a remembered verdict spares the signatures: with the device key, and only so, a slot runs that no key signed", () => {
  const board = updated();
  breakSignature(board, SLOT_B);
  const before = Buffer.from(board.nor);
  board.boot();
  assert.equal(board.runs(), "factory");
  before.copy(board.nor);
  const forged = verdictOf(head(board, SLOT_B));
  reseal(board, (snapshot) => forged.copy(snapshot, VERDICT), Buffer.alloc(16, 0x5b));
  board.boot();
  assert.equal(board.runs(), "old", "another device's key seals nothing here");
  before.copy(board.nor);
  reseal(board, (snapshot) => forged.copy(snapshot, VERDICT));
  board.boot();
  assert.equal(board.runs(), "new");
});

test("a verdict that is absent or wrong leads to a whole verification, which is remembered once", () => {
  const changes: ((verdict: Buffer) => void)[] = [
    (verdict) => verdict.fill(0), // the state of an older native firmware
    ...[0, 7, 100, 223].map((bit) => (verdict: Buffer) => flip(verdict, bit >> 3, bit & 7)),
  ];
  for (const change of changes) {
    const good = updated();
    reseal(good, (snapshot) => change(snapshot.subarray(VERDICT, SEALED)));
    good.boot();
    assert.equal(good.runs(), "new");
    assert.ok(operations(good) > 0, "remembered");
    assert.deepEqual(remembered(good), verdictOf(head(good, SLOT_B)));
    good.boot();
    assert.deepEqual([good.runs(), operations(good)], ["new", 0]);

    const bad = updated();
    breakSignature(bad, SLOT_B);
    reseal(bad, (snapshot) => change(snapshot.subarray(VERDICT, SEALED)));
    bad.boot();
    assert.equal(bad.runs(), "factory");
    assert.ok(
      remembered(bad).every((octet) => octet === 0),
      "a lost slot leaves no verdict",
    );
  }
});

test("another native firmware verifies again, another root key trusts nothing of it", () => {
  const board = updated();
  const newer = { ...IDENTITY, nativeVersion: 0x01010000 };
  board.boot({ identity: newer });
  assert.deepEqual([board.runs(), remembered(board).equals(verdictOf(head(board, SLOT_B), newer))], ["new", true]);
  breakSignature(board, SLOT_B);
  reseal(board, (snapshot) => verdictOf(head(board, SLOT_B), IDENTITY).copy(snapshot, VERDICT));
  board.boot({ identity: newer });
  assert.equal(board.runs(), "factory");
});

test("a verdict spares nothing but signatures: module, counter, epoch, board and form are looked at in every boot", () => {
  const cases: [string, (board: Board) => void, Partial<typeof IDENTITY>?][] = [
    ["a bit of the module", (board) => flip(board.nor, SLOT_B + 2048 + 77, 2)],
    ["the stored counter is higher", (board) => reseal(board, (snapshot) => snapshot.writeUInt32LE(6, COUNTER))],
    ["the stored epoch is higher", (board) => reseal(board, (snapshot) => snapshot.writeUInt32LE(4, EPOCH))],
    ["another hardware", () => {}, { hardware: 8 }],
    ["less memory", () => {}, { memoryMax: 65535 }],
    ["an empty certificate", (board) => board.nor.writeUInt16LE(0, SLOT_B)],
  ];
  for (const [name, attack, identity] of cases) {
    const board = updated();
    attack(board);
    // Even the right verdict over what is there now does not help.
    reseal(board, (snapshot) => verdictOf(head(board, SLOT_B)).copy(snapshot, VERDICT));
    board.boot(identity ? { identity: { ...IDENTITY, ...identity } } : {});
    assert.notEqual(board.runs(), "new", name);
    assert.equal(board.state().reason, ImageReason.Lost, name);
  }
});

test("the verdict is the confirmed slot's: the former one and one on trial are verified whole", () => {
  const former = Board.provisioned();
  assert.equal(former.load(0, makePackage({ wasm: NEW, version: 0x01000001, counter: 4, epoch: 2 })), Err.Ok);
  former.images.activate(0);
  former.boot();
  former.images.confirm(1);
  breakSignature(former, SLOT_A);
  reseal(former, (snapshot) => verdictOf(head(former, SLOT_A)).copy(snapshot, VERDICT));
  former.nor[SLOT_B + 3000] ^= 1;
  former.boot();
  assert.equal(former.runs(), "factory");

  const trial = Board.provisioned();
  assert.equal(trial.load(0, NEW_FILE), Err.Ok);
  trial.images.activate(0);
  breakSignature(trial, SLOT_B);
  reseal(trial, (snapshot) => verdictOf(head(trial, SLOT_B)).copy(snapshot, VERDICT));
  trial.boot();
  assert.deepEqual([trial.runs(), trial.words()], ["old", "ActivationFailed, Lost"]);
});

test("a former slot that runs again is remembered", () => {
  const board = Board.provisioned();
  assert.equal(board.load(0, makePackage({ wasm: NEW, version: 0x01000001, counter: 4, epoch: 2 })), Err.Ok);
  board.images.activate(0);
  board.boot();
  board.images.confirm(1);
  board.nor[SLOT_B + 3000] ^= 1;
  board.boot();
  assert.deepEqual([board.runs(), remembered(board).equals(verdictOf(head(board, SLOT_A)))], ["old", true]);
  board.boot();
  assert.deepEqual([board.runs(), operations(board)], ["old", 0]);
});

test("a power cut while a boot remembers, and a flash that takes nothing, cost one more verification", () => {
  for (const cutMode of Object.values(CutMode)) {
    for (const cutAt of [1, 2]) {
      const board = updated();
      reseal(board, (snapshot) => snapshot.fill(0, VERDICT, SEALED));
      board.boot({ cutAt, cutMode, cutSeed: 7 + cutAt });
      board.boot();
      assert.deepEqual([board.runs(), board.state().counter, board.state().epoch], ["new", 5, 3], `mode ${cutMode}, cut ${cutAt}`);
      board.boot();
      assert.equal(operations(board), 0);
      assert.equal(board.images.stats().brokenRule, false);
    }
  }
  const stuck = updated();
  reseal(stuck, (snapshot) => snapshot.fill(0, VERDICT, SEALED));
  stuck.boot({ stuck: 0, stuckSectors: 2 });
  assert.deepEqual([stuck.runs(), stuck.words()], ["new", "Activated, None"]);
});
