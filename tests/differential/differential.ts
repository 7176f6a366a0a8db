// The boards' engine against V8: random valid modules give the same effects, deadlines and ends on both, or both trap; what V8 refuses is
// never loaded; what the gates let through can be translated whole.
//
//   npx tsx tests/differential/differential.ts --count 100000 --seed 7 [--smith]     with --smith modules of wasm-smith, and of it alone
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../../host/air/random.ts";
import { EngineStopped, type Surroundings } from "../../host/engine.ts";
import { gateVerdict } from "../../host/image/module_gate.ts";
import { ROOT } from "../../host/modules.ts";
import { type NativeDevice, native, Stop } from "../../host/native/addon.ts";
import { blankFlash, SIMULATED_DEVICE_KEY } from "../../host/native/index.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { program } from "../../tools/words/program.ts";
import { generate } from "../hostile/generate.ts";
import { mutant } from "../hostile/mutants.ts";
import { randomModule } from "./random_module.ts";
import { smithModules } from "./smith.ts";

const ARENA = 256 * 1024;
const FUEL = 20_000;
const POLLS = 3;
const SEED = Buffer.alloc(32, 7);
/** Of a module of binaryen's fuzz mode, which takes half a second to make. */
const MUTANTS = 200;
const SAY_EACH = 1000;
/** Of wasm-smith's modules, whose mutants mostly stop at the gate. */
const MUTATED = 0.2;

export interface DifferentialReport {
  modules: number;
  /** Refused by the gates; V8 may take them. */
  refused: number;
  /** Run on both engines, and of these how many ended with a trap and by their meter. */
  ran: number;
  traps: number;
  metered: number;
  /** Deeper than the boards' stack, where V8 goes on. */
  deep: number;
}

/** What a run did: what it said, its deadlines, and how it ended. */
interface Outcome {
  said: string[];
  end: "ends" | "trap" | "fuel" | "deep";
}

function surroundings(said: string[]): Surroundings {
  const note = (text: string): number => {
    said.push(text);
    return 0;
  };
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
  return {
    radioSend: (number, psdu, handle) => note(`send ${number} ${hex(psdu)} ${handle}`),
    radioSet: (number, parameter, value) => note(`set ${number} ${parameter} ${value}`),
    sense: (quantity, period) => note(`sense ${quantity} ${period}`),
    display: (line, text) => void note(`display ${line} ${hex(text)}`),
    uplinkSend: (octets) => note(`uplink ${hex(octets)}`),
    log: (code, octets) => void note(`log ${code} ${hex(octets)}`),
    keySet: () => undefined,
  };
}

function event(turn: number): Uint8Array {
  const octets = Buffer.alloc(16 + 8, turn + 1);
  octets[0] = 1;
  octets[1] = 0;
  octets.writeUInt16LE(8, 2);
  return octets;
}

function onBoards(device: NativeDevice, said: string[]): Outcome {
  let ended = device.start(0n, 0);
  for (let turn = 0; turn < POLLS && ended; turn++) {
    device.push(event(turn));
    const deadline = device.poll(BigInt(turn * 1000));
    ended = deadline !== null;
    if (ended) said.push(`until ${deadline}`);
  }
  const { code, reason } = device.stop();
  if (ended) return { said, end: "ends" };
  if (code === Stop.Fuel) return { said, end: "fuel" };
  return { said, end: /stack overflow/.test(reason) ? "deep" : "trap" };
}

function onV8(wasm: Uint8Array): Outcome {
  const said: string[] = [];
  try {
    const engine = new V8Engine({ wasm, seed: SEED, surroundings: surroundings(said), fuel: FUEL });
    engine.start(0n, 0);
    for (let turn = 0; turn < POLLS; turn++) {
      engine.push(event(turn));
      said.push(`until ${engine.poll(BigInt(turn * 1000))}`);
    }
    return { said, end: "ends" };
  } catch (error) {
    if (!(error instanceof EngineStopped)) throw error;
    return { said, end: /ran on/.test(error.message) ? "fuel" : "trap" };
  }
}

export class Differential {
  readonly report: DifferentialReport = { modules: 0, refused: 0, ran: 0, traps: 0, metered: 0, deep: 0 };

  constructor(private readonly shake: number) {}

  /** Throws where the engines differ; the module is kept. */
  look(wasm: Uint8Array): void {
    const { report } = this;
    report.modules++;
    const verdict = native().gate(wasm, 0);
    const twin = gateVerdict(wasm).reason;
    if (twin !== verdict.code) this.complain(wasm, `the gates differ: ${verdict.code} and ${twin}`);
    if (!verdict.ok) {
      report.refused++;
      return;
    }
    if (!WebAssembly.validate(Uint8Array.from(wasm))) this.complain(wasm, "the gates let through what V8 refuses");
    this.compare(wasm);
  }

  private compare(wasm: Uint8Array): void {
    const { report } = this;
    const said: string[] = [];
    const device = new (native().NativeDevice)({
      wasm,
      seed: SEED,
      arenaSize: ARENA,
      nor: blankFlash(),
      deviceKey: SIMULATED_DEVICE_KEY,
      surroundings: surroundings(said),
      fuel: FUEL,
      eager: true,
      shake: report.modules % 3 === 0 ? this.shake + report.modules : 0,
    });
    const loaded = device.stop();
    if (loaded.code === Stop.Refused) this.refusal(wasm, loaded.reason);
    if (loaded.code !== Stop.None) {
      device.close();
      return;
    }
    const here = onBoards(device, said);
    device.close();
    report.ran++;
    if (here.end === "deep") {
      report.deep++;
      return;
    }
    const there = onV8(wasm);
    if (here.end !== there.end || here.said.join() !== there.said.join())
      this.complain(wasm, `the boards' engine: ${here.said.join(", ")} ${here.end}; V8: ${there.said.join(", ")} ${there.end}`);
    if (here.end === "trap") report.traps++;
    if (here.end === "fuel") report.metered++;
  }

  /** A module may be of another version, or trap when it is asked for its own, on both; whatever else is a fault of the translator. */
  private refusal(wasm: Uint8Array, reason: string): void {
    if (/another version/.test(reason)) return;
    if (!reason.startsWith("[trap]")) this.complain(wasm, `translated: ${reason}`);
    const there = onV8(wasm);
    if (there.end !== "trap" || there.said.length > 0)
      this.complain(wasm, `asked for its version: ${reason}; V8: ${there.said.join(", ")} ${there.end}`);
  }

  private complain(wasm: Uint8Array, message: string): never {
    const path = join(ROOT, "build/differential.wasm");
    mkdirSync(join(ROOT, "build"), { recursive: true });
    writeFileSync(path, wasm);
    throw new Error(`the engines differ on module ${this.report.modules} (kept as ${path}): ${message}`);
  }
}

/**
 * Looks at so many modules: our own random ones, and for each thousand one of binaryen's fuzz mode with its mutants, where `fuzz` is given.
 * `say` hears of each thousand.
 */
export function runDifferential(
  count: number,
  seed: string,
  fuzz: boolean,
  say: (done: number) => void = () => undefined,
): DifferentialReport {
  const random = new Random(seed, "modules for both engines");
  const differential = new Differential(random.below(1 << 20));
  const { report } = differential;
  let last = randomModule(random);
  for (let told = 0; report.modules < count; ) {
    const made = randomModule(random);
    differential.look(made);
    // Most mutants stop at the gate; what passes is odd code.
    if (random.chance(0.3)) differential.look(mutant(made, last, random));
    last = made;
    if (fuzz && report.modules % SAY_EACH === 0) {
      const fuzzed = generate(random);
      differential.look(fuzzed);
      for (let index = 0; index < MUTANTS; index++) differential.look(mutant(fuzzed, made, random));
    }
    if (report.modules - told >= SAY_EACH) {
      told = report.modules;
      say(told);
    }
  }
  return report;
}

/** The same with wasm-smith's modules and some of their mutants. */
export function runSmith(count: number, seed: string, say: (done: number) => void = () => undefined): DifferentialReport {
  const random = new Random(seed, "modules of wasm-smith for both engines");
  const differential = new Differential(random.below(1 << 20));
  const { report } = differential;
  while (report.modules < count) {
    const batch = smithModules(random.next(), Math.min(SAY_EACH, count - report.modules));
    for (const [index, made] of batch.entries()) {
      differential.look(made);
      if (random.chance(MUTATED)) differential.look(mutant(made, batch[(index + 1) % batch.length], random));
    }
    say(report.modules);
  }
  return report;
}

async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: "string", default: "100000" },
      seed: { type: "string", default: String(process.pid) },
      smith: { type: "boolean", default: false },
    },
  });
  const count = Number(values.count);
  const begun = process.hrtime.bigint();
  console.log(`seed ${values.seed}`);
  const say = (done: number): void => {
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    const left = Math.max(0, Math.round(((count - done) * seconds) / done));
    console.error(`${done} of ${count} modules, ${Math.round(done / seconds)} a second, ${left} s left`);
  };
  const report = values.smith ? runSmith(count, values.seed, say) : runDifferential(count, values.seed, true, say);
  console.log(JSON.stringify({ ...report, differences: 0 }));
}

await program(import.meta.url, main, { unread: true });
