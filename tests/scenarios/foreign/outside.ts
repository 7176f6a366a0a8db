// zigbee-on-host behind our co-processor, in a process that lives in the simulation's time: the clock stands still while the process does what is due.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../../host/air/clock.ts";
import type { Medium } from "../../../host/air/medium.ts";
import { ROOT } from "../../../host/modules.ts";
import { Coprocessor } from "../../../host/spinel/coprocessor.ts";

const here = dirname(fileURLToPath(import.meta.url));
export const PEERS = process.env.KILOWASM_PEERS ?? join(ROOT, "build/peers");
export const missing = existsSync(join(PEERS, "node_modules/zigbee-on-host"))
  ? false
  : "zigbee-on-host is not installed: npm test installs it";

/** What a serial line and a host's turn take. */
const LINE_US = 2000;

export interface Said {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the package says is looked at where it is used
  value: any[];
}

interface Answer {
  due: number | null;
  octets: string[];
  said: Said[];
}

export type Argument = number | string | boolean | null | undefined | { hex: string } | { big: string } | { [name: string]: Argument };

export const hex = (octets: Uint8Array): { hex: string } => ({ hex: Buffer.from(octets).toString("hex") });
export const big = (value: bigint): { big: string } => ({ big: value.toString(16) });

export class Outside {
  readonly coprocessor: Coprocessor;
  /** Lines between the two processes. */
  exchanges = 0;
  /** Told in the order in which it happened. */
  onSaid: (said: Said) => void = () => {};
  private readonly child: ChildProcess;
  private readonly folder = mkdtempSync(join(tmpdir(), "kilowasm-foreign-"));
  private readonly lines: AsyncIterator<string>;
  private readonly clock: Clock;
  private inbox: { atUs: number; octets: Uint8Array }[] = [];
  private calls: { id: number; path: string; args: Argument[] }[] = [];
  private ids = 0;
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private dueMs: number | null = null;

  constructor(medium: Medium, id: string, seed: number) {
    this.clock = medium.clock;
    const output = (octets: Uint8Array): void => void this.inbox.push({ atUs: this.clock.nowUs + LINE_US, octets });
    this.coprocessor = new Coprocessor(medium, { id, output });
    this.child = spawn(process.execPath, [join(here, "coordinator.mjs"), PEERS, this.folder, String(seed)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  /** Asks the package for something; `answered` hears what came of it, which may be later. */
  call(path: string, args: Argument[] = [], answered: (value: unknown) => void = () => {}): void {
    this.waiting.set(this.ids, answered);
    this.calls.push({ id: this.ids++, path, args });
  }

  /** When there is something for the process to do. */
  get nextUs(): number {
    const now = this.clock.nowUs;
    if (this.calls.length > 0) return now;
    const line = this.inbox[0]?.atUs ?? Number.POSITIVE_INFINITY;
    const timer = this.dueMs === null ? Number.POSITIVE_INFINITY : this.dueMs * 1000;
    return Math.max(now, Math.min(line, timer));
  }

  /** Brings the process to the present time; what it then says to its co-processor is on its way. */
  async turn(): Promise<void> {
    const now = this.clock.nowUs;
    const octets = this.inbox.filter(({ atUs }) => atUs <= now).map((each) => Buffer.from(each.octets).toString("hex"));
    this.inbox = this.inbox.slice(octets.length);
    const { calls } = this;
    this.calls = [];
    this.exchanges++;
    this.child.stdin?.write(`${JSON.stringify({ now: Math.floor(now / 1000), octets, calls })}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error("the coordinator's process has ended");
    const answer = JSON.parse(value) as Answer;
    this.dueMs = answer.due;
    if (answer.octets.length > 0) {
      const whole = Buffer.from(answer.octets.join(""), "hex");
      this.clock.after(LINE_US, () => this.coprocessor.input(whole));
    }
    for (const said of answer.said) this.take(said);
  }

  close(): void {
    this.child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private take(said: Said): void {
    if (said.name === "result") {
      const [id, value] = said.value;
      this.waiting.get(id)?.(value);
      this.waiting.delete(id);
    } else this.onSaid(said);
  }
}
