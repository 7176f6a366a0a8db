// `npm run records`: writes both sides of the records of docs/uplink.md and docs/records.md; `--check` compares instead.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../host/modules.ts";
import { hostEmitters, hostParsers, hostStored, hostTypes } from "./records_host.ts";
import { readRecords, type StoredRecord, type UplinkRecord } from "./records_read.ts";
import { program } from "./words/program.ts";

const UPLINK = "docs/uplink.md";
const STORE = "docs/records.md";
const COLUMNS = 140;

const upper = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
const written = (page: string): string => `Written by tools/records.ts from ${page}; change that page instead.`;
/** Narrow numbers are computed with as u32. */
const computed = (type: string): string => (type === "u8" || type === "u16" ? "u32" : type);
const offsetOf = (offset: number): string => (offset === 0 ? "" : `, ${offset}`);

/** A docstring of one line where it fits, else of as many as it takes. */
function commented(about: string): string[] {
  if (about.length <= COLUMNS - 7) return [`/** ${about} */`];
  const lines = [""];
  for (const word of about.split(" ")) {
    const last = lines.length - 1;
    if (lines[last].length + word.length > COLUMNS - 4) lines.push(word);
    else lines[last] += lines[last] ? ` ${word}` : word;
  }
  return ["/**", ...lines.map((line) => ` * ${line}`), " */"];
}

/** Views, for the module: what comes down is looked at where it lies, what goes up is written field by field. */
function moduleUplink(records: readonly UplinkRecord[]): string {
  const out = [`// The records between head-end and hub.  ${written(UPLINK)}`, ""];
  for (const { name, kind, down, fixed, fields, about } of records) {
    out.push(...commented(about), `export const ${down ? "DOWN" : "UP"}_${upper(name)}: u32 = ${kind};`);
    out.push(`/** Without the kind${fields.some(({ counts }) => counts !== null) ? ", up to what is counted" : ""}. */`);
    out.push(`export const ${upper(name)}_SIZE: u32 = ${fixed};`, "");
    if (down) {
      out.push("/** Over the octets after the kind. */", "@unmanaged @final", `export class ${name}Record {`);
      for (const { name: field, type, offset, counts, octets } of fields) {
        const at = `changetype<usize>(this)`;
        if (counts !== null || octets !== null) out.push(`  get ${field}(): usize { return ${at} + ${offset}; }`);
        else out.push(`  get ${field}(): ${computed(type)} { return load<${type}>(${at}${offsetOf(offset)}); }`);
      }
      out.push("}", "");
      continue;
    }
    out.push("/** Over the octets after the kind. */", "@unmanaged @final", `export class ${name}Record {`);
    for (const { name: field, type, offset, counts } of fields) {
      const at = `changetype<usize>(this)`;
      if (counts !== null) out.push(`  get ${field}(): usize { return ${at} + ${offset}; }`);
      else out.push(`  set ${field}(value: ${computed(type)}) { store<${type}>(${at}, value${offsetOf(offset)}); }`);
    }
    out.push("}", "");
  }
  return `${out.join("\n").trimEnd()}\n`;
}

/** Classes with the fields where the page has them. */
function moduleStore(records: readonly StoredRecord[]): string {
  const out = [`// Records that outlive a module.  ${written(STORE)}`, ""];
  for (const { name, about, fields, size } of records) {
    out.push(`/** ${about} */`, "@unmanaged @final", `export class ${name} {`);
    for (const { name: field, type, octets, about: told } of fields) {
      if (told) out.push(`  /** ${told} */`);
      if (octets === null) out.push(`  ${field}: ${type};`);
      else for (let word = 0; word < octets / 4; word++) out.push(`  ${field}${word}: u32;`);
    }
    for (const { name: field, octets } of fields)
      if (octets !== null) out.push(`  get ${field}(): usize { return changetype<usize>(this) + offsetof<${name}>("${field}0"); }`);
    out.push("}", `if (offsetof<${name}>() != ${size}) ERROR("the record is not laid out as its page says");`, "");
  }
  return `${out.join("\n").trimEnd()}\n`;
}

/** Every generated file with its text. */
export function recordFiles(uplinkPage: string, storePage: string): Map<string, string> {
  const uplink = readRecords(UPLINK, uplinkPage);
  const stored = readRecords(STORE, storePage);
  return new Map([
    ["assembly/application/hub/uplink.ts", moduleUplink(uplink.uplink)],
    ["assembly/model/records.ts", moduleStore(stored.stored)],
    ["host/home/uplink_types.ts", hostTypes(`// What head-end and hub tell each other.  ${written(UPLINK)}`, uplink.uplink)],
    [
      "host/home/uplink.ts",
      hostEmitters(`// The records between head-end and hub, as the supplier writes them.  ${written(UPLINK)}`, uplink.uplink),
    ],
    ["host/home/uplink_parse.ts", hostParsers(`// Readers of the records between head-end and hub.  ${written(UPLINK)}`, uplink.uplink)],
    [
      "host/home/store_records.ts",
      hostStored(`// Records that outlive a module, as a reader of a store sees them.  ${written(STORE)}`, stored.stored),
    ],
  ]);
}

export function committedRecordFiles(): Map<string, string> {
  return recordFiles(readFileSync(join(ROOT, UPLINK), "utf8"), readFileSync(join(ROOT, STORE), "utf8"));
}

function main(words: string[]): number {
  const check = words.includes("--check");
  let stale = 0;
  for (const [path, text] of committedRecordFiles()) {
    if (!check) writeFileSync(join(ROOT, path), text);
    else if (readFileSync(join(ROOT, path), "utf8") !== text) {
      console.error(`${path} does not follow its page; run "npm run records"`);
      stale++;
    }
  }
  return stale ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
