// `kilowasm trace`: shows recordings and traces, replays recordings, and names where two traces part.
import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import { writeWhole } from "../../host/files/output_file.ts";
import { InputError, systemReason } from "../../host/load/input_error.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { replayOnV8, replayOnWasm3 } from "../../host/replay/replay.ts";
import { readTrace } from "../../host/trace.ts";
import { type Difference, traceDescribe, traceDifference, traceLine } from "../../host/trace_text.ts";
import { print, Refused } from "../words/exit.ts";
import { quietCommand } from "../words/words.ts";

interface ReplayOptions {
  engine: string;
  module?: string;
  trace?: string;
  out?: string;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${systemReason(error)}.`);
  }
}

/** The file's records; whatever is wrong with them is said with the file's name. */
function parsed<T>(path: string, parse: (octets: Buffer) => T): T {
  const octets = read(path);
  try {
    return parse(octets);
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}.`);
  }
}

function show(path: string, { json }: { json?: boolean }): void {
  const described = parsed(path, (octets) => readTrace(octets).map(traceDescribe));
  print(described.map((each) => (json ? JSON.stringify(each) : traceLine(each))).join("\n"));
}

function sayDifference(one: string, other: string, difference: Difference | null): void {
  if (!difference) {
    print(`${one} and ${other} are the same`);
    return;
  }
  const { index, after, first, second } = difference;
  throw new Refused(`they part at record ${index}, after "${after}": ${one} has "${first}", ${other} has "${second}".`);
}

/** What lies beside a recording under the same name. */
function beside(recording: string, ending: string): string | undefined {
  const path = recording.replace(/\.recording$/, "") + ending;
  return path !== recording && existsSync(path) ? path : undefined;
}

/** A module by its file, or by its name in build/. */
function moduleOf(recording: string, named: string | undefined): Buffer {
  const path = named ?? beside(recording, ".wasm");
  if (path === undefined) throw new InputError(`there is no module beside ${recording}; name it with --module.`);
  return existsSync(path) || path.endsWith(".wasm") ? read(path) : Buffer.from(moduleBytes(path));
}

function replay(path: string, options: ReplayOptions): void {
  const { engine } = options;
  if (engine !== "v8" && engine !== "wasm3") throw new InputError(`--engine takes v8 or wasm3, not "${engine}".`);
  const wasm = moduleOf(path, options.module);
  const made = parsed(path, (recording) =>
    engine === "v8" ? replayOnV8(wasm, recording) : replayOnWasm3(wasm, recording, memoryNeed(wasm)),
  );
  if (options.out !== undefined) writeWhole(options.out, made);
  const known = options.trace ?? beside(path, ".trace");
  if (known === undefined) {
    if (options.out === undefined)
      print(`${readTrace(made).length} records; nothing to compare with: name a trace with --trace, or --out FILE`);
    return;
  }
  sayDifference(
    `the replay on ${engine}`,
    known,
    parsed(known, (octets) => traceDifference(made, octets)),
  );
}

export function traceProgram(): Command {
  const top = quietCommand("kilowasm trace").description(
    "Recordings and traces of devices, as `kilowasm home --record DIR` writes them (docs/abi.md).",
  );
  const add = (name: string): Command => top.command(name).exitOverride().helpOption("-h, --help", "show this");
  add("show")
    .description("print a recording or a trace, a line for each record")
    .argument("<file>", "a recording or a trace")
    .option("--json", "a JSON object a line")
    .action(show);
  add("replay")
    .description("run a recording again and compare what comes out with its trace")
    .argument("<recording>", "NAME.recording; NAME.wasm and NAME.trace beside it are used")
    .option("--engine <name>", "v8 or wasm3", "v8")
    .option("--module <file>", "the module: a file, or a name in build/")
    .option("--trace <file>", "the trace to compare with")
    .option("--out <file>", "write the replay's trace here")
    .action(replay);
  add("diff")
    .description("name the first record in which two traces differ; exit code 3 when they do")
    .argument("<a>")
    .argument("<b>")
    .action((a: string, b: string) =>
      sayDifference(
        a,
        b,
        parsed(a, (one) => parsed(b, (other) => traceDifference(one, other))),
      ),
    );
  return top;
}
