// `kilowasm trace`: shows recordings and traces, replays recordings, and names where two traces part.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { targets } from "../../host/build/built.ts";
import { InputError } from "../../host/files/input_error.ts";
import { inputRead } from "../../host/files/input_file.ts";
import { writeWhole } from "../../host/files/output_file.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { replayOnV8, replayOnWasm3 } from "../../host/replay/replay.ts";
import { readTrace, TRACE_OCTETS_MAX } from "../../host/trace.ts";
import { type Difference, traceDescribe, traceDifference, traceLine } from "../../host/trace_text.ts";
import { readModule } from "../image/source.ts";
import { print, Refused } from "../words/exit.ts";
import { groupCommand } from "../words/words.ts";

interface ReplayOptions {
  engine: string;
  module?: string;
  trace?: string;
  out?: string;
}

/** The file's records; whatever is wrong with them is said with the file's name. */
function parsed<T>(path: string, parse: (octets: Buffer) => T): T {
  const octets = inputRead(path, TRACE_OCTETS_MAX);
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
  return targets().includes(path) && !existsSync(path) ? Buffer.from(moduleBytes(path)) : readModule(path);
}

function replay(path: string, options: ReplayOptions): void {
  const { engine } = options;
  if (engine !== "v8" && engine !== "wasm3") throw new InputError(`--engine takes v8 or wasm3, not "${engine}".`);
  const wasm = moduleOf(path, options.module);
  const known = options.trace ?? beside(path, ".trace");
  if (known !== undefined) parsed(known, readTrace); // what is wrong with it is told before the work
  const made = parsed(path, (recording) =>
    engine === "v8" ? replayOnV8(wasm, recording) : replayOnWasm3(wasm, recording, memoryNeed(wasm)),
  );
  if (options.out !== undefined) writeWhole(options.out, made);
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
  const top = groupCommand("kilowasm trace").description(
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
