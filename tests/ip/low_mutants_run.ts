// `npx tsx tests/ip/low_mutants_run.ts [low | wire]`: takes each check out of the parsers of the lower layers, or of DNS, Ethernet and TCP,
// one after the other; every time some vector must get another answer, or none: a module that may hang is judged in a process of its own.
import { spawnSync } from "node:child_process";

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileEntry } from "../../host/build/compile.ts";
import { ROOT } from "../../host/modules.ts";
import { program } from "../../tools/words/program.ts";
import { PREFIX } from "./captures.ts";
import { headersWrong, LowParsers, lowVectors } from "./low_vectors.ts";

const SUITES = {
  low: {
    lab: "low",
    vectors: "ip_low",
    files: ["link/beacon", "lowpan/fragment", "ipv6/header", "udp/header", "icmp/message", "lowpan/decompress"],
  },
  wire: { lab: "names", vectors: "ip_wire", files: ["dns/name", "dns/message", "ethernet/frame", "tcp/segment"] },
} as const;
type Suite = keyof typeof SUITES;
const HANGS_MS = 20_000;
/** A check is a line of its own: `if (...) return REFUSAL;`, or one half of what a function answers. */
const CHECK = /^\s*if \((.*)\) return (Err\.\w+|status|more|size|name|data|false);/;
const CHOICE = /return (.*) \? Err\.\w+ : (.*);/;

interface Mutant {
  file: string;
  line: number;
  text: string;
  instead: string;
}

/** Each condition of a check by itself where there are several. */
function mutantsOf(file: string): Mutant[] {
  return readFileSync(join(ROOT, file), "utf8")
    .split("\n")
    .flatMap((text, line) => {
      const condition = CHECK.exec(text)?.[1];
      if (condition !== undefined) {
        const parts = condition.split(" || ");
        if (parts.length === 1) return [{ file, line, text, instead: "" }];
        return parts.map((part) => ({
          file,
          line,
          text,
          instead: text.replace(condition, parts.filter((other) => other !== part).join(" || ")),
        }));
      }
      const choice = CHOICE.exec(text);
      if (!choice) return [];
      const parts = choice[1].split(" || ");
      if (parts.length === 1) return [{ file, line, text, instead: text.replace(choice[0], `return ${choice[2]};`) }];
      return parts.map((part) => ({
        file,
        line,
        text,
        instead: text.replace(choice[1], parts.filter((other) => other !== part).join(" || ")),
      }));
    });
}

/** Why a module is not the right one, or nothing. */
function wrong(suite: Suite, wasm: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    const module = new WebAssembly.Module(wasm);
    const parsers = new LowParsers(module);
    for (const { parser, name, octets, answer } of lowVectors(SUITES[suite].vectors))
      if (parsers.parse(parser, octets) !== answer) return `${parser}: ${name}`;
    return suite === "low" ? headersWrong(parsers.decompressor(PREFIX)) : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The same in a process that may hang. */
function found(suite: Suite, wasm: Uint8Array): boolean {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-mutant-"));
  try {
    writeFileSync(join(folder, "mutant.wasm"), wasm);
    const words = ["--import", "tsx", import.meta.filename, suite, join(folder, "mutant.wasm")];
    return spawnSync(process.execPath, words, { timeout: HANGS_MS, stdio: "ignore" }).status !== 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(suite: Suite): void {
  const { lab, files } = SUITES[suite];
  const options = ["--use", "abort=,DROPS_FROM_LAYER=4,LIMIT_NAMES_LINKS=2", "--optimizeLevel", "0"];
  const stub = readFileSync(join(ROOT, "tests/labs/ip/names_route.ts"), "utf8");
  const build = (edit = (_: string, text: string): string => text): Uint8Array<ArrayBuffer> =>
    compileEntry({
      entry: `tests/labs/ip/${lab}.ts`,
      options,
      edit: (name, text) => (lab === "names" && name === "assembly/ip/route.ts" ? stub : edit(name, text)),
    }).wasm;
  const before = wrong(suite, build());
  if (before) throw new Error(`unchanged: ${before}`);
  const alive: string[] = [];
  const mutants = files.flatMap((file) => mutantsOf(`assembly/ip/${file}.ts`));
  for (const { file, line, text, instead } of mutants) {
    const wasm = build((name, whole) =>
      name === file ? [...whole.split("\n").slice(0, line), instead, ...whole.split("\n").slice(line + 1)].join("\n") : whole,
    );
    if (!found(suite, wasm)) alive.push(`${file}:${line + 1} ${text.trim()} -> ${instead.trim()}`);
  }
  process.stdout.write(`${suite}: ${mutants.length} checks taken out, ${alive.length} of them seen by no vector\n${alive.join("\n")}\n`);
  if (alive.length) process.exitCode = 1;
}

await program(import.meta.url, ([name, mutant]: string[]) => {
  const suite: Suite = name === "wire" ? "wire" : "low";
  if (!mutant) return run(suite);
  if (wrong(suite, new Uint8Array(readFileSync(mutant)))) process.exitCode = 1;
});
