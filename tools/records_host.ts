// The host's side of the records: an interface, an emitter and a parser each, and a union of what may come in one direction.
import { type Field, type StoredRecord, type UplinkRecord, widthOf } from "./records_read.ts";

/** Of the formatter. */
const WIDTH = 140;
const READ: Record<string, string> = {
  u8: "getUint8",
  u16: "getUint16",
  u32: "getUint32",
  i32: "getInt32",
  u64: "getBigUint64",
  i64: "getBigInt64",
};
const lower = (name: string): string => name[0].toLowerCase() + name.slice(1);
const wide = (type: string): boolean => type === "u64" || type === "i64";
const endian = (type: string): string => (type === "u8" ? "" : ", true");

function typeOf({ type, counts, octets }: Field): string {
  if (octets !== null || (counts !== null && type === "u8")) return "Uint8Array";
  const one = wide(type) ? "bigint" : "number";
  return counts === null ? one : `readonly ${one}[]`;
}

/** What a person gives: counts follow from what they count. */
function given(fields: readonly Field[]): Field[] {
  return fields.filter(({ name }) => name !== "reserved" && !fields.some(({ counts }) => counts === name));
}

function interfaceText(name: string, about: string, fields: readonly Field[]): string[] {
  const members = given(fields).flatMap((field) => [
    ...(field.about ? [`  /** ${field.about} */`] : []),
    `  ${field.name}: ${typeOf(field)};`,
  ]);
  return [`/** ${about} */`, `export interface ${name} {`, ...members, "}", ""];
}

function setText({ type, offset }: Field, base: number, value: string): string {
  return `  at.${READ[type].replace("get", "set")}(${base + offset}, ${value}${endian(type)});`;
}

function emitText({ name, kind, fields, fixed, down }: UplinkRecord): string[] {
  const list = fields.find(({ counts }) => counts !== null);
  const out = [`export function ${lower(name)}Emit(record: ${name}Record): Buffer {`];
  const extra = list ? ` + record.${list.name}.length${list.type === "u8" ? "" : ` * ${widthOf({ ...list, octets: null })}`}` : "";
  const counter = list?.counts ? fields.find((field) => field.name === list.counts) : undefined;
  if (list && counter) out.push(`  counted("${name}", record.${list.name}.length);`);
  out.push(`  const out = Buffer.alloc(${1 + fixed}${extra});`, "  const at = new DataView(out.buffer, out.byteOffset, out.length);");
  out.push(`  out[0] = ${down ? "Down" : "Up"}Kind.${name};`);
  for (const field of fields) {
    if (field.name === "reserved" || field === list) continue;
    if (field.octets !== null) {
      out.push(`  out.set(record.${field.name}.subarray(0, ${field.octets}), ${1 + field.offset});`);
      continue;
    }
    out.push(setText(field, 1, field === counter && list ? `record.${list.name}.length` : `record.${field.name}`));
  }
  if (list?.type === "u8") out.push(`  out.set(record.${list.name}, ${1 + list.offset});`);
  else if (list)
    out.push(
      `  record.${list.name}.forEach((value, index) => void at.${READ[list.type].replace("get", "set")}(${1 + list.offset} + index * 8, value, true));`,
    );
  return [...out, "  return out;", "}", ""].map((line) => (kind === undefined ? "" : line));
}

/** A list of members on one line, or each on its own, as the formatter has it. */
function folded(head: string, members: readonly string[], tail: string): string[] {
  const line = `${head} ${members.join(", ")} ${tail}`;
  if (line.length <= WIDTH) return [line];
  const indent = /^ */.exec(head)?.[0] ?? "";
  return [head, ...members.map((member) => `${indent}  ${member},`), `${indent}${tail}`];
}

function parseText({ name, fields, fixed, down }: UplinkRecord): string[] {
  const list = fields.find(({ counts }) => counts !== null);
  const out = [
    `function ${lower(name)}Of(from: Uint8Array, at: DataView): ${down ? "Down" : "Up"}Record | null {`,
    `  if (from.length < ${1 + fixed}) return null;`,
  ];
  const members = given(fields).map((field) => {
    const { octets, offset } = field;
    if (octets !== null) return `${field.name}: Uint8Array.from(from.subarray(${1 + offset}, ${1 + offset + octets}))`;
    if (field !== list) return `${field.name}: at.${READ[field.type]}(${1 + field.offset}${endian(field.type)})`;
    return `${field.name}`;
  });
  const counter = list?.counts ? fields.find((field) => field.name === list.counts) : undefined;
  if (list && counter) {
    const each = list.type === "u8" ? 1 : 8;
    out.push(`  const count = at.${READ[counter.type]}(${1 + counter.offset});`);
    out.push(`  if (from.length !== ${1 + list.offset} + count${each === 1 ? "" : ` * ${each}`}) return null;`);
    if (each === 1) out.push(`  const ${list.name} = Uint8Array.from(from.subarray(${1 + list.offset}));`);
    else
      out.push(
        `  const ${list.name} = Array.from({ length: count }, (_, index) => at.${READ[list.type]}(${1 + list.offset} + index * 8, true));`,
      );
  } else if (list) out.push(`  const ${list.name} = Uint8Array.from(from.subarray(${1 + list.offset}));`);
  out.push(...folded("  return {", [`kind: "${lower(name)}"`, ...members], "};"), "}", "");
  return out;
}

function kindsText(records: readonly UplinkRecord[], word: "Down" | "Up"): string[] {
  return [`export const ${word}Kind = {`, ...records.map(({ name, kind }) => `  ${name}: ${kind},`), "} as const;", ""];
}

function unionText(records: readonly UplinkRecord[], word: "Down" | "Up"): string[] {
  const kinds = records.map(({ name }) => `({ kind: "${lower(name)}" } & ${name}Record)`);
  const line = `export type ${word}Record = ${kinds.join(" | ")};`;
  const lines = [`export type ${word}Record =`, ...kinds.map((kind, index) => `  | ${kind}${index === kinds.length - 1 ? ";" : ""}`)];
  return [...(line.length <= WIDTH ? [line] : lines), ""];
}

function directions(uplink: readonly UplinkRecord[], text: typeof kindsText): string[] {
  return (["Down", "Up"] as const).flatMap((word) =>
    text(
      uplink.filter(({ down }) => down === (word === "Down")),
      word,
    ),
  );
}

function parsersText(records: readonly UplinkRecord[], word: "Down" | "Up"): string[] {
  const out = [
    "/** Null for what is none of them, or cut short. */",
    `export function ${lower(word)}Parse(from: Uint8Array): ${word}Record | null {`,
  ];
  out.push("  const at = new DataView(from.buffer, from.byteOffset, from.length);", "  switch (from[0]) {");
  for (const { name } of records) out.push(`    case ${word}Kind.${name}:`, `      return ${lower(name)}Of(from, at);`);
  out.push("    default:", "      return null;", "  }", "}", "");
  return [...out, ...records.flatMap(parseText)];
}

/** The file of the parsers. */
export function hostParsers(head: string, uplink: readonly UplinkRecord[]): string {
  const out = [head, 'import { DownKind, type DownRecord, UpKind, type UpRecord } from "./uplink.ts";', ""];
  out.push(...directions(uplink, parsersText));
  return `${out.join("\n").trimEnd()}\n`;
}

function storedText({ name, number, rows, from, whole, about, fields, size }: StoredRecord): string[] {
  const out = interfaceText(name, `${about}`, fields);
  const one = lower(name);
  const members = given(fields).map((field) =>
    field.octets === null
      ? `    ${field.name}: at.${READ[field.type]}(${field.offset}${endian(field.type)}),`
      : `    ${field.name}: Uint8Array.from(octets.subarray(${field.offset}, ${field.offset + field.octets})),`,
  );
  out.push(
    `/** Of record ${number}; null for one of another size. */`,
    `export function ${one}Parse(octets: Uint8Array): ${name}${rows > 1 ? "[]" : ""} | null {`,
  );
  out.push(`  if (octets.length !== ${whole}) return null;`);
  if (rows > 1) {
    const base = from === 0 ? "" : `${from} + `;
    out.push(
      `  return Array.from({ length: ${rows} }, (_, row) => ${one}Row(octets.subarray(${base}row * ${size}, ${base}(row + 1) * ${size})));`,
      "}",
      "",
    );
    out.push(`function ${one}Row(octets: Uint8Array): ${name} {`);
  }
  return [...out, "  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);", "  return {", ...members, "  };", "}", ""];
}

/** The file of what the records are. */
export function hostTypes(head: string, uplink: readonly UplinkRecord[]): string {
  const out = [head, ""];
  for (const record of uplink) out.push(...interfaceText(`${record.name}Record`, record.about, record.fields));
  out.push(...directions(uplink, unionText));
  return `${out.join("\n").trimEnd()}\n`;
}

/** The file of their kinds and emitters, through which everybody has the types as well. */
export function hostEmitters(head: string, uplink: readonly UplinkRecord[]): string {
  const names = uplink.map(({ name }) => `${name}Record`).sort((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1));
  const out = [head, ...folded("import type {", names, '} from "./uplink_types.ts";'), "", 'export type * from "./uplink_types.ts";', ""];
  out.push(...directions(uplink, kindsText));
  for (const record of uplink) out.push(...emitText(record));
  out.push("function counted(name: string, count: number): void {");
  out.push("  if (count > 255) throw new RangeError(`${" + "name}: a record counts to 255`);", "}", "");
  return `${out.join("\n").trimEnd()}\n`;
}

/** The file of the stored ones, a parser each. */
export function hostStored(head: string, stored: readonly StoredRecord[]): string {
  const out = [head, ""];
  for (const record of stored) out.push(...storedText(record));
  return `${out.join("\n").trimEnd()}\n`;
}
