// Recordings and traces for people and for programs: what each record says, and where two of them part.
import {
  EVENT_HANDLE,
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_LQI,
  EVENT_RSSI,
  EVENT_STATUS,
  EventKind,
  IMPORTS,
  Log,
  RadioParameter,
  Record,
} from "./abi.ts";
import { readTrace, TraceKind, type TraceRecord } from "./trace.ts";

export interface Described {
  kind: string;
  [field: string]: string | number;
}

const nameOf = (names: { [name: string]: number }, value: number): string =>
  Object.entries(names).find(([, number]) => number === value)?.[0] ?? String(value);
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

/** The scalar arguments of an import by their names: what is neither an address nor a size. */
function scalarNames(id: number): string[] {
  const row = IMPORTS.find((each) => each.id === id);
  if (!row) return [];
  const ranges = [...row.reads, ...row.writes];
  const taken = new Set([...ranges.map(({ pointer }) => pointer), ...ranges.map(({ size }) => /^[a-z_]+/.exec(size)?.[0])]);
  return row.arguments.map(({ name }) => name).filter((name) => !taken.has(name));
}

const MEANINGS: { [argument: string]: { [name: string]: number } } = { code: Log, parameter: RadioParameter, record: Record };

function effect(at: Buffer): Described {
  const id = at[0];
  const names = scalarNames(id);
  const end = 5 + 8 * names.length;
  if (at.length < end) throw new Error(`an effect of import ${id} is cut short`);
  const scalars = names.map((name, index) => {
    const value = Number(at.readBigInt64LE(5 + 8 * index));
    return [name, MEANINGS[name] ? nameOf(MEANINGS[name], value) : value];
  });
  const call = IMPORTS.find((row) => row.id === id)?.name ?? `import ${id}`;
  return { kind: "effect", call, ...Object.fromEntries(scalars), answer: at.readInt32LE(1), octets: hex(at.subarray(end)) };
}

function event(at: Buffer): Described {
  const octets = hex(at.subarray(EVENT_HEAD));
  const name = nameOf(EventKind, at[EVENT_KIND]);
  const time = Number(at.readBigInt64LE(8));
  if (at[EVENT_KIND] === EventKind.RadioReceived)
    return { kind: "event", event: name, time, lqi: at[EVENT_LQI], rssi: at.readInt8(EVENT_RSSI), octets };
  if (at[EVENT_KIND] === EventKind.RadioSent)
    return { kind: "event", event: name, time, handle: at[EVENT_HANDLE], status: at.readInt8(EVENT_STATUS) };
  return { kind: "event", event: name, time, octets };
}

/** One record as fields. */
export function traceDescribe({ kind, octets }: TraceRecord): Described {
  const at = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  switch (kind) {
    case TraceKind.Seed:
      return { kind: "seed", octets: hex(at) };
    case TraceKind.Record:
      return { kind: "record", record: nameOf(Record, at.readUInt16LE(0)), octets: hex(at.subarray(2)) };
    case TraceKind.Start:
      return { kind: "start", now: Number(at.readBigInt64LE(0)), reason: at.readUInt32LE(8) };
    case TraceKind.Event:
      return event(at);
    case TraceKind.Poll:
      return { kind: "poll", now: Number(at.readBigInt64LE(0)) };
    case TraceKind.Answer:
      return { kind: "answer", deadline: Number(at.readBigInt64LE(0)) };
    case TraceKind.Effect:
      return effect(at);
    case TraceKind.Trap:
      return { kind: "trap" };
    case TraceKind.Image:
      return {
        kind: "image",
        call: IMPORTS.find((row) => row.id === at[0])?.name ?? `import ${at[0]}`,
        answer: at.readInt32LE(1),
        octets: hex(at.subarray(5)),
      };
    case TraceKind.Key:
      return { kind: "key", slot: at[0], octets: hex(at.subarray(1)) };
    case TraceKind.Outside:
      return { kind: "outside", call: IMPORTS.find((row) => row.id === at[0])?.name ?? `import ${at[0]}`, answer: at.readInt32LE(1) };
    default:
      return { kind: `unknown ${kind}`, octets: hex(at) };
  }
}

/** `poll now 20` or `effect radio_send handle 3 answer 0 6188...`. */
export function traceLine(described: Described): string {
  const { kind, ...fields } = described;
  const words = Object.entries(fields).map(([name, value]) =>
    ["call", "event", "octets"].includes(name) ? `${value}` : `${name} ${value}`,
  );
  return [kind.padEnd(7), ...words].join(" ").trimEnd();
}

export interface Difference {
  /** Number of the first record that differs, from 0. */
  index: number;
  /** The newest poll or start before it. */
  after: string;
  first: string;
  second: string;
}

/** Where two traces part; null when they are one. */
export function traceDifference(one: Uint8Array, other: Uint8Array): Difference | null {
  const [a, b] = [readTrace(one), readTrace(other)];
  const same = (index: number): boolean => a[index]?.kind === b[index]?.kind && Buffer.compare(a[index].octets, b[index].octets) === 0;
  let index = 0;
  while (index < a.length && index < b.length && same(index)) index++;
  if (index === a.length && index === b.length) return null;
  const text = (record: TraceRecord | undefined): string => (record ? traceLine(traceDescribe(record)) : "nothing: it ends here");
  const before = a.slice(0, index).findLast(({ kind }) => kind === TraceKind.Poll || kind === TraceKind.Start);
  return { index, after: before ? text(before) : "the beginning", first: text(a[index]), second: text(b[index]) };
}
