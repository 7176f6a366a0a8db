// How the home stands, as the live view draws it: gathered from the events, the display's lines and the meter element.
import { DEVICES, type DeviceName, type HomeEvent } from "../home/events.ts";

/** Lines of the latest events that the view may show. */
export const NEWS_MAX = 12;
/** Points of the power curve. */
export const CURVE_MAX = 64;
/** Simulated time between two points of the curve. */
export const CURVE_STEP_MS = 60_000;
export const DISPLAY_LINES = 8;

export interface DeviceStatus {
  /** On the network, or for the hub: the network exists. */
  joined: boolean;
  address: string;
  /** Suite of the key establishment that ended well; 0 while there is none. */
  suite: number;
  started: boolean;
  /** Of the running module; empty before it is known. */
  version: string;
  /** What became of a package that it was offered in this run. */
  update: UpdateStatus | null;
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
  frames = 0;
  network = "";
  readonly devices: Record<DeviceName, DeviceStatus>;
  readonly display: string[] = new Array(DISPLAY_LINES).fill("");
  register: { importWh: number; powerW: number } | null = null;
  reading: Reading | null = null;
  /** Files of the hub's library by their numbers. */
  readonly library = new Map<number, UpdateStatus>();
  readonly news: HomeEvent[] = [];
  readonly curve: number[] = [];
  private curveMs = Number.NEGATIVE_INFINITY;

  constructor() {
    const fresh = (): DeviceStatus => ({ joined: false, address: "", suite: 0, started: false, version: "", update: null });
    this.devices = Object.fromEntries(DEVICES.map((name) => [name, fresh()])) as Record<DeviceName, DeviceStatus>;
  }

  take(event: HomeEvent): void {
    if (event.event === "register") this.register = { importWh: Number(event.importWh), powerW: Number(event.powerW) };
    if (event.event === "reading") {
      this.reading = { importWh: event.importWh as number | null, powerW: event.powerW as number | null, stale: event.stale === true };
    }
    const device = this.devices[event.device as DeviceName];
    if (device) this.takeDevice(device, event);
    if (event.event === "library") this.library.set(Number(event.image), updateStatus(event, null));
    if (isNews(event)) {
      this.news.push(event);
      if (this.news.length > NEWS_MAX) this.news.shift();
    }
  }

  private takeDevice(device: DeviceStatus, event: HomeEvent): void {
    switch (event.event) {
      case "started":
        device.started = true;
        break;
      case "boot":
        device.version = String(event.version);
        break;
      case "update":
        device.version = String(event.running);
        if (device.update || !SETTLED.includes(String(event.status))) device.update = updateStatus(event, device.update);
        break;
      case "health":
        if (device.update) device.update.step = String(event.step);
        break;
      case "formed":
        device.joined = true;
        this.network = `channel ${event.channel}, PAN ${event.pan}`;
        break;
      case "joined":
        device.joined = true;
        device.address = String(event.address);
        break;
      case "key":
        if (event.suite !== 0) device.suite = Number(event.suite);
        break;
      case "left":
      case "off":
        device.joined = false;
        device.suite = 0;
        break;
    }
  }

  showLine(line: number, text: Uint8Array): void {
    if (line < DISPLAY_LINES) this.display[line] = displayText(text);
  }

  /** Notes the household's power for the curve, one point a minute. */
  takePower(nowMs: number, powerW: number): void {
    if (nowMs < this.curveMs + CURVE_STEP_MS) return;
    this.curveMs = nowMs;
    this.curve.push(powerW);
    if (this.curve.length > CURVE_MAX) this.curve.shift();
  }
}

/** What comes all the time is shown elsewhere. */
function isNews({ event, status }: HomeEvent): boolean {
  const progress = (event === "update" || event === "library" || event === "rollout") && status === "loading";
  return event !== "register" && event !== "reading" && event !== "uplink" && !progress;
}

export function updateStatus(event: HomeEvent, before: UpdateStatus | null): UpdateStatus {
  return {
    status: String(event.status),
    reason: event.reason as string | null,
    version: event.version as string | null,
    offset: Number(event.offset),
    size: Number(event.size),
    rate: event.rate as number | null,
    etaMs: event.etaMs as number | null,
    step: event.status === "activating" ? (before?.step ?? null) : null,
  };
}

/** ISO 8859-1 as text; what is no character there becomes a space, so that a device cannot move the cursor. */
export function displayText(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString("latin1")
    .replace(/\p{Cc}/gu, " ");
}
