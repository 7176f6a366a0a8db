// Node's own tests, file by file: counts as they come, and what each file took, for the order of the next run.
import { readFileSync, writeFileSync } from "node:fs";
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

function lastTime(): Record<string, Last> {
  try {
    return JSON.parse(readFileSync(COSTS, "utf8"));
  } catch {
    return {}; // the first run, or an older form
  }
}

/** What failed last time first, then what took longest; a file that is not known may be either. */
export function byCost(files: readonly string[]): string[] {
  const last = lastTime();
  const weight = (file: string): number => {
    const known = last[relative(ROOT, file)];
    return known && !known.failed ? known.ms : Number.POSITIVE_INFINITY;
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
  private readonly files = new Map<string, Last>();
  private readonly complaints: string[] = [];
  private readonly aborter = new AbortController();
  private readonly ended: Promise<void>;

  constructor(files: string[], concurrency: number) {
    const stream = run({ files, concurrency, timeout: FILE_MS_MAX, signal: this.aborter.signal });
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
    const merged = { ...lastTime(), ...Object.fromEntries(this.files) };
    writeFileSync(COSTS, `${JSON.stringify(merged, null, 1)}\n`);
    return this.counts;
  }

  stop(): void {
    this.aborter.abort();
  }

  private hear({ name, file, skip, nesting, details }: Ended, passed: boolean): void {
    if (file && nesting === 0) {
      const path = relative(ROOT, file);
      const known = this.files.get(path) ?? { ms: 0, failed: false };
      this.files.set(path, { ms: known.ms + details.duration_ms, failed: known.failed || !passed });
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
