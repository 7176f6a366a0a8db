// The deepest C stack that a module can ask of the board: calls up to the interpreter's limit, loops between the last two that no call
// checks, and below them the translation of a function nested as deep as the gate lets it.  docs/memory.md, "C stack".
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ResetReason, Record as StoreRecord } from "../../host/abi.ts";
import { Board } from "../../host/board/board.ts";
import { buildFirmware, STACK_SIZE } from "../../host/board/build.ts";
import { replayOnBoard } from "../../host/board/replay.ts";
import { startOctets, TraceFile, TraceKind } from "../../host/trace.ts";
import * as w from "../native/wasm_bytes.ts";

const NESTING = 47; // KW_GATE_NESTING_MAX
const LOOPS = 16; // KW_GATE_LOOPS_MAX
const DEPTH_MAX = 128;
/** What main() has on the stack before a module is called, interrupts apart, and a reserve. */
const RESERVE = 1024;
const MEMORY_LIMIT = 1024;

const repeat = (count: number, octets: w.Octets): w.Octets => Array.from({ length: count }, () => octets).flat();
const LOOP = [0x03, w.VOID];
const BLOCK = [0x02, w.VOID];
const IF = [0x41, 1, 0x04, w.VOID];
const END = [0x0b];
const [RECURSE, NEST] = [3, 4];

/** `start` calls itself down `depth` times through `loops` loops each; the last one calls what is nested by `opener`, for the first time. */
function deep(depth: number, loops: number, opener: w.Octets): Buffer {
  const call = [0x20, 0, 0x45, 0x04, w.VOID, 0x10, NEST, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, RECURSE, 0x0b];
  const recurse = [...repeat(loops, LOOP), ...call, ...repeat(loops, END)];
  const nest = [...repeat(LOOPS, LOOP), ...repeat(NESTING - LOOPS, opener), ...repeat(NESTING, END)];
  const start = w.body([0x41, ...w.leb(depth), 0x10, RECURSE]);
  return w.module({
    1: w.vector([...w.TYPES, w.type([w.I32], [])]),
    3: w.vector([[0], [1], [2], [5], [4]]),
    10: w.vector([w.ABI_BODY, start, w.POLL_BODY, w.body(recurse), w.body(nest)]),
  });
}

const recording = TraceFile.recording();
recording.add(TraceKind.Seed, new Uint8Array(32));
recording.add(TraceKind.Start, startOctets(0n, ResetReason.PowerOn));

/** The peak at the greatest depth that is not refused, and at the one beyond it. */
async function peakOf(loops: number, opener: w.Octets): Promise<{ peak: number; depth: number; size: number }> {
  let peak = 0;
  let size = 0;
  const fits = async (depth: number): Promise<boolean> => {
    const { values, reason } = await replayOnBoard({
      wasm: deep(depth, loops, opener),
      recording: recording.bytes(),
      memoryLimit: MEMORY_LIMIT,
    });
    assert.match(reason, /^$|stack overflow/, `depth ${depth}`);
    peak = Math.max(peak, values.get("stack_peak") ?? Number.NaN);
    size = values.get("stack") ?? 0;
    return reason === "";
  };
  let [below, above] = [1, DEPTH_MAX];
  assert.ok(!(await fits(above)), "endless recursion is stopped");
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (await fits(middle)) below = middle;
    else above = middle;
  }
  return { peak, depth: below, size };
}

test("the device's own firmware has that reserve: its hostile module runs, and the whole peak is known", async (context) => {
  const { depth } = await peakOf(0, IF);
  const folder = mkdtempSync(join(tmpdir(), "kw-stack-"));
  const wasm = join(folder, "deep.wasm");
  writeFileSync(wasm, deep(depth, 0, IF));
  const board = new Board({ firmware: await buildFirmware({ name: "deep-stack", wasm }), folder });
  try {
    board.power();
    await board.provision(new Map([[StoreRecord.Address, Buffer.from("0807060504030201", "hex")]]));
    await board.expect("start", (line) => line.kind === "say" && line.text === "running");
    await board.command("M");
    const value = (name: string): number => {
      const line = board.lines.findLast((each) => each.kind === "say" && each.text.startsWith(`${name}=`));
      return line?.kind === "say" ? Number(line.text.split("=")[1]) : Number.NaN;
    };
    context.diagnostic(`${value("stack_peak")} octets of ${value("stack")}`);
    assert.ok(value("stack_peak") > 6_000, "it ran as deep as on the replaying board");
    assert.ok(value("stack_peak") < value("stack"));
  } finally {
    await board.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

for (const [name, loops, opener] of [
  ["calls, then blocks", 0, BLOCK],
  ["calls, then ifs", 0, IF],
  ["calls within loops, then ifs", LOOPS, IF],
] as const) {
  test(`the deepest stack of a hostile module leaves a reserve: ${name}`, async (context) => {
    const { peak, depth, size } = await peakOf(loops, [...opener]);
    context.diagnostic(`${peak} octets of ${STACK_SIZE}, at ${depth} calls`);
    assert.ok(depth >= 2, "the depth was found by calls that succeed");
    assert.ok(peak > 3_000, `${peak} octets are too few to have measured anything`);
    assert.ok(peak + RESERVE <= STACK_SIZE, `${peak} octets of ${STACK_SIZE}, that of a device`);
    assert.ok(size > STACK_SIZE, "a replaying board has more, for what reads the recording");
  });
}
