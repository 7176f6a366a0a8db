// The error numbers and the payloads of `log`, for both sides, from their tables in docs/abi.md.
import { table } from "./abi_page.ts";

const WIDTH: Record<string, number> = { u8: 1, i8: 1, u16: 2, i16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };

export interface LogField {
  name: string;
  type: string;
  offset: number;
}
export interface LogPayload {
  name: string;
  size: number;
  fields: LogField[];
}

const LOG = "### Log";
const upper = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
const wide = (type: string): boolean => WIDTH[type] === 8;

export function logPayloads(text: string): LogPayload[] {
  return table(text, LOG).map(([name, , cell]) => {
    let size = 0;
    const fields = cell.split(" ").map((item) => {
      const [, field, type] = /^(\w+):(\w+)$/.exec(item) ?? [];
      if (!field || !WIDTH[type]) throw new Error(`docs/abi.md: "${item}" of Log.${name} is not of the form name:type`);
      size += WIDTH[type];
      return { name: field, type, offset: size - WIDTH[type] };
    });
    return { name, size, fields };
  });
}

export function errModuleSide(text: string): string {
  const rows = table(text, "### Err").map(([name, value, remark]) => `  ${name} = ${value},${remark ? ` // ${remark}` : ""}`);
  return `${[
    "// Operating errors.  They travel as negative answers, so one i32 carries a result or the reason there is none.",
    "// Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "",
    "export enum Err {",
    ...rows,
    "}",
  ].join("\n")}\n`;
}

export function errHostSide(text: string): string {
  const rows = table(text, "### Err").map(([name, value]) => `  ${name}: ${value},`);
  return `${[
    "// The error numbers of the contract.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "",
    "export const Err = {",
    ...rows,
    "} as const;",
  ].join("\n")}\n`;
}

/** A view a payload: what the module writes before `log`. */
export function logModuleSide(text: string): string {
  const out = [
    "// What a module writes before it calls `log`.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "// A view is laid over octets that the caller has; it is written field by field, also the reserved ones.",
  ];
  for (const { name, size, fields } of logPayloads(text)) {
    out.push("", `export const LOG_${upper(name)}_SIZE: u32 = ${size};`, "@unmanaged @final", `export class Log${name} {`);
    for (const { name: field, type, offset } of fields) {
      const argument = wide(type) ? type : type.startsWith("i") ? "i32" : "u32";
      const value = argument === type ? "value" : `<${type}>value`;
      const tail = offset ? `, ${offset}` : "";
      out.push(`  get ${field}(): ${argument} { return load<${type}>(changetype<usize>(this)${tail}); }`);
      out.push(`  set ${field}(value: ${argument}) { store<${type}>(changetype<usize>(this), ${value}${tail}); }`);
    }
    out.push("}");
  }
  return `${out.join("\n")}\n`;
}

function reader({ type, offset }: LogField): string {
  const method = { u8: "Uint8", i8: "Int8", u16: "Uint16", i16: "Int16", u32: "Uint32", i32: "Int32", u64: "BigUint64", i64: "BigInt64" }[
    type
  ];
  return `at.get${method}(${offset}${WIDTH[type] > 1 ? ", true" : ""})`;
}

/** What a log entry says, typed, and the function that reads it. */
export function logHostSide(text: string): string {
  const all = logPayloads(text).map((payload) => ({ ...payload, fields: payload.fields.filter(({ name }) => name !== "reserved") }));
  const out = [
    "// What log entries say.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    'import { Log } from "./abi.ts";',
    "",
    "export type LogEntry =",
  ];
  for (const { name, fields } of all) {
    const members = fields.map((field) => `${field.name}: ${wide(field.type) ? "bigint" : "number"}`);
    out.push(`  | { log: "${name}"; ${members.join("; ")} }`);
  }
  out[out.length - 1] += ";";
  out.push(
    "",
    "/** The entry of a code; undefined for a code or a size that the contract does not have. */",
    "export function readLog(code: number, octets: Uint8Array): LogEntry | undefined {",
    "  const at = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);",
    "  const read = READERS[code];",
    "  return read === undefined || octets.length < read.size ? undefined : read.entry(at);",
    "}",
    "",
    "const READERS: Record<number, { size: number; entry: (at: DataView) => LogEntry }> = {",
  );
  for (const { name, size, fields } of all) {
    out.push(`  [Log.${name}]: {`, `    size: ${size},`, `    entry: (at) => ({`, `      log: "${name}",`);
    out.push(...fields.map((field) => `      ${field.name}: ${reader(field)},`), "    }),", "  },");
  }
  out.push("};");
  return `${out.join("\n")}\n`;
}
