// A plan of so many devices: houses on a grid, each as full as a hub can serve, out of one another's range.
import { DEVICES_PLAN_MAX, type DeviceRole, HUB_DEVICES_MAX, type Plan, type PlanRow, planOf, planRow } from "./plan.ts";

/** Farther apart than a radio reaches from wall to wall. */
const PLOT_METRES = 60;
const HOUSES_A_ROW = 12;
/** Metres between neighbouring devices of a house. */
const STEP_METRES = 3;
const HOUSE_COLUMNS = 3;
/** What a hub serves, the most needed first. */
const MEMBERS: readonly DeviceRole[] = ["meter", "ihd", "ihd", "meter", "ihd", "meter", "ihd", "ihd"];

/** A function of the number alone; three are the default plan with places. */
export function planNodes(count: number): Plan {
  if (!Number.isInteger(count) || count < 1 || count > DEVICES_PLAN_MAX)
    throw new RangeError(`a plan has 1 to ${DEVICES_PLAN_MAX} devices, not ${count}`);
  const rows: PlanRow[] = [];
  for (let house = 0; rows.length < count; house++) {
    const size = Math.min(1 + HUB_DEVICES_MAX, count - rows.length);
    const prefix = house === 0 ? "" : `h${house + 1}-`;
    const corner = { x: (house % HOUSES_A_ROW) * PLOT_METRES, y: Math.floor(house / HOUSES_A_ROW) * PLOT_METRES };
    const seen = new Map<DeviceRole, number>();
    for (let index = 0; index < size; index++) {
      const role: DeviceRole = index === 0 ? "hub" : MEMBERS[index - 1];
      const nth = (seen.get(role) ?? 0) + 1;
      seen.set(role, nth);
      const id = `${prefix}${role}${nth === 1 ? "" : `-${nth}`}`;
      const place = {
        x: corner.x + (index % HOUSE_COLUMNS) * STEP_METRES,
        y: corner.y + Math.floor(index / HOUSE_COLUMNS) * STEP_METRES,
      };
      rows.push(planRow(id, role, `${prefix}hub`, { place }));
    }
  }
  return planOf(rows);
}
