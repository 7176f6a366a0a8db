// The plan of a home: a row for each device.  Everything in the home works over these rows; a role says what a device is to the others.
import { Role } from "../abi.ts";
import type { Place } from "../air/space.ts";
import type { Load } from "../load/load.ts";

/** What a device is called: by its events, on the air, in the live view.  Free for the plan to choose. */
export type DeviceId = string;

export type DeviceRole = "hub" | "meter" | "ihd";

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
  /** Within a home in the order in which the installer plugs them in. */
  rows: readonly PlanRow[];
}

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
};

export const DEVICE_ROLES = Object.keys(KINDS) as readonly DeviceRole[];

export function planRow(id: DeviceId, role: DeviceRole, hub: DeviceId, more: Partial<PlanRow> = {}): PlanRow {
  return { id, role, module: KINDS[role].module, board: false, hub, place: null, load: null, ...more };
}

/** A hub, a meter and a display, named like their roles. */
export const DEFAULT_PLAN: Plan = { rows: [planRow("hub", "hub", "hub"), planRow("meter", "meter", "hub"), planRow("ihd", "ihd", "hub")] };

/** The same plan with everything but the hubs on emulated boards. */
export function onBoards({ rows }: Plan): Plan {
  return { rows: rows.map((row) => (row.role === "hub" ? row : { ...row, board: true })) };
}

export function planIds({ rows }: Plan): DeviceId[] {
  return rows.map(({ id }) => id);
}

/** What belongs to a hub, without the hub. */
export function membersOf({ rows }: Plan, hub: DeviceId): PlanRow[] {
  return rows.filter((row) => row.hub === hub && row.id !== hub);
}

/** How a person hears of a device: by its kind where it has no name of its own. */
export function labelOf({ id, role }: Pick<PlanRow, "id" | "role">): string {
  return id === role ? KINDS[role].label : id;
}
