// `npm run check:c`: the C of this repository as .clang-format has it, and what cppcheck finds in it; `-- --write` formats instead.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ensure } from "../host/build/preflight.ts";
import { InputError } from "../host/files/input_error.ts";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

const FOLDERS = ["boards", "host/native", "tests"];
/** A file that a tool writes says so in its first line. */
const GENERATED = /Written by tools\//;
const INCLUDES = ["boards/common", "boards/mps2-an386", "host/native"];
/** One line each, with the reason above it. */
const SUPPRESSIONS = "tools/cppcheck.txt";
/** What the builds define; without it cppcheck would not see the arena. */
const DEFINES = ["KW_ARENA_SIZE=65536"];

/** Every C file that a person wrote. */
export function cFiles(): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return walk(path);
      return /\.[ch]$/.test(entry.name) && !GENERATED.test(readFileSync(path, "utf8").split("\n", 1)[0]) ? [path] : [];
    });
  return FOLDERS.flatMap((folder) => walk(join(ROOT, folder))).sort();
}

/** What clang-format would change, one line a place; nothing where all is well. */
export function formatFindings(files: string[]): string[] {
  return findings("clang-format", ["--dry-run", "--Werror", ...files]);
}

export function analyserFindings(files: string[]): string[] {
  const options = ["--quiet", "--std=c11", "--enable=warning,performance,portability", "--suppress=missingIncludeSystem", "--inline-suppr"];
  const template = "--template={file}:{line}: {severity}: {message} [{id}]";
  const paths = [...INCLUDES.map((path) => `-I${path}`), ...DEFINES.map((define) => `-D${define}`), `--suppressions-list=${SUPPRESSIONS}`];
  return findings("cppcheck", [...options, template, "--template-location=", "--error-exitcode=1", ...paths, ...files]);
}

function findings(command: string, args: string[]): string[] {
  const { status, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 26 });
  if (error) throw new Error(`${command} does not run: ${error.message}`);
  const lines = stderr.split("\n").filter((line) => /:\d+: |:\d+:\d+: /.test(line));
  if (status !== 0 && lines.length === 0) throw new Error(`${command} fails: ${stderr.trim() || `exit code ${status}`}`);
  return status === 0 ? [] : lines;
}

function main(words: string[]): number {
  const unknown = words.find((word) => word !== "--write");
  if (unknown !== undefined) throw new InputError(`check:c knows no "${unknown}", only --write`);
  ensure(["clang-format", "cppcheck"], (line) => console.error(line));
  const files = cFiles();
  if (words.includes("--write")) {
    findings("clang-format", ["-i", ...files]);
    return 0;
  }
  const relativeFiles = files.map((path) => relative(ROOT, path));
  const found = [...formatFindings(relativeFiles), ...analyserFindings(relativeFiles.filter((path) => path.endsWith(".c")))];
  for (const line of found) console.error(line);
  if (found.length > 0) console.error(`${found.length} findings; npm run check:c -- --write mends the format`);
  return found.length > 0 ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
