// What a run says to an MQTT broker: the topics and payloads of the Glow display's local interface, and Home Assistant's discovery.
//
//   glow/<id>/SENSOR/electricitymeter   a reading            homeassistant/sensor/kilowasm_<id>/<entity>/config   what there is, retained
//   glow/<id>/STATE                     the display          kilowasm/<id>/update, kilowasm/<id>/availability      retained
//
// <id> is the lower half of the display's IEEE address, as the Glow's is of its own.  What a display does not know is left out.
import type { EventOf, HomeEvent } from "../../home/events.ts";
import type { DeviceStatus } from "../../home/status.ts";

export interface Message {
  topic: string;
  payload: string;
  retain: boolean;
}

/** The broker's last will: the program is gone. */
export const AVAILABILITY = "kilowasm/availability";
const DISCOVERY = "homeassistant";
/** A reading older than this is no day's last one. */
const FRESH_MS = 15 * 60_000;
const DAY_MS = 86_400_000;

/** With the moment in the world of the home, as a session tells it. */
export type Dated = HomeEvent & { date: string };
type Reading = EventOf<"reading"> & { date: string };
type Period = "day" | "week" | "month";

/** Days as they begin in London, where the home stands. */
const LOCAL_DATE = new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/London", dateStyle: "short" });

/** How much was taken since a period began, from readings of a total. */
class Periods {
  private readonly from = new Map<Period, { name: string; wh: number }>();
  private last: { wh: number; ms: number } | null = null;

  take(wh: number, ms: number): Record<Period, number> {
    const date = LOCAL_DATE.format(ms);
    const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
    const monday = new Date(Date.parse(`${date}T00:00:00Z`) - weekday * DAY_MS).toISOString().slice(0, 10);
    // A period begins with the last reading of the one before it, so that nothing between the two is lost.
    const before = this.last && ms - this.last.ms <= FRESH_MS ? this.last.wh : wh;
    this.last = { wh, ms };
    const since = (period: Period, name: string): number => {
      const begun = this.from.get(period);
      if (begun?.name !== name || begun.wh > wh) this.from.set(period, { name, wh: Math.min(before, wh) });
      return kilo(wh - (this.from.get(period) as { wh: number }).wh);
    };
    return { day: since("day", date), week: since("week", monday), month: since("month", date.slice(0, 7)) };
  }
}

const kilo = (value: number): number => value / 1000;

export function glowId({ extended }: Pick<DeviceStatus, "extended">): string {
  return extended.replaceAll(":", "").slice(-12).toUpperCase();
}

interface Entity {
  object: string;
  name: string;
  fields: Record<string, string | number>;
}

const VALUE = "value_json.electricitymeter";
const SENSORS: readonly Entity[] = [
  {
    object: "import",
    name: "Import",
    fields: {
      device_class: "energy",
      state_class: "total_increasing",
      unit_of_measurement: "kWh",
      suggested_display_precision: 3,
      value_template: `{{ ${VALUE}.energy.import.cumulative }}`,
    },
  },
  {
    object: "power",
    name: "Power",
    fields: {
      device_class: "power",
      state_class: "measurement",
      unit_of_measurement: "kW",
      suggested_display_precision: 3,
      value_template: `{{ ${VALUE}.power.value }}`,
    },
  },
];

export class Messages {
  private readonly periods = new Map<string, Periods>();
  /** By device: what was said last under a retained topic, so that nothing is said twice. */
  private readonly said = new Map<string, string>();
  private readonly byId: ReadonlyMap<string, DeviceStatus>;

  constructor(
    private readonly devices: readonly DeviceStatus[],
    private readonly version: string,
  ) {
    this.byId = new Map(devices.map((device) => [device.id, device]));
  }

  /** What Home Assistant is told first: every device's module, and what displays will show. */
  begin(): Message[] {
    return [
      { topic: AVAILABILITY, payload: "online", retain: true },
      ...this.devices.flatMap((device) => [
        this.firmware(device),
        ...(device.role === "ihd" ? SENSORS.map((entity) => this.sensor(device, entity)) : []),
      ]),
    ];
  }

  of(event: Dated): Message[] {
    const device = this.byId.get(event.device);
    if (!device) return [];
    if (event.event === "reading") return this.reading(device, event);
    if (device.role === "ihd" && ["joined", "left", "unplugged"].includes(event.event)) return this.presence(device, event);
    return this.update(device);
  }

  private reading(device: DeviceStatus, event: Reading): Message[] {
    const known = !event.stale && event.importWh !== null;
    const online = this.retained(`kilowasm/${glowId(device)}/availability`, known ? "online" : "offline");
    if (!known) return online;
    const price = event.price === null ? [] : this.retained(...this.priceSensor(device, event.currency));
    const topic = `glow/${glowId(device)}/SENSOR/electricitymeter`;
    return [...price, ...online, { topic, payload: JSON.stringify({ electricitymeter: this.meter(device, event) }), retain: false }];
  }

  private meter({ id }: DeviceStatus, { importWh, powerW, price, date }: Reading): object {
    const wh = importWh as number;
    const periods = this.periods.get(id) ?? new Periods();
    this.periods.set(id, periods);
    const totals = { cumulative: kilo(wh), ...periods.take(wh, Date.parse(date)), units: "kWh" };
    return {
      timestamp: seconds(date),
      energy: { import: { ...totals, ...(price === null ? {} : { price: { unitrate: price } }) } },
      ...(powerW === null ? {} : { power: { value: kilo(powerW), units: "kW" } }),
    };
  }

  /** The display itself; its readings are known again with the next one. */
  private presence(device: DeviceStatus, { event, date }: Dated): Message[] {
    const joined = event === "joined";
    const state = {
      software: device.version,
      timestamp: seconds(date),
      hardware: "kilowasm",
      eui: device.extended.toUpperCase(),
      han: { status: joined ? "joined" : "not joined" },
    };
    const message = { topic: `glow/${glowId(device)}/STATE`, payload: JSON.stringify(state), retain: false };
    return joined ? [message] : [message, ...this.retained(`kilowasm/${glowId(device)}/availability`, "offline")];
  }

  private update(device: DeviceStatus): Message[] {
    const { version, update } = device;
    if (version === "") return [];
    const loading = update?.status === "loading";
    const state = {
      installed_version: version,
      latest_version: update?.version ?? version,
      in_progress: loading || update?.status === "verifying" || update?.status === "activating",
      update_percentage: loading && update.size > 0 ? Math.floor((100 * update.offset) / update.size) : null,
    };
    return this.retained(`kilowasm/${glowId(device)}/update`, JSON.stringify(state));
  }

  private retained(topic: string, payload: string): Message[] {
    if (this.said.get(topic) === payload) return [];
    this.said.set(topic, payload);
    return [{ topic, payload, retain: true }];
  }

  private sensor(device: DeviceStatus, { object, name, fields }: Entity): Message {
    const id = glowId(device);
    const config = {
      name,
      unique_id: `kilowasm_${id}_${object}`,
      state_topic: `glow/${id}/SENSOR/electricitymeter`,
      availability: [{ topic: AVAILABILITY }, { topic: `kilowasm/${id}/availability` }],
      availability_mode: "all",
      ...fields,
      device: this.about(device),
    };
    return { topic: `${DISCOVERY}/sensor/kilowasm_${id}/${object}/config`, payload: JSON.stringify(config), retain: true };
  }

  private priceSensor(device: DeviceStatus, currency: string): [string, string] {
    const value_template = `{{ ${VALUE}.energy.import.price.unitrate }}`;
    const fields = { unit_of_measurement: `${currency}/kWh`, suggested_display_precision: 4, value_template };
    const { topic, payload } = this.sensor(device, { object: "price", name: "Price", fields });
    return [topic, payload];
  }

  private firmware(device: DeviceStatus): Message {
    const id = glowId(device);
    const config = {
      name: "Firmware",
      unique_id: `kilowasm_${id}_firmware`,
      device_class: "firmware",
      state_topic: `kilowasm/${id}/update`,
      availability: [{ topic: AVAILABILITY }],
      device: this.about(device),
    };
    return { topic: `${DISCOVERY}/update/kilowasm_${id}/firmware/config`, payload: JSON.stringify(config), retain: true };
  }

  private about(device: DeviceStatus): object {
    const identifiers = [`kilowasm_${glowId(device)}`];
    return { identifiers, name: `kilowasm ${device.id}`, manufacturer: "kilowasm", model: device.role, sw_version: this.version };
  }
}

/** ISO 8601 in UTC without fractions, as a Glow writes it. */
function seconds(date: string): string {
  return `${date.slice(0, 19)}Z`;
}
