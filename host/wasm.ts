// The sections of a WebAssembly binary, as far as size tables and names of functions need them.

const CUSTOM_SECTION = 0;
const NAME_SECTION = "name";
const FUNCTION_NAMES = 1;
const IMPORT_SECTION = 2;
const CODE_SECTION = 10;
const DATA_SECTION = 11;
const IMPORTED_FUNCTION = 0;

/** What a module is made of, in octets. */
export interface ModuleSizes {
  total: number;
  code: number;
  data: number;
  /** Largest first; functions without a name are called by their index. */
  functions: { name: string; size: number }[];
}

class Reader {
  at = 0;
  constructor(readonly octets: Uint8Array) {}

  get done(): boolean {
    return this.at >= this.octets.length;
  }

  /** Unsigned LEB128. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.done) throw new Error(`octet ${this.at}: a number is cut short`);
      const octet = this.octets[this.at++];
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
    throw new Error(`octet ${this.at}: a number is too long`);
  }

  take(size: number): Uint8Array {
    if (this.at + size > this.octets.length)
      throw new Error(`octet ${this.at}: ${size} octets are claimed, ${this.octets.length - this.at} are left`);
    this.at += size;
    return this.octets.subarray(this.at - size, this.at);
  }

  text(): string {
    return Buffer.from(this.take(this.u32())).toString("utf8");
  }
}

/** The sections of a module in their order. */
export function sectionIds(wasm: Uint8Array): number[] {
  const reader = new Reader(wasm);
  reader.take(8);
  const ids: number[] = [];
  while (!reader.done) {
    ids.push(reader.take(1)[0]);
    reader.take(reader.u32());
  }
  return ids;
}

/** What a custom section holds; no octets without it. */
export function customSection(wasm: Uint8Array, name: string): Uint8Array {
  const reader = new Reader(wasm);
  reader.take(8);
  while (!reader.done) {
    const id = reader.take(1)[0];
    const section = new Reader(reader.take(reader.u32()));
    if (id === CUSTOM_SECTION && section.text() === name) return section.take(section.octets.length - section.at);
  }
  return new Uint8Array(0);
}

/** What the compiler called the functions, by their index; empty for a module that carries no names. */
export function functionNames(wasm: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  const section = new Reader(customSection(wasm, NAME_SECTION));
  while (!section.done) {
    const kind = section.take(1)[0];
    const part = new Reader(section.take(section.u32()));
    if (kind !== FUNCTION_NAMES) continue;
    for (let count = part.u32(); count > 0; count--) {
      const index = part.u32();
      names.set(index, part.text());
    }
  }
  return names;
}

/** The same module without its names. */
export function withoutNames(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(wasm);
  const kept = [reader.take(8)];
  while (!reader.done) {
    const begin = reader.at;
    const id = reader.take(1)[0];
    const section = new Reader(reader.take(reader.u32()));
    if (id !== CUSTOM_SECTION || section.text() !== NAME_SECTION) kept.push(wasm.subarray(begin, reader.at));
  }
  return new Uint8Array(Buffer.concat(kept));
}

export function moduleSizes(wasm: Uint8Array, names: ReadonlyMap<number, string> = functionNames(wasm)): ModuleSizes {
  const reader = new Reader(wasm);
  reader.take(8);
  let imported = 0;
  let code = 0;
  let data = 0;
  const bodies: number[] = [];
  while (!reader.done) {
    const id = reader.take(1)[0];
    const section = new Reader(reader.take(reader.u32()));
    if (id === IMPORT_SECTION) imported = importedFunctions(section);
    if (id === CODE_SECTION) {
      code = section.octets.length;
      for (let count = section.u32(); count > 0; count--) bodies.push(section.take(section.u32()).length);
    }
    if (id === DATA_SECTION) data = section.octets.length;
  }
  const functions = bodies.map((size, index) => ({ name: names.get(imported + index) ?? `function ${imported + index}`, size }));
  return { total: wasm.length, code, data, functions: functions.sort((a, b) => b.size - a.size) };
}

/** Our modules import functions only: the kind is always the same. */
function importedFunctions(section: Reader): number {
  const count = section.u32();
  for (let index = 0; index < count; index++) {
    section.text();
    section.text();
    const kind = section.take(1)[0];
    if (kind !== IMPORTED_FUNCTION) throw new Error(`import ${index} is no function`);
    section.u32();
  }
  return count;
}
