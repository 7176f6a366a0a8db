// The descriptor of a cluster: clusters/NAME.json, what a specification says of its attributes and commands.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Octets of each fixed type, and its number in 075123 table 2-10. */
export const TYPES: Record<string, { id: number; size: number }> = {
  bool: { id: 0x10, size: 1 },
  bitmap8: { id: 0x18, size: 1 },
  bitmap16: { id: 0x19, size: 2 },
  bitmap24: { id: 0x1a, size: 3 },
  bitmap32: { id: 0x1b, size: 4 },
  bitmap48: { id: 0x1d, size: 6 },
  uint8: { id: 0x20, size: 1 },
  uint16: { id: 0x21, size: 2 },
  uint24: { id: 0x22, size: 3 },
  uint32: { id: 0x23, size: 4 },
  uint48: { id: 0x25, size: 6 },
  uint64: { id: 0x27, size: 8 },
  int8: { id: 0x28, size: 1 },
  int16: { id: 0x29, size: 2 },
  int24: { id: 0x2a, size: 3 },
  int32: { id: 0x2b, size: 4 },
  int48: { id: 0x2d, size: 6 },
  enum8: { id: 0x30, size: 1 },
  enum16: { id: 0x31, size: 2 },
  utc: { id: 0xe2, size: 4 },
  ieee: { id: 0xf0, size: 8 },
};
/** Types of variable size: a string with a count of one octet or two. */
export const STRINGS: Record<string, number> = { octstr: 0x41, string: 0x42, longOctstr: 0x43, longString: 0x44 };

export interface Attribute {
  id: number;
  name: string;
  type: string;
  /** The profile demands it. */
  mandatory: boolean;
  write: boolean;
  report: boolean;
  /** The client has it, not the server. */
  client: boolean;
  since: string;
}

/** A field is there if an earlier one has a value, some bits, or at least a value. */
export interface Condition {
  field: string;
  test: "==" | "&" | ">=";
  value: number;
}

export interface Field {
  name: string;
  /** A name of TYPES or STRINGS; `octets` of a fixed size; `rest`, all to the end; `list`, of groups of fields. */
  type: string;
  size: number;
  /** The largest value that is no error. */
  max?: number;
  if?: Condition;
  /** The payload may end before it. */
  optional: boolean;
  /** How often it comes: `rest`, to the end; `low`, the low half of the octet before; or the name of the field before. */
  count?: string;
  fields: Field[];
}

export interface Command {
  id: number;
  to: "client" | "server";
  name: string;
  mandatory: boolean;
  /** Nothing may follow the known fields; elsewhere a later edition may add some, 075123 section 2.3.3. */
  exact: boolean;
  since: string;
  fields: Field[];
}

export interface Cluster {
  /** The file's name without its ending. */
  key: string;
  id: number;
  name: string;
  document: string;
  since: string;
  /** `link`: only under an established link key, SE 1.4a section 5.4.6. */
  security: "link" | "network";
  attributes: Attribute[];
  commands: Command[];
}

type Json = Record<string, unknown>;

/** A file that says what no cluster can be. */
export class BadDescriptor extends Error {}

function fail(where: string, why: string): never {
  throw new BadDescriptor(`${where}: ${why}`);
}

function object(value: unknown, where: string, keys: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(where, "it is not an object");
  const known = keys.split(" ");
  for (const key of Object.keys(value)) if (!known.includes(key)) fail(where, `it has a member "${key}", which means nothing here`);
  return value as Json;
}

function text(value: unknown, where: string, pattern = /./): string {
  if (typeof value !== "string" || !pattern.test(value)) fail(where, `${JSON.stringify(value)} is not of the form ${pattern.source}`);
  return value;
}

function list(value: unknown, where: string): unknown[] {
  if (!Array.isArray(value)) fail(where, "it is not a list");
  return value;
}

const number = (value: unknown, where: string, max: number): number => {
  const found = Number(text(value, where, /^0x[0-9a-f]+$/));
  return found <= max ? found : fail(where, `${value} is above 0x${max.toString(16)}`);
};
const NAME = /^[a-z][A-Za-z0-9]*$/;

export function condition(value: unknown, where: string): Condition {
  const match = /^(\w+) (==|&|>=) (0x[0-9a-f]+|\d+)$/.exec(text(value, where));
  if (!match) fail(where, `"${value}" is not of the form "field == 1", "field & 1" or "field >= 1"`);
  return { field: match[1], test: match[2] as Condition["test"], value: Number(match[3]) };
}

function readField(value: unknown, path: string): Field {
  const raw = object(value, path, "name type size max if optional count fields");
  const name = text(raw.name, `${path}: name`, NAME);
  const where = `${path}.${name}`;
  const type = raw.fields ? "list" : text(raw.type, `${where}: type`);
  const size = type === "octets" ? Number(raw.size) : (TYPES[type]?.size ?? 0);
  if (type === "octets" && !(size > 0 && size < 256)) fail(where, "octets need a size of 1 to 255");
  if (!TYPES[type] && !(type in STRINGS) && !["octets", "rest", "list"].includes(type)) fail(where, `there is no type "${type}"`);
  const fields = raw.fields ? list(raw.fields, where).map((field) => readField(field, where)) : [];
  const count = raw.count === undefined ? undefined : text(raw.count, `${where}: count`);
  if (type === "list" && !count) fail(where, "a list needs its count");
  return {
    name,
    type,
    size,
    max: raw.max === undefined ? undefined : Number(raw.max),
    if: raw.if === undefined ? undefined : condition(raw.if, where),
    optional: raw.optional === true,
    count,
    fields,
  };
}

function readCommand(value: unknown, path: string, since: string): Command {
  const raw = object(value, path, "id to name mandatory exact since fields");
  const name = text(raw.name, `${path}: name`, NAME);
  const where = `${path}.${name}`;
  return {
    id: number(raw.id, where, 0xfe),
    to: text(raw.to, where, /^(client|server)$/) as Command["to"],
    name,
    mandatory: raw.mandatory === true,
    exact: raw.exact === true,
    since: raw.since === undefined ? since : text(raw.since, where),
    fields: list(raw.fields, where).map((field) => readField(field, where)),
  };
}

function readAttribute(value: unknown, path: string, since: string): Attribute {
  const raw = object(value, path, "id name type mandatory write report client since");
  const name = text(raw.name, `${path}: name`, NAME);
  const where = `${path}.${name}`;
  const type = text(raw.type, where);
  if (!TYPES[type] && !(type in STRINGS)) fail(where, `there is no type "${type}"`);
  return {
    id: number(raw.id, where, 0xfffe),
    name,
    type,
    mandatory: raw.mandatory === true,
    write: raw.write === true,
    report: raw.report === true,
    client: raw.client === true,
    since: raw.since === undefined ? since : text(raw.since, where),
  };
}

/** No two of a kind: attributes ascend, and a command of one direction has its number and its name alone. */
function unique(cluster: Cluster): Cluster {
  let last = -1;
  for (const { id, name } of cluster.attributes) {
    if (id <= last) fail(`${cluster.key}.${name}`, "attributes stand in ascending order of their identifiers");
    last = id;
  }
  const seen = new Set<string>();
  for (const { id, to, name } of cluster.commands) {
    for (const key of [`${to} ${id}`, name]) {
      if (seen.has(key)) fail(`${cluster.key}.${name}`, `there are two of "${key}"`);
      seen.add(key);
    }
  }
  return cluster;
}

export function readCluster(key: string, content: string): Cluster {
  const raw = object(JSON.parse(content), key, "id name document since security attributes commands");
  const since = text(raw.since, `${key}: since`);
  return unique({
    key,
    id: number(raw.id, key, 0xffff),
    name: text(raw.name, key),
    document: text(raw.document, key),
    since,
    security: text(raw.security, key, /^(link|network)$/) as Cluster["security"],
    attributes: list(raw.attributes, key).map((item) => readAttribute(item, key, since)),
    commands: list(raw.commands, key).map((item) => readCommand(item, key, since)),
  });
}

/** Every cluster of a folder, in ascending order of identifiers. */
export function readClusters(folder: string): Cluster[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json") && name !== "instances.json")
    .map((name) => readCluster(basename(name, ".json"), readFileSync(join(folder, name), "utf8")))
    .sort((a, b) => a.id - b.id);
}
