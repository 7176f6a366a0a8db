// Image slots: what an update, its refusals, a trial and a library file do, on a flash that fails nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { Err } from "../../host/err.ts";
import { compress, delta } from "../../host/image/codec.ts";
import { ImageSource } from "../../host/native/addon.ts";
import { element, IDENTITY, key, keyOf, type Making, makePackage } from "./image_package.ts";
import { Board, FACTORY, NEW, NEW_FILE, OLD, OLD_FILE, SECTOR, SLOT, wasm } from "./images_harness.ts";
import * as w from "./wasm_bytes.ts";

const REFUSED = Err.Refused;
const NEXT: Making = { wasm: NEW, version: 0x01000001, counter: 5, epoch: 3 };

test("a blank board runs its factory module, which takes a first package and tries it", () => {
  const board = new Board();
  assert.equal(board.boot(), ImageSource.Factory);
  assert.deepEqual([board.runs(), board.state().flags, board.state().running], ["factory", 2, 0]);
  assert.equal(board.load(0, OLD_FILE), Err.Ok);
  assert.equal(board.words(), "Waiting, None");
  assert.equal(board.images.activate(0), Err.Ok);
  assert.equal(board.boot(), ImageSource.SlotA);
  assert.deepEqual([board.runs(), board.state().flags, board.state().tries], ["old", 1, 2]);
  assert.equal(board.images.confirm(1), Err.Ok);
  assert.equal(board.boot(), ImageSource.SlotA);
  assert.deepEqual([board.state().flags, board.state().counter, board.state().epoch], [0, 4, 2]);
});

test("without a factory module a blank board runs nothing", () => {
  const board = new Board({ factory: undefined });
  assert.equal(board.boot(), ImageSource.Nothing);
  assert.equal(board.images.running(), null);
});

for (const block of [1, 7, 50, 255, 4096, 100_000]) {
  test(`an update arrives in blocks of ${block}, and counter and epoch rise with the confirmation only`, () => {
    const board = Board.provisioned();
    assert.equal(board.load(0, NEW_FILE, block), Err.Ok);
    assert.equal(board.images.activate(0), Err.Ok);
    assert.equal(board.boot(), ImageSource.SlotB);
    assert.deepEqual([board.runs(), board.words(), board.state().counter, board.state().epoch], ["new", "Activating, None", 4, 2]);
    assert.equal(board.images.confirm(1), Err.Ok);
    assert.deepEqual([board.words(), board.state().counter, board.state().epoch], ["Activated, None", 5, 3]);
    assert.equal(board.boot(), ImageSource.SlotB);
    assert.deepEqual(board.images.stats(), { operations: 0, erases: 0, stale: 0, dead: false, brokenRule: false });
  });
}

test("compressed and delta packages make the module, also when a reset comes in the middle", () => {
  const packages = [
    makePackage({ ...NEXT, encoding: 1, payload: compress(NEW) }),
    makePackage({ ...NEXT, encoding: 2, payload: delta(OLD, NEW), base: OLD }),
  ];
  for (const file of packages) {
    for (const cut of [file.length / 4, file.length / 2, file.length - 1]) {
      const board = Board.provisioned();
      assert.equal(board.images.begin(0, keyOf(file)), 0);
      board.write(0, file, 0, 97, Math.floor(cut));
      board.boot();
      assert.equal(board.load(0, file, 89), Err.Ok, board.words());
      board.images.activate(0);
      board.boot();
      assert.equal(board.runs(), "new");
    }
  }
});

test("after a reset the offset jumps from the manifest's end to the last full sector's", () => {
  const board = Board.provisioned();
  board.images.begin(0, keyOf(NEW_FILE));
  board.write(0, NEW_FILE, 0, 500, 9000);
  board.boot();
  assert.equal(board.words(), "Loading, None");
  assert.equal(board.images.begin(0, keyOf(NEW_FILE)), 0);
  const payloadAt = NEW_FILE.length - NEW.length;
  const answers = [];
  for (let at = 0; at < NEW_FILE.length; ) {
    at = board.images.write(0, at, NEW_FILE.subarray(at, at + 100));
    answers.push(at);
  }
  assert.ok(answers.includes(payloadAt + 2 * SECTOR - 2048), `${answers.slice(0, 12)}`);
  assert.equal(answers.filter((at) => at <= payloadAt).length, Math.floor(payloadAt / 100));
  assert.equal(board.images.finish(0), Err.Ok);
});

test("another file under the same name is loaded from its start, and is the one that runs", () => {
  const board = Board.provisioned();
  board.images.begin(0, keyOf(NEW_FILE));
  board.write(0, NEW_FILE, 0, 500, 9000);
  board.boot();
  const swapped = wasm(3, 9500);
  const other = makePackage({ ...NEXT, wasm: swapped });
  assert.deepEqual(keyOf(other), keyOf(NEW_FILE));
  assert.equal(board.load(0, other), Err.Ok, board.words());
  board.images.activate(0);
  board.boot();
  assert.deepEqual(board.images.running(), swapped);
});

test("an offset that is not wanted changes nothing and is told the wanted one", () => {
  const board = Board.provisioned();
  assert.equal(board.images.write(0, 0, NEW_FILE.subarray(0, 10)), Err.NotFound);
  board.images.begin(0, keyOf(NEW_FILE));
  assert.equal(board.images.write(0, 0, NEW_FILE.subarray(0, 100)), 100);
  for (const at of [0, 99, 101, 0xffffffff]) assert.equal(board.images.write(0, at, NEW_FILE.subarray(0, 100)), 100);
  assert.equal(board.write(0, NEW_FILE, 100), NEW_FILE.length);
  assert.equal(board.words(), "Verifying, None");
  assert.equal(board.images.finish(0), Err.Ok);
  assert.equal(board.images.write(0, 5, NEW_FILE.subarray(5, 10)), NEW_FILE.length);
});

test("a package that waits is not loaded again, and stays ready through resets", () => {
  const board = Board.provisioned();
  board.load(0, NEW_FILE);
  board.boot();
  assert.equal(board.words(), "Waiting, None");
  const before = Buffer.from(board.nor);
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  assert.deepEqual(board.nor, before);
  assert.equal(board.images.activate(0), Err.Ok);
});

/** A module whose section `han` asks for so many octets. */
const needing = (octets: number): Buffer => w.module({}, w.section(0, [...w.text("han"), octets & 255, octets >> 8, 0, 0]));

test("a module that asks for the memory that is signed is taken", () => {
  const board = Board.provisioned();
  assert.equal(board.load(0, makePackage({ ...NEXT, wasm: needing(2048), memory: 2048 })), Err.Ok);
});

test("every package that a device may not have is refused with its own reason", () => {
  const other = key("somebody else");
  const corrupt = Buffer.from(NEW_FILE);
  corrupt[corrupt.length - 100] ^= 1;
  const gated = w.module({}, w.section(8, [0]));
  const cases: [string, Buffer, number, string, number][] = [
    ["an old counter", makePackage({ ...NEXT, counter: 3 }), REFUSED, "Failed", ImageReason.Counter],
    ["the running version", makePackage({ ...NEXT, version: 0x01000000 }), REFUSED, "Failed", ImageReason.Version],
    ["an old epoch", makePackage({ ...NEXT, epoch: 1 }), REFUSED, "Failed", ImageReason.Revoked],
    ["another root", makePackage({ ...NEXT, root: other }), Err.BadMic, "SignatureFailed", ImageReason.RootSignature],
    ["another release key", makePackage({ ...NEXT, release: other, certified: key("x") }), REFUSED, "Failed", ImageReason.KeyId],
    ["another vendor", makePackage({ ...NEXT, vendor: Buffer.alloc(16) }), REFUSED, "Failed", ImageReason.Vendor],
    ["other hardware", makePackage({ ...NEXT, hardware: [8, 9] }), REFUSED, "Failed", ImageReason.Hardware],
    ["another type", makePackage({ ...NEXT, type: 2 }), REFUSED, "Failed", ImageReason.ImageType],
    ["too much memory", makePackage({ ...NEXT, memory: 65537 }), REFUSED, "Failed", ImageReason.Memory],
    ["less memory than is signed", makePackage({ ...NEXT, wasm: needing(2048), memory: 4096 }), REFUSED, "Failed", ImageReason.Memory],
    [
      "a base that does not run",
      makePackage({ ...NEXT, encoding: 2, payload: delta(NEW, OLD), base: NEW }),
      REFUSED,
      "Failed",
      ImageReason.Base,
    ],
    ["a corrupt stream", makePackage({ ...NEXT, encoding: 1, payload: Buffer.alloc(400, 0xff) }), REFUSED, "Failed", ImageReason.Encoding],
    ["a changed octet", corrupt, Err.BadMic, "SignatureFailed", ImageReason.ImageDigest],
    ["a module that is no module", makePackage({ ...NEXT, wasm: Buffer.alloc(500, 1) }), Err.BadMic, "SignatureFailed", ImageReason.Gate],
    ["a start function", makePackage({ ...NEXT, wasm: gated }), Err.BadMic, "SignatureFailed", ImageReason.Gate],
    [
      "a signature that is not last",
      makePackage({ ...NEXT, tail: element(1, Buffer.alloc(50)) }),
      REFUSED,
      "Failed",
      ImageReason.Signatures,
    ],
    ["two images", makePackage({ ...NEXT, tail: element(0, Buffer.alloc(4)) }), REFUSED, "Failed", ImageReason.ElementTwice],
  ];
  for (const [name, file, answer, status, reason] of cases) {
    const board = Board.provisioned();
    assert.equal(board.load(0, file), answer, name);
    assert.ok(board.words().startsWith(`${status}, `), `${name}: ${board.words()}`);
    assert.equal(board.state().reason, reason, `${name}: ${board.words()}`);
    assert.equal(board.state().detail === 0, reason !== ImageReason.Gate, name);
    assert.equal(board.images.activate(0), Err.NotFound, name);
    board.boot();
    assert.deepEqual([board.runs(), board.state().reason], ["old", reason], name);
    assert.equal(board.load(0, NEW_FILE), Err.Ok, `${name}: a good one follows`);
  }
});

test("sizes: the slot's last octet is used, one more is refused, and a file larger than the slot never begins", () => {
  const room = SLOT * SECTOR - 2048;
  const overhead = wasm(4, 10_000).length - 10_000;
  const full = wasm(4, room - overhead);
  assert.equal(full.length, room);
  const board = Board.provisioned();
  assert.equal(board.load(0, makePackage({ ...NEXT, wasm: full })), Err.Ok, board.words());
  const packed = compress(Buffer.concat([full, Buffer.of(0)]));
  const over = makePackage({ ...NEXT, version: 0x01000002, wasm: Buffer.concat([full, Buffer.of(0)]), encoding: 1, payload: packed });
  if (over.length <= SLOT * SECTOR) {
    assert.equal(board.load(0, over), REFUSED);
    assert.equal(board.state().reason, ImageReason.Size);
  }
  const huge = keyOf(NEW_FILE);
  huge.writeUInt32LE(SLOT * SECTOR + 1, 8);
  assert.equal(board.images.begin(0, huge), Err.NoBuffer);
});

test("a truncated package is refused at every block's end", () => {
  for (let size = 1; size < NEW_FILE.length; size += 611) {
    const board = Board.provisioned();
    board.images.begin(0, keyOf(NEW_FILE));
    assert.equal(board.write(0, NEW_FILE, 0, 611, size), size);
    assert.equal(board.images.finish(0), REFUSED);
    assert.equal(board.state().reason, ImageReason.Truncated, `${size}`);
  }
});

test("three tries without a confirmation end with the old module and the reason, for good", () => {
  const board = Board.provisioned();
  board.load(0, NEW_FILE);
  board.images.activate(0);
  for (const tries of [2, 1, 0]) {
    assert.equal(board.boot(), ImageSource.SlotB);
    assert.equal(board.state().tries, tries);
    assert.equal(board.images.begin(0, keyOf(NEW_FILE)), Err.Busy);
    assert.equal(board.images.begin(1, keyOf(NEW_FILE)), Err.Busy);
  }
  for (let boot = 0; boot < 2; boot++) {
    assert.equal(board.boot(), ImageSource.SlotA);
    assert.deepEqual([board.runs(), board.words(), board.state().counter], ["old", "ActivationFailed, NotConfirmed", 4]);
  }
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
});

test("a module that finds itself unhealthy is given up, and may not write over the one that follows it", () => {
  const board = Board.provisioned();
  board.load(0, NEW_FILE);
  board.images.activate(0);
  board.boot();
  assert.equal(board.images.confirm(0), Err.Ok);
  assert.equal(board.images.confirm(1), Err.NotFound);
  assert.equal(board.images.begin(0, keyOf(NEW_FILE)), Err.Busy);
  board.boot();
  assert.deepEqual([board.runs(), board.words()], ["old", "ActivationFailed, Unhealthy"]);
  assert.equal(board.images.confirm(1), Err.NotFound);
});

test("a module that the interpreter refuses ends its trial, a confirmed one is lost, the factory module is left", () => {
  const board = Board.provisioned();
  board.load(0, NEW_FILE);
  board.images.activate(0);
  board.boot();
  board.images.refused(ImageReason.Gate, 7);
  assert.equal(board.images.boot(), ImageSource.SlotA);
  assert.deepEqual([board.words(), board.state().detail], ["ActivationFailed, Gate", 7]);
  board.images.refused(ImageReason.Gate, 8);
  assert.equal(board.images.boot(), ImageSource.Factory);
  board.images.refused(ImageReason.Gate, 9);
  assert.equal(board.images.boot(), ImageSource.Nothing);
  assert.equal(board.boot(), ImageSource.Factory);
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
});

test("a trial is overdue after twenty minutes, a confirmed module never", () => {
  const board = Board.provisioned();
  assert.equal(board.images.overdue(1n << 40n), false);
  board.load(0, NEW_FILE);
  board.images.activate(0);
  board.boot();
  assert.equal(board.images.overdue(1_199_999n), false);
  assert.equal(board.images.overdue(1_200_000n), true);
  board.images.confirm(1);
  assert.equal(board.images.overdue(1_200_000n), false);
});

test("forgetting ends a download, a waiting package and a trial that waits for the reboot", () => {
  const nothing = Buffer.alloc(12);
  for (const steps of [1, 2, 3]) {
    const board = Board.provisioned();
    board.images.begin(0, keyOf(NEW_FILE));
    board.write(0, NEW_FILE);
    if (steps > 1) board.images.finish(0);
    if (steps > 2) board.images.activate(0);
    assert.equal(board.images.begin(0, nothing), Err.Ok);
    assert.equal(board.words(), "None, None");
    assert.equal(board.images.activate(0), Err.NotFound);
    board.boot();
    assert.deepEqual([board.runs(), board.words(), board.state().version], ["old", "None, None", 0]);
  }
});

test("the module before the last update runs again when the confirmed one is damaged, unless its counter is too low", () => {
  for (const counter of [4, 5]) {
    const board = Board.provisioned();
    assert.equal(board.load(0, makePackage({ ...NEXT, counter, epoch: 2 })), Err.Ok);
    board.images.activate(0);
    board.boot();
    board.images.confirm(1);
    board.nor[SECTOR * (2 + SLOT) + 5000] ^= 1;
    board.boot();
    assert.equal(board.runs(), counter === 4 ? "old" : "factory");
    assert.equal(board.words(), "ActivationFailed, Lost");
    board.boot();
    assert.equal(board.runs(), counter === 4 ? "old" : "factory");
  }
});

test("a slot that stopped verifying while it waited is not tried", () => {
  const board = Board.provisioned();
  board.load(0, NEW_FILE);
  board.images.activate(0);
  board.nor[SECTOR * (2 + SLOT) + 3000] ^= 0x80;
  board.boot();
  assert.deepEqual([board.runs(), board.words()], ["old", "ActivationFailed, Lost"]);
});

test("layouts that do not fit the part are refused", () => {
  const board = new Board();
  for (const more of [
    { slotSectors: 8 },
    { slotSectors: 0 },
    { files: 5 },
    { fileSectors: 0 },
    { sectorSize: 512 },
    { slotSectors: 0x80000001 },
  ])
    assert.equal(board.reset(more).opened, Err.Reserved, JSON.stringify(more));
  assert.equal(board.reset({ sectorSize: 1024, slotSectors: 12, fileSectors: 9 }).opened, Err.Ok);
  assert.equal(board.images.install(OLD_FILE), Err.Ok);
  assert.equal(board.reset({ sectorSize: 1024, slotSectors: 12, fileSectors: 9 }).boot(), ImageSource.SlotA);
  assert.equal(board.load(1, makePackage({ wasm: FACTORY, version: 1, epoch: 2 })), Err.Ok, board.words(1));
});

test("a slot that holds one device's module runs on no other, nor on another kind of board", () => {
  const address = Buffer.from("a1a2a3a4a5a6a7a8", "hex");
  const board = Board.provisioned({ address });
  const file = makePackage({ ...NEXT, destination: [IDENTITY.manufacturer, IDENTITY.type, address] });
  assert.equal(board.load(0, file), 0);
  assert.equal(board.images.activate(0), 0);
  board.boot();
  assert.equal(board.images.confirm(1), 0);
  board.boot();
  assert.equal(board.runs(), "new");
  // The flash in other hands: an address that differs, or is not known, and then its own again.
  for (const other of [Buffer.from("a1a2a3a4a5a6a7a9", "hex"), Buffer.alloc(8)]) {
    const copy = new Board({ address: other });
    board.nor.copy(copy.nor);
    copy.boot();
    assert.equal(copy.runs(), "factory"); // the module before is below the counter that was confirmed
    assert.equal(copy.load(0, file), REFUSED);
    assert.equal(copy.state().reason, ImageReason.Destination);
  }
  board.boot({ identity: { ...IDENTITY, type: 2 } });
  assert.equal(board.runs(), "factory");
});

test("a board of another identity or key runs nothing of what the flash holds but what it verifies itself", () => {
  const board = Board.provisioned();
  board.boot({ identity: { ...IDENTITY, root: key("x").point } });
  assert.equal(board.runs(), "factory");
  const again = Board.provisioned();
  again.boot({ deviceKey: Buffer.alloc(16) });
  assert.deepEqual([again.runs(), again.state().flags], ["old", 1]);
});
