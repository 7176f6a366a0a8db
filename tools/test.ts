// `npm test [-- AREA or FILE ...]`: everything, or what is named.  Steps come in the order in which a failure is cheapest to find; files that
// failed last come first, then those that took longest, so that two cores end together.  Emulated boards live in real time and wait for most
// of it: their files run one after the other beside the rest, which yields to them (test_yield.mjs).  What ran and what did not is said at
// the end, whatever the end is.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ensureBuilt, PROCESSES } from "../host/build/built.ts";
import { ensureLabs } from "../host/build/labs.ts";
import { ensure } from "../host/build/preflight.ts";
import { ROOT } from "../host/modules.ts";
import { buildAddon } from "../host/native/build.ts";
import { ensurePage } from "../host/web/build_page.ts";
import { hostileProgram } from "../tests/hostile/program.ts";
import { PROGRAM_VARIABLE } from "../tests/support/program.ts";
import { type Bundle, bundle } from "./test_bundle.ts";
import { byCost, lastMs, NodeRun, type Outcome, rememberMs, slowest } from "./test_run.ts";
import { runProgram } from "./words/program.ts";

const BIN = join(ROOT, "node_modules/.bin");
/** No step is worth more than this; a hang is a failure. */
const STEP_MS_MAX = 25 * 60_000;
/** Areas that are not folders of node tests. */
const UNITS = "unit";
const BOARDS = "boards";
const EVERYTHING = "npm test";
const SLOWEST_SHOWN = 10;
const SUMMARY = join(ROOT, "build/test-summary.txt");

interface Step extends Outcome {
  name: string;
  seconds: number;
}

const steps: Step[] = [];
const begun = performance.now();
const running = new Set<ChildProcess | NodeRun>();
let interrupted = false;
let closed = false;

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name))
    .sort();
}

/** Runs one command and shows its output when it has ended, whole; answers whether it succeeded. */
function run(command: string, args: string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: STEP_MS_MAX,
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    running.add(child);
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (octets: Buffer) => said.push(octets));
    const end = (success: boolean): void => {
      running.delete(child);
      process.stdout.write(Buffer.concat(said));
      done(success);
    };
    child.on("error", (error) => {
      said.push(Buffer.from(`${error.message}\n`));
      end(false);
    });
    child.on("close", (status) => end(status === 0));
  });
}

async function step(name: string, action: () => Promise<Outcome>): Promise<void> {
  if (interrupted) return;
  console.log(`\n== ${name}`);
  const from = performance.now();
  // In the list from its beginning, so that an interruption finds it there.
  const entry: Step = { name, passed: 0, failed: 0, skipped: 0, seconds: 0 };
  steps.push(entry);
  try {
    Object.assign(entry, await action());
  } catch (error) {
    console.error(`${name}: ${(error as Error).message}`);
    entry.failed++;
  }
  entry.seconds = (performance.now() - from) / 1000;
}

/** A step that is one check: it passes or fails as a whole. */
function check(name: string, command: string, args: string[]): Promise<void> {
  return step(name, async () => ((await run(command, args)) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }));
}

function nodeTests(name: string, files: string[], made: Bundle["made"], concurrency: number): Promise<void> {
  return step(name, async () => {
    const node = new NodeRun(byCost(files), made, concurrency);
    running.add(node);
    try {
      return await node.done();
    } finally {
      running.delete(node);
    }
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

const minutes = (ms: number): string => (ms / 60_000).toFixed(1);

/** Says what ran and what did not, on the terminal and in a file; once, whatever ended the run. */
function closing(trouble?: string): void {
  if (closed) return;
  closed = true;
  const lines = ["", "== slowest", ...slowest(SLOWEST_SHOWN), "", "== what ran"];
  for (const { name, passed, failed, skipped, seconds } of steps) {
    const mark = failed ? "FAILED" : "ok";
    lines.push(
      `${mark.padEnd(7)}${name.padEnd(44)}${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped ${seconds.toFixed(1).padStart(7)} s`,
    );
  }
  const sum = (pick: (outcome: Outcome) => number): number => steps.reduce((total, outcome) => total + pick(outcome), 0);
  const [passed, failed, skipped] = [sum((o) => o.passed), sum((o) => o.failed), sum((o) => o.skipped)];
  const end = interrupted ? "; interrupted, the rest did not run" : trouble ? "; the rest did not run" : "";
  if (trouble) lines.push("", trouble);
  lines.push("", `${passed} passed, ${failed} failed, ${skipped} skipped in ${minutes(performance.now() - begun)} minutes${end}`);
  console.log(lines.join("\n"));
  mkdirSync(join(ROOT, "build"), { recursive: true });
  writeFileSync(SUMMARY, `${lines.join("\n").trim()}\n`);
  process.exitCode = interrupted ? 130 : failed || trouble ? 1 : 0;
}

/** The first interruption ends what runs and lets the counts be said; a second one is Node's own. */
function stopOnce(): void {
  interrupted = true;
  for (const each of running) {
    if (each instanceof NodeRun) each.stop();
    else each.kill("SIGTERM");
  }
}

/** The files that words name: a folder of tests/, or a path. */
function named(words: string[]): string[] {
  return words.flatMap((word) => {
    const path = [join(ROOT, "tests", word), resolve(word), join(ROOT, word)].find((candidate) => existsSync(candidate));
    if (path?.endsWith(".test.ts")) return [path];
    const files = path?.startsWith(join(ROOT, "tests/")) ? testFiles(path) : [];
    if (files.length) return files;
    const areas = readdirSync(join(ROOT, "tests")).filter(
      (name) => name === UNITS || (!name.includes(".") && testFiles(join(ROOT, "tests", name)).length),
    );
    throw new Error(`${word} is neither a test file nor an area; areas are ${areas.join(", ")}`);
  });
}

/** `after` follows the boards, while the others still run. */
async function tests(files: string[], after: () => Promise<void> = async () => {}): Promise<void> {
  const boards = files.filter((path) => relative(ROOT, path).startsWith(`tests/${BOARDS}`));
  const others = files.filter((path) => !boards.includes(path));
  const { made, program, remove } = await bundle(files);
  process.env[PROGRAM_VARIABLE] = program;
  const onBoards = async (): Promise<void> => {
    if (boards.length) await nodeTests("emulated boards, beside them", boards, made, 1);
    await after();
  };
  try {
    await Promise.all([others.length ? nodeTests("host, stack and scenarios", others, made, 2) : undefined, onBoards()]);
  } finally {
    remove();
  }
}

async function build(): Promise<void> {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  await ensureBuilt((line) => console.log(line));
  await ensurePage();
}

async function some(words: string[]): Promise<void> {
  const files = named(words.filter((word) => word !== UNITS));
  await build();
  if (words.includes(UNITS)) await check("stack units (as-pect)", join(BIN, "asp"), ["--summary"]);
  await tests(files);
}

const TOOLS = [
  "cc",
  "arm-none-eabi-gcc",
  "qemu-system-arm",
  "tshark",
  "python3-zigpy",
  "imgtool",
  "cargo",
  "clang-format",
  "cppcheck",
  "curl",
  "eapol_test",
  "hostapd",
  "scapy",
  "dig",
  "zeroconf",
  "ip",
  "ping",
  "chromium",
  "traceroute",
  "mosquitto",
  "xz",
];

async function everything(): Promise<void> {
  const last = lastMs(EVERYTHING);
  console.log(last ? `everything took ${minutes(last)} minutes here last time` : "everything takes about ten minutes on two quiet cores");
  ensure(TOOLS, (line) => console.error(line));
  await build();
  // A part of the tests compiles what it asks for; here all of it is asked for.
  await Promise.all([ensureLabs(PROCESSES, (entry) => console.log(`compiled ${entry}`)), bringPeers()]);
  const script = (path: string): string[] => ["--import", "tsx", path];
  await Promise.all([
    step("native programs", async () => {
      await buildAddon((line) => console.log(line));
      await hostileProgram((line) => console.log(line));
      return { passed: 1, failed: 0, skipped: 0 };
    }),
    check("types of host, tools and tests", join(BIN, "tsc"), []),
    (async () => {
      await check("format and lint", join(BIN, "biome"), ["check"]);
      await check("format and static analysis of C", process.execPath, script("tools/check_c.ts"));
      await check("stack units (as-pect)", join(BIN, "asp"), ["--summary"]);
    })(),
  ]);
  await tests(testFiles(join(ROOT, "tests")), () => check("budgets", process.execPath, script("tools/budget.ts")));
  if (!interrupted) rememberMs(EVERYTHING, performance.now() - begun);
}

async function main(words: string[]): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stopOnce);
  process.once("uncaughtException", (error) => {
    closing(error.stack);
    process.exit(1);
  });
  try {
    await (words.length ? some(words) : everything());
    closing();
  } catch (error) {
    closing((error as Error).message);
  }
}

// A reader that goes away, as `head` does, ends no test; the summary's file has the counts.
await runProgram(main, { unread: true });
