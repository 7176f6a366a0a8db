// Runs the fuzz targets: no trap, no hang, nothing written by a parser; what it accepts, emit gives back.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../host/air/random.ts";
import { ROOT } from "../../host/modules.ts";
import { program } from "../../tools/words/program.ts";
import { cpuMs } from "../support/cpu.ts";
import { type Enough, seconds } from "./enough.ts";
import { labInstance } from "./lab.ts";
import { mutate } from "./mutate.ts";
import { type Target, targets } from "./targets.ts";

/** A call that takes longer hangs: no parser loops more than its input. */
const CALL_MS_MAX = 200;
/** Runs between two questions whether it is enough. */
const BATCH = 256;
const PAGE = 65536;
/** Where `emit` writes: a region that no lab's state reaches. */
const EMIT_AT = PAGE / 2;

export interface FuzzResult {
  name: string;
  runs: number;
  accepted: number;
}

/** What one input did wrong, or nothing. */
export type Complaint = string | undefined;

type Parser = (at: number, size: number) => number;
type Emitter = (from: number, size: number, to: number) => number;

export class FuzzTarget {
  private readonly memory: Buffer;
  private readonly parse: Parser;
  private readonly emit: Emitter | undefined;
  accepted = 0;

  private constructor(
    readonly target: Target,
    exports: WebAssembly.Exports,
  ) {
    this.memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
    this.parse = exports[`parse_${target.name}`] as Parser;
    this.emit = exports[`emit_${target.name}`] as Emitter | undefined;
    if (!this.parse) throw new Error(`${target.lab} exports no parse_${target.name}`);
  }

  static async open(target: Target): Promise<FuzzTarget> {
    return new FuzzTarget(target, labInstance(target.lab));
  }

  try(input: Uint8Array): Complaint {
    const at = PAGE - input.length;
    this.memory.set(input, at);
    const before = Buffer.from(this.memory);
    const begun = cpuMs();
    let answer: number;
    try {
      answer = this.parse(at, input.length);
    } catch (error) {
      return `trapped: ${(error as Error).message}`;
    }
    if (cpuMs() - begun > CALL_MS_MAX) return "hung";
    if (!before.equals(this.memory)) return "wrote";
    if (answer < 0) return undefined;
    this.accepted++;
    return this.emit && this.tryEmit(at, input);
  }

  private tryEmit(at: number, input: Uint8Array): Complaint {
    this.memory.fill(0xa5, EMIT_AT, EMIT_AT + 2 * input.length + 64);
    const emit = this.emit as Emitter;
    let size: number;
    try {
      size = emit(at, input.length, EMIT_AT);
    } catch (error) {
      return `emit trapped: ${(error as Error).message}`;
    }
    if (size < 0) return `emit refuses (${size}) what parse accepts`;
    const given = this.memory.subarray(EMIT_AT, EMIT_AT + size);
    return given.equals(input.subarray(0, size)) ? undefined : `emit gives ${given.toString("hex")}`;
  }
}

/** Fuzzes one target for a while; throws with the input at the first complaint. */
export async function fuzz(target: Target, enough: Enough, seed: number): Promise<FuzzResult> {
  const random = new Random(seed, `fuzz ${target.name}`);
  const runner = await FuzzTarget.open(target);
  const judge = (input: Uint8Array): void => {
    const complaint = runner.try(input);
    if (complaint) throw new Error(`${target.name}: ${complaint}, seed ${seed}, input ${keep(target.name, seed, input)}`);
  };
  for (const input of target.seeds) judge(input);
  if (target.seeds.length > 0 && runner.accepted === 0)
    throw new Error(`${target.name}: not one of its ${target.seeds.length} seeds is accepted`);
  let runs = target.seeds.length;
  while (!enough(runs)) {
    for (let turn = 0; turn < BATCH; turn++) judge(mutate(target.seeds, random));
    runs += BATCH;
  }
  return { name: target.name, runs, accepted: runner.accepted };
}

function keep(name: string, seed: number, input: Uint8Array): string {
  const text = Buffer.from(input).toString("hex");
  mkdirSync(join(ROOT, "build/fuzz"), { recursive: true });
  writeFileSync(join(ROOT, `build/fuzz/${name}-${seed}.hex`), `${text}\n`);
  return text;
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  });
  const chosen = (await targets()).filter((target) => positionals.length === 0 || positionals.includes(target.name));
  if (chosen.length === 0) throw new Error(`no fuzz target is called ${positionals.join(", ")}; see tests/fuzz/targets.ts`);
  for (const target of chosen) {
    const { name, runs, accepted } = await fuzz(target, seconds(Number(values.seconds) / chosen.length), Number(values.seed));
    console.log(`${name.padEnd(32)}${String(runs).padStart(9)} runs ${String(accepted).padStart(9)} accepted`);
  }
}

await program(import.meta.url, main, { unread: true });
