// A plan of so many devices: a house again and again on a grid, each copy out of the others' range.
import type { Place } from "../air/space.ts";
import { DEVICES_PLAN_MAX, type DeviceRole, type Plan, planOf, planRow } from "./plan.ts";

/** Farther apart than a radio reaches from wall to wall. */
const PLOT_METRES = 60;
const HOUSES_A_ROW = 12;
/** Metres between neighbouring devices of a house. */
const STEP_METRES = 3;
const HOUSE_COLUMNS = 3;
/** What belongs to a hub of such a house, the most needed first. */
const MEMBERS: readonly DeviceRole[] = ["meter", "ihd", "ihd", "meter", "ihd", "meter", "ihd", "ihd"];
/** Devices of a house, the hub among them. */
export const HOUSE_DEVICES = 1 + MEMBERS.length;

/** docs/homes/full.yaml. */
function fullHouse(): Plan {
  const seen = new Map<DeviceRole, number>();
  const roles: readonly DeviceRole[] = ["hub", ...MEMBERS];
  const rows = roles.map((role, index) => {
    const nth = (seen.get(role) ?? 0) + 1;
    seen.set(role, nth);
    const place = { x: (index % HOUSE_COLUMNS) * STEP_METRES, y: Math.floor(index / HOUSE_COLUMNS) * STEP_METRES };
    return planRow(nth === 1 ? role : `${role}-${nth}`, role, "hub", { place });
  });
  return planOf(rows);
}

/** From the middle of one house to that of the next. */
function plotOf({ rows, rangeMetres }: Plan): number {
  const places = rows.map(({ place }) => place).filter((place) => place !== null);
  const span = (of: (place: Place) => number): number => Math.max(...places.map(of)) - Math.min(...places.map(of));
  return Math.max(
    PLOT_METRES,
    Math.ceil(
      Math.max(
        span(({ x }) => x),
        span(({ y }) => y),
      ) + rangeMetres,
    ) + 1,
  );
}

/** So many devices in copies of a house whose devices all have a place; the last copy may be a part.  What happens in the house is left out. */
export function planCopies(house: Plan, count: number): Plan {
  if (!Number.isInteger(count) || count < 1 || count > DEVICES_PLAN_MAX)
    throw new RangeError(`a plan has 1 to ${DEVICES_PLAN_MAX} devices, not ${count}`);
  const plot = plotOf(house);
  const copies = Array.from({ length: Math.ceil(count / house.rows.length) }, (_, index) => {
    const prefix = index === 0 ? "" : `h${index + 1}-`;
    const shift = ({ x, y }: Place): Place => ({
      x: x + (index % HOUSES_A_ROW) * plot,
      y: y + Math.floor(index / HOUSES_A_ROW) * plot,
    });
    const rows = house.rows.map((row) => ({
      ...row,
      id: `${prefix}${row.id}`,
      hub: `${prefix}${row.hub}`,
      place: row.place && shift(row.place),
    }));
    return { rows, walls: house.walls.map((wall) => ({ ...wall, from: shift(wall.from), to: shift(wall.to) })) };
  });
  const { phase, rangeMetres, tariff } = house;
  const walls = copies.flatMap(({ walls }) => walls);
  return planOf(copies.flatMap(({ rows }) => rows).slice(0, count), { phase, walls, rangeMetres, tariff });
}

/** A function of the number alone; three are the default plan with places. */
export function planNodes(count: number): Plan {
  return planCopies(fullHouse(), count);
}
