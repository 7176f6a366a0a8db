// Payloads of cluster commands as objects and back, along the descriptors of clusters/: for tests and decoders.
import type { Command, Field } from "./descriptor.ts";
import { STRINGS } from "./descriptor.ts";

/** Numbers to six octets, bigints of eight, octets, `null` for a string that is none; groups and lists. */
export type Value = number | bigint | Buffer | null | Value[] | Values;
export interface Values {
  [field: string]: Value | undefined;
}

/** A payload or an object that is none of the command's. */
export class BadPayload extends Error {}

const NO_STRING = 0xff;

function holds(field: Field, values: Values): boolean {
  if (!field.if) return true;
  const { test, value } = field.if;
  const found = Number(values[field.if.field]) & 0xff; // devices look at one octet
  return test === "==" ? found === value : test === "&" ? (found & value) !== 0 : found >= value;
}

/** How often a field comes; `undefined` to the end. */
function timesOf(field: Field, before: Field | undefined, values: Values): number | undefined {
  if (field.count === "rest") return undefined;
  const low = field.count === "low";
  const count = Number(values[(low ? before?.name : field.count) ?? ""]);
  return low ? count & 15 : count;
}

class Reader {
  at = 0;

  constructor(private readonly octets: Buffer) {}

  get ended(): boolean {
    return this.at === this.octets.length;
  }

  take(size: number, name: string): Buffer {
    if (this.octets.length - this.at < size) throw new BadPayload(`${name} ends after ${this.octets.length} octets`);
    this.at += size;
    return this.octets.subarray(this.at - size, this.at);
  }

  one(field: Field): Value {
    if (field.type === "list") return this.group(field.fields, false);
    if (field.type === "rest") return this.take(this.octets.length - this.at, field.name);
    if (field.type === "octets") return this.take(field.size, field.name);
    if (field.type in STRINGS) {
      const count = this.take(1, field.name)[0];
      return count === NO_STRING ? null : this.take(count, field.name);
    }
    const octets = this.take(field.size, field.name);
    const signed = field.type.startsWith("int");
    if (field.size === 8) return signed ? octets.readBigInt64LE() : octets.readBigUInt64LE();
    const value = signed ? octets.readIntLE(0, field.size) : octets.readUIntLE(0, field.size);
    if (field.max !== undefined && value > field.max) throw new BadPayload(`${field.name} is ${value}, above ${field.max}`);
    return value;
  }

  group(fields: readonly Field[], mayEnd: boolean): Values {
    const values: Values = {};
    let optional = false;
    for (const [index, field] of fields.entries()) {
      if (!holds(field, values)) continue;
      optional ||= field.optional;
      if (mayEnd && optional && this.ended) break;
      values[field.name] = field.count === undefined ? this.one(field) : this.many(field, timesOf(field, fields[index - 1], values));
    }
    return values;
  }

  private many(field: Field, times: number | undefined): Value[] {
    const list: Value[] = [];
    while (times === undefined ? !this.ended : list.length < times) list.push(this.one(field));
    return list;
  }
}

/** The fields of a payload; `known` octets of it are the descriptor's. */
export function parsePayload(command: Command, octets: Uint8Array): { values: Values; known: number } {
  const reader = new Reader(Buffer.from(octets));
  const values = reader.group(command.fields, true);
  if (command.exact && !reader.ended) throw new BadPayload(`${command.name} has ${octets.length - reader.at} octets too many`);
  return { values, known: reader.at };
}

function octetsOf(field: Field, value: Value): Buffer {
  const wrong = (): never => {
    throw new BadPayload(`${field.name} is no ${field.type}: ${String(value)}`);
  };
  if (field.type === "list") return buildGroup(field.fields, value as Values);
  if (field.type in STRINGS) {
    if (value === null) return Buffer.from([NO_STRING]);
    if (!Buffer.isBuffer(value) || value.length >= NO_STRING) return wrong();
    return Buffer.concat([Buffer.from([value.length]), value]);
  }
  if (field.type === "rest" || field.type === "octets") {
    return Buffer.isBuffer(value) && (field.type === "rest" || value.length === field.size) ? value : wrong();
  }
  const out = Buffer.alloc(field.size);
  const signed = field.type.startsWith("int");
  if (field.size === 8) {
    if (typeof value !== "bigint") return wrong();
    if (signed) out.writeBigInt64LE(value);
    else out.writeBigUInt64LE(value);
  } else {
    if (typeof value !== "number" || (field.max !== undefined && value > field.max)) return wrong();
    if (signed) out.writeIntLE(value, 0, field.size);
    else out.writeUIntLE(value, 0, field.size);
  }
  return out;
}

function buildGroup(fields: readonly Field[], values: Values): Buffer {
  const parts: Buffer[] = [];
  let ended = "";
  for (const [index, field] of fields.entries()) {
    const value = values[field.name];
    if (!holds(field, values)) continue;
    if (value === undefined) {
      if (!field.optional) throw new BadPayload(`${field.name} is missing`);
      ended = field.name;
      continue;
    }
    if (ended) throw new BadPayload(`${field.name} cannot come without ${ended}`);
    if (field.count === undefined) parts.push(octetsOf(field, value));
    else {
      const list = value as Value[];
      const times = timesOf(field, fields[index - 1], values);
      if (times !== undefined && times !== list.length) throw new BadPayload(`${field.name} has ${list.length} members, not ${times}`);
      for (const member of list) parts.push(octetsOf(field, member));
    }
  }
  return Buffer.concat(parts);
}

/** The payload of a command with these fields. */
export function buildPayload(command: Command, values: Values): Buffer {
  return buildGroup(command.fields, values);
}
