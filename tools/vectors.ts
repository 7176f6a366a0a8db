// npm run vectors -- KIND FILE
// Runs a file of independent test vectors, prints each failure by name and closes with the counts.
// Exit code 0: all passed; 1: some failed; 2: there is nothing to run.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runCbke } from "../host/vectors/cbke.ts";
import { opensslPrimitives } from "../host/vectors/primitives.ts";
import { BadVectors, type Counts, isVector, type Vector } from "../host/vectors/report.ts";
import { runSymmetric } from "../host/vectors/symmetric.ts";
import { runWycheproof } from "../host/vectors/wycheproof.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

const KINDS: Record<string, (file: string) => Promise<Counts>> = {
  cbke: async (file) => runCbke(readVectors(file)),
  symmetric: async (file) => runSymmetric(readVectors(file), await primitives()),
  wycheproof: async (file) => runWycheproof(readVectors(file), await primitives()),
  se: runClusters,
};

async function primitives() {
  return opensslPrimitives;
}

/** The vectors of Smart Energy clusters bring their own runner, because their file is one of lines. */
async function runClusters(file: string): Promise<Counts> {
  const runner = join(HERE, "../host/vectors/se.ts");
  if (!existsSync(runner)) throw new BadVectors("this tree has no runner for cluster vectors (host/vectors/se.ts)");
  readText(file);
  const { runSe } = (await import(pathToFileURL(runner).href)) as { runSe: (file: string) => Promise<Counts> };
  return runSe(file);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") throw new BadVectors("there is no such file");
    throw new BadVectors(`it cannot be read: ${(error as Error).message}`);
  }
}

function readVectors(file: string): Vector {
  const text = readText(file);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new BadVectors(`it is not JSON: ${(error as Error).message}`);
  }
  if (!isVector(content)) throw new BadVectors("it is JSON, but not an object");
  return content;
}

async function main(args: string[]): Promise<number> {
  const [kind, file, ...more] = args;
  const kinds = Object.keys(KINDS).join(", ");
  if (kind === undefined || file === undefined || more.length > 0) {
    console.error(`usage: npm run vectors -- KIND FILE, where KIND is one of ${kinds}`);
    return kind === "--help" || kind === "-h" ? 0 : 2;
  }
  const run = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (!run) {
    console.error(`there is no kind of vectors "${kind}"; there are ${kinds}`);
    return 2;
  }
  try {
    const { passed, failed } = await run(file);
    console.log(`${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } catch (error) {
    if (!(error instanceof BadVectors)) throw error;
    console.error(`${file}: ${error.message}`);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
