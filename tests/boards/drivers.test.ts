// The emulated board's drivers, without a module.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { after, before, test } from "node:test";
import { ResetReason } from "../../host/abi.ts";
import { Board, FLASH_SIZE, STORE_SIZE } from "../../host/board/board.ts";
import { buildBare } from "../../host/board/build.ts";
import type { ConsoleLine } from "../../host/board/console.ts";
import { MISSING, readFont } from "../../host/board/font.ts";

/** The first is enough, but for a machine so loaded that the reader was back before the board had begun. */
const READER_AWAY_MS = [1000, 5000, 20_000];

let firmware: string;
let folder: string;

before(async () => {
  firmware = await buildBare(join(import.meta.dirname ?? "tests/boards", "drivers.c"), "drivers");
  folder = mkdtempSync(join(tmpdir(), "kw-drivers-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const said = (line: ConsoleLine): string => (line.kind === "say" ? line.text : "");
const value = (lines: ConsoleLine[], name: string): number[] =>
  lines
    .map(said)
    .filter((text) => text.startsWith(`${name}=`))
    .map((text) => Number(text.slice(name.length + 1)));

/** Runs one of the tests in drivers.c to its end; `meanwhile` gets what the console is read from. */
async function run(name: string, countInstructions = false, meanwhile: (output: Readable) => void = () => {}): Promise<ConsoleLine[]> {
  const board = new Board({ firmware, folder, countInstructions, settings: { test: name } });
  const timer = setTimeout(() => board.cut(), 60_000);
  try {
    board.power();
    meanwhile((board as unknown as { emulator: { stdout: Readable } }).emulator.stdout);
    await board.gone();
    return board.lines;
  } finally {
    clearTimeout(timer);
    await board.close();
  }
}

test("a line that the console has no room for is lost whole, and counted", async () => {
  const lines = await run("full");
  const from = lines.findIndex((line) => said(line) === "before");
  assert.deepEqual(lines.slice(from).map(said), ["before", "sent=0", "lost=1"]);
});

test("the instruction counter is exact whatever the phase of its timer", async () => {
  const lines = await run("count", true);
  assert.ok(Math.abs(value(lines, "nothing")[0]) <= 2);
  const turns = value(lines, "turns");
  const counts = value(lines, "count");
  assert.equal(turns.length, 80);
  // The loop takes two instructions a turn; the call around it always the same few.
  const around = counts[0] - 2 * turns[0];
  assert.ok(around >= 2 && around <= 8, `${around} instructions around the loop`);
  assert.deepEqual(
    counts,
    turns.map((count) => 2 * count + around),
  );
});

test("what is drained has left, however slowly the console is read: no interrupt comes into what is counted next", async () => {
  for (const away of READER_AWAY_MS) {
    const lines = await run("drained", false, (output) => {
      output.once("data", () => {
        output.pause();
        setTimeout(() => output.resume(), away);
      });
    });
    assert.deepEqual(value(lines, "left"), [0]);
    if (value(lines, "ms")[0] >= away / 20) return;
  }
  assert.fail("the board never waited for its reader");
});

test("the board's milliseconds are the host's", async () => {
  const [slept] = value(await run("time"), "slept");
  assert.ok(slept >= 1500 && slept < 1700, `slept ${slept} ms`);
});

test("flash clears bits when it programs and sets them when it erases, in the file at once", async () => {
  const lines = await run("flash");
  assert.deepEqual(value(lines, "erase"), [0]);
  assert.deepEqual(value(lines, "program"), [0, 0]);
  assert.deepEqual(value(lines, "read"), [0x5a & 0x0f]);
  assert.deepEqual([value(lines, "odd"), value(lines, "outside"), value(lines, "beyond")], [[-1], [-1], [-1]]);
  const image = readFileSync(join(folder, "flash.bin"));
  assert.equal(image.length, FLASH_SIZE);
  // What the CPU reads where the part is mapped, in the store's region and in the images'.
  assert.deepEqual([value(lines, "mapped"), value(lines, "images-mapped")], [[0x0a], [0x0f]]);
  assert.deepEqual([value(lines, "images-erase"), value(lines, "images"), value(lines, "images-beyond")], [[0], [0], [-1]]);
  assert.deepEqual(image.subarray(STORE_SIZE, STORE_SIZE + 8), Buffer.alloc(8, 0x0f));
  assert.deepEqual(image.subarray(4096, 4104), Buffer.alloc(8, 0x0a));
  assert.deepEqual(image.subarray(4104, 8192), Buffer.alloc(4088, 0xff));
});

for (const [name, what] of [
  ["stack", "a stack overflow meets the guard"],
  ["ram", "memory beyond 512 KiB of RAM is not there"],
  ["flash-end", "memory beyond 1 MiB of flash is not there"],
  ["code", "a write to flash is a fault"],
  ["window", "a write to the mapped flash is a fault"],
]) {
  test(`${what}, and the next start knows`, async () => {
    const lines = await run(name);
    assert.deepEqual(value(lines, "reason"), [ResetReason.Trap]);
    // DDI 0403 B3.2.15: DACCVIOL, or MSTKERR when the frame of the exception found no room.
    assert.ok(value(lines, "cfsr")[0] & 0x12, `cfsr ${value(lines, "cfsr")}`);
    assert.deepEqual(value(lines, "resets"), [1]);
  });
}

test("the watchdog ends an endless loop, and the next start knows", async () => {
  const lines = await run("watchdog");
  assert.deepEqual(value(lines, "reason"), [ResetReason.Watchdog]);
  assert.deepEqual(value(lines, "cfsr"), [0]);
});

test("the console takes a line with a right checksum and refuses every other", async () => {
  const board = new Board({ firmware, folder, settings: { test: "echo" } });
  try {
    board.power();
    const raw = (text: string): void =>
      void (board as unknown as { emulator: { stdin: { write(text: string): void } } }).emulator.stdin.write(text);
    raw("W 17 00ff *0000\n"); // wrong checksum
    raw(`${"x".repeat(3000)}\n`);
    raw("\n\r\nE\n");
    await board.expect("refusal of a wrong checksum", (line) => line.kind === "answer" && line.verb === "W" && line.value === -3);
    await board.expect("refusal of a long line", (line) => line.kind === "answer" && line.verb === "x" && line.value === -2);
    await board.expect("refusal of a short line", (line) => line.kind === "answer" && line.verb === "E" && line.value === -3);
    const { frameLine } = await import("../../host/board/console.ts");
    raw(frameLine("W 17 00f")); // half an octet
    await board.expect("refusal of half an octet", (line) => line.kind === "answer" && line.verb === "W" && line.value === -2);
    raw(frameLine(`W 32767 ${"a5".repeat(512)}`));
    const echoed = await board.expect("echo", (line) => line.kind === "unknown");
    assert.equal(echoed.kind === "unknown" && echoed.text, `U 32767 ${"a5".repeat(512)}`);
  } finally {
    await board.close();
  }
});

test("the display shows what the font draws", async () => {
  const board = new Board({ firmware, folder, settings: { test: "oled" } });
  try {
    board.power();
    await board.expect("display", (line) => said(line) === "shown");
    const font = readFont();
    const expected = ["Now 0.24 kW \xa33.1", "A\x01z".padEnd(16)].flatMap((text) => {
      const columns = [...text].flatMap((character) => [...(font.get(character.charCodeAt(0)) ?? MISSING), 0]);
      return Array.from({ length: 8 }, (_, y) => columns.map((bits) => (bits & (1 << y)) !== 0));
    });
    const draw = (rows: boolean[][]): string => rows.map((row) => row.map((lit) => (lit ? "#" : ".")).join("")).join("\n");
    assert.equal(draw(await board.pixels()), draw(expected));
  } finally {
    await board.close();
  }
});
