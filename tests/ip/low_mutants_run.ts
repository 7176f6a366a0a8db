// `npx tsx tests/ip/low_mutants_run.ts`: takes each check out of the parsers of the lower layers, one after the other; every time some vector
// must get another answer.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compileEntry } from "../../host/build/compile.ts";
import { ROOT } from "../../host/modules.ts";
import { program } from "../../tools/words/program.ts";
import { PREFIX } from "./captures.ts";
import { headersWrong, LowParsers, lowVectors } from "./low_vectors.ts";

const FILES = [
  "assembly/ip/link/beacon.ts",
  "assembly/ip/lowpan/fragment.ts",
  "assembly/ip/ipv6/header.ts",
  "assembly/ip/udp/header.ts",
  "assembly/ip/icmp/message.ts",
  "assembly/ip/lowpan/decompress.ts",
];
/** A check is a line of its own: `if (...) return REFUSAL;`, or one half of what a function answers. */
const CHECK = /^\s*if \((.*)\) return (Err\.\w+|status|more|size);/;
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
function wrong(wasm: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    const module = new WebAssembly.Module(wasm);
    const parsers = new LowParsers(module);
    for (const { parser, name, octets, answer } of lowVectors()) if (parsers.parse(parser, octets) !== answer) return `${parser}: ${name}`;
    return headersWrong(parsers.decompressor(PREFIX));
  } catch (error) {
    return (error as Error).message;
  }
}

await program(import.meta.url, () => {
  const build = (edit?: (name: string, text: string) => string): Uint8Array<ArrayBuffer> =>
    compileEntry({ entry: "tests/labs/ip/low.ts", options: ["--use", "abort=,DROPS_FROM_LAYER=4", "--optimizeLevel", "0"], edit }).wasm;
  const before = wrong(build());
  if (before) throw new Error(`unchanged: ${before}`);
  const alive: string[] = [];
  const mutants = FILES.flatMap(mutantsOf);
  for (const { file, line, text, instead } of mutants) {
    const wasm = build((name, whole) =>
      name === file ? [...whole.split("\n").slice(0, line), instead, ...whole.split("\n").slice(line + 1)].join("\n") : whole,
    );
    const found = wrong(wasm);
    if (!found) alive.push(`${file}:${line + 1} ${text.trim()} -> ${instead.trim()}`);
  }
  process.stdout.write(`${mutants.length} checks taken out, ${alive.length} of them seen by no vector\n${alive.join("\n")}\n`);
  if (alive.length) process.exitCode = 1;
});
