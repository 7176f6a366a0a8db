// The events of a home: every kind with its fields.  Types, docs/events.md and docs/events.schema.json follow from this table.

/** What a field holds; `T` is its type. */
interface Field<T> {
  schema: Record<string, unknown>;
  about: string;
  /** Never there: carries the type. */
  readonly type?: T;
}

const text = (about: string): Field<string> => ({ schema: { type: "string" }, about });
const whole = (about: string): Field<number> => ({ schema: { type: "integer" }, about });
const number = (about: string): Field<number> => ({ schema: { type: "number" }, about });
const truth = (about: string): Field<boolean> => ({ schema: { type: "boolean" }, about });
const hex = (about: string): Field<string> => ({ schema: { type: "string", pattern: "^0x[0-9a-f]{4}$" }, about });
const extended = (about: string): Field<string> => ({ schema: { type: "string", pattern: "^([0-9a-f]{2}:){7}[0-9a-f]{2}$" }, about });
const ipv6 = (about: string): Field<string> => ({ schema: { type: "string", pattern: "^[0-9a-f:]{2,39}$" }, about });
const known = <T>({ schema, about }: Field<T>): Field<T | null> => ({ schema: { ...schema, type: [schema.type, "null"] }, about });
const versions = (about: string): Field<Record<string, string | null>> => ({
  schema: { type: "object", additionalProperties: { type: ["string", "null"] } },
  about,
});

const PROGRESS = {
  status: text("`loading`, `verifying`, `waiting`, `activating`, `activated`, `failed`, ...: `FileStatus` of docs/abi.md"),
  reason: known(text("why it failed: `ImageReason`")),
  tries: whole("boots on trial so far"),
  running: text("version that runs; `factory` for the module of last resort"),
  version: known(text("version of the file")),
  offset: whole("octets that are there"),
  size: whole("octets of the file"),
  rate: known(whole("octets a second, lately")),
  etaMs: known(whole("simulated time until all is there")),
};

export const EVENTS = {
  boot: {
    about: "image slots have chosen a module, and it starts",
    fields: { version: text("its version"), slot: text("`a`, `b`, `factory`"), trial: truth("it has to confirm itself") },
  },
  reboot: { about: "the module asked for a reset", fields: {} },
  started: { about: "the module runs", fields: { reason: text("`powerOn`, `watchdog`, `trap`, `halt`") } },
  formed: { about: "a hub has a network", fields: { pan: hex("its PAN"), channel: whole("11 to 26") } },
  admitted: { about: "a hub let a device in", fields: { partner: extended("who"), address: hex("its short address") } },
  joined: {
    about: "a device is on a network",
    fields: { address: hex("its short address"), pan: hex("the PAN"), parent: hex("whom it joined"), channel: whole("11 to 26") },
  },
  key: { about: "a link key was established", fields: { suite: whole("1, 2; 0 when it failed"), partner: extended("with whom") } },
  bound: { about: "a display has found its meter", fields: { cluster: hex("of what it is told"), partner: hex("the meter") } },
  reachable: {
    about: "phase 2: a device has an address and a way to its hub, or another way than before",
    fields: { address: ipv6("its global address"), parent: known(extended("whom everything goes through; null for a hub")) },
  },
  answer: {
    about: "phase 2: a device asked its hub for the time",
    fields: {
      status: whole("HTTP's; 0 when no answer came"),
      clock: known(text("what its clock says then, ISO 8601 in UTC")),
    },
  },
  register: {
    about: "the meter's truth at a report",
    fields: { importWh: whole("energy taken so far"), powerW: whole("power now") },
  },
  reading: {
    about: "what a display shows; null is what it does not know",
    fields: {
      importWh: known(whole("energy taken so far")),
      powerW: known(whole("power now")),
      price: known(number("of a kilowatt-hour")),
      costPerHour: known(number("at this power and price")),
      costToday: known(number("since local midnight")),
      currency: text("ISO 4217"),
      stale: truth("the meter has not been heard for a while"),
    },
  },
  update: { about: "a device's own update", fields: { image: whole("0"), ...PROGRESS } },
  library: { about: "a file in a hub's library", fields: { image: whole("its number"), ...PROGRESS } },
  rollout: {
    about: "a device of a hub's rollout",
    fields: {
      partner: extended("the device"),
      status: text("as the hub sees it: `FileStatus`"),
      file: whole("its number in the library"),
      version: text("of the file"),
      offset: whole("octets that it has asked for"),
      size: whole("octets of the file"),
    },
  },
  change: {
    about: "how a home's change to phase 2 stands: at each stage, for each device that has changed, and every minute",
    fields: {
      stage: text("devices ask for `certificates`, the `hub` takes its own update, its devices `load`, are `told` when, `change`; `over`"),
      changed: whole("devices that have changed, the hub among them"),
      devices: whole("that are to"),
      leftMs: known(whole("simulated time until all of it is done")),
    },
  },
  health: {
    about: "a module on trial",
    fields: {
      step: text("`started`, `joined`, `key`, `server`, `confirmed`, `givenUp`"),
      seconds: whole("since its start"),
    },
  },
  certificate: {
    about:
      "a device's certificate of phase 2, which it was sold without: the supplier tells `asked`, `given`, `denied`, the device the rest",
    fields: {
      step: text("`asked`, `given`, `denied`, `installed`, `refused`"),
      reason: known(text("why it was denied, in words, or refused, `Err` of docs/abi.md")),
    },
  },
  declined: {
    about: "a hub did not take a record of the head-end",
    fields: {
      record: text("its kind"),
      reason: text("`Err` of docs/abi.md"),
      id: whole("of a price its number, of a device the lower half of its address"),
    },
  },
  removed: {
    about: "a hub has forgotten a device that its head-end took off the network",
    fields: { partner: extended("who") },
  },
  refused: {
    about: "a layer dropped something: the first of its kind in a minute",
    fields: {
      layer: text("`nwk`, `aps`, `zdo`, `zcl`; in phase 2 `link`, `ip`, `control`, `transport`"),
      reason: text("`replayed`, `badMic`, `noKey`, ...: `Drop` of docs/abi.md"),
      count: whole("since the start"),
    },
  },
  dropped: {
    about: "at the end of a run, of each device and reason: what it dropped since it started",
    fields: { layer: text("as `refused`"), reason: text("as `refused`"), count: whole("how often") },
  },
  left: { about: "a device is off its network", fields: { reason: whole("why, docs/abi.md") } },
  failed: { about: "a procedure of joining failed", fields: { procedure: whole("which, docs/abi.md"), reason: whole("`Err`") } },
  trouble: { about: "the module or its engine had to be stopped", fields: { sentence: text("why") } },
  plugged: { about: "somebody gave it power", fields: {} },
  unplugged: { about: "somebody took its power", fields: {} },
  rekey: { about: "a hub's supplier has the network key changed", fields: {} },
  moved: { about: "somebody carried it away", fields: { x: number("metres"), y: number("metres") } },
  jammed: { about: "noise on a channel", fields: { channel: whole("11 to 26"), seconds: number("how long") } },
  progress: {
    about: "of a run that takes longer than ten seconds, every ten: how it goes",
    fields: {
      rate: number("simulated over real time, lately"),
      untilMs: whole("the end, in simulated milliseconds"),
      leftMs: whole("real milliseconds to it"),
    },
  },
  summary: {
    about: "the last line; each device's version also stands under its name, where no field has that name",
    fields: {
      simulatedMs: whole("length of the run"),
      wallMs: whole("real milliseconds that it took"),
      frames: whole("on the air"),
      versions: versions("by device; null where it is not known"),
    },
  },
} satisfies Record<string, { about: string; fields: Record<string, Field<unknown>> }>;

export type EventName = keyof typeof EVENTS;
/** What an event of a kind tells beyond who and when. */
export type EventFields<N extends EventName> = {
  -readonly [K in keyof (typeof EVENTS)[N]["fields"]]: (typeof EVENTS)[N]["fields"][K] extends Field<infer T> ? T : never;
};

const HEAD: Record<string, Field<unknown>> = {
  t: whole("simulated milliseconds since the run began"),
  device: text("a device of the plan, or `home` where it is about all of them"),
};

function rows(): [EventName, { about: string; fields: Record<string, Field<unknown>> }][] {
  return Object.entries(EVENTS) as [EventName, { about: string; fields: Record<string, Field<unknown>> }][];
}

/** Every line of a run has it; an event on its own may not. */
const PHASE = { phase: { schema: { enum: [1, 2] }, about: "of a device: 1 Smart Energy 1.x, 2 ZigBee IP" } };
const DATE = { date: { schema: { type: "string" }, about: "the same moment in the home's world, ISO 8601 in UTC" } };

/** The JSON Schema of one line. */
export function eventsSchema(): Record<string, unknown> {
  const described = ([name, { schema, about }]: [string, Field<unknown>]): [string, unknown] => [name, { ...schema, description: about }];
  const kinds = rows().map(([name, { about, fields }]) => ({
    type: "object",
    description: about,
    properties: {
      ...Object.fromEntries([...Object.entries({ ...HEAD, ...DATE, ...PHASE }), ...Object.entries(fields)].map(described)),
      event: { const: name },
    },
    required: [...Object.keys(HEAD), "event", ...Object.keys(fields)],
    additionalProperties: name === "summary" ? { type: ["string", "null"] } : false,
  }));
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "An event of a home of kilowasm",
    description: "A line of kilowasm home --json, and what the library's advance answers.",
    oneOf: kinds,
  };
}

const PAGE = `# Events of a home

A line of \`kilowasm home --json\` each, and what \`advance\` of the library answers ([library.md](library.md)). Written by \`npm run schema\`
from \`host/home/event_table.ts\`; [events.schema.json](events.schema.json) says the same to a program, \`HomeEvent\` to TypeScript.

Every event has \`t\`, simulated milliseconds since the run began, \`date\`, the same moment in the home's world (ISO 8601 in UTC),
\`device\`, a name of the home file or \`home\` where it is about all of them, of a device \`phase\` (1 or 2), and \`event\`. Amounts
are decimal numbers in the currency's main unit: 0.2703 is 27.03 pence. Addresses are hexadecimal.

| event | field | type | |
|---|---|---|---|
`;

function typeWords({ type = "" }: { type?: unknown }): string {
  return [type].flat().join(" or ");
}

/** docs/events.md. */
export function eventsPage(): string {
  const lines = rows().flatMap(([name, { about, fields }]) => [
    `| \`${name}\` | | | ${about} |`,
    ...Object.entries(fields).map(([field, { schema, about: what }]) => `| | \`${field}\` | ${typeWords(schema)} | ${what} |`),
  ]);
  return `${PAGE}${lines.join("\n")}\n`;
}
