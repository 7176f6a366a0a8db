// The home file of --home: what may stand in it.  docs/home.schema.json is generated from these shapes (tools/schema.ts).
import type { Place } from "../air/space.ts";
import { CHANNEL_FIRST, CHANNEL_LAST } from "../air/standard.ts";
import { CURRENCY_CODES } from "./events.ts";
import { DEVICE_ROLES, DEVICES_PLAN_MAX, EVENTS_MAX, WALLS_MAX } from "./plan.ts";
import { list, may, must, number, oneOf, record, type Shape, type ShapeValue, text, truth, whole, word } from "./shape.ts";

/** Metres from the origin. */
const FAR_METRES = 10_000;
const RANGE_MAX_METRES = 1000;
const ATTENUATION_MAX_DB = 100;
const PRICE_MAX = 1000;
const TIER_MAX = 15;
/** As long as a hub takes (docs/uplink.md). */
const LABEL = /^[ -~]{1,12}$/;
const ID = /^(?!home$)[a-z][a-z0-9-]{0,30}$/;
const TIME = /^(\d{1,9}(\.\d{1,3})?[dhms])+$/;
const PATH = /^[^\0]{1,1000}$/;

const coordinate = number(-FAR_METRES, FAR_METRES);

/** [x, y] */
const place: Shape<Place> = {
  schema: { type: "array", items: coordinate.schema, minItems: 2, maxItems: 2 },
  read: (node, file) => {
    const [x, y] = list(coordinate, 2, 2, "a place such as [3.5, 2]").read(node, file);
    return { x: x.value, y: y.value };
  },
};

const id = text(ID, "a name such as kitchen (lower-case letters, digits, hyphens)");
const time = text(TIME, "a time such as 90s, 2h or 1h30m");
const path = text(PATH, "a file name");

const device = record(
  {
    id: must(id, "its name, which no other device has"),
    role: must(word(DEVICE_ROLES), "what it is"),
    hub: may(id, "the hub that it belongs to; left out where there is one hub"),
    at: may(place, "where it stands, in metres; without a place it is beside everyone"),
    load: may(path, "of a meter, the CSV of what it measures"),
    board: may(truth(), "whether it runs on an emulated board, in real time"),
  },
  "a device",
);

const tariff = record(
  {
    price: must(number(0, PRICE_MAX), "of a kilowatt-hour, in the currency's main unit, with four digits after the point at most"),
    currency: must(word(CURRENCY_CODES), "ISO 4217"),
    label: may(text(LABEL, "a label of 1 to 12 plain characters"), "what displays may show"),
    tier: may(whole(0, TIER_MAX), "its number among the prices of a day"),
  },
  "a tariff",
);

const wall = record(
  {
    from: must(place, "one end, in metres"),
    to: must(place, "the other end"),
    attenuation: must(number(0, ATTENUATION_MAX_DB), "decibels that it takes of what crosses it"),
  },
  "a wall",
);

const at = must(time, "when, from the beginning of the run");
const event = oneOf(
  {
    unplug: record({ at, unplug: must(id, "the device that loses its power") }, "an event"),
    plug: record({ at, plug: must(id, "the device that gets power") }, "an event"),
    move: record({ at, move: must(id, "the device that is carried away"), to: must(place, "where it stands then") }, "an event"),
    jam: record(
      {
        at,
        jam: must(whole(CHANNEL_FIRST, CHANNEL_LAST), "the channel that is full of noise"),
        for: must(time, "how long"),
        near: may(place, "where the noise comes from; without a place it is everywhere"),
      },
      "an event",
    ),
    remove: record({ at, remove: must(id, "the device that its supplier takes off the hub's network for good") }, "an event"),
    admit: record({ at, admit: must(id, "the device that its supplier admits anew; joining is open for it") }, "an event"),
    update: record({ at, update: must(id, "the device"), package: must(path, "the package that it is to run") }, "an event"),
    change: record(
      {
        at,
        change: must(id, "the hub that goes over to phase 2, and with it what belongs to it"),
        activate: may(time, "when its devices change, at the earliest; as soon as they can without it"),
      },
      "an event",
    ),
    rekey: record({ at, rekey: must(id, "the hub whose supplier has the network key changed") }, "an event"),
  },
  "event",
);

export const homeShape = record(
  {
    seed: may(whole(0, 999_999_999_999_999), "the same seed gives the same run; --seed wins"),
    duration: may(time, "how long the run is; --duration wins"),
    phase: may(whole(1, 2), "1: Smart Energy 1.x on ZigBee PRO; 2: ZigBee IP; 1 without it, and --phase wins"),
    range: may(number(1, RANGE_MAX_METRES), "metres that a radio reaches where no wall is in between"),
    load: may(path, "the CSV that meters without their own measure; --load wins"),
    tariff: may(tariff, "what the supplier takes"),
    devices: must(list(device, 1, DEVICES_PLAN_MAX, "a list of devices"), "a list, hubs and what belongs to them"),
    walls: may(list(wall, 0, WALLS_MAX, "a list of walls"), "what stands between the devices"),
    events: may(list(event, 0, EVENTS_MAX, "a list of events"), "what happens, and when"),
  },
  "a home",
);

export type HomeFile = ShapeValue<typeof homeShape>;
export type DeviceEntry = ShapeValue<typeof device>;
export type EventEntry = ShapeValue<typeof event>;

/** The JSON Schema of a home file. */
export function homeSchema(): Record<string, unknown> {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A home of kilowasm",
    description: "What npm start -- --home FILE reads: devices, places and walls, tariff, load, and what happens when.",
    ...homeShape.schema,
  };
}
