// From a home file to a plan: what the shapes cannot say (names that must exist, numbers that must fit together), and the files it names.
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { InputError } from "../files/input_error.ts";
import { decimalAt, decimalParse } from "../load/decimal.ts";
import { loadRead, textRead } from "../load/file.ts";
import type { Load } from "../load/load.ts";
import { currencyNumber } from "./events.ts";
import { type DeviceEntry, type EventEntry, type HomeFile, homeShape } from "./home_file.ts";
import { HUB_DEVICES_MAX, inPhase2, type Phase, type Plan, type PlanEvent, type PlanRow, planOf, planRow } from "./plan.ts";
import type { At } from "./shape.ts";
import { spanMs } from "./span.ts";
import { TARIFF, type Tariff } from "./tariff.ts";
import { type Spot, wrongAt, yamlTree } from "./yaml_tree.ts";

/** A thousand devices with walls and events are a tenth of it. */
const FILE_SIZE_MAX = 4 * 1024 * 1024;
const PRICE_DIGITS = 4;
const SHOWN_MAX = 8;

export interface ReadPlan {
  plan: Plan;
  /** What the file says of the run, for where the command line is silent. */
  seed: number | null;
  durationMs: number | null;
  load: string | null;
}

/** `phase` wins over what the file says. */
export async function planRead(path: string, phase?: Phase): Promise<ReadPlan> {
  return planParse(path, textRead(path, FILE_SIZE_MAX, "YAML"), dirname(resolve(path)), phase);
}

/** `name` is how messages call the file; the files that it names are in or below `folder`. */
export async function planParse(name: string, text: string, folder: string, phase?: Phase): Promise<ReadPlan> {
  const file = homeShape.read(await yamlTree(name, text), name);
  return new Reader(name, folder, phase ?? (file.phase?.value === 2 ? 2 : 1)).plan(file);
}

/** What a supplier of phase 2 cannot do yet. */
const PHASE_1_EVENTS: readonly string[] = ["update", "remove", "admit", "change"];

class Reader {
  private readonly loads = new Map<string, Load>();

  constructor(
    private readonly name: string,
    private readonly folder: string,
    private readonly phase: Phase,
  ) {}

  plan(file: HomeFile): ReadPlan {
    const rows = this.rows(file.devices);
    const events = (file.events ?? []).map((entry) => this.event(entry, rows));
    const walls = (file.walls ?? []).map(({ from, to, attenuation }) => ({ from, to, attenuationDb: attenuation.value }));
    const plan = planOf(rows, { walls, rangeMetres: file.range?.value, tariff: file.tariff && this.tariff(file.tariff), events });
    return {
      plan: this.phase === 2 ? inPhase2(plan) : plan,
      seed: file.seed?.value ?? null,
      durationMs: file.duration ? this.span(file.duration) : null,
      load: file.load ? this.path(file.load) : null,
    };
  }

  private wrong(at: Spot, what: string): InputError {
    return wrongAt(this.name, at, what);
  }

  private rows(devices: readonly DeviceEntry[]): PlanRow[] {
    const hubs = devices.filter(({ role }) => role.value === "hub").map(({ id }) => id.value);
    const [first] = devices;
    if (hubs.length === 0) throw this.wrong(first.spot, "the home has no hub; add a device with role: hub");
    const seen = new Map<string, Spot>();
    const counts = new Map<string, number>();
    return devices.map((entry) => {
      const { id } = entry;
      const before = seen.get(id.value);
      if (before) throw this.wrong(id.at, `line ${before.line} names a device ${id.value} already; give this one another id`);
      seen.set(id.value, id.at);
      const hub = this.hubOf(entry, hubs);
      if (entry.role.value !== "hub") counts.set(hub, (counts.get(hub) ?? 0) + 1);
      if ((counts.get(hub) ?? 0) > HUB_DEVICES_MAX)
        throw this.wrong(entry.spot, `${id.value} is more than the ${HUB_DEVICES_MAX} devices that ${hub} can hold; give it a second hub`);
      return planRow(id.value, entry.role.value, hub, {
        board: this.board(entry),
        place: entry.at ?? null,
        load: this.load(entry),
      });
    });
  }

  private hubOf({ id, role, hub }: DeviceEntry, hubs: readonly string[]): string {
    if (role.value === "hub") {
      if (hub && hub.value !== id.value) throw this.wrong(hub.at, "a hub belongs to no other hub; remove the key");
      return id.value;
    }
    if (!hub) {
      if (hubs.length > 1) throw this.wrong(id.at, `${id.value} may belong to any of ${hubs.length} hubs; name its own with hub:`);
      return hubs[0];
    }
    if (!hubs.includes(hub.value)) throw this.wrong(hub.at, `there is no hub ${hub.value}; it is one of ${shortList(hubs)}`);
    return hub.value;
  }

  private board({ board, role }: DeviceEntry): boolean {
    if (board?.value && this.phase === 2) throw this.wrong(board.at, "a device of phase 2 does not run on a board yet; remove the key");
    if (board?.value && role.value === "hub") throw this.wrong(board.at, "a hub does not run on a board yet; remove the key");
    return board?.value ?? false;
  }

  private load({ load, role }: DeviceEntry): Load | null {
    if (!load) return null;
    if (role.value !== "meter") throw this.wrong(load.at, `only a meter measures a load; remove it from this ${role.value}`);
    const path = this.path(load);
    const found = this.loads.get(path) ?? loadRead(path);
    this.loads.set(path, found);
    return found;
  }

  private path({ value, at }: At<string>): string {
    const path = resolve(this.folder, value);
    try {
      if (statSync(path).isFile()) return path;
    } catch {
      // Told below.
    }
    throw this.wrong(at, `there is no file ${path}; name one from where this file is`);
  }

  private span({ value, at }: At<string>): number {
    try {
      return spanMs("this key", value);
    } catch (error) {
      if (error instanceof InputError) throw this.wrong(at, error.message.replace(/\.$/, ""));
      throw error;
    }
  }

  private tariff({ price, currency, label, tier }: NonNullable<HomeFile["tariff"]>): Tariff {
    const decimal = decimalParse(String(price.value));
    if (!decimal || decimal.scale > PRICE_DIGITS)
      throw this.wrong(price.at, `the price ${price.value} has more than ${PRICE_DIGITS} digits after the point; round it`);
    return {
      eventId: TARIFF.eventId,
      currency: currencyNumber(currency.value),
      price: Number(decimalAt(decimal, PRICE_DIGITS)),
      digits: PRICE_DIGITS,
      tier: tier?.value ?? TARIFF.tier,
      label: label?.value ?? TARIFF.label,
    };
  }

  private row({ value, at }: At<string>, rows: readonly PlanRow[]): PlanRow {
    const row = rows.find(({ id }) => id === value);
    if (!row) throw this.wrong(at, `there is no device ${value}; it is one of ${shortList(rows.map(({ id }) => id))}`);
    return row;
  }

  /** A device that belongs to a hub. */
  private member(name: At<string>, rows: readonly PlanRow[]): string {
    const { id, role } = this.row(name, rows);
    if (role === "hub") throw this.wrong(name.at, `${id} is a hub; name a device that belongs to one`);
    return id;
  }

  private hub(name: At<string>, rows: readonly PlanRow[], which = "whose network gets another key"): string {
    const { id, role } = this.row(name, rows);
    if (role !== "hub") throw this.wrong(name.at, `${id} is no hub; name the one ${which}`);
    return id;
  }

  private event(entry: EventEntry, rows: readonly PlanRow[]): PlanEvent {
    const atMs = this.span(entry.value.at);
    if (this.phase === 2 && PHASE_1_EVENTS.includes(entry.kind))
      throw this.wrong(entry.value.spot, `${entry.kind} is for a home of phase 1, and this one is of phase 2; remove the event`);
    const device = (name: At<string>): string => this.row(name, rows).id;
    switch (entry.kind) {
      case "unplug":
        return { kind: "unplug", atMs, device: device(entry.value.unplug) };
      case "plug":
        return { kind: "plug", atMs, device: device(entry.value.plug) };
      case "remove":
        return { kind: "remove", atMs, device: this.member(entry.value.remove, rows) };
      case "admit":
        return { kind: "admit", atMs, device: this.member(entry.value.admit, rows) };
      case "rekey":
        return { kind: "rekey", atMs, device: this.hub(entry.value.rekey, rows) };
      case "change": {
        const { change, activate } = entry.value;
        return {
          kind: "change",
          atMs,
          device: this.hub(change, rows, "that goes over to phase 2"),
          activateAtMs: activate ? this.span(activate) : null,
        };
      }
      case "move":
        return { kind: "move", atMs, device: device(entry.value.move), place: entry.value.to };
      case "jam":
        return { kind: "jam", atMs, channel: entry.value.jam.value, forMs: this.span(entry.value.for), place: entry.value.near ?? null };
      case "update":
        return { kind: "update", atMs, device: device(entry.value.update), path: this.path(entry.value.package) };
    }
  }
}

/** Enough names to see what they are like. */
function shortList(names: readonly string[]): string {
  const few = names.slice(0, SHOWN_MAX).join(", ");
  return names.length > SHOWN_MAX ? `${few} and ${names.length - SHOWN_MAX} more` : few;
}
