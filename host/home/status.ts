// How the home stands, as the live view draws it: gathered from the events, the display's lines and the meter element.
import type { EventFields } from "./event_table.ts";
import type { EventOf, HomeEvent } from "./events.ts";
import { DEFAULT_PLAN, type DeviceId, type DeviceRole, type Phase, type PlanRow } from "./plan.ts";

/** Lines of the latest events that the view may show. */
export const NEWS_MAX = 100;
/** Points of the power curve. */
export const CURVE_MAX = 300;
/** Simulated time between two points of the curve. */
export const CURVE_STEP_MS = 60_000;
export const DISPLAY_LINES = 8;

export interface DeviceStatus {
  readonly id: DeviceId;
  readonly role: DeviceRole;
  /** Of the module that runs, or ran last. */
  phase: Phase;
  /** On the network, or for the hub: the network exists. */
  joined: boolean;
  /** Short, or in phase 2 that of IPv6. */
  address: string;
  /** IEEE address, as events name it. */
  extended: string;
  /** In phase 2 the IEEE address of whom everything goes through, and what its hub answered last. */
  parent: string;
  answer: Answer | null;
  /** Suite of the key establishment that ended well; 0 while there is none. */
  suite: number;
  started: boolean;
  /** The module that runs has to confirm itself yet. */
  trial: boolean;
  /** Of the running module; empty before it is known. */
  version: string;
  /** What became of a package that it was offered in this run. */
  update: UpdateStatus | null;
  /** Of a hub: files of its library by their numbers, and channel and PAN of its network. */
  readonly library: Map<number, UpdateStatus>;
  network: string;
  /** Of a meter. */
  register: Register | null;
  /** Of a display: what it shows, and the short address of the meter that tells it. */
  reading: Reading | null;
  readonly screen: string[];
  source: string;
}

export interface Answer {
  /** HTTP's; 0 for none. */
  status: number;
  clock: string | null;
  t: number;
}

export interface Register {
  importWh: number;
  powerW: number;
}

/** A package on its way, as the `update` and `library` events tell. */
export interface UpdateStatus {
  /** By its name in docs/abi.md, `FileStatus`. */
  status: string;
  /** `ImageReason`; null for none. */
  reason: string | null;
  version: string | null;
  offset: number;
  size: number;
  /** Octets a second; null while unknown. */
  rate: number | null;
  etaMs: number | null;
  /** The latest step of a trial. */
  step: string | null;
}

/** Without a package on its way: nothing was offered, or what runs was confirmed before this run. */
const SETTLED = ["none", "activated"];

export interface Reading {
  importWh: number | null;
  powerW: number | null;
  stale: boolean;
}

export class Status {
  nowMs = 0;
  /** Moment at simulated time 0, in ms since 1970. */
  originMs = 0;
  speed = 1;
  paused = false;
  /** When the run ends, simulated; how fast it goes, and how long that takes yet, real.  Null while unknown. */
  untilMs = 0;
  rate: number | null = null;
  leftMs: number | null = null;
  frames = 0;
  /** How the home's change to phase 2 stands; null for a home that does not change. */
  change: EventFields<"change"> | null = null;
  /** URL of the page; empty without one. */
  page = "";
  /** In the order of the plan. */
  readonly devices: readonly DeviceStatus[];
  readonly news: HomeEvent[] = [];
  readonly curve: number[] = [];
  private curveMs = Number.NEGATIVE_INFINITY;

  private readonly byId: ReadonlyMap<DeviceId, DeviceStatus>;

  constructor(
    rows: readonly Pick<PlanRow, "id" | "role">[] = DEFAULT_PLAN.rows,
    readonly phase: Phase = 1,
  ) {
    this.devices = rows.map((row) => fresh(row, phase));
    this.byId = new Map(this.devices.map((device) => [device.id, device]));
  }

  device(id: DeviceId): DeviceStatus {
    const device = this.byId.get(id);
    if (!device) throw new Error(`the plan has no ${id}`);
    return device;
  }

  /** The first of its kind: what there is room to show. */
  first(role: DeviceRole): DeviceStatus | undefined {
    return this.devices.find((device) => device.role === role);
  }

  take(event: HomeEvent): void {
    const device = this.byId.get(event.device);
    if (device) takeDevice(device, event);
    if (event.event === "change")
      this.change = { stage: event.stage, changed: event.changed, devices: event.devices, leftMs: event.leftMs };
    if (isNews(event)) {
      this.news.push(event);
      if (this.news.length > NEWS_MAX) this.news.shift();
    }
  }

  /** A module of this phase starts: what another one knew of its network is over. */
  runs(id: DeviceId, phase: Phase): void {
    const device = this.device(id);
    if (device.phase === phase) return;
    Object.assign(device, { phase, joined: false, suite: 0, address: "", parent: "", answer: null, source: "" });
  }

  /** Whether it runs a module of phase 2 that it has confirmed. */
  changed(id: DeviceId): boolean {
    const { phase, trial } = this.device(id);
    return phase === 2 && !trial;
  }

  showLine(id: DeviceId, line: number, text: Uint8Array): void {
    if (line < DISPLAY_LINES) this.device(id).screen[line] = displayText(text);
  }

  /** Notes the household's power for the curve, one point a minute. */
  takePower(nowMs: number, powerW: number): void {
    if (nowMs < this.curveMs + CURVE_STEP_MS) return;
    this.curveMs = nowMs;
    this.curve.push(powerW);
    if (this.curve.length > CURVE_MAX) this.curve.shift();
  }
}

function fresh({ id, role }: Pick<PlanRow, "id" | "role">, phase: Phase): DeviceStatus {
  const member = {
    joined: false,
    address: "",
    extended: "",
    parent: "",
    answer: null,
    suite: 0,
    started: false,
    trial: false,
    version: "",
    update: null,
  };
  const screen = new Array<string>(DISPLAY_LINES).fill("");
  return { id, role, phase, ...member, library: new Map(), network: "", register: null, reading: null, screen, source: "" };
}

function takeDevice(device: DeviceStatus, event: HomeEvent): void {
  switch (event.event) {
    case "started":
      device.started = true;
      break;
    case "boot":
      device.version = event.version;
      device.trial = event.trial;
      break;
    case "update":
      device.version = event.running;
      if (device.update || !SETTLED.includes(event.status)) device.update = updateStatus(event, device.update);
      break;
    case "health":
      if (event.step === "confirmed") device.trial = false;
      if (device.update) device.update.step = event.step;
      break;
    case "formed":
      device.joined = true;
      device.network = `channel ${event.channel}, PAN ${event.pan}`;
      break;
    case "register":
      device.register = { importWh: event.importWh, powerW: event.powerW };
      break;
    case "reading":
      device.reading = { importWh: event.importWh, powerW: event.powerW, stale: event.stale };
      break;
    case "bound":
      device.source = event.partner;
      break;
    case "library":
      device.library.set(event.image, updateStatus(event, null));
      break;
    case "joined":
      device.joined = true;
      device.address = event.address;
      break;
    case "reachable":
      device.address = event.address;
      device.parent = event.parent ?? "";
      break;
    case "answer":
      device.answer = { status: event.status, clock: event.clock, t: event.t };
      break;
    case "key":
      if (event.suite !== 0) device.suite = event.suite;
      break;
    case "unplugged":
      device.started = false;
      device.joined = false;
      break;
    case "left":
      device.joined = false;
      device.suite = 0;
      break;
  }
}

/** What comes all the time is shown elsewhere. */
function isNews(event: HomeEvent): boolean {
  switch (event.event) {
    case "update":
    case "library":
    case "rollout":
      return event.status !== "loading";
    case "register":
    case "reading":
    case "dropped":
    case "answer":
      return false;
    default:
      return true;
  }
}

export function updateStatus(event: EventOf<"update"> | EventOf<"library">, before: UpdateStatus | null): UpdateStatus {
  return {
    status: event.status,
    reason: event.reason,
    version: event.version,
    offset: event.offset,
    size: event.size,
    rate: event.rate,
    etaMs: event.etaMs,
    step: event.status === "activating" ? (before?.step ?? null) : null,
  };
}

/** ISO 8859-1 as text; what is no character there becomes a space, so that a device cannot move the cursor. */
export function displayText(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString("latin1")
    .replace(/\p{Cc}/gu, " ");
}
