// One run from its first byte to its last: opens what the options ask for, keeps the pace, sums up.
import { KeysFile } from "../air/keys.ts";
import { CaptureWriter } from "../air/pcapng.ts";
import { ZepGate } from "../air/zep.ts";
import { Err } from "../err.ts";
import { InputError } from "../files/input_error.ts";
import { HubTap } from "../ip/hub_tap.ts";
import { loadRead } from "../load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../load/household.ts";
import type { Load } from "../load/load.ts";
import { changePackages } from "./change_packages.ts";
import { type Builder, deviceBuilder } from "./devices.ts";
import type { EventOf, HomeEvent } from "./events.ts";
import { Home, LOAD_START_MS } from "./home.ts";
import { Keyring } from "./keyring.ts";
import type { Output } from "./output.ts";
import { Pace } from "./pace.ts";
import { Pacer } from "./pacer.ts";
import { changesPhase, DEFAULT_PLAN, DEFAULT_PLAN_2, inPhase2, onBoards, type Phase, type Plan, withChange } from "./plan.ts";
import { planNodes } from "./plan_nodes.ts";
import { planRead, type ReadPlan } from "./plan_read.ts";
import type { Options } from "./run_options.ts";
import { rootRead, type UpdateFile, updatesRead } from "./update_file.ts";
import { changeOutcome, type UpdateOutcome, updateOutcome } from "./update_outcome.ts";

/** Without --duration a run goes on this long after the load, so that the last report arrives. */
export const TAIL_MS = 120_000;
/** When a story's change begins; how long a home that changes is watched at the most, and after it has changed. */
const CHANGE_AT_MS = 180_000;
const CHANGE_MAX_MS = 12 * 3_600_000;
const CHANGED_MS = 300_000;
/** What a UDP partner may be late with an acknowledgement. */
const ZEP_GRACE_US = 20_000;
const SEED = 1;
/** Where meters serve: in the clear and over TLS. */
const SERVICES = [80, 443];
/** Real milliseconds between two flushes of the capture: a reader beside the run sees it grow. */
const FLUSH_MS = 1000;
/** While devices join and make their keys, on a terminal whose speed nobody chose: a key is on the screen for some seconds. */
export const SLOW_SPEED = 4;

export class Session {
  readonly pacer: Pacer;
  private readonly started = performance.now();
  /** The updates that were asked for. */
  private readonly wanted: UpdateFile[] = [];
  private stopping = false;
  /** Nobody said how long the run is: it ends when the home has changed and gone on for a while. */
  private endsByChange = false;
  /** The speed once the home is up; null when that is over. */
  private hurry: number | null;
  private readonly pace: Pace;
  private flushed = 0;

  private constructor(
    readonly home: Home,
    private readonly builder: Builder,
    private readonly capture: CaptureWriter | null,
    private readonly keys: KeysFile | null,
    private gate: ZepGate | null,
    private readonly tap: HubTap | null,
    private readonly output: () => Output,
    options: Options,
    untilMs: number,
  ) {
    this.pacer = new Pacer(home, options.slowStart ? Math.min(SLOW_SPEED, options.speed) : options.speed, untilMs * 1000);
    this.hurry = options.slowStart ? options.speed : null;
    this.pace = new Pace(untilMs);
    home.status.untilMs = untilMs;
  }

  /** Everything that can fail for a reason outside fails here, with one sentence, before anything starts; `say` is told what takes long. */
  static async open(options: Options, output: () => Output, say: (line: string) => void): Promise<Session> {
    const read = await storyPlan(options);
    const plan = planChecked(read.plan, options);
    const load = loadRead(options.load ?? read.load ?? DEFAULT_HOUSEHOLD);
    const root = options.root ? rootRead(options.root) : undefined;
    const running = root ? 0 : undefined;
    const updates = updatesRead(options.updates, plan, running);
    const told = plan.events.filter((event) => event.kind === "update");
    const packages = updatesRead(told, plan, running);
    const builder = await deviceBuilder(options, plan, say, root);
    const keyring = new Keyring(plan);
    const tell = (event: HomeEvent): void => {
      output().event(dated(event, home.originMs, home.phaseOf(event.device)));
      if (event.event === "change" && event.stage === "over") session?.changeOver();
    };
    const ackGraceUs = options.zep === null ? 0 : ZEP_GRACE_US;
    // Gate and boards exist before the pacer; what they bring before the run begins happens at simulated time 0.
    let session: Session | null = null;
    const enter = (action: () => void): void => (session ? session.pacer.enter(action) : action());
    const seed = options.seed ?? read.seed ?? SEED;
    const { suite, updateAtMs } = options;
    const first = plan.rows.find(({ role }) => role === "hub")?.id;
    let tap: HubTap | null = null;
    const home = new Home({
      link: (id, frame) => (id === first ? tap?.send(frame) : undefined) ?? Err.NotFound,
      opened: options.tap ? SERVICES : [],
      plan,
      seed,
      suite,
      load,
      build: builder.build,
      enter,
      keyring,
      tell,
      updates,
      packages,
      updateAtMs,
      changePack: changePackages(),
      enrols: changesPhase(plan),
      ackGraceUs,
    });
    const gate = options.zep === null ? null : await ZepGate.open(home.medium, { port: options.zep, enter });
    try {
      if (options.tap && first) tap = HubTap.open(options.tap, home.device(first), enter);
      const capture = options.pcap === null ? null : new CaptureWriter(options.pcap, { epochUs: BigInt(home.originMs) * 1000n });
      const keys = options.keys === null ? null : new KeysFile(options.keys);
      keyring.open(capture, keys);
      if (capture) home.medium.onFrame((frame) => capture.frame(frame.timeUs, frame.psdu));
      const fixedMs = options.durationMs ?? read.durationMs;
      const untilMs = fixedMs ?? longestMs(plan, load);
      session = new Session(home, builder, capture, keys, gate, tap, output, options, untilMs);
      session.wanted.push(...updates, ...packages);
      session.endsByChange = fixedMs === null;
      return session;
    } catch (error) {
      tap?.close();
      await gate?.close();
      throw error;
    }
  }

  private changeOver(): void {
    const { home, pacer, pace } = this;
    if (!this.endsByChange || !home.changesOver) return;
    home.status.untilMs = pace.untilMs = home.nowMs + CHANGED_MS;
    pacer.untilUs = pace.untilMs * 1000;
  }

  /** Ends the run after the slice under way. */
  stop(): void {
    this.stopping = true;
  }

  async run(): Promise<void> {
    const { home } = this;
    const output = this.output();
    try {
      home.start();
      const stop = (): boolean => this.stopping || output.closed;
      await this.pacer.run(stop, async () => {
        this.keepPace();
        home.status.speed = this.pacer.speed;
        home.status.paused = this.pacer.paused;
        this.flush();
        await output.turn(home.status);
      });
      home.tellDrops();
    } finally {
      await this.close();
    }
    output.event(dated(this.summary(), home.originMs, null));
  }

  summary(): EventOf<"summary"> {
    const { nowMs, status } = this.home;
    const wallMs = Math.round(performance.now() - this.started);
    const versions = Object.fromEntries(status.devices.map(({ id, version }) => [id, version || null]));
    const frames = status.frames;
    const own: EventOf<"summary"> = { t: nowMs, device: "home", event: "summary", simulatedMs: nowMs, wallMs, frames, versions };
    // A device may be named like a field.
    return { ...own, ...versions, ...own };
  }

  /** What happens first is slow enough to be seen; how fast it goes is measured. */
  private keepPace(): void {
    const { home, pacer } = this;
    if (this.hurry !== null && home.nowMs >= LOAD_START_MS) {
      if (pacer.speed === SLOW_SPEED) pacer.speed = this.hurry; // unless somebody has chosen another
      this.hurry = null;
    }
    const { rate, leftMs, due } = this.pace.look(home.nowMs, performance.now());
    home.status.rate = rate;
    home.status.leftMs = leftMs;
    if (!due || rate === null || leftMs === null) return;
    const fields = { rate: Math.round(rate * 10) / 10, untilMs: home.status.untilMs, leftMs: Math.round(leftMs) };
    this.output().event(dated({ t: home.nowMs, device: "home", event: "progress", ...fields }, home.originMs, null));
  }

  /** What became of the updates that were asked for, where it is not what was wanted. */
  outcomes(): UpdateOutcome[] {
    const changes = this.home.unchanged.map((id) => changeOutcome(this.home, id));
    return [...this.wanted.map((file) => updateOutcome(this.home, file)).filter((outcome) => outcome !== null), ...changes];
  }

  private flush(): void {
    this.keys?.check();
    const now = performance.now();
    if (!this.capture || now - this.flushed < FLUSH_MS) return;
    this.flushed = now;
    this.capture.flush();
  }

  /** Ends devices and files; `run` does it by itself. */
  async close(): Promise<void> {
    this.home.close();
    this.tap?.close();
    await this.builder.close();
    await this.gate?.close();
    this.gate = null;
    this.keys?.close();
    this.capture?.close();
    this.keys?.check();
  }
}

/** With the moment in the world of the home, and of a device its phase, for whoever reads a line alone. */
function dated<E extends HomeEvent>(event: E, originMs: number, phase: Phase | null): E {
  const head = { t: event.t, date: new Date(originMs + event.t).toISOString(), ...(phase === null ? {} : { phase }) };
  return { ...head, ...event, ...head };
}

/** A story's events come on top of the plan's. */
async function storyPlan(options: Options): Promise<ReadPlan> {
  const read = await planFor(options);
  const plan = options.story === "upgrade" ? withChange(read.plan, CHANGE_AT_MS) : read.plan;
  if (!changesPhase(plan)) return read;
  if (plan.phase === 2) throw new InputError("a home of phase 2 has nothing to change to; leave --phase or --story away.");
  if (options.root) throw new InputError("--root: only the owner of the key can sign the packages of a change to phase 2; leave it away.");
  return { ...read, plan };
}

async function planFor({ home, nodes, phase }: Options): Promise<ReadPlan> {
  if (home !== null) return planRead(home, phase ?? undefined);
  const plan = nodes === null ? (phase === 2 ? DEFAULT_PLAN_2 : DEFAULT_PLAN) : phase === 2 ? inPhase2(planNodes(nodes)) : planNodes(nodes);
  return { plan, seed: null, durationMs: null, load: null };
}

function planChecked(read: Plan, options: Options): Plan {
  if (read.phase === 2) refusePhase1(options);
  else if (options.tap) throw new InputError("--tap is for a home of phase 2, whose hub has an Ethernet; add --phase 2.");
  const plan = options.boards ? onBoards(read) : read;
  if (!options.boards && options.speed !== 1 && plan.rows.some(({ board }) => board))
    throw new InputError(`${options.home} has devices on boards, which keep real time; add --speed 1.`);
  return plan;
}

/** What only a home of phase 1 can have. */
function refusePhase1({ updates, root, suite, boards }: Options): void {
  const given = { "--update": updates.length > 0, "--root": !!root, "--suite": suite !== null, "--boards": boards };
  const option = Object.entries(given).find(([, is]) => is)?.[0];
  if (option) throw new InputError(`${option} is for a home of phase 1, and this one is of phase 2; leave it away.`);
}

/** Where nobody says how long the run is. */
function longestMs(plan: Plan, load: Load): number {
  return changesPhase(plan) ? CHANGE_MAX_MS : LOAD_START_MS + longest(plan, load) + TAIL_MS;
}

function longest({ rows }: Plan, load: Load): number {
  return Math.max(...rows.filter(({ role }) => role === "meter").map((row) => (row.load ?? load).lengthMs), load.lengthMs);
}
