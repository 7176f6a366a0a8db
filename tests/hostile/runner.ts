// Hostile modules against the gate and the interpreter under AddressSanitizer: whatever the gate lets through makes no memory error.
//
//   npx tsx tests/hostile/runner.ts --modules 200000 --seed 7
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Random } from "../../host/air/random.ts";
import { builtPath, ROOT } from "../../host/modules.ts";
import { program } from "../../tools/words/program.ts";
import { generate } from "./generate.ts";
import { mutant } from "./mutants.ts";
import { hostileProgram } from "./program.ts";

/** Mutants of one parent before the next random module is made. */
const MUTANTS = 200;
const IN_FLIGHT = 64;
/** A module runs on a fifth of a second's fuel at most; this long without an answer is a hang. */
const SILENCE_MS = 30_000;
const PARENTS_KEPT = 32;

export interface HostileReport {
  generated: number;
  mutants: number;
  /** Refused by the gate, refused by wasm3's own checks while loading, run to an end or a trap. */
  gate: number;
  load: number;
  ran: number;
}

/** One harness process and what it has not yet answered for. */
class Harness {
  readonly waiting: Uint8Array[] = [];
  readonly counts = { gate: 0, load: 0, ran: 0 };
  private readonly child: ChildProcess;
  private stderr = "";
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(program: string) {
    // A leak at the end of a module that trapped is the arena's, which is one block.
    this.child = spawn(program, { env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0:abort_on_error=0" } });
    this.child.stderr?.on("data", (part) => {
      this.stderr = (this.stderr + part).slice(-20_000);
    });
    this.child.stdin?.on("error", () => undefined); // its end says more
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.waiting.shift();
      this.counts[line.split(" ")[0] as keyof typeof this.counts]++;
      this.wake();
    });
    this.child.on("close", (code) => {
      if (code !== 0) this.failure = new Error(`the harness ended with code ${code}: ${this.stderr}`);
      this.wake();
    });
  }

  async offer(wasm: Uint8Array, memoryLimit: number): Promise<void> {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(wasm.length, 0);
    head.writeUInt32LE(memoryLimit, 4);
    this.waiting.push(wasm);
    this.child.stdin?.write(head);
    this.child.stdin?.write(wasm);
    await this.below(IN_FLIGHT);
  }

  async end(): Promise<void> {
    await this.below(1);
    this.child.stdin?.end();
  }

  /** Until fewer than `limit` modules wait for their answer. */
  private async below(limit: number): Promise<void> {
    while (this.waiting.length >= limit) {
      if (this.failure) throw this.complaint(this.failure.message);
      const answered = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(false), SILENCE_MS);
        this.wake = () => {
          clearTimeout(timer);
          resolve(true);
        };
      });
      if (!answered) {
        this.child.kill("SIGKILL");
        throw this.complaint(`the harness said nothing for ${SILENCE_MS / 1000} s`);
      }
    }
    if (this.failure) throw this.complaint(this.failure.message);
  }

  private complaint(message: string): Error {
    const path = join(ROOT, "build/hostile.wasm");
    mkdirSync(join(ROOT, "build"), { recursive: true });
    if (this.waiting.length > 0) writeFileSync(path, this.waiting[0]);
    return new Error(`a hostile module broke the engine (kept as ${path}): ${message}`);
  }
}

/** So many modules, random ones and their mutants; throws on the first memory error with the module kept. */
export async function runHostile(modules: number, seed: string, say: (line: string) => void): Promise<HostileReport> {
  const harness = new Harness(await hostileProgram(say));
  const random = new Random(seed, "hostile modules");
  const parents: Uint8Array[] = ["hub_sep1", "ihd_sep1"].map((name) => readFileSync(builtPath(name)));
  const report: HostileReport = { generated: 0, mutants: 0, gate: 0, load: 0, ran: 0 };
  const limits = [0, 0, 0, 65536, 16384];
  for (let left = modules; left > 0; ) {
    const made = generate(random);
    report.generated++;
    if (parents.length >= PARENTS_KEPT) parents.splice(2 + random.below(parents.length - 2), 1);
    parents.push(made);
    await harness.offer(made, 0);
    left--;
    for (let index = 0; index < MUTANTS && left > 0; index++, left--) {
      // Half of the mutants are of the newest; the shipped modules are large and slow, so theirs are few.
      const parent = random.chance(0.5) ? made : parents[random.chance(0.02) ? random.below(2) : 2 + random.below(parents.length - 2)];
      await harness.offer(mutant(parent, parents[random.below(parents.length)], random), limits[random.below(limits.length)]);
      report.mutants++;
    }
  }
  await harness.end();
  return { ...report, ...harness.counts };
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { modules: { type: "string", default: "20000" }, seed: { type: "string", default: String(Date.now()) } },
  });
  console.log(`seed ${values.seed}`);
  console.log(JSON.stringify(await runHostile(Number(values.modules), values.seed, (line) => console.error(line))));
}

await program(import.meta.url, main, { unread: true });
