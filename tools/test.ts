// `npm test`: everything, in the order in which a failure is cheapest to find, and at the end what ran and what did not.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ensureLabs } from "../host/build/labs.ts";
import { ROOT } from "../host/modules.ts";
import { ensureBuilt, PROCESSES } from "./build.ts";
import { ensure } from "./preflight.ts";

interface Outcome {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
}

const BIN = join(ROOT, "node_modules/.bin");
const TAP = join(ROOT, "build/test.tap");
/** No step is worth more than this; a hang is a failure. */
const STEP_MS_MAX = 25 * 60_000;

const outcomes: Outcome[] = [];

function testFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return testFiles(path);
      return entry.name.endsWith(".test.ts") ? [path] : [];
    })
    .sort();
}

/** Runs one command with its output shown; answers whether it succeeded. */
function run(command: string, args: string[]): boolean {
  const result = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", timeout: STEP_MS_MAX, env: { ...process.env, NODE_OPTIONS: "" } });
  return result.status === 0;
}

function step(name: string, action: () => Omit<Outcome, "name" | "seconds">): void {
  console.log(`\n== ${name}`);
  const begun = Date.now();
  const outcome = action();
  outcomes.push({ name, ...outcome, seconds: (Date.now() - begun) / 1000 });
}

/** A step that is one check: it passes or fails as a whole. */
function check(name: string, command: string, args: string[]): void {
  step(name, () => (run(command, args) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }));
}

/** Node's own tests; the counts come from the TAP summary. */
function nodeTests(name: string, files: string[], concurrency: number): void {
  step(name, () => {
    const reporters = [
      "--test-reporter=spec",
      "--test-reporter-destination=stdout",
      "--test-reporter=tap",
      `--test-reporter-destination=${TAP}`,
    ];
    const ended = run(process.execPath, ["--import", "tsx", "--test", `--test-concurrency=${concurrency}`, ...reporters, ...files]);
    const tap = readFileSync(TAP, "utf8");
    const count = (word: string): number => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(tap)?.[1] ?? 0);
    for (const line of tap.match(/^\s*not ok .*$/gm) ?? []) console.log(`  ${line.trim()}`);
    for (const line of tap.match(/^\s*ok .*# SKIP.*$/gm) ?? []) console.log(`  skipped: ${line.trim()}`);
    const failed = count("fail") + count("cancelled");
    return { passed: count("pass"), failed: failed || (ended ? 0 : 1), skipped: count("skipped") };
  });
}

/** Independent programs beside which the stack is tested, pinned by tests/peers; without a registry their tests are skipped and say so. */
function bringPeers(): void {
  const folder = join(ROOT, "build/peers");
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(ROOT, "tests/peers", name), join(folder, name));
  if (!run("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])) {
    console.log("the peers of tests/peers cannot be installed from the npm registry; their tests are skipped");
  }
}

function closing(): void {
  console.log("\n== what ran");
  for (const { name, passed, failed, skipped, seconds } of outcomes) {
    const mark = failed ? "FAILED" : "ok";
    console.log(
      `${mark.padEnd(7)}${name.padEnd(44)}${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped ${seconds.toFixed(1).padStart(7)} s`,
    );
  }
  const sum = (pick: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed ? 1 : 0;
}

async function main(): Promise<void> {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  await ensure(["cc", "arm-none-eabi-gcc", "qemu-system-arm", "tshark", "python3-zigpy", "cargo", "clang-format", "cppcheck"]);
  await ensureBuilt((line) => console.log(line));
  await ensureLabs(PROCESSES, (entry) => console.log(`compiled ${entry}`));
  bringPeers();
  check("types of host, tools and tests", join(BIN, "tsc"), []);
  check("format and lint", join(BIN, "biome"), ["check"]);
  check("format and static analysis of C", process.execPath, ["--import", "tsx", "tools/check_c.ts"]);
  check("stack units (as-pect)", join(BIN, "asp"), ["--summary"]);
  const files = testFiles(join(ROOT, "tests"));
  const boards = files.filter((path) => relative(ROOT, path).startsWith("tests/boards"));
  nodeTests(
    "host, stack and scenarios",
    files.filter((path) => !boards.includes(path)),
    2,
  );
  nodeTests("emulated boards", boards, 1);
  check("budgets", process.execPath, ["--import", "tsx", "tools/budget.ts"]);
  closing();
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
