// The clusters of each device: clusters/instances.json.  A row is a cluster in a role at an endpoint, with what it has of the descriptor.
import { readFileSync } from "node:fs";
import { type Attribute, BadDescriptor, type Cluster, type Command, STRINGS, TYPES } from "./descriptor.ts";

/** A name of the stack: a function, or a field of an object that lies at a fixed place. */
export interface Reference {
  /** Relative to assembly/, without its ending. */
  file: string;
  name: string;
  field?: string;
}

export type Value = { kind: "number"; number: number } | { kind: "text"; text: string } | { kind: "place"; place: Reference };

export interface Has {
  attribute: Attribute;
  value: Value;
  write: boolean;
}

export interface Instance {
  endpoint: number;
  cluster: Cluster;
  /** `none`: the device lacks the cluster; the row only says under which key it is asked for. */
  role: "server" | "client" | "none";
  attributes: Has[];
  /** The commands it takes, and those that it says unasked or in answer to others. */
  commands: Command[];
  sends: Command[];
  /** Functions: before attributes are told, after one was written, for a command. */
  refresh?: Reference;
  written?: Reference;
  command?: Reference;
}

export interface Endpoint {
  endpoint: number;
  device: number;
  instances: Instance[];
}

export interface Device {
  key: string;
  endpoints: Endpoint[];
}

interface RawRow {
  cluster: string;
  role: Instance["role"];
  same?: string;
  attributes?: Record<string, unknown>;
  commands?: string[];
  sends?: string[];
  refresh?: string;
  written?: string;
  command?: string;
}
type RawDevice = { endpoints: { endpoint: number; device: string; clusters: RawRow[] }[] };

export function reference(text: string, where: string): Reference {
  const match = /^([\w/]+)#(\w+)(?:\.(\w+))?$/.exec(text);
  if (!match) throw new BadDescriptor(`${where}: "${text}" is not of the form path#function or path#object.field`);
  return { file: match[1], name: match[2], field: match[3] };
}

function readValue(raw: unknown, attribute: Attribute, where: string): Value {
  if (typeof raw === "object" && raw !== null && "text" in raw) {
    if (!(attribute.type in STRINGS)) throw new BadDescriptor(`${where}: a text is no ${attribute.type}`);
    return { kind: "text", text: String(raw.text) };
  }
  if (typeof raw === "object" && raw !== null && "at" in raw) {
    return { kind: "place", place: reference(String(raw.at), where) };
  }
  const number = Number(raw);
  if (!(number >= 0 && number <= 0xffff) || !TYPES[attribute.type]) {
    throw new BadDescriptor(`${where}: ${JSON.stringify(raw)} is neither 0 to 0xffff, nor a text, nor a place`);
  }
  return { kind: "number", number };
}

function pick<T extends { name: string }>(list: T[], name: string, where: string): T {
  const found = list.find((item) => item.name === name);
  if (!found) throw new BadDescriptor(`${where}: its descriptor has no "${name}"`);
  return found;
}

function readRow(raw: RawRow, endpoint: number, clusters: Cluster[], device: string): Instance {
  const where = `${device}.${raw.cluster}`;
  const cluster = clusters.find(({ key }) => key === raw.cluster);
  if (!cluster) throw new BadDescriptor(`${where}: there is no clusters/${raw.cluster}.json`);
  const hook = (text: string | undefined) => (text === undefined ? undefined : reference(text, where));
  const commands = (raw.commands ?? []).map((name) => pick(cluster.commands, name, where));
  const wrong = commands.find(({ to }) => to !== raw.role);
  if (wrong) throw new BadDescriptor(`${where}: "${wrong.name}" is a command to the ${wrong.to}`);
  return {
    endpoint,
    cluster,
    role: raw.role,
    attributes: Object.entries(raw.attributes ?? {})
      .map(([name, value]) => {
        const attribute = pick(cluster.attributes, name, where);
        const write = typeof value === "object" && value !== null && "write" in value && value.write === true;
        if (write && !attribute.write) throw new BadDescriptor(`${where}.${name}: its descriptor has it read only`);
        return { attribute, value: readValue(value, attribute, `${where}.${name}`), write };
      })
      .sort((a, b) => a.attribute.id - b.attribute.id),
    commands,
    sends: (raw.sends ?? []).map((name) => pick(cluster.commands, name, where)),
    refresh: hook(raw.refresh),
    written: hook(raw.written),
    command: hook(raw.command),
  };
}

export function readInstances(file: string, clusters: Cluster[]): Device[] {
  const raw = JSON.parse(readFileSync(file, "utf8")) as Record<string, RawDevice>;
  const sameAs = (row: RawRow): RawRow => {
    if (row.same === undefined) return row;
    const rows = raw[row.same]?.endpoints.flatMap((one) => one.clusters) ?? [];
    const other = rows.find((one) => one.cluster === row.cluster && one.role === row.role);
    if (!other) throw new BadDescriptor(`${row.cluster}: ${row.same} has no such row`);
    return other;
  };
  return Object.entries(raw).map(([key, device]) => ({
    key,
    endpoints: device.endpoints.map((one) => ({
      endpoint: one.endpoint,
      device: Number(one.device),
      instances: one.clusters.map((row) => readRow(sameAs(row), one.endpoint, clusters, key)),
    })),
  }));
}
