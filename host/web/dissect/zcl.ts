// ZCL frames, 075123 section 2.4, along the descriptors of clusters/; and the names of ZDO's clusters, 05-3474 section 2.4.
import { BadPayload, parsePayload, type Value, type Values } from "../../zcl/codec.ts";
import { type Cluster, type Command, STRINGS, TYPES } from "../../zcl/descriptor.ts";
import { bits, Cursor, CutShort, type DissectedLayer, hex, inWords } from "./tree.ts";

const ZDO: Record<number, string> = {
  0: "network address",
  1: "IEEE address",
  2: "node descriptor",
  4: "simple descriptor",
  5: "active endpoints",
  6: "match descriptor",
  19: "device announcement",
  33: "bind",
  34: "unbind",
  49: "neighbours",
  50: "routes",
  51: "bindings",
  52: "leave",
  54: "permit joining",
  56: "network update",
};
const GLOBAL = [
  "read attributes",
  "read attributes response",
  "write attributes",
  "write attributes undivided",
  "write attributes response",
  "write attributes without response",
  "configure reporting",
  "configure reporting response",
  "read reporting configuration",
  "read reporting configuration response",
  "report attributes",
  "default response",
  "discover attributes",
  "discover attributes response",
];
const READ = 0;
const READ_RESPONSE = 1;
const WRITE = 2;
const CONFIGURE = 6;
const REPORT = 10;
const DEFAULT_RESPONSE = 11;
const ATTRIBUTES = [READ, READ_RESPONSE, WRITE, CONFIGURE, REPORT];
const TYPE_OF = new Map(Object.entries(TYPES).map(([name, { id, size }]) => [id, { name, size }]));
const STRING_OF = new Map(Object.entries(STRINGS).map(([name, id]) => [id, name]));
const DASHES = /([a-z0-9])([A-Z])/g;

/** camelCase as words. */
const words = (name: string): string => name.replace(DASHES, "$1 $2").toLowerCase();

export function zdoName(cluster: number): string {
  const name = ZDO[cluster & 0x7fff];
  if (name === undefined) return hex(cluster, 2);
  return cluster & 0x8000 ? `${name} response` : name;
}

export function dissectZdo(octets: Buffer, at: number, end: number, cluster: number): { layer: DissectedLayer; about: string } {
  const cursor = new Cursor(octets, at, end);
  cursor.number("sequence number", 1, String);
  if (cursor.left > 0) cursor.bytes("its fields", cursor.left);
  return { layer: cursor.layer("ZigBee device objects", at), about: zdoName(cluster) };
}

/** Nothing throws but `CutShort`. */
export function dissectZcl(
  octets: Buffer,
  at: number,
  end: number,
  cluster: Cluster | undefined,
): { layer: DissectedLayer; about: string } {
  const cursor = new Cursor(octets, at, end);
  const control = cursor.number("frame control", 1, (value) =>
    inWords(
      value,
      1,
      [value & 3 ? "of the cluster" : "of the profile", bits(value, { 4: "manufacturer's", 8: "to the client", 16: "no default response" })]
        .filter(Boolean)
        .join(", "),
    ),
  );
  if (control & 4) cursor.number("manufacturer", 2);
  cursor.number("sequence number", 1, String);
  const layer = (): DissectedLayer => ({ ...cursor.layer("ZigBee clusters", at), size: end - at });
  if ((control & 3) === 0) {
    const command = cursor.number("command", 1, (value) => inWords(value, 1, GLOBAL[value] ?? ""));
    const told = general(cursor, command, cluster);
    rest(cursor);
    return { layer: layer(), about: [GLOBAL[command] ?? `command ${hex(command, 1)}`, told].filter(Boolean).join(": ") };
  }
  const to = control & 8 ? "client" : "server";
  const found = (id: number): Command | undefined =>
    cluster?.commands.find((each) => each.id === id && each.to === to && (control & 4) === 0);
  const command = cursor.number("command", 1, (value) => inWords(value, 1, words(found(value)?.name ?? "")));
  const known = found(command);
  if (known) payload(cursor, known);
  rest(cursor);
  return { layer: layer(), about: known ? words(known.name) : `command ${hex(command, 1)}` };
}

function rest(cursor: Cursor): void {
  if (cursor.left > 0) cursor.bytes("more", cursor.left);
}

/** Attributes as far as they are there; answers what they are in words. */
function general(cursor: Cursor, command: number, cluster: Cluster | undefined): string {
  const told: string[] = [];
  const nameOf = (id: number): string => words(cluster?.attributes.find((each) => each.id === id)?.name ?? "");
  try {
    if (command === DEFAULT_RESPONSE) {
      cursor.number("to the command", 1);
      cursor.number("status", 1);
    }
    while (ATTRIBUTES.includes(command) && cursor.left > 0) {
      const direction =
        command === CONFIGURE ? cursor.number("direction", 1, (value) => (value === 0 ? "0 sends" : `${value} receives`)) : 0;
      const id = cursor.number("attribute", 2, (value) => inWords(value, 2, nameOf(value)));
      told.push(attribute(cursor, command, direction, nameOf(id) || hex(id, 2)));
    }
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
  }
  return told.join(", ");
}

/** What stands behind an attribute's identifier; answers it in words. */
function attribute(cursor: Cursor, command: number, direction: number, name: string): string {
  if (command === READ) return name;
  if (command === CONFIGURE) {
    if (direction === 0) reporting(cursor);
    else cursor.number("patience", 2, seconds);
    return name;
  }
  if (command === READ_RESPONSE && cursor.number("status", 1) !== 0) return `no ${name}`;
  return `${name} ${attributeValue(cursor, name)}`;
}

const seconds = (value: number): string => `${value} s`;

function reporting(cursor: Cursor): void {
  const type = cursor.number("type", 1, typeWords);
  cursor.number("at least between two reports", 2, seconds);
  cursor.number("at most between two reports", 2, seconds);
  // What counts has a change that is worth a report; what is one of several has none.
  const fixed = TYPE_OF.get(type);
  if (fixed && fixed.size <= 6 && /^(u?int|utc)/.test(fixed.name)) cursor.number("change", fixed.size, String);
}

const typeWords = (value: number): string => inWords(value, 1, TYPE_OF.get(value)?.name ?? STRING_OF.get(value) ?? "");

function attributeValue(cursor: Cursor, name: string): string {
  const type = cursor.number("type", 1, typeWords);
  const fixed = TYPE_OF.get(type);
  const string = STRING_OF.get(type);
  if (fixed) {
    if (cursor.left < fixed.size) throw new CutShort(name);
    const signed = fixed.name.startsWith("int");
    const { octets, at } = cursor;
    const big = fixed.size > 6;
    const value = big ? octets.readBigUInt64LE(at) : signed ? octets.readIntLE(at, fixed.size) : octets.readUIntLE(at, fixed.size);
    cursor.note(name, String(value), fixed.size);
    return String(value);
  }
  if (string === "octstr" || string === "string") {
    const size = cursor.number("size", 1, String);
    const octets = cursor.bytes(name, Math.min(size, cursor.left));
    return string === "string" ? printable(octets) : octets.toString("hex");
  }
  throw new CutShort(name);
}

/** The fields of a command one after the other: each is read with those before it, which says where it begins. */
function payload(cursor: Cursor, command: Command): void {
  const octets = cursor.octets.subarray(cursor.at, cursor.end);
  let before = 0;
  for (const [index, field] of command.fields.entries()) {
    try {
      const { values, known } = parsePayload({ ...command, exact: false, fields: command.fields.slice(0, index + 1) }, octets);
      if (values[field.name] !== undefined) cursor.note(words(field.name), valueWords(values[field.name] as Value), known - before);
      before = known;
    } catch (error) {
      if (!(error instanceof BadPayload)) throw error;
      return;
    }
  }
}

function valueWords(value: Value): string {
  if (value === null) return "none";
  if (Buffer.isBuffer(value)) return printable(value);
  if (Array.isArray(value)) return value.map(valueWords).join("; ");
  if (typeof value === "object")
    return Object.entries(value as Values)
      .map(([name, member]) => `${words(name)} ${valueWords(member as Value)}`)
      .join(", ");
  return String(value);
}

/** Text where all of it is text, hexadecimal otherwise. */
function printable(octets: Buffer): string {
  const text = octets.toString("latin1");
  return /^[\x20-\x7e\xa0-\xff]+$/.test(text) ? `"${text}"` : octets.toString("hex");
}
