// The power-cut sweep: one update and one revert, with the power failing in every program and every erase of the flash, in every way,
// and once more in each of the first operations of the recovery.
//
// The octets of every operation are recorded once; the flash as a cut leaves it is made from the recording, and boards/common/image.c
// meets it with all of its verification.
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { FileStatus } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import { ImageSource, type NativeImages, type NativeImagesOptions, native } from "../../host/native/addon.ts";
import {
  apply,
  countersOf,
  type Operation,
  onTrial,
  operationsOf,
  reasonOf,
  rulesOf,
  runningOf,
  statusOf,
  type Tear,
  tearOperation,
  tearsOf,
} from "./simulate_flash.ts";
import type { SweepOptions, SweepReport } from "./simulate_report.ts";

const SECOND_CUTS = 11;
const BLOCK = 1024;
const FAILURES_MAX = 20;
const SLOT_HEAD = 2048;
const PAYLOAD_FLIPS = 1000;
/** Of state and head: a guess for the progress. */
const FLIPS_ABOUT = 10_000;
const DEVICE_KEY = Buffer.from("a key of a sweep", "latin1");

/** What may run after a cut: while it is not decided, both. */
type Allowed = "before" | "after" | "both";

interface Script {
  name: string;
  start: Buffer;
  operations: Operation[];
  /** By the number of whole operations, what may run then. */
  allowed: (done: number) => Allowed;
}

interface Cut {
  nor: Buffer;
  /** Reads blank and will not stay so. */
  weak: number | undefined;
}

export async function simulateSweep(before: Buffer, after: Buffer, options: SweepOptions): Promise<SweepReport> {
  const sweep = new Sweep(before, after, options);
  return sweep.run();
}

/** Somebody has seen enough. */
class Stopped extends Error {}

/** The file version in a package's header. */
function versionAt(file: Buffer): number {
  return file.readUInt32LE(14);
}

class Sweep {
  private readonly sectorSize: number;
  private readonly slotSectors: number;
  private readonly random: Random;
  private readonly seen = new Set<string>();
  private readonly begun = performance.now();
  private boots = 0;
  private done = 0;
  private total = 0;
  private reported = 0;
  private readonly report: SweepReport = {
    updateOperations: 0,
    revertOperations: 0,
    firstCuts: 0,
    secondCuts: 0,
    flips: 0,
    distinct: 0,
    ranBefore: 0,
    ranAfter: 0,
    failed: 0,
    failures: [],
    milliseconds: 0,
  };

  constructor(
    private readonly before: Buffer,
    private readonly after: Buffer,
    private readonly options: SweepOptions,
  ) {
    this.sectorSize = options.sectorSize ?? 4096;
    const { modules } = options;
    const octets = Math.max(2048 + Math.max(modules.before.length, modules.after.length), before.length, after.length);
    this.slotSectors = Math.ceil(octets / this.sectorSize);
    this.random = new Random(options.seed ?? 1, "power cuts");
  }

  async run(): Promise<SweepReport> {
    const scripts = [this.recordUpdate(), this.recordRevert()];
    [this.report.updateOperations, this.report.revertOperations] = scripts.map((script) => script.operations.length);
    const firsts = scripts.flatMap(({ operations }) => operations).reduce((sum, operation) => sum + tearsOf(operation).length, 0);
    const cuts = firsts * (1 + (this.options.secondCuts ?? SECOND_CUTS));
    this.total = Math.round((cuts + FLIPS_ABOUT) * (this.options.sample ?? 1));
    try {
      for (const script of scripts) await this.sweep(script);
      await this.flips(scripts[0]);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      this.report.stoppedAt = this.done / Math.max(this.total, this.done);
    }
    this.report.milliseconds = performance.now() - this.begun;
    if (this.report.stoppedAt === undefined) this.options.onProgress?.(this.done, this.done);
    return this.report;
  }

  // ---- Uptimes ----

  private uptime(nor: Buffer, more: Partial<NativeImagesOptions> = {}): NativeImages {
    const noise = createHash("sha256")
      .update(`uptime ${++this.boots}`)
      .digest();
    const { identity, address } = this.options;
    const { sectorSize, slotSectors } = this;
    const images = new (native().NativeImages)({
      nor,
      sectorSize,
      slotSectors,
      identity,
      deviceKey: DEVICE_KEY,
      noise,
      journal: true,
      ...(address ? { address } : {}),
      ...more,
    });
    if (images.opened !== 0) throw new Error(`the slots do not open: ${images.opened}`);
    return images;
  }

  /** Downloads and activates; answers what went wrong. */
  private download(images: NativeImages): string | undefined {
    const file = this.after;
    const key = Buffer.concat([file.subarray(10, 18), file.subarray(52, 56)]);
    let at = images.begin(0, key);
    while (at >= 0 && at < file.length) {
      const next = images.write(0, at, file.subarray(at, at + BLOCK));
      if (next === at) return `the slots want octet ${at} again`;
      at = next;
    }
    if (at < 0) return `refused with ${at}, reason ${reasonOf(images)}`;
    const finished = images.finish(0);
    if (finished !== 0) return `not verified: ${finished}, reason ${reasonOf(images)}`;
    const activated = images.activate(0);
    return activated === 0 ? undefined : `not activated: ${activated}`;
  }

  /** By module and version: a release may bring the same module again. */
  private runs(images: NativeImages): "before" | "after" | undefined {
    const running = images.running();
    if (!running) return undefined;
    const { before, after } = this.options.modules;
    const version = runningOf(images);
    if (version === versionAt(this.before) && running.equals(before)) return "before";
    return version === versionAt(this.after) && running.equals(after) ? "after" : undefined;
  }

  // ---- Recordings ----

  private installed(): Buffer {
    const nor = Buffer.alloc(this.sectorSize * (2 + 2 * this.slotSectors), 0xff);
    const answer = this.uptime(nor).install(this.before);
    if (answer !== 0) throw new Error(`the first package cannot be installed: ${answer}`);
    return nor;
  }

  private recordUpdate(): Script {
    const start = this.installed();
    const nor = Buffer.from(start);
    const first = this.uptime(nor);
    first.boot();
    const problem = this.download(first);
    if (problem) throw new Error(`the second package does not follow the first: ${problem}`);
    const loaded = operationsOf(first);
    const second = this.uptime(nor);
    second.boot();
    const tried = operationsOf(second);
    if (second.confirm(1) !== 0) throw new Error("the new module cannot confirm itself");
    const operations = [...loaded, ...operationsOf(second)];
    const decided = loaded.length + confirmedAfter(operationsOf(second), tried.length);
    return {
      name: "update",
      start,
      operations,
      allowed: (done) => (done < loaded.length - 1 ? "before" : done >= decided ? "after" : "both"),
    };
  }

  /** Three tries without a confirmation, and the boot that gives up. */
  private recordRevert(): Script {
    const start = this.installed();
    const first = this.uptime(start);
    first.boot();
    this.download(first);
    const nor = Buffer.from(start);
    const operations: Operation[] = [];
    for (let boot = 0; boot < 4; boot++) {
      const images = this.uptime(nor);
      images.boot();
      operations.push(...operationsOf(images));
    }
    return { name: "revert", start, operations, allowed: (done) => (done >= operations.length ? "before" : "both") };
  }

  // ---- Cuts ----

  private async sweep(script: Script): Promise<void> {
    const nor = Buffer.from(script.start);
    for (const [index, operation] of script.operations.entries()) {
      for (const tear of tearsOf(operation)) {
        const where = `${script.name}, operation ${index + 1}, ${tear}`;
        const allowed = tear === "not acknowledged" ? "both" : undefined;
        const cut = this.cut(nor, operation, tear);
        await this.afterCut(cut, where, allowed ?? either(script.allowed(index), script.allowed(index + 1)));
      }
      apply(nor, operation, this.sectorSize);
    }
  }

  private cut(nor: Buffer, operation: Operation, tear: Tear): Cut {
    const copy = Buffer.from(nor);
    tearOperation(copy, operation, tear, this.sectorSize, this.random);
    return { nor: copy, weak: tear === "blank at first" ? operation.at / this.sectorSize : undefined };
  }

  private async afterCut(cut: Cut, where: string, allowed: Allowed): Promise<void> {
    const sampled = this.random.chance(this.options.sample ?? 1);
    const seconds = this.options.secondCuts ?? SECOND_CUTS;
    if (sampled) {
      this.report.firstCuts++;
      await this.finish(cut, where, allowed);
    }
    if (!sampled && !this.random.chance((this.options.sample ?? 1) * seconds)) return;
    const recovery = Buffer.from(cut.nor);
    let { weak } = cut; // until it is erased
    for (const [index, operation] of this.recoveryOf(cut, seconds).entries()) {
      const tears = tearsOf(operation);
      const tear = tears[this.random.next() % tears.length];
      const second = this.cut(recovery, operation, tear);
      if (operation.erase && operation.at === (weak ?? -1) * this.sectorSize) weak = undefined;
      apply(recovery, operation, this.sectorSize);
      if (!this.random.chance(sampled ? (this.options.sample ?? 1) : 1 / seconds)) continue;
      this.report.secondCuts++;
      const words = `${where}, then in operation ${index + 1} of the recovery, ${tear}`;
      await this.finish({ nor: second.nor, weak: second.weak ?? weak }, words, allowed === "after" ? "after" : "both");
    }
  }

  private recoveryOf(cut: Cut, most: number): Operation[] {
    const images = this.uptime(Buffer.from(cut.nor));
    images.boot();
    if (onTrial(images)) images.confirm(1);
    else if (this.runs(images) === "before") this.download(images);
    return operationsOf(images).slice(0, most);
  }

  // ---- Flipped bits ----

  /** After the whole update: in each bit of state and head that is in use, and in some of the module's. */
  private async flips(update: Script): Promise<void> {
    const nor = Buffer.from(update.start);
    for (const operation of update.operations) apply(nor, operation, this.sectorSize);
    const booted = this.uptime(Buffer.from(nor));
    const slot = (2 + booted.boot() * this.slotSectors) * this.sectorSize;
    const counters = countersOf(booted);
    const head = 4 + nor.readUInt16LE(slot) + nor.readUInt16LE(slot + 2);
    const state = Array.from({ length: 2 * this.sectorSize }, (_, at) => at).filter((at) => nor[at] !== 0xff);
    const places = [...state, ...Array.from({ length: head }, (_, at) => slot + at)].flatMap((at) =>
      Array.from({ length: 8 }, (_, bit) => at * 8 + bit),
    );
    for (let i = 0; i < PAYLOAD_FLIPS; i++)
      places.push((slot + SLOT_HEAD) * 8 + (this.random.next() % (this.options.modules.after.length * 8)));
    for (const place of places) {
      if (!this.random.chance(this.options.sample ?? 1)) continue;
      const problem = this.flip(nor, place, place >= slot * 8, counters);
      if (problem) this.fail(`octet ${place >> 3}, bit ${place & 7} flipped: ${problem}`);
      this.report.flips++;
      await this.breathe();
    }
  }

  private flip(nor: Buffer, place: number, inSlot: boolean, [counter, epoch]: [number, number]): string | undefined {
    nor[place >> 3] ^= 1 << (place & 7);
    const images = this.uptime(Buffer.from(nor));
    nor[place >> 3] ^= 1 << (place & 7);
    const source = images.boot();
    const [counterNow, epochNow] = countersOf(images);
    if (counterNow !== counter || epochNow !== epoch)
      return `counter and epoch went from ${counter}, ${epoch} to ${counterNow}, ${epochNow}`;
    if (source === ImageSource.Nothing && inSlot) return undefined; // the board has no factory module here, and the old one's counter may be too low
    const runs = this.runs(images);
    return runs === "after" || (runs === "before" && inSlot) ? undefined : "a module runs that should not, or none";
  }

  // ---- What must hold ----

  private async finish(cut: Cut, where: string, allowed: Allowed): Promise<void> {
    const digest = `${createHash("sha1").update(cut.nor).digest("base64")} ${cut.weak} ${allowed}`;
    if (!this.seen.has(digest)) {
      this.seen.add(digest);
      this.report.distinct++;
      const problem = this.recovers(cut, allowed);
      if (problem) this.fail(`${where}: ${problem}`);
    }
    await this.breathe();
  }

  private fail(words: string): void {
    this.report.failed++;
    if (this.report.failures.length < FAILURES_MAX) this.report.failures.push(words);
  }

  private async breathe(): Promise<void> {
    this.done++;
    const now = performance.now();
    if (now - this.reported < 100) return;
    this.reported = now;
    this.options.onProgress?.(this.done, Math.max(this.total, this.done));
    await setImmediate();
    if (this.options.stop?.()) throw new Stopped();
  }

  private recovers(cut: Cut, allowed: Allowed): string | undefined {
    const nor = Buffer.from(cut.nor);
    const { weak } = cut;
    let images = this.uptime(nor);
    images.boot();
    let runs = this.runs(images);
    const counters = countersOf(images);
    if (weak !== undefined && !operationsOf(images).some(({ erase, at }) => erase && at === weak * this.sectorSize)) {
      images = this.uptime(nor, { decay: weak });
      images.boot();
      if (this.runs(images) === undefined) return "nothing of ours runs once the weak sector has decayed";
      runs = this.runs(images);
    }
    if (runs === undefined) return "neither the old nor the new module runs";
    if (allowed !== "both" && runs !== allowed) return `the module from ${runs} the update runs`;
    if (runs === "before") this.report.ranBefore++;
    else this.report.ranAfter++;
    return this.updates(nor, images, counters);
  }

  /** From whatever runs to the new module, confirmed. */
  private updates(nor: Buffer, booted: NativeImages, [counter, epoch]: [number, number]): string | undefined {
    let images = booted;
    if (this.runs(images) === "before") {
      const problem = this.download(images) ?? rulesOf(images);
      if (problem) return `a later update is ${problem}`;
      images = this.uptime(nor);
      images.boot();
    }
    if (this.runs(images) !== "after") return "the updated module does not run";
    if (onTrial(images) && images.confirm(1) !== 0) return "the updated module cannot confirm itself";
    if (statusOf(images) !== FileStatus.Activated) return `the status is ${statusOf(images)} at the end`;
    const [counterNow, epochNow] = countersOf(images);
    if (counterNow < counter || epochNow < epoch) return `counter and epoch went from ${counter}, ${epoch} to ${counterNow}, ${epochNow}`;
    return rulesOf(images);
  }
}

function either(a: Allowed, b: Allowed): Allowed {
  return a === b ? a : "both";
}

/** The number of operations after which the confirmation is durable: of its two snapshots the first one decides. */
function confirmedAfter(operations: Operation[], tried: number): number {
  return tried + operations.slice(tried).findIndex(({ erase }) => !erase) + 1;
}
