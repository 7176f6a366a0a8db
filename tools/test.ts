// `npm test [-- AREA or FILE ...]`: everything, or what is named.  Steps come in the order in which a failure is cheapest to find; files that
// failed last come first, then those that took longest, so that two cores end together.  What ran and what did not is said at the end, also of
// a run that is interrupted.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ensureBuilt, PROCESSES } from "../host/build/built.ts";
import { ensureLabs } from "../host/build/labs.ts";
import { ensure } from "../host/build/preflight.ts";
import { ROOT } from "../host/modules.ts";
import { byCost, NodeRun, type Outcome } from "./test_run.ts";

const BIN = join(ROOT, "node_modules/.bin");
/** No step is worth more than this; a hang is a failure. */
const STEP_MS_MAX = 25 * 60_000;
/** Areas that are not folders of node tests. */
const UNITS = "unit";
const BOARDS = "boards";

interface Step extends Outcome {
  name: string;
  seconds: number;
}

const steps: Step[] = [];
const begun = performance.now();
let running: ChildProcess | NodeRun | undefined;
let interrupted = false;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name))
    .sort();
}

/** Runs one command with its output shown; answers whether it succeeded. */
function run(command: string, args: string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", timeout: STEP_MS_MAX, env: { ...process.env, NODE_OPTIONS: "" } });
    running = child;
    child.on("error", () => done(false));
    child.on("close", (status) => done(status === 0));
  });
}

async function step(name: string, action: () => Promise<Outcome>): Promise<void> {
  if (interrupted) return;
  console.log(`\n== ${name}`);
  const from = performance.now();
  // In the list from its beginning, so that an interruption finds it there.
  const entry: Step = { name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  steps.push(entry);
  Object.assign(entry, await action(), { seconds: (performance.now() - from) / 1000 });
}

/** A step that is one check: it passes or fails as a whole. */
function check(name: string, command: string, args: string[]): Promise<void> {
  return step(name, async () => ((await run(command, args)) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }));
}

function nodeTests(name: string, files: string[], concurrency: number): Promise<void> {
  return step(name, () => {
    const node = new NodeRun(byCost(files), concurrency);
    running = node;
    return node.done();
  });
}

/** Independent programs beside which the stack is tested, pinned by tests/peers; without a registry their tests are skipped and say so. */
async function bringPeers(): Promise<void> {
  const folder = join(ROOT, "build/peers");
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(ROOT, "tests/peers", name), join(folder, name));
  if (!(await run("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]))) {
    console.log("the peers of tests/peers cannot be installed from the npm registry; their tests are skipped");
  }
}

function closing(): void {
  console.log("\n== what ran");
  for (const { name, passed, failed, skipped, seconds } of steps) {
    const mark = failed ? "FAILED" : "ok";
    console.log(
      `${mark.padEnd(7)}${name.padEnd(44)}${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped ${seconds.toFixed(1).padStart(7)} s`,
    );
  }
  const sum = (pick: (outcome: Outcome) => number): number => steps.reduce((total, outcome) => total + pick(outcome), 0);
  const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
  const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
  const end = interrupted ? "; interrupted, the rest did not run" : "";
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped in ${minutes} minutes${end}`);
  process.exitCode = interrupted ? 130 : failed ? 1 : 0;
}

/** The first interruption ends what runs and lets the counts be said; a second one is Node's own. */
function stopOnce(): void {
  interrupted = true;
  if (running instanceof NodeRun) running.stop();
  else running?.kill("SIGTERM");
}

/** The files that words name: a folder of tests/, or a path. */
function named(words: string[]): string[] {
  return words.flatMap((word) => {
    const path = [resolve(word), join(ROOT, word), join(ROOT, "tests", word)].find((candidate) => existsSync(candidate));
    if (path?.endsWith(".test.ts")) return [path];
    const files = path?.startsWith(join(ROOT, "tests/")) ? testFiles(path) : [];
    if (files.length) return files;
    const areas = readdirSync(join(ROOT, "tests")).filter(
      (name) => name === UNITS || (!name.includes(".") && testFiles(join(ROOT, "tests", name)).length),
    );
    throw new Error(`${word} is neither a test file nor an area; areas are ${areas.join(", ")}`);
  });
}

async function tests(files: string[]): Promise<void> {
  const boards = files.filter((path) => relative(ROOT, path).startsWith(`tests/${BOARDS}`));
  const others = files.filter((path) => !boards.includes(path));
  if (others.length) await nodeTests("host, stack and scenarios", others, 2);
  if (boards.length) await nodeTests("emulated boards", boards, 1);
}

async function build(): Promise<void> {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  await ensureBuilt((line) => console.log(line));
}

async function some(words: string[]): Promise<void> {
  const files = named(words.filter((word) => word !== UNITS));
  await build();
  if (words.includes(UNITS)) await check("stack units (as-pect)", join(BIN, "asp"), ["--summary"]);
  await tests(files);
}

async function everything(): Promise<void> {
  await ensure(["cc", "arm-none-eabi-gcc", "qemu-system-arm", "tshark", "python3-zigpy", "cargo", "clang-format", "cppcheck"], (line) =>
    console.error(line),
  );
  await build();
  await ensureLabs(PROCESSES, (entry) => console.log(`compiled ${entry}`)); // a part of the tests compiles what it asks for
  await bringPeers();
  await check("types of host, tools and tests", join(BIN, "tsc"), []);
  await check("format and lint", join(BIN, "biome"), ["check"]);
  await check("format and static analysis of C", process.execPath, ["--import", "tsx", "tools/check_c.ts"]);
  await check("stack units (as-pect)", join(BIN, "asp"), ["--summary"]);
  await tests(testFiles(join(ROOT, "tests")));
  await check("budgets", process.execPath, ["--import", "tsx", "tools/budget.ts"]);
}

process.once("SIGINT", stopOnce);
process.once("SIGTERM", stopOnce);
try {
  const words = process.argv.slice(2);
  await (words.length ? some(words) : everything());
  closing();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
