// The home as a map: its devices as they stand, who hears whom, and who tells whom.
import { LINK } from "../air/medium.ts";
import { attenuation, lqiAt, metresOf, rssiAt } from "../air/space.ts";
import { labelOf, type Plan } from "../home/plan.ts";
import type { DeviceStatus, Status } from "../home/status.ts";
import type { Binding, Device, Link } from "./answers.ts";
import { clusterOf } from "./dissect/frame.ts";
import type { KeyShelf } from "./key_shelf.ts";
import type { Seen, Watched } from "./watched.ts";

/** In a larger home only those links are told that are in use. */
const ALL_LINKS_DEVICES_MAX = 64;
/** From here on a display glows medium, and high. */
export const GLOW_MEDIUM_W = 500;
export const GLOW_HIGH_W = 2_000;

export function glowOf(reading: Device["reading"]): Device["glow"] {
  if (!reading || reading.stale || reading.powerW === null) return "off";
  if (reading.powerW >= GLOW_HIGH_W) return "high";
  return reading.powerW >= GLOW_MEDIUM_W ? "medium" : "low";
}

function updateOf({ update }: DeviceStatus): Device["update"] {
  if (!update) return null;
  const { status, reason, version, offset, size } = update;
  return { status, reason, version, offset, size };
}

function readingOf({ reading }: Seen): Device["reading"] {
  if (!reading) return null;
  const { t, importWh, powerW, price, costPerHour, costToday, currency, stale } = reading;
  return { t, importWh, powerW, price, costPerHour, costToday, currency, stale };
}

export function deviceOf(status: Status, watched: Watched, seen: Seen): Device {
  const { row, phase, powered, place, lastHeardMs, frames } = seen;
  const device = status.device(row.id);
  const reading = readingOf(seen);
  const { role, register } = device;
  return {
    id: row.id,
    role,
    label: labelOf(device),
    hub: row.hub,
    phase,
    powered,
    started: device.started,
    joined: device.joined,
    address: device.address,
    extended: device.extended,
    parent: (seen.parent !== null && device.joined && watched.named(row.id, seen.parent)) || null,
    network: device.network,
    suite: device.suite,
    version: device.version,
    lastHeardMs,
    frames,
    place,
    sleepy: role === "ihd" && phase === 1,
    update: updateOf(device),
    register: register && { t: seen.registerT, ...register },
    reading,
    screen: role === "ihd" ? [...device.screen] : [],
    meter: (device.source && watched.named(row.id, device.source)) || null,
    glow: glowOf(reading),
  };
}

export function linksOf(plan: Plan, watched: Watched, devices: readonly Device[]): Link[] {
  const links: Link[] = [];
  const used = (one: string, other: string): number | null => {
    const times = [watched.hops.get(`${one} ${other}`), watched.hops.get(`${other} ${one}`)].filter((time) => time !== undefined);
    return times.length > 0 ? Math.max(...times) : null;
  };
  const all = devices.length <= ALL_LINKS_DEVICES_MAX;
  const note = (one: Device, other: Device): void => {
    const parent = one.parent === other.id || other.parent === one.id;
    const usedMs = used(one.id, other.id);
    if (!all && !parent && usedMs === null) return;
    const heard = hears(plan, one, other);
    if (heard) links.push({ from: one.id, to: other.id, ...heard, parent, usedMs });
  };
  if (all) {
    devices.forEach((one, index) => {
      for (const other of devices.slice(index + 1)) note(one, other);
    });
    return links;
  }
  const byId = new Map(devices.map((device) => [device.id, device]));
  const pairs = new Set([...watched.hops.keys()].map((hop) => hop.split(" ").sort().join(" ")));
  for (const pair of pairs) {
    const [one, other] = pair.split(" ").map((id) => byId.get(id));
    if (one && other) note(one, other);
  }
  return links;
}

/** As the air has it (host/air/medium.ts). */
function hears({ walls, rangeMetres }: Plan, one: Device, other: Device): { rssi: number; lqi: number } | undefined {
  if (!one.place || !other.place) return { rssi: LINK.rssi, lqi: LINK.lqi };
  const metres = metresOf(one.place, other.place, walls.length > 0 ? attenuation(walls, one.place, other.place) : 0);
  const rssi = rssiAt(metres);
  return metres <= rangeMetres ? { rssi, lqi: lqiAt(rssi) } : undefined;
}

export function bindingsOf(watched: Watched, shelf: KeyShelf, devices: readonly Device[]): Binding[] {
  return devices.flatMap(({ id, suite }) => {
    const bound = [...(watched.byId.get(id)?.bound ?? [])];
    return bound.flatMap(([cluster, partner]) => {
      const from = watched.named(id, partner);
      if (!from) return [];
      const key = shelf.partners.has(id)
        ? "a link key of the two"
        : suite > 0
          ? `the link keys with the hub, suite ${suite}`
          : "the network key";
      return [{ from, to: id, cluster, name: clusterOf(Number(cluster))?.name ?? "", key }];
    });
  });
}
