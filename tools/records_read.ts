// Reads the pages docs/uplink.md and docs/records.md: a heading a record, a table of its fields.

const SIZES: Record<string, number> = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 };
/** The fields' names that mean nothing. */
const RESERVED = "reserved";

export interface Field {
  name: string;
  /** Of one element. */
  type: string;
  offset: number;
  /** The field that counts it, "" for the rest of the record; null for a single value or a fixed array. */
  counts: string | null;
  /** Of a fixed array of octets. */
  octets: number | null;
  about: string;
}

export interface UplinkRecord {
  name: string;
  kind: number;
  down: boolean;
  about: string;
  fields: Field[];
  /** Octets before what is counted. */
  fixed: number;
}

export interface StoredRecord {
  name: string;
  number: number;
  rows: number;
  about: string;
  fields: Field[];
  size: number;
}

export interface Records {
  uplink: UplinkRecord[];
  stored: StoredRecord[];
}

export function readRecords(page: string, text: string): Records {
  const found: Records = { uplink: [], stored: [] };
  const seen = new Set<string>();
  let side = "";
  for (const section of text.split(/^(?=#{2,3} )/m)) {
    const [title, ...lines] = section.split("\n");
    if (title.startsWith("## ")) side = title.slice(3);
    const heading = /^### (\w+) (\d+)(?:, (\d+) times)?$/.exec(title);
    if (title.startsWith("### ") && !heading) throw new Error(`${page}: "${title}" is not of the form "### Name number"`);
    if (!heading) continue;
    const [, name, number, rows] = heading;
    if (seen.has(`${side} ${number}`) || seen.has(name)) throw new Error(`${page}: ${name} or its number stands there twice`);
    seen.add(`${side} ${number}`).add(name);
    const about = lines
      .slice(
        0,
        lines.findIndex((line) => line.startsWith("|")),
      )
      .join(" ")
      .trim();
    const fields = fieldsOf(page, name, lines);
    const size = fields.reduce((sum, field) => sum + (field.counts === null ? widthOf(field) : 0), 0);
    if (side) found.uplink.push({ name, kind: Number(number), down: side === "Down", about, fields, fixed: size });
    else
      found.stored.push({
        name,
        number: Number(number),
        rows: Number(rows ?? 1),
        about,
        fields: aligned(page, name, fields, size, Number(rows ?? 1)),
        size,
      });
  }
  if (found.uplink.length + found.stored.length === 0) throw new Error(`${page}: there is no record; a heading is "### Name number"`);
  return found;
}

export function widthOf({ type, octets }: Field): number {
  return octets ?? SIZES[type];
}

function fieldsOf(page: string, record: string, lines: readonly string[]): Field[] {
  const rows = lines.filter((line) => line.startsWith("|")).slice(2);
  let offset = 0;
  let open = true;
  const fields: Field[] = [];
  for (const row of rows) {
    const [name, form, about = ""] = row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    const wrong = (what: string): Error => new Error(`${page}, ${record}: ${what}`);
    if (!open) throw wrong(`${name} comes after what is counted; a list is the last field`);
    const match = /^(u8|u16|u32|i32|u64|i64)(?:\[(\w*)\])?$/.exec(form);
    if (!match || !/^[a-z]\w*$/.test(name))
      throw wrong(`"${name}" or "${form}" is no field; a type is u8, u16, u32, i32, u64, i64, with [count] or [number]`);
    const [, type, count] = match;
    const fixed = count !== undefined && /^\d+$/.test(count);
    const counts = count === undefined || fixed ? null : count;
    if (counts && !fields.some((field) => field.name === counts))
      throw wrong(`${name} is counted by ${counts}, which does not come before it`);
    if (fixed && type !== "u8") throw wrong(`${name}: only octets have a fixed count`);
    if (fields.some((field) => field.name === name) && name !== RESERVED) throw wrong(`${name} stands there twice`);
    const field: Field = { name, type, offset, counts, octets: fixed ? Number(count) : null, about };
    fields.push(field);
    if (counts === null) offset += widthOf(field);
    else open = false;
  }
  if (fields.length === 0) throw new Error(`${page}, ${record}: there is no field`);
  return fields;
}

/** A class of the module lays each field at a multiple of its size, and so must the page. */
function aligned(page: string, name: string, fields: Field[], size: number, rows: number): Field[] {
  let widest = 1;
  for (const { name: field, type, offset, octets, counts } of fields) {
    if (counts !== null) throw new Error(`${page}, ${name}: ${field} has no fixed size`);
    const width = octets === null ? SIZES[type] : 4;
    if (offset % width !== 0 || (octets ?? 0) % 4 !== 0)
      throw new Error(`${page}, ${name}: ${field} does not lie at a multiple of ${width}`);
    widest = Math.max(widest, width);
  }
  if (rows > 1 && size % widest !== 0)
    throw new Error(`${page}, ${name}: rows of ${size} octets do not follow each other at multiples of ${widest}`);
  return fields;
}
