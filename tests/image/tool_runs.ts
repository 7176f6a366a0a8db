// Runs of `kilowasm image` for tests, in a folder of their own, which becomes the process's.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { scratch } from "./es256_openssl.ts";

const TOOL = fileURLToPath(new URL("../../tools/kilowasm.mjs", import.meta.url));
const folder = scratch("tools");
process.chdir(folder);
const { run } = await import("../../tools/image/commands.ts");
const { streams } = await import("../../tools/words/exit.ts");
export const at = (name: string): string => join(folder, name);
export const read = (name: string): Buffer => readFileSync(at(name));

interface Done {
  code: number | null;
  out: string;
  errors: string;
}

/** Runs the tool where the test's files are. */
function spawned(words: readonly string[]): Done {
  const done = spawnSync(process.execPath, [TOOL, "image", ...words], { cwd: folder, encoding: "utf8" });
  return { code: done.status, out: done.stdout, errors: done.stderr };
}

const seen = new Set<string>();

/** Each command runs once in a process of its own, and then, for time's sake, in this one. */
export async function image(...words: string[]): Promise<Done> {
  if (!seen.has(words[0])) {
    seen.add(words[0]);
    return spawned(words);
  }
  const done: Done = { code: null, out: "", errors: "" };
  streams.out = (text) => {
    done.out += text;
  };
  streams.errors = (text) => {
    done.errors += text;
  };
  done.code = await run(words);
  return done;
}

export async function good(...words: string[]): Promise<Done> {
  const done = await image(...words);
  assert.equal(done.code, 0, done.errors);
  return done;
}

/** One sentence on standard error, nothing on standard output, and the code. */
export async function bad(code: number, sentence: RegExp, ...words: string[]): Promise<void> {
  const done = await image(...words);
  const last = done.errors.trimEnd().split("\n").at(-1) ?? "";
  assert.match(last, sentence);
  assert.match(last, /^kilowasm: .*\.$/);
  assert.equal(done.out, "");
  assert.equal(done.code, code);
}
