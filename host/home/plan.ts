// The plan of a home: a row for each device.  Everything in the home works over these rows; a role says what a device is to the others.
import { Role } from "../abi.ts";
import { RANGE_METRES, STATIONS_MAX } from "../air/medium.ts";
import type { Place, Wall } from "../air/space.ts";
import { STACK_VERSION_IP, STACK_VERSION_PRO } from "../image/keys.ts";
import type { Load } from "../load/load.ts";
import { TARIFF, type Tariff } from "./tariff.ts";

/** What a device is called: by its events, on the air, in the live view.  Free for the plan to choose. */
export type DeviceId = string;

export type DeviceRole = "hub" | "meter" | "ihd" | "repeater";

/** 1: Smart Energy 1.x on ZigBee PRO; 2: IEEE 2030.5 on ZigBee IP. */
export type Phase = 1 | 2;

/** As manifests and headers of packages name it. */
export function stackOf(phase: Phase): number {
  return phase === 1 ? STACK_VERSION_PRO : STACK_VERSION_IP;
}

/** Of a module of build/, by its name. */
export function phaseOfModule(name: string): Phase {
  return /_(sep2|both)$/.test(name) ? 2 : 1;
}

export function phaseOfStack(stack: number): Phase {
  return stack === STACK_VERSION_IP ? 2 : 1;
}

export interface PlanRow {
  id: DeviceId;
  role: DeviceRole;
  /** Of build/, without its ending. */
  module: string;
  /** On an emulated board instead of in this process. */
  board: boolean;
  /** The hub that it belongs to; a hub's own name. */
  hub: DeviceId;
  /** Beside everyone when null. */
  place: Place | null;
  /** What a meter measures; null for the run's load. */
  load: Load | null;
}

export interface Plan {
  phase: Phase;
  /** Within a home in the order in which the installer plugs them in. */
  rows: readonly PlanRow[];
  walls: readonly Wall[];
  /** How far a radio reaches without them. */
  rangeMetres: number;
  /** Of every supplier. */
  tariff: Tariff;
  events: readonly PlanEvent[];
}

/** Something that happens to the home from outside at a simulated time. */
export type PlanEvent = { atMs: number } & (
  | { kind: "plug" | "unplug" | "remove" | "admit" | "rekey"; device: DeviceId }
  | { kind: "move"; device: DeviceId; place: Place }
  | { kind: "jam"; channel: number; forMs: number; place: Place | null }
  | { kind: "update"; device: DeviceId; path: string }
  | { kind: "change"; device: DeviceId; activateAtMs: number | null }
);

/** As many as stations fit on one air, less some for what listens beside them. */
export const DEVICES_PLAN_MAX = STATIONS_MAX - 48;
export const WALLS_MAX = 4096;
export const EVENTS_MAX = 4096;
/** What the trust centre of a hub's module has room for. */
export const HUB_DEVICES_MAX = 32;

export interface Kind {
  /** `Role` of docs/abi.md: what a device's board and its packages are for. */
  image: number;
  module: string;
  /** In a sentence. */
  label: string;
}

export const KINDS: Record<DeviceRole, Kind> = {
  hub: { image: Role.Hub, module: "hub_sep1", label: "hub" },
  meter: { image: Role.Meter, module: "meter_sep1", label: "meter" },
  ihd: { image: Role.Ihd, module: "ihd_sep1", label: "display" },
  repeater: { image: Role.Repeater, module: "repeater_sep1", label: "repeater" },
};

export const DEVICE_ROLES = Object.keys(KINDS) as readonly DeviceRole[];

export function planRow(id: DeviceId, role: DeviceRole, hub: DeviceId, more: Partial<PlanRow> = {}): PlanRow {
  return { id, role, module: KINDS[role].module, board: false, hub, place: null, load: null, ...more };
}

/** What is left out is as in the default plan. */
export function planOf(rows: readonly PlanRow[], more: Partial<Plan> = {}): Plan {
  const { phase = 1, walls = [], rangeMetres = RANGE_METRES, tariff = TARIFF, events = [] } = more;
  return { phase, rows, walls, rangeMetres, tariff, events };
}

/** The same plan with modules of phase 2. */
export function inPhase2(plan: Plan): Plan {
  return { ...plan, phase: 2, rows: plan.rows.map((row) => ({ ...row, module: `${row.role}_sep2` })) };
}

/** The same plan with a change to phase 2 for each hub and what belongs to it. */
export function withChange(plan: Plan, atMs: number): Plan {
  const hubs = plan.rows.filter(({ role }) => role === "hub");
  const changes = hubs.map(({ id }): PlanEvent => ({ kind: "change", atMs, device: id, activateAtMs: null }));
  return { ...plan, events: [...plan.events, ...changes] };
}

/** Whether its devices need what both phases need. */
export function changesPhase({ events }: Pick<Plan, "events">): boolean {
  return events.some(({ kind }) => kind === "change");
}

/** A hub, a meter and a display, named like their roles. */
export const DEFAULT_PLAN: Plan = planOf([planRow("hub", "hub", "hub"), planRow("meter", "meter", "hub"), planRow("ihd", "ihd", "hub")]);

/** A radio reaches 30 metres: the display stands behind the meter. */
const STEP_METRES = 20;
/** The default home of phase 2: two hops. */
export const DEFAULT_PLAN_2: Plan = inPhase2({
  ...DEFAULT_PLAN,
  rows: DEFAULT_PLAN.rows.map((row, index) => ({ ...row, place: { x: index * STEP_METRES, y: 0 } })),
});

/** The same plan with everything but the hubs on emulated boards. */
export function onBoards({ rows, ...rest }: Plan): Plan {
  return { ...rest, rows: rows.map((row) => (row.role === "hub" ? row : { ...row, board: true })) };
}

export function planIds({ rows }: Pick<Plan, "rows">): DeviceId[] {
  return rows.map(({ id }) => id);
}

/** What belongs to a hub, without the hub. */
export function membersOf({ rows }: Pick<Plan, "rows">, hub: DeviceId): PlanRow[] {
  return rows.filter((row) => row.hub === hub && row.id !== hub);
}

/** How a person hears of a device: by its kind where it has no name of its own. */
export function labelOf({ id, role }: Pick<PlanRow, "id" | "role">): string {
  return id === role ? KINDS[role].label : id;
}
