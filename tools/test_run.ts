// Node's own tests, file by file: counts as they come, and what each file took, for the order of the next run.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { ROOT } from "../host/modules.ts";

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

interface Last {
  ms: number;
  failed: boolean;
}

/** No file is worth more than this; a hang is a failure. */
const FILE_MS_MAX = 25 * 60_000;
const COSTS = join(ROOT, "build/test-costs.json");
/** Seconds of the longest files on two cores, for a clone that has not measured its own. */
const LONGEST = join(ROOT, "tests/longest.json");
/** What a file that nobody has measured may cost. */
const UNKNOWN_MS = 2_000;
const YIELD = new URL("test_yield.mjs", import.meta.url).href;

const thisTime = new Map<string, Last>();

function lastTime(): Record<string, Last> {
  try {
    return JSON.parse(readFileSync(COSTS, "utf8"));
  } catch {
    return {}; // the first run, or an older form
  }
}

function remember(entries: Record<string, Last>): void {
  const draft = `${COSTS}.${process.pid}`; // a runner's own test runs runners beside it
  writeFileSync(draft, `${JSON.stringify({ ...lastTime(), ...entries }, null, 1)}\n`);
  renameSync(draft, COSTS);
}

export function lastMs(name: string): number | undefined {
  return lastTime()[name]?.ms;
}

export function rememberMs(name: string, ms: number): void {
  remember({ [name]: { ms, failed: false } });
}

/** Lines about the files of this run that took longest. */
export function slowest(count: number): string[] {
  const files = [...thisTime].sort(([, one], [, other]) => other.ms - one.ms).slice(0, count);
  return files.map(([path, { ms }]) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${path}`);
}

/** What failed last time first, then what took longest, here or, in a new clone, elsewhere. */
export function byCost(files: readonly string[]): string[] {
  const last = lastTime();
  const elsewhere: Record<string, number> = JSON.parse(readFileSync(LONGEST, "utf8"));
  const weight = (file: string): number => {
    const path = relative(ROOT, file);
    const known = last[path];
    if (known?.failed) return Number.POSITIVE_INFINITY;
    return known?.ms ?? (path in elsewhere ? elsewhere[path] * 1000 : UNKNOWN_MS);
  };
  return [...files].sort((a, b) => (weight(a) === weight(b) ? a.localeCompare(b) : weight(b) - weight(a)));
}

/** The parts of an event that we look at. */
interface Ended {
  name: string;
  file?: string;
  skip?: string | boolean;
  nesting: number;
  details: { duration_ms: number; type?: string };
}

/** One run of files, as many at once as `concurrency` says. */
export class NodeRun {
  private readonly counts: Outcome = { passed: 0, failed: 0, skipped: 0 };
  private readonly complaints: string[] = [];
  private readonly aborter = new AbortController();
  private readonly ended: Promise<void>;
  /** The files as they were written, by the path of what runs. */
  private readonly sources: ReadonlyMap<string, string>;

  /** `made` has the JavaScript of each file. */
  constructor(files: string[], made: ReadonlyMap<string, string>, concurrency: number) {
    this.sources = new Map(files.map((source) => [made.get(source) as string, source]));
    // The runner hands its environment to every file; there is no other door to them in Node 20.
    const options = process.env.NODE_OPTIONS ?? "";
    if (!options.includes(YIELD)) process.env.NODE_OPTIONS = `${options} --import=${YIELD}`.trim();
    const stream = run({ files: [...this.sources.keys()], concurrency, timeout: FILE_MS_MAX, signal: this.aborter.signal });
    stream.on("test:pass", (event) => this.hear(event as Ended, true));
    stream.on("test:fail", (event) => this.hear(event as Ended, false));
    this.ended = new Promise((resolve) => {
      stream.on("end", resolve);
      stream.on("close", resolve);
      stream.on("error", () => resolve());
    });
    stream.compose(new spec()).pipe(process.stdout, { end: false });
  }

  async done(): Promise<Outcome> {
    await this.ended;
    for (const complaint of this.complaints) console.log(`  failed: ${complaint}`);
    remember(Object.fromEntries(thisTime));
    return this.counts;
  }

  stop(): void {
    this.aborter.abort();
  }

  private hear({ name, file: ran, skip, nesting, details }: Ended, passed: boolean): void {
    const file = ran && (this.sources.get(ran) ?? ran);
    if (file && nesting === 0) {
      const path = relative(ROOT, file);
      const known = thisTime.get(path) ?? { ms: 0, failed: false };
      thisTime.set(path, { ms: known.ms + details.duration_ms, failed: known.failed || !passed });
    }
    if (details.type === "suite") return;
    if (skip !== undefined && skip !== false) this.counts.skipped++;
    else if (passed) this.counts.passed++;
    else {
      this.counts.failed++;
      this.complaints.push(file ? `${relative(ROOT, file)}: ${name}` : name);
    }
  }
}
