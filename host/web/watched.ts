// What is seen of a home's devices beyond its status: who was heard when, from whom to whom frames went, where each stands.
import type { AirFrame } from "../air/medium.ts";
import type { Place } from "../air/space.ts";
import type { HomeEvent } from "../home/events.ts";
import type { DeviceId, Phase, Plan, PlanRow } from "../home/plan.ts";
import { targetOf } from "./dissect/frame.ts";
import { HalfHours } from "./half_hours.ts";

/** Pairs of devices whose newest frame is remembered. */
const HOPS_MAX = 8_192;
/** Meters whose half-hours are kept: a house's, or a street's first. */
const METERS_MAX = 64;

export interface Seen {
  readonly row: PlanRow;
  phase: Phase;
  powered: boolean;
  place: Place | null;
  lastHeardMs: number | null;
  frames: number;
  readingT: number;
  reading: Extract<HomeEvent, { event: "reading" }> | null;
  registerT: number;
  /** As the event named it: of a short address, or an IEEE one. */
  parent: string | null;
  bound: Map<string, string>;
}

export class Watched {
  readonly byId: ReadonlyMap<DeviceId, Seen>;
  readonly halfHours = new Map<DeviceId, HalfHours>();
  /** Simulated milliseconds of the newest frame, by `from to`. */
  readonly hops = new Map<string, number>();
  /** Grows when somebody moves. */
  moves = 0;
  private readonly byShort = new Map<string, DeviceId>();
  private readonly byExtended = new Map<string, DeviceId>();
  private readonly pans = new Map<DeviceId, string>();

  constructor(
    plan: Plan,
    extendedOf: (id: DeviceId) => string,
    private readonly originMs: number,
  ) {
    this.byId = new Map(plan.rows.map((row) => [row.id, fresh(row, plan.phase)]));
    for (const { id, role } of plan.rows) {
      this.byExtended.set(extendedOf(id), id);
      if (role === "meter" && this.halfHours.size < METERS_MAX) this.halfHours.set(id, new HalfHours());
    }
  }

  take(event: HomeEvent): void {
    const seen = this.byId.get(event.device);
    if (!seen) return;
    if (event.phase) seen.phase = event.phase;
    switch (event.event) {
      case "boot":
      case "started":
      case "plugged":
        seen.powered = true;
        break;
      case "unplugged":
        seen.powered = false;
        break;
      case "moved":
        seen.place = { x: event.x, y: event.y };
        this.moves++;
        break;
      case "formed":
        this.pans.set(event.device, event.pan);
        this.byShort.set(`${event.pan} 0x0000`, event.device);
        break;
      case "joined":
        this.byShort.set(`${event.pan} ${event.address}`, event.device);
        this.pans.set(event.device, event.pan);
        seen.parent = event.parent;
        break;
      case "reachable":
        seen.parent = event.parent;
        break;
      case "bound":
        seen.bound.set(event.cluster, event.partner);
        break;
      case "reading":
        seen.reading = event;
        seen.readingT = event.t;
        break;
      case "register":
        seen.registerT = event.t;
        this.halfHours.get(event.device)?.take(this.originMs + event.t, event.importWh, event.powerW);
        break;
    }
  }

  /** Called for every frame of the air: cheap. */
  frame({ timeUs, source, psdu }: AirFrame): void {
    const seen = this.byId.get(source);
    if (!seen) return;
    const ms = Math.floor(timeUs / 1000);
    seen.lastHeardMs = ms;
    seen.frames++;
    const target = this.deviceOf(source, psdu);
    if (target === undefined) return;
    const hop = `${source} ${target}`;
    if (this.hops.size < HOPS_MAX || this.hops.has(hop)) this.hops.set(hop, ms);
  }

  /** The device that a frame's radio means. */
  deviceOf(source: string, psdu: Uint8Array): DeviceId | undefined {
    const { short, extended, all } = targetOf(psdu);
    if (all) return undefined;
    if (short !== undefined) return this.shortIn(source, short);
    return extended === undefined ? undefined : this.byExtended.get(nameOf(extended));
  }

  /** A device by how events name it, as a neighbour of another one. */
  named(of: DeviceId, address: string): DeviceId | undefined {
    return this.byExtended.get(address) ?? this.byShort.get(`${this.pans.get(of)} ${address}`);
  }

  /** A device's short address is its network's. */
  shortIn(of: DeviceId, short: number): DeviceId | undefined {
    return this.byShort.get(`${this.pans.get(of)} 0x${short.toString(16).padStart(4, "0")}`);
  }
}

function nameOf(extended: bigint): string {
  return extended.toString(16).padStart(16, "0").match(/../g)?.join(":") ?? "";
}

function fresh(row: PlanRow, phase: Phase): Seen {
  const unknown = {
    lastHeardMs: null,
    frames: 0,
    readingT: 0,
    reading: null,
    registerT: 0,
    parent: null,
    bound: new Map<string, string>(),
  };
  return { row, phase, powered: false, place: row.place, ...unknown };
}
