// What the interface answers: docs/openapi.json has the same for programs, these types for TypeScript.
import { eventsSchema } from "../home/event_table.ts";
import type { HomeEvent } from "../home/events.ts";
import { DEVICE_ROLES } from "../home/plan.ts";
import { known, list, named, number, type Of, other, record, text, truth, whole, word } from "./shapes.ts";

/** A light beside the digits of a display: what it means is this program's, a device does not have it. */
export const GLOWS = ["off", "low", "medium", "high"] as const;
export const LAYERS = ["mac", "nwk", "aps", "zdo", "zcl"] as const;

const PLACE = named("Place", record({ x: number("metres"), y: number("metres") }));
const RANGE = record({ first: whole("the number of the oldest that is kept"), last: whole("that of the newest; 0 while there is none") });

export const ERROR = named("Error", record({ error: text("what is wrong, a sentence") }));

export const READING = named(
  "Reading",
  record({
    t: whole("simulated milliseconds at which it was shown"),
    importWh: known(whole("energy taken so far; null is what the display does not know")),
    powerW: known(whole("power now")),
    price: known(number("of a kilowatt-hour, in the currency's main unit")),
    costPerHour: known(number("at this power and price")),
    costToday: known(number("since local midnight")),
    currency: text("ISO 4217"),
    stale: truth("the meter has not been heard for a while"),
  }),
);

export const REGISTER = named(
  "Register",
  record({
    t: whole("simulated milliseconds of the report"),
    importWh: whole("energy taken so far"),
    powerW: whole("power now"),
  }),
);

export const UPDATE = named(
  "Update",
  record({
    status: text("`FileStatus` of docs/abi.md"),
    reason: known(text("why it failed")),
    version: known(text("of the file")),
    offset: whole("octets that are there"),
    size: whole("octets of the file"),
  }),
);

export const DEVICE = named(
  "Device",
  record({
    id: text("its name in the home file and in events"),
    role: word(DEVICE_ROLES),
    label: text("how a person hears of it"),
    hub: text("the hub that it belongs to"),
    phase: whole("1 Smart Energy 1.x, 2 ZigBee IP"),
    powered: truth("its plug is in"),
    started: truth("its module runs"),
    joined: truth("it is on a network, or of a hub: the network exists"),
    address: text("short, or in phase 2 that of IPv6; empty while it has none"),
    extended: text("IEEE address"),
    parent: known(text("the device that it joined, or that everything goes through")),
    network: text("of a hub: channel and PAN"),
    suite: whole("of its key establishment with the hub; 0 while there is none"),
    version: text("of the running module; empty before it is known"),
    lastHeardMs: known(whole("simulated milliseconds of its newest frame on the air")),
    frames: whole("that it has sent"),
    place: known(PLACE),
    sleepy: truth("its radio sleeps between polls: what runs on a battery does so"),
    update: known(UPDATE),
    register: known(REGISTER),
    reading: known(READING),
    screen: list(text(), "of a display: its lines, as they are"),
    meter: known(text("of a display: the meter that tells it")),
    glow: word(GLOWS, "of a display: its power as a colour; off where it knows none, or an old one"),
  }),
);
export type Device = Of<typeof DEVICE>;

const LINK = named(
  "Link",
  record({
    from: text("a device"),
    to: text("another one that hears it"),
    rssi: whole("dBm"),
    lqi: whole("0 to 255"),
    parent: truth("one has joined the other"),
    usedMs: known(whole("simulated milliseconds of the newest frame from one to the other")),
  }),
);
export type Link = Of<typeof LINK>;

const BINDING = named(
  "Binding",
  record({
    from: text("the device that tells"),
    to: text("the device that is told"),
    cluster: text("its identifier"),
    name: text("its name"),
    key: text("what protects it"),
  }),
);
export type Binding = Of<typeof BINDING>;

export const STATE = named(
  "State",
  record({
    t: whole("simulated milliseconds since the run began"),
    date: text("the same moment in the home's world, ISO 8601 in UTC"),
    originMs: whole("milliseconds since 1970 at t = 0"),
    untilMs: whole("the end of the run, simulated"),
    speed: known(number("simulated over real time; null for as fast as the machine goes")),
    paused: truth(),
    realTime: truth("boards or partners outside keep real time: nothing to pause or to speed up"),
    rate: known(number("simulated over real time, as it is measured")),
    phase: whole("of the plan"),
    seed: whole("the same one gives the same run"),
    command: text("what makes this run again"),
    ended: truth("the run is over"),
    framesSent: whole("on the air so far"),
    frames: RANGE,
    events: RANGE,
    price: number("of a kilowatt-hour, of the tariff"),
    currency: text("ISO 4217"),
    rangeMetres: number("how far a radio reaches without walls"),
    walls: list(record({ from: PLACE, to: PLACE, attenuationDb: number() })),
    devices: list(DEVICE),
    links: list(LINK),
    bindings: list(BINDING),
  }),
);
export type State = Of<typeof STATE>;

export const READINGS = named(
  "Readings",
  list(
    record({
      device: text("a display"),
      meter: known(text("the meter that tells it")),
      reading: known(READING),
      register: known(REGISTER),
      glow: word(GLOWS),
    }),
  ),
);

export const HALF_HOURS = named(
  "HalfHours",
  record({
    device: text("a meter"),
    currency: text("ISO 4217"),
    halfHours: list(
      record({
        start: text("ISO 8601 in UTC"),
        wh: whole("energy; of the last one so far"),
        cost: number("at the tariff's price, in the currency's main unit"),
      }),
    ),
  }),
);
export type HalfHoursAnswer = Of<typeof HALF_HOURS>;

export const POWER = named(
  "Power",
  record({
    device: text("a meter"),
    points: list(record({ date: text("a minute, ISO 8601 in UTC"), w: whole("its newest report") })),
  }),
);
export type PowerAnswer = Of<typeof POWER>;

export const FRAME = named(
  "Frame",
  record({
    number: whole("counted from 1 on"),
    us: whole("simulated microseconds of its end"),
    channel: whole("11 to 26"),
    source: text("the device that sent it"),
    target: text("whom its radio means; empty where it has no address, * for all"),
    size: whole("octets, with the check sequence"),
    collided: truth("somebody lost it because another one was on the air"),
    layer: word(LAYERS, "the highest that is understood"),
    cluster: text("its name; empty where there is none"),
    about: text("what it is, in words"),
  }),
);
export type FrameLine = Of<typeof FRAME>;

export const FRAMES = named(
  "Frames",
  record({
    frames: list(FRAME),
    next: whole("ask for what comes after it"),
    missed: whole("so many were asked for and are not kept any more"),
    last: whole("the newest"),
  }),
);
export type FramesAnswer = Of<typeof FRAMES>;

export const FRAME_WHOLE = named(
  "WholeFrame",
  record({
    frame: FRAME,
    octets: text("as on the air, hexadecimal"),
    plain: text("the same after decryption with the run's keys; what stays sealed is as on the air"),
    layers: list(
      record({
        name: text(),
        at: whole("the first octet"),
        size: whole("octets"),
        fields: list(record({ name: text(), value: text(), at: whole(), size: whole() })),
      }),
    ),
  }),
);
export type WholeFrame = Of<typeof FRAME_WHOLE>;

export const EVENT = named("Event", other<HomeEvent>({ oneOf: eventsSchema().oneOf }));

export const EVENTS_ANSWER = named(
  "Events",
  record({
    events: list(EVENT),
    next: whole("ask for what comes after it"),
    missed: whole("so many were asked for and are not kept any more"),
    last: whole("the newest"),
  }),
);
export type EventsAnswer = Of<typeof EVENTS_ANSWER>;

export const DONE = named("Done", record({ t: whole("simulated milliseconds at which it happened") }));

/** Of `GET /api/live`: what has changed, for who asks for it then. */
export const TICK = named(
  "Tick",
  record({ t: whole(), paused: truth(), speed: known(number()), ended: truth(), frames: RANGE, events: RANGE }),
);
export type Tick = Of<typeof TICK>;
