// Writes the sides of the contract from the tables of docs/abi.md; `--check` compares instead.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errHostSide, errModuleSide, logHostSide, logModuleSide } from "./abi_log.ts";
import { SOURCE, table } from "./abi_page.ts";
import { program } from "./words/program.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
/** What an import writes as fields: the heading of its table, and the octets in all. */
const STATES = [
  { heading: "## Image state", prefix: "IMAGE", size: 48 },
  { heading: "## TLS state", prefix: "TLS", size: 28 },
] as const;

interface Range {
  pointer: string;
  size: string;
}
interface Import {
  id: number;
  name: string;
  arguments: { name: string; wide: boolean }[];
  answers: boolean;
  reads: Range[];
  writes: Range[];
}
interface Field {
  offset: number;
  name: string;
  type: string;
}
interface Numbers {
  name: string;
  members: { name: string; value: number }[];
}
interface Contract {
  version: number;
  imports: Import[];
  event: Field[];
  /** In the order of STATES. */
  states: Field[][];
  numbers: Numbers[];
}

function ranges(cell: string): Range[] {
  if (cell === "-") return [];
  return cell.split(" ").map((item) => {
    const match = /^(\w+)\[([\w+*]+)\]$/.exec(item);
    if (!match) throw new Error(`${SOURCE}: "${item}" is not of the form name[size]`);
    return { pointer: match[1], size: match[2] };
  });
}

export function readContract(text: string): Contract {
  const version = /^Version: (0x[0-9a-f]{8})$/m.exec(text);
  if (!version) throw new Error(`${SOURCE}: there is no line "Version: 0x........"`);
  const imports = table(text, "## Imports").map(([id, name, list, answer, reads, writes]) => ({
    id: Number(id),
    name,
    arguments: (list === "-" ? [] : list.split(" ")).map((item) => ({ name: item.replace(":i64", ""), wide: item.endsWith(":i64") })),
    answers: answer === "i32",
    reads: ranges(reads),
    writes: ranges(writes),
  }));
  const fields = (heading: string): Field[] => table(text, heading).map(([offset, name, type]) => ({ offset: Number(offset), name, type }));
  const event = fields("## Events");
  const states = STATES.map(({ heading }) => fields(heading));
  const numbers = [...text.matchAll(/^### (\w+)$/gm)].map(([, name]) => ({
    name,
    members: table(text, `### ${name}`).map(([member, value]) => ({ name: member, value: Number(value) })),
  }));
  return { version: Number(version[1]), imports, event, states, numbers };
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const upper = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
const isPointer = (item: Import, name: string): boolean => [...item.reads, ...item.writes].some((range) => range.pointer === name);

const comment = (type: string | undefined): string => (type ? ` // ${type}` : "");
const baseOf = (contract: Contract): number => (contract.version & 0xffff_0000) >>> 0;

/** A line for each field of what imports write, and one for the octets in all, which has no type. */
function stateLines(contract: Contract, line: (name: string, value: number, type?: string) => string): string[] {
  return STATES.flatMap(({ prefix, size }, index) => [
    ...contract.states[index].map((field) => line(`${prefix}_${upper(field.name)}`, field.offset, field.type)),
    line(`${prefix}_STATE`, size),
    "",
  ]);
}

function moduleSide(contract: Contract): string {
  const out = [
    "// The board as the module sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "",
    `export const ABI_VERSION: u32 = ${hex(contract.version)};`,
    "/** What a module answers that needs nothing of a later minor version. */",
    `export const ABI_BASE: u32 = ${hex(baseOf(contract))};`,
    "",
    "// Event record written by `next`: a fixed head, then `size` octets.",
    ...contract.event.map((field) => `export const EVENT_${upper(field.name)}: usize = ${field.offset}; // ${field.type}`),
    "export const EVENT_HEAD: u32 = 16;",
    "",
    ...stateLines(contract, (name, value, type) => `export const ${name}: ${type ? "usize" : "u32"} = ${value};${comment(type)}`),
  ];
  for (const group of contract.numbers.filter(({ name }) => name !== "Err")) {
    out.push(`export enum ${group.name} {`, ...group.members.map((member) => `  ${member.name} = ${member.value},`), "}", "");
  }
  for (const item of contract.imports) {
    const list = item.arguments.map((argument) => {
      const type = argument.wide ? "i64" : isPointer(item, argument.name) ? "usize" : "u32";
      return `${camel(argument.name)}: ${type}`;
    });
    out.push("// @ts-ignore: decorator", `@external("han", "${item.name}")`);
    out.push(`export declare function ${camel(item.name)}(${list.join(", ")}): ${item.answers ? "i32" : "void"};`);
  }
  return `${out.join("\n")}\n`;
}

function hostSide(contract: Contract): string {
  const out = [
    "// The contract as Node sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "",
    `export const ABI_VERSION = ${hex(contract.version)};`,
    `export const ABI_BASE = ${hex(baseOf(contract))};`,
    "",
    ...contract.event.map((field) => `export const EVENT_${upper(field.name)} = ${field.offset}; // ${field.type}`),
    "export const EVENT_HEAD = 16;",
    "",
    ...stateLines(contract, (name, value, type) => `export const ${name} = ${value};${comment(type)}`),
  ];
  for (const group of contract.numbers.filter(({ name }) => name !== "Err")) {
    const members = group.members.map((member) => `  ${member.name}: ${member.value},`);
    out.push(`export const ${group.name} = {`, ...members, "} as const;", "");
  }
  out.push("export interface ImportRow {", "  id: number;", "  name: string;", "  arguments: readonly { name: string; wide: boolean }[];");
  out.push("  answers: boolean;", "  reads: readonly { pointer: string; size: string }[];");
  out.push("  writes: readonly { pointer: string; size: string }[];", "}", "");
  out.push("export const IMPORTS: readonly ImportRow[] = [");
  for (const item of contract.imports) out.push(`  ${objectText(item)},`);
  out.push("];");
  return `${out.join("\n")}\n`;
}

/** A value as source text in the formatter's own style. */
function objectText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(objectText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${objectText(member)}`)
    .join(", ")} }`;
}

function boardSide(contract: Contract): string {
  const out = [
    "// The contract as the board sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "#ifndef KW_ABI_H",
    "#define KW_ABI_H",
    "",
    `#define KW_ABI_VERSION ${hex(contract.version)}u`,
    "",
    ...contract.event.map((field) => `#define KW_EVENT_${upper(field.name)} ${field.offset} // ${field.type}`),
    "#define KW_EVENT_HEAD 16",
    "",
    ...stateLines(contract, (name, value, type) => `#define KW_${name} ${value}${comment(type)}`),
  ];
  for (const group of contract.numbers) {
    out.push(`enum kw_${upper(group.name).toLowerCase()} {`);
    const prefix = (name: string): string => (group.name === "Err" && name === "Ok" ? "KW_OK" : `KW_${upper(group.name)}_${upper(name)}`);
    out.push(...group.members.map((member) => `    ${prefix(member.name)} = ${member.value},`), "};", "");
  }
  out.push("// X(id, name, wasm3 signature)", "#define KW_IMPORTS(X) \\");
  const rows = contract.imports.map((item) => {
    const letters = item.arguments.map((argument) => (argument.wide ? "I" : "i")).join("");
    return `    X(${item.id}, ${item.name}, "${item.answers ? "i" : "v"}(${letters})")`;
  });
  out.push(rows.join(" \\\n"), "", `#define KW_IMPORT_COUNT ${contract.imports.length}`, "", "#endif");
  return `${out.join("\n")}\n`;
}

/** `text_size+4` as an expression over a function's own parameters. */
function sizeText(size: string): string {
  const match = /^([a-z_]+|\d+)(?:([+*])(\d+))?$/.exec(size);
  if (!match) throw new Error(`${SOURCE}: "${size}" is no size; it is a number, an argument, or an argument + or * a number`);
  const [, first, operator, operand] = match;
  if (/^\d/.test(first)) return first;
  return operator ? `(${camel(first)} >>> 0) ${operator} ${operand}` : `${camel(first)} >>> 0`;
}

function v8Side(contract: Contract): string {
  const out = [
    "// The board's imports under V8: each checks its ranges and calls its body, with nothing made for the call.",
    "// Written by tools/abi.ts from docs/abi.md; change that page instead.",
    "",
    "/** What each import does; numbers are unsigned, and every range lies in the module's memory. */",
    "export interface Bodies {",
    "  /** Throws where a range leaves the module's memory. */",
    "  check(name: string, at: number, size: number): void;",
  ];
  const typed = (item: Import): string =>
    item.arguments.map(({ name, wide }) => `${camel(name)}: ${wide ? "bigint" : "number"}`).join(", ");
  const answer = (item: Import): string => (item.answers ? "number" : "void");
  for (const item of contract.imports) out.push(`  ${camel(item.name)}(${typed(item)}): ${answer(item)};`);
  out.push("}", "");
  out.push("/** The import object's `han`, as `WebAssembly.Instance` takes it. */", "export const bind = (bodies: Bodies) => ({");
  for (const item of contract.imports) {
    const values = item.arguments.map(({ name, wide }) => (wide ? camel(name) : `${camel(name)} >>> 0`)).join(", ");
    out.push(`  ${item.name}: (${typed(item)}): ${answer(item)} => {`);
    for (const { pointer, size } of [...item.reads, ...item.writes])
      out.push(`    bodies.check("${item.name}", ${camel(pointer)} >>> 0, ${sizeText(size)});`);
    out.push(`    ${item.answers ? "return " : ""}bodies.${camel(item.name)}(${values});`, "  },");
  }
  out.push("});");
  return `${out.join("\n")}\n`;
}

/** Every generated file with its text. */
export function abiFiles(text: string): Map<string, string> {
  const contract = readContract(text);
  return new Map([
    ["assembly/core/host.ts", moduleSide(contract)],
    ["host/abi.ts", hostSide(contract)],
    ["host/v8/imports.ts", v8Side(contract)],
    ["boards/common/abi.h", boardSide(contract)],
    ["assembly/core/err.ts", errModuleSide(text)],
    ["assembly/core/log.ts", logModuleSide(text)],
    ["host/err.ts", errHostSide(text)],
    ["host/log.ts", logHostSide(text)],
  ]);
}

function main(words: string[]): number {
  const check = words.includes("--check");
  let stale = 0;
  for (const [path, text] of abiFiles(readFileSync(join(ROOT, SOURCE), "utf8"))) {
    if (!check) writeFileSync(join(ROOT, path), text);
    else if (readFileSync(join(ROOT, path), "utf8") !== text) {
      console.error(`${path} does not follow ${SOURCE}; run "npm run abi"`);
      stale++;
    }
  }
  return stale ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
