// What a device costs on the emulated board: octets from its firmware, octets and instructions from recordings replayed on it.
import { readFileSync } from "node:fs";
import { EVENT_HEAD, EVENT_KIND, EventKind, IMPORTS, Log } from "../abi.ts";
import { type ReplayResult, replayOnBoard } from "../board/replay.ts";
import { tool } from "../board/toolchain.ts";
import { arenaSize, deviceFirmware } from "../home/firmware.ts";
import { DEFAULT_PLAN, type DeviceId, type DeviceRole, planIds } from "../home/plan.ts";
import { builtPath } from "../modules.ts";
import { readTrace, TraceKind, type TraceRecord } from "../trace.ts";
import { moduleSizes } from "../wasm.ts";
import { bootCost } from "./boot.ts";
import { recordHome } from "./record.ts";

/** Simulated time of commissioning, of reports, and of two prices that are published again, each 300 s: all code that they need is translated by then. */
const HOME_MS = 620_000;
/** The one kind of device to whose clusters this home sends full-size frames with two layers of security: Publish Price. */
const FRAME_DEVICE: DeviceRole = "ihd";
/** PSDU without FCS, of 125 at the most. */
const FULL_FRAME = 110;
/** More than a poll of the parent, as long as a secured acknowledgement. */
const ACKNOWLEDGED = 40;
/** Octets in which nothing is translated twice. */
const WIDE_ARENA = 216 << 10;
const SETTLED_MS = 60_000n;
const LOG_ID = IMPORTS.find((row) => row.name === "log")?.id;
const SEND_ID = IMPORTS.find((row) => row.name === "radio_send")?.id;
/** Of an effect: id u8, answer i32, code i64; its octets follow. */
const EFFECT_HEAD = 13;

/** Octets, and instructions where the name says so. */
export interface Figures {
  /** What a slot holds behind its head, and what a plain package carries. */
  module: number;
  wasmCode: number;
  wasmData: number;
  linearMemory: number;
  translatedPeak: number;
  wasm3Own: number;
  arenaPeak: number;
  cHeap: number;
  cStackPeak: number;
  staticRam: number;
  ram: number;
  flash: number;
  loadInstructions: number;
  /** From the reset to a module of a slot that is verified and loaded. */
  bootInstructions: number;
  /** With all code translated; null where no cluster is sent one. */
  frameInstructions: number | null;
  /** The dearest after the first minute: what the arena has no room for is translated again. */
  settledFrameInstructions: number | null;
  cbkeSuite1Instructions: number;
  cbkeSuite2Instructions: number;
  longestPollInstructions: number;
}

/** What is measured alike in both phases. */
export type CommonFigures = Omit<
  Figures,
  "frameInstructions" | "settledFrameInstructions" | "bootInstructions" | "cbkeSuite1Instructions" | "cbkeSuite2Instructions"
>;

/** Devices of the recorded home. */
export const MEASURED: readonly DeviceId[] = planIds(DEFAULT_PLAN);

/** Everything for some of `MEASURED`; `say` is told what takes long. */
export async function measure(devices: readonly DeviceId[], say: (line: string) => void): Promise<Map<DeviceId, Figures>> {
  const figures = new Map<DeviceId, Figures>();
  const homes = ([1, 2] as const).map((suite) => recordHome(suite, HOME_MS));
  for (const { id: name, role, module } of DEFAULT_PLAN.rows.filter(({ id }) => devices.includes(id))) {
    const wasm = readFileSync(builtPath(module));
    const firmware = await deviceFirmware(role, say);
    const arena = arenaSize(role);
    const runs: Run[] = [];
    for (const home of homes) {
      const recording = home.recordings.get(name);
      const trace = home.traces.get(name);
      if (!recording || !trace) throw new Error(`the ${name} never started in the recorded home`);
      say(`replaying ${name} on the emulated board`);
      runs.push({
        recording,
        records: readTrace(recording),
        spans: spans(readTrace(trace)),
        result: await replayOnBoard({ wasm, recording, arenaSize: arena, say }),
      });
    }
    const frame = role === FRAME_DEVICE ? await frameCost(runs, wasm, say) : undefined;
    figures.set(name, {
      ...(await commonFigures(
        wasm,
        firmware,
        arena,
        runs.map(({ result }) => result),
      )),
      frameInstructions: frame?.warm ?? null,
      settledFrameInstructions: frame?.settled ?? null,
      bootInstructions: await bootCost(role, firmware),
      cbkeSuite1Instructions: establishmentCost(runs[0].spans, runs[0].result),
      cbkeSuite2Instructions: establishmentCost(runs[1].spans, runs[1].result),
    });
  }
  return figures;
}

/** Of a module, its firmware with so large an arena, and what replays of it reported. */
export async function commonFigures(
  wasm: Buffer,
  firmware: string,
  arena: number,
  results: readonly ReplayResult[],
): Promise<CommonFigures> {
  const { code, data } = moduleSizes(wasm);
  const peak = (key: string): number => Math.max(...results.map(({ values }) => values.get(key) ?? Number.NaN));
  const elf = await sections(firmware);
  const linearMemory = peak("linear");
  return {
    module: wasm.length,
    wasmCode: code,
    wasmData: data,
    linearMemory,
    translatedPeak: peak("translated_peak"),
    wasm3Own: peak("arena_loaded") - linearMemory,
    arenaPeak: peak("arena_peak"),
    cHeap: await heap(firmware),
    cStackPeak: peak("stack_peak"),
    staticRam: elf.ram - arena,
    ram: elf.ram,
    flash: elf.flash,
    loadInstructions: peak("load_instructions"),
    longestPollInstructions: peak("poll_longest"),
  };
}

interface Sections {
  flash: number;
  ram: number;
}

const FLASH_SECTIONS = [".text", ".ARM.exidx", ".data"];
const RAM_SECTIONS = [".stacks", ".data", ".bss", ".noinit"];

async function sections(firmware: string): Promise<Sections> {
  const table = new Map<string, number>();
  for (const line of (await tool("size", ["-A", firmware])).split("\n")) {
    const match = /^(\.\S+)\s+(\d+)\s+\d+/.exec(line);
    if (match) table.set(match[1], Number(match[2]));
  }
  const sum = (names: string[]): number => names.reduce((total, name) => total + (table.get(name) ?? 0), 0);
  return { flash: sum(FLASH_SECTIONS), ram: sum(RAM_SECTIONS) };
}

/** There is no C heap as long as no allocator is linked. */
async function heap(firmware: string): Promise<number> {
  const symbols = await tool("nm", [firmware]);
  const allocator = /\s(_?malloc(?:_r)?|_?calloc(?:_r)?|_?realloc(?:_r)?|_?sbrk(?:_r)?)$/m.exec(symbols);
  if (allocator) throw new Error(`${firmware} contains ${allocator[1]}: the firmware must not allocate`);
  return 0;
}

interface Run {
  recording: Uint8Array;
  records: TraceRecord[];
  spans: Span[];
  result: ReplayResult;
}

/** The effects of one call. */
interface Span {
  logs: { code: number; octets: Buffer }[];
  /** Octets of the longest frame that it sent. */
  sent: number;
}

/** One span for each start and poll of a trace, in the order of a replay's calls. */
function spans(trace: TraceRecord[]): Span[] {
  const found: Span[] = [];
  for (const { kind, octets } of trace) {
    if (kind === TraceKind.Start || kind === TraceKind.Poll) found.push({ logs: [], sent: 0 });
    const span = found.at(-1);
    if (!span || kind !== TraceKind.Effect) continue;
    const content = octets.subarray(EFFECT_HEAD);
    if (octets[0] === LOG_ID) span.logs.push({ code: octets[5], octets: Buffer.from(content) });
    else if (octets[0] === SEND_ID) span.sent = Math.max(span.sent, content.length);
  }
  return found;
}

/** From the call after joining (at the hub: after admitting) up to the link key: a device's whole share of its first key establishment. */
function establishmentCost(calls: Span[], result: ReplayResult): number {
  const has = (span: Span, codes: number[]): boolean => span.logs.some((log) => codes.includes(log.code));
  const begin = calls.findIndex((span) => has(span, [Log.Joined, Log.Admitted]));
  const end = calls.findIndex((span, index) => index > begin && span.logs.some((log) => log.code === Log.Key && log.octets[0] !== 0));
  if (begin < 0 || end < 0) throw new Error("a device made no link key in the recorded home");
  return result.calls.slice(begin + 1, end + 1).reduce((total, call) => total + call.instructions, 0);
}

/** What the polls cost whose one event is a full-size frame that they acknowledge: milliseconds of the run, instructions. */
function fullFrames(recording: TraceRecord[], calls: Span[], result: ReplayResult): { now: bigint; instructions: number }[] {
  return fullFrameCalls(recording)
    .filter((call) => calls[call].sent > ACKNOWLEDGED)
    .map((call) => result.calls[call]);
}

/** Of a recording, the calls whose one event is a frame of full size. */
export function fullFrameCalls(recording: readonly TraceRecord[]): number[] {
  const found: number[] = [];
  let call = -1;
  let events: Uint8Array[] = [];
  for (const { kind, octets } of recording) {
    if (kind === TraceKind.Event) events.push(octets);
    if (kind !== TraceKind.Start && kind !== TraceKind.Poll) continue;
    call++;
    const [event] = events;
    if (events.length === 1 && event[EVENT_KIND] === EventKind.RadioReceived && event.length >= EVENT_HEAD + FULL_FRAME) found.push(call);
    events = [];
  }
  return found;
}

/** The cheapest with all code translated, and the dearest of the settled device in its own arena. */
async function frameCost(runs: Run[], wasm: Uint8Array, say: (line: string) => void): Promise<{ warm: number; settled: number }> {
  const warm: number[] = [];
  const settled: number[] = [];
  for (const { recording, records, spans, result } of runs) {
    const wide = await replayOnBoard({ wasm, recording, arenaSize: WIDE_ARENA, say });
    warm.push(...fullFrames(records, spans, wide).map(({ instructions }) => instructions));
    settled.push(
      ...fullFrames(records, spans, result)
        .filter(({ now }) => now > SETTLED_MS)
        .map(({ instructions }) => instructions),
    );
  }
  if (settled.length < 2)
    throw new Error(`the recorded homes have ${settled.length} full-size frames after their first minute; two are needed`);
  return { warm: Math.min(...warm), settled: Math.max(...settled) };
}
