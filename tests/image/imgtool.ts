// MCUboot's imgtool, pinned by tests/peers/imgtool.txt, in build/imgtool; what it imports comes from the system's Python packages.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensure } from "../../host/build/preflight.ts";
import { ROOT } from "../../host/modules.ts";

const PYTHON = "/usr/bin/python3";
const PINS = join(ROOT, "tests/peers/imgtool.txt");
const TARGET = join(ROOT, "build/imgtool");
const STAMP = join(TARGET, ".pin");

function install(pins: string): string | undefined {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const work = mkdtempSync(join(ROOT, "build/.imgtool-"));
  const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"];
  const done = spawnSync(PYTHON, ["-m", "pip", "install", ...options, "--target", work, "-r", PINS], { encoding: "utf8" });
  if (done.status === 0) {
    writeFileSync(join(work, ".pin"), pins);
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(work, TARGET);
    return;
  }
  rmSync(work, { recursive: true, force: true });
  return `pip cannot install imgtool: ${done.stderr.trim().split("\n").pop()}`;
}

/** Makes imgtool present; answers why it is not. */
export function imgtoolMissing(): string | undefined {
  ensure(["imgtool"]);
  const pins = readFileSync(PINS, "utf8");
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === pins ? undefined : install(pins);
}

export function imgtool(...words: string[]): SpawnSyncReturns<string> {
  return spawnSync(PYTHON, ["-m", "imgtool.main", ...words], { encoding: "utf8", env: { ...process.env, PYTHONPATH: TARGET } });
}
