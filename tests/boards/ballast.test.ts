// A meter with as much code again linked in, of which little runs, in the arena that a meter alone has had: the same effects, nearly the same cost.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { type Call, type ReplayResult, replayOnBoard } from "../../host/board/replay.ts";
import { recordHome } from "../../host/measure/record.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { moduleSizes } from "../../host/wasm.ts";
import { ballasted } from "./ballast.ts";

const SIMULATED_MS = 300_000;
/** Join and key establishment; all of the ballast runs once in it. */
const SETTLED_MS = 60_000n;
/** The arena of a device before there was a cache of translated code. */
const ARENA_SIZE = 221_184;
const RATIO_MAX = 1.3;
const POLL_MAX = 600_000;

let meter: { wasm: Uint8Array; recording: Buffer; trace: Buffer };
let heavy: Uint8Array;

before(() => {
  const home = recordHome(2, SIMULATED_MS);
  const wasm = moduleBytes("meter_sep1");
  meter = { wasm, recording: home.recordings.get("meter") as Buffer, trace: home.traces.get("meter") as Buffer };
  heavy = ballasted(wasm, moduleSizes(wasm).code);
});

function settled({ calls }: ReplayResult): Call[] {
  const late = calls.filter((call) => call.now >= SETTLED_MS);
  assert.ok(late.length > 20, `${late.length} calls after the first minute`);
  return late;
}

const total = (calls: Call[]): number => calls.reduce((sum, call) => sum + call.instructions, 0);

test("the ballast is as much code again, and asks for no more linear memory", () => {
  assert.ok(moduleSizes(heavy).code >= 2 * moduleSizes(meter.wasm).code);
  assert.equal(memoryNeed(heavy), memoryNeed(meter.wasm));
});

test("a meter with ballast does on the board what the meter does", async () => {
  const { trace, reason } = await replayOnBoard({ wasm: heavy, recording: meter.recording, arenaSize: ARENA_SIZE, trace: true });
  assert.equal(reason, "");
  assert.ok(trace.equals(meter.trace));
});

test("after the first minute it costs three tenths more at most, and no poll is long", async (context) => {
  const light = await replayOnBoard({ wasm: meter.wasm, recording: meter.recording, arenaSize: ARENA_SIZE });
  const loaded = await replayOnBoard({ wasm: heavy, recording: meter.recording, arenaSize: ARENA_SIZE });
  const ratio = total(settled(loaded)) / total(settled(light));
  const longest = Math.max(...settled(loaded).map((call) => call.instructions));
  context.diagnostic(`${ratio.toFixed(3)} times the instructions, ${longest} the longest poll`);
  context.diagnostic(`${loaded.values.get("retranslations")} retranslations of ${loaded.values.get("translations")} translations`);
  assert.ok((loaded.values.get("translated_peak") ?? 0) > 100_000 && (loaded.values.get("evictions") ?? 0) > 100, "the cache is full");
  assert.ok(ratio <= RATIO_MAX, `${ratio}`);
  assert.ok(longest <= POLL_MAX, `${longest}`);
});
