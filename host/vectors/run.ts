// A file of test vectors by its kind: what `npm run vectors` does.

import { octetsRead } from "../files/input_file.ts";
import { runCbke } from "./cbke.ts";
import { runOta } from "./ota.ts";
import { boardPrimitives, type Primitives, v8Primitives } from "./primitives.ts";
import { BadVectors, type Counts, clean, isVector, type Vector } from "./report.ts";
import { runSymmetric } from "./symmetric.ts";
import { vectorsOf } from "./text.ts";
import { runWycheproof } from "./wycheproof.ts";

type Say = (line: string) => void;

const KINDS: Record<string, (file: string, print: Say, complain: Say) => Promise<Counts>> = {
  cbke: async (file, print) => runCbke(readVectors(file), print),
  symmetric: async (file, print, complain) => runSymmetric(readVectors(file), primitives(complain), print),
  wycheproof: async (file, print, complain) => runWycheproof(readVectors(file), primitives(complain), print),
  se: runClusters,
  exi: async (file, print) => (await import("./exi.ts")).runExi(readText(file), print),
};

/** The boards' code; on a machine that cannot compile it, what devices under V8 use, and a word about that. */
function primitives(complain: Say): Primitives {
  try {
    return boardPrimitives();
  } catch (error) {
    complain(`${(error as Error).message}; ${v8Primitives.name} are tested instead of boards/common`);
    return v8Primitives;
  }
}

/** The vectors of Smart Energy clusters are a file of lines, not of JSON. */
async function runClusters(file: string, print: Say): Promise<Counts> {
  return (await import("./se.ts")).runSe(readText(file), print);
}

function readText(file: string): string {
  try {
    return octetsRead(file).toString("utf8");
  } catch (error) {
    throw new BadVectors(`it cannot be read: ${(error as Error).message}`);
  }
}

/** A file of vectors, in the layout of text.ts or, where its name does not end so, in JSON. */
export function readVectors(file: string): Vector {
  const text = readText(file);
  if (file.endsWith(".txt")) return vectorsOf(text);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new BadVectors(`it is not JSON: ${clean((error as Error).message)}`);
  }
  if (!isVector(content)) throw new BadVectors("it is JSON, but not an object");
  return content;
}

/** Runs a file and answers the exit code; `print` takes what belongs on standard output. */
export async function runVectors(args: string[], print: Say, complain: Say): Promise<number> {
  const json = args.includes("--json");
  const [kind, file, ...more] = args.filter((word) => word !== "--json");
  if (kind === "ota") return runOta(args.slice(1), print, complain);
  const kinds = Object.keys(KINDS).join(", ");
  if (kind === undefined || file === undefined || more.length > 0) {
    complain(`usage: npm run vectors -- KIND FILE [--json], where KIND is one of ${kinds}; or npm run vectors -- ota [DIR]`);
    return kind === "--help" || kind === "-h" ? 0 : 2;
  }
  const run = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!run) {
    complain(`there is no kind of vectors "${kind}"; there are ${kinds}, ota`);
    return 2;
  }
  try {
    const lines: string[] = [];
    const { passed, failed } = await run(file, json ? (line) => lines.push(line) : print, complain);
    print(json ? JSON.stringify({ passed, failed, lines }) : `${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof BadVectors)) throw error;
    complain(`${file}: ${error.message}.`);
    return 2;
  }
}
