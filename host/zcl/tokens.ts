// A command's fields as the octets that assembly/zigbee/zcl/walk.ts goes through.
//
//   | count of octets | tokens ... |
//   1..8                 a number of so many octets
//   OCTETS size          so many octets                       STRING                as many as the number before says
//   REST                 all to the end                       OPTIONAL              from here on the payload may end before a field
//   MAX value            the octet before is no larger        EXACT                 nothing may follow
//   UNTIL_END size       the tokens that follow repeat to the end
//   COUNT size           they repeat as often as the number before says    COUNT_LOW size   as its low half says
//   IF_EQUAL offset value size, IF_BITS, IF_LEAST            they are skipped unless the octet at that offset is so
import type { Command, Condition, Field } from "./descriptor.ts";
import { BadDescriptor, STRINGS } from "./descriptor.ts";

export const TOKEN = {
  STRING: 9,
  REST: 10,
  OPTIONAL: 11,
  EXACT: 12,
  OCTETS: 13,
  MAX: 14,
  UNTIL_END: 15,
  COUNT: 16,
  COUNT_LOW: 17,
  IF_EQUAL: 18,
  IF_BITS: 19,
  IF_LEAST: 20,
} as const;

const TESTS: Record<Condition["test"], number> = { "==": TOKEN.IF_EQUAL, "&": TOKEN.IF_BITS, ">=": TOKEN.IF_LEAST };

/** Octets of a field where they are always the same, or -1. */
export function fixedSize(field: Field): number {
  return field.size > 0 && !field.count && !field.optional ? field.size : -1;
}

/**
 * Where each field of a command begins as far as that is the same in every payload, by its index.  Fields of two conditions that
 * exclude each other begin at the same place.
 */
export function offsets(fields: readonly Field[]): (number | undefined)[] {
  let at: number | undefined = 0;
  let group: Condition | undefined;
  let groupAt: number | undefined = 0;
  return fields.map((field) => {
    const one = field.if;
    if (one && !same(one, group)) {
      const excludes = group && one.field === group.field && one.test === "==" && group.test === "==";
      // "at least 1" holds wherever "at least 2" does, so its fields come before.
      const implies = group && one.field === group.field && one.test === ">=" && group.test === ">=" && one.value > group.value;
      if (group && excludes) at = groupAt;
      else if (group && !implies) at = undefined;
      groupAt = at;
    } else if (!one && group) at = undefined;
    group = one;
    const here = at;
    const size = field.optional && field.size > 0 ? field.size : fixedSize(field);
    at = at === undefined || size < 0 ? undefined : at + size;
    return here;
  });
}

function same(a: Condition | undefined, b: Condition | undefined): boolean {
  return a?.field === b?.field && a?.test === b?.test && a?.value === b?.value;
}

interface Scope {
  where: string;
  fields: readonly Field[];
  places: (number | undefined)[];
  optional: boolean;
  inner: boolean;
}

function group(token: number, size: number[], tokens: number[], where: string): number[] {
  if (tokens.length > 255) throw new BadDescriptor(`${where}: a group of ${tokens.length} tokens is too long`);
  return [token, ...size, tokens.length, ...tokens];
}

function bare(field: Field, where: string): number[] {
  if (field.type === "list") return groupOf(field.fields, where);
  if (field.type === "octets") return [TOKEN.OCTETS, field.size];
  if (field.type === "rest") return [TOKEN.REST];
  if (STRINGS[field.type] > 0x42) throw new BadDescriptor(`${where}.${field.name}: no command of a cluster has a long string`);
  if (field.type in STRINGS) return [1, TOKEN.STRING];
  if (field.max === undefined) return [field.size];
  if (field.size !== 1) throw new BadDescriptor(`${where}.${field.name}: only a field of one octet has a largest value`);
  return [field.size, TOKEN.MAX, field.max];
}

function repeated(field: Field, before: Field | undefined, scope: Scope): number[] {
  const where = `${scope.where}.${field.name}`;
  const tokens = bare(field, scope.where);
  if (field.count === undefined) return tokens;
  if (scope.optional) throw new BadDescriptor(`${where}: what may be missing cannot repeat`);
  if (field.count === "rest") return group(TOKEN.UNTIL_END, [], tokens, where);
  if (field.count !== "low" && field.count !== before?.name)
    throw new BadDescriptor(`${where}: its count "${field.count}" is not the field before`);
  if (!before || before.size < 1 || before.size > 2) throw new BadDescriptor(`${where}: a count has one or two octets`);
  return group(field.count === "low" ? TOKEN.COUNT_LOW : TOKEN.COUNT, [], tokens, where);
}

/** The offset of the octet that a condition looks at. */
function selector(one: Condition, scope: Scope): number {
  const index = scope.fields.findIndex((field) => field.name === one.field);
  const at = index < 0 ? undefined : scope.places[index];
  const field = scope.fields[index];
  if (scope.inner || at === undefined || at > 255 || field.if || field.optional)
    throw new BadDescriptor(`${scope.where}: "${one.field}" is at no fixed place, so nothing can depend on it`);
  if (one.value > 255) throw new BadDescriptor(`${scope.where}: ${one.value} is more than an octet`);
  return at;
}

function groupOf(fields: readonly Field[], where: string, inner = true): number[] {
  const scope: Scope = { where, fields, places: offsets(fields), optional: false, inner };
  const out: number[] = [];
  for (let index = 0; index < fields.length; ) {
    const one = fields[index].if;
    const tokens: number[] = [];
    do {
      const field = fields[index];
      if (field.optional && inner) throw new BadDescriptor(`${where}.${field.name}: inside a list nothing is optional`);
      if (field.optional && !scope.optional) {
        scope.optional = true;
        tokens.push(TOKEN.OPTIONAL);
      }
      tokens.push(...repeated(field, fields[index - 1], scope));
      index++;
    } while (one && index < fields.length && same(one, fields[index].if));
    out.push(...(one ? group(TESTS[one.test], [selector(one, scope), one.value], tokens, where) : tokens));
  }
  return out;
}

/** The octets that describe a command's payload: their count, then as many. */
export function tokensOf(command: Command, where: string): number[] {
  const tokens = groupOf(command.fields, `${where}.${command.name}`, false);
  if (command.exact) tokens.push(TOKEN.EXACT);
  if (tokens.length > 254) throw new BadDescriptor(`${where}.${command.name}: its ${tokens.length} tokens are too many`);
  return [tokens.length, ...tokens];
}
