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
  /** Octet of the first row; what lies before it has another layout. */
  from: number;
  /** Of all rows of this number. */
  whole: number;
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
    const heading = /^### (\w+) (\d+)(?:, (\d+) times)?(?:, from (\d+))?$/.exec(title);
    if (title.startsWith("### ") && !heading) throw new Error(`${page}: "${title}" is not of the form "### Name number"`);
    if (!heading) continue;
    const [, name, number, rows, from = "0"] = heading;
    if (seen.has(`${side} ${number} ${from}`) || seen.has(name)) throw new Error(`${page}: ${name} or its number stands there twice`);
    seen.add(`${side} ${number} ${from}`).add(name);
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
        from: Number(from),
        whole: 0,
        about,
        fields: aligned(page, name, fields, size, Number(rows ?? 1)),
        size,
      });
  }
  laidTogether(page, found.stored);
  if (found.uplink.length + found.stored.length === 0) throw new Error(`${page}: there is no record; a heading is "### Name number"`);
  return found;
}

/** Rows of one number follow each other without touching, and know how long the whole is. */
function laidTogether(page: string, stored: readonly StoredRecord[]): void {
  for (const one of stored) {
    const same = stored.filter(({ number }) => number === one.number);
    one.whole = Math.max(...same.map(({ from, rows, size }) => from + rows * size));
    const wide = one.fields.some(({ type }) => type === "u64" || type === "i64") ? 8 : 4;
    const inside = same.find((other) => other !== one && other.from <= one.from && one.from < other.from + other.rows * other.size);
    if (inside) throw new Error(`${page}: ${one.name} begins inside of ${inside.name}`);
    if (one.from % wide !== 0) throw new Error(`${page}: ${one.name} does not begin at a multiple of ${wide}`);
    if (same.every(({ from }) => from !== 0)) throw new Error(`${page}: nothing of record ${one.number} begins at octet 0`);
  }
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
