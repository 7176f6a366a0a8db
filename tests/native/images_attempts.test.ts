// What packages in vain may cost: a verification that a reset ends, and a server that sends authentic heads with wrong payloads.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { CutMode } from "../../host/native/addon.ts";
import { keyOf, makePackage } from "./image_package.ts";
import { Board, NEW, NEW_FILE, SECTOR } from "./images_harness.ts";

const ATTEMPTS = 8;
const HOUR_MS = 3_600_000n;
const ATTEMPT_MS = 3n * HOUR_MS;
const NEXT = { wasm: NEW, counter: 5, epoch: 3 };
const VERSION = 0x01000001;

/** Signed by the release key, and not what its manifest says. */
const wrong = (version: number): Buffer => makePackage({ ...NEXT, version, imageDigest: Buffer.alloc(32, version & 0xff) });
const WRONG = [wrong(VERSION), wrong(VERSION + 1)];

/** A board on which somebody tells the time, as every device does before each turn. */
function clocked(now = 0n): Board {
  const board = Board.provisioned();
  board.images.overdue(now);
  return board;
}

/** As `board` stands, in an uptime of its own. */
function copyOf(board: Board): Board {
  const copy = new Board();
  board.nor.copy(copy.nor);
  copy.boots = board.boots + 1000;
  copy.boot();
  return copy;
}

/** Loads with the power failing in the operation `back` before the last one. */
function loadAndCut(board: Board, back: number, cutMode: number): void {
  const whole = copyOf(board);
  const before = whole.images.stats().operations;
  assert.equal(whole.load(0, NEW_FILE), Err.Ok);
  board.boot({ cutAt: whole.images.stats().operations - back, cutMode, cutSeed: 1 });
  assert.ok(before < whole.images.stats().operations - back);
  board.load(0, NEW_FILE);
  assert.equal(board.images.stats().dead, true);
  board.boot();
}

test("a reset in the middle of a verification is a try, and the third one ends it", () => {
  for (const mode of [CutMode.Lost, CutMode.Prefix, CutMode.Random]) {
    const board = Board.provisioned();
    // The snapshot behind the mark says how it ended: without it, the verification was cut.
    loadAndCut(board, 0, mode);
    assert.equal(board.words(), "Loading, None");
    loadAndCut(board, 0, mode);
    assert.equal(board.words(), "Loading, None", "the octets are there, and are verified once more");
    loadAndCut(board, 0, mode);
    assert.equal(board.words(), "Failed, Stopped");
    board.boot();
    assert.equal(board.words(), "Failed, Stopped");
    assert.equal(board.load(0, NEW_FILE), Err.Ok, "it may be sent again, from its first octet on");
    board.images.activate(0);
    board.boot();
    assert.equal(board.runs(), "new");
  }
});

test("a cut in the mark itself, or in what the third reset writes, changes neither count nor verdict", () => {
  for (const mode of Object.values(CutMode)) {
    const board = Board.provisioned();
    loadAndCut(board, 1, mode); // the mark
    assert.equal(board.words(), "Loading, None");
    for (let reset = 0; reset < 2; reset++) loadAndCut(board, 0, CutMode.Lost);
    const told = board.words();
    // The mark of the first one is there or not, as the mode has it; after one more it is over.
    if (told === "Loading, None") loadAndCut(board, 0, CutMode.Lost);
    assert.equal(board.words(), "Failed, Stopped");
  }
  for (const mode of Object.values(CutMode)) {
    const board = Board.provisioned();
    for (let reset = 0; reset < 2; reset++) loadAndCut(board, 0, CutMode.Lost);
    const whole = copyOf(board);
    assert.equal(whole.load(0, NEW_FILE), Err.Ok);
    board.boot({ cutAt: whole.images.stats().operations });
    board.load(0, NEW_FILE);
    for (let cutAt = 1; cutAt <= 3; cutAt++) board.boot({ cutAt, cutMode: mode, cutSeed: cutAt });
    board.boot();
    assert.equal(board.words(), "Failed, Stopped", `mode ${mode}`);
  }
});

test("a verification that ends by itself leaves no mark behind", () => {
  const board = Board.provisioned();
  for (let round = 0; round < 5; round++) {
    assert.equal(board.load(0, NEW_FILE), Err.Ok);
    board.boot();
    assert.equal(board.words(), "Waiting, None");
    assert.equal(board.load(0, WRONG[0]), Err.BadMic);
    board.boot();
    assert.equal(board.words(), "SignatureFailed, ImageDigest");
  }
});

test("eight packages in vain, and the next is not begun: not after a reset, not under another name, and it costs the flash nothing", () => {
  const board = clocked();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    assert.equal(board.load(0, WRONG[attempt % 2]), Err.BadMic, `attempt ${attempt}`);
    if (attempt % 3 === 2) board.boot();
    board.images.overdue(1000n);
  }
  for (let uptime = 0; uptime < 3; uptime++) {
    board.boot();
    board.images.overdue(ATTEMPT_MS - 1n);
    const before = Buffer.from(board.nor);
    for (let attempt = 0; attempt < 100; attempt++) assert.equal(board.images.begin(0, keyOf(WRONG[attempt % 2])), Err.Busy);
    assert.ok(before.equals(board.nor));
    assert.equal(board.words(), "SignatureFailed, ImageDigest");
  }
});

test("time gives one back in three hours: a server that sends nothing else gets eight more in a day, and a good file its turn", () => {
  const board = clocked();
  let attempts = 0;
  for (let now = 0n; now < 48n * HOUR_MS; now += 300_000n) {
    board.images.overdue(now);
    if (board.load(0, WRONG[attempts % 2]) === Err.BadMic) attempts++;
  }
  assert.equal(attempts, ATTEMPTS + 15);
  board.images.overdue(48n * HOUR_MS);
  assert.equal(board.load(0, NEW_FILE), Err.Ok);
  board.images.activate(0);
  board.boot();
  assert.equal(board.images.confirm(1), Err.Ok);
  board.images.overdue(0n);
  const more = [2, 3, 4, 5, 6, 7, 8, 9].map((more) => wrong(VERSION + more));
  for (const file of more) assert.equal(board.load(0, file), Err.BadMic, "what was confirmed begins at none");
  assert.equal(board.images.begin(0, keyOf(more[0])), Err.Busy);
});

test("refused heads, forgotten downloads and other files under the same name are attempts as well", () => {
  const head = Buffer.from(NEW_FILE);
  head[70] ^= 1;
  const other = makePackage({ ...NEXT, version: VERSION, wasm: NEW, notBefore: undefined, payload: NEW });
  other[24] ^= 1; // the header's text: another head digest
  const ways: [string, (board: Board) => void][] = [
    ["a head that does not verify", (board) => assert.ok(board.load(0, head) < 0)],
    [
      "a download that is forgotten",
      (board) => {
        assert.equal(board.images.begin(0, keyOf(NEW_FILE)), 0);
        board.write(0, NEW_FILE, 0, 300, 900);
        assert.equal(board.images.begin(0, Buffer.alloc(12)), 0);
      },
    ],
    [
      "one file, then another under its name, and the first again",
      (board) => {
        for (const file of [NEW_FILE, other]) {
          if (board.images.begin(0, keyOf(file)) < 0) return;
          board.write(0, file, 0, 300, 2 * SECTOR);
        }
      },
    ],
  ];
  for (const [name, way] of ways) {
    const board = clocked();
    let begun = 0;
    while (begun < 3 * ATTEMPTS && board.images.begin(0, keyOf(NEW_FILE)) !== Err.Busy) {
      begun++;
      way(board);
    }
    assert.ok(begun <= ATTEMPTS + 1, `${name}: ${begun}`);
    assert.ok(board.images.stats().erases < 20 * ATTEMPTS, `${name}: ${board.images.stats().erases} erases`);
  }
});

test("a server that stops in the same sector again and again wears it eight times, and one that comes further is served", () => {
  const board = clocked();
  let begun = 0;
  let at = 0;
  for (; begun < 100; begun++) {
    at = board.images.begin(0, keyOf(NEW_FILE));
    if (at < 0) break;
    at = board.write(0, NEW_FILE, 0, 300, SECTOR + 3000);
    if (at < 0) break;
  }
  assert.ok(begun <= ATTEMPTS + 2, `${begun}`);
  assert.ok(board.images.stats().erases < 4 * ATTEMPTS, `${board.images.stats().erases} erases`);
  const patient = clocked();
  for (let upto = SECTOR + 1000; upto < NEW_FILE.length; upto += SECTOR) {
    assert.ok(patient.images.begin(0, keyOf(NEW_FILE)) >= 0);
    assert.ok(patient.write(0, NEW_FILE, 0, 300, upto) >= 0);
  }
  assert.equal(patient.load(0, NEW_FILE), Err.Ok);
});

test("no power cut in an attempt gives one back", () => {
  const count = clocked();
  const before = count.images.stats().operations;
  assert.equal(count.load(0, WRONG[0]), Err.BadMic);
  const operations = count.images.stats().operations;
  for (let cut = before + 1; cut <= operations; cut += 2) {
    const board = clocked();
    const done = 3;
    for (let attempt = 0; attempt < done; attempt++) board.load(0, WRONG[attempt % 2]);
    board.boot({ cutAt: cut - before, cutMode: cut % 5, cutSeed: cut });
    board.images.overdue(0n);
    board.load(0, WRONG[0]);
    board.boot();
    board.images.overdue(0n);
    let left = 0;
    while (left < 20 && board.load(0, WRONG[left % 2]) !== Err.Busy) left++;
    assert.ok(left <= ATTEMPTS - done && left >= ATTEMPTS - done - 2, `cut ${cut}: ${left} left`);
  }
});
