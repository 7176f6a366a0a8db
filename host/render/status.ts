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
}

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
  readonly news: HomeEvent[] = [];
  readonly curve: number[] = [];
  private curveMs = Number.NEGATIVE_INFINITY;

  constructor() {
    const fresh = (): DeviceStatus => ({ joined: false, address: "", suite: 0, started: false });
    this.devices = Object.fromEntries(DEVICES.map((name) => [name, fresh()])) as Record<DeviceName, DeviceStatus>;
  }

  take(event: HomeEvent): void {
    if (event.event === "register") this.register = { importWh: Number(event.importWh), powerW: Number(event.powerW) };
    if (event.event === "reading") {
      this.reading = { importWh: event.importWh as number | null, powerW: event.powerW as number | null, stale: event.stale === true };
    }
    const device = this.devices[event.device as DeviceName];
    if (device) this.takeDevice(device, event);
    if (event.event !== "register" && event.event !== "reading") {
      this.news.push(event);
      if (this.news.length > NEWS_MAX) this.news.shift();
    }
  }

  private takeDevice(device: DeviceStatus, event: HomeEvent): void {
    switch (event.event) {
      case "started":
        device.started = true;
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

/** ISO 8859-1 as text; what is no character there becomes a space, so that a device cannot move the cursor. */
export function displayText(octets: Uint8Array): string {
  return Buffer.from(octets)
    .toString("latin1")
    .replace(/\p{Cc}/gu, " ");
}
