// A module whose work is counted: each loop turn and each call costs a unit, memory.fill and memory.copy one for 64 octets, as on the boards'
// engine (boards/common/wasm3_compile.c).  When the units are used up the module traps, wherever it is.
//
// Sections and indices stay as they are: a global is added at the end, exported, and code is put in front of what costs.
import { createHash } from "node:crypto";

/** The export that holds what is left; a module of the contract cannot have one of that name. */
export const FUEL_EXPORT = "kilowasm fuel";
const OCTETS_PER_UNIT_BITS = 6;
const KEPT_MAX = 16;

const Section = { Type: 1, Import: 2, Function: 3, Global: 6, Export: 7, Code: 10 } as const;
const Op = {
  Unreachable: 0x00,
  Loop: 0x03,
  If: 0x04,
  End: 0x0b,
  Call: 0x10,
  Select: 0x1b,
  LocalGet: 0x20,
  LocalSet: 0x21,
  GlobalGet: 0x23,
  GlobalSet: 0x24,
  I32Const: 0x41,
  LessEqual: 0x4d,
  Greater: 0x4b,
  Subtract: 0x6b,
  ShiftRight: 0x76,
} as const;
const VOID = 0x40;
const I32 = 0x7f;

/** Thrown where a module has an instruction of which no module of the contract knows: a lab's, which runs uncounted. */
class Unknown extends Error {}

function leb(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    out.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return out;
}

class Cursor {
  constructor(
    readonly octets: Uint8Array,
    public at: number,
  ) {}

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = this.octets[this.at++];
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
  }

  skipNumber(): void {
    while (this.octets[this.at++] >= 0x80);
  }

  skipText(): void {
    const size = this.u32();
    this.at += size;
  }

  span(from: number): Uint8Array {
    return this.octets.subarray(from, this.at);
  }
}

/** Passes what follows an opcode. */
function skipImmediates(c: Cursor, opcode: number): void {
  if (opcode >= 0x45 && opcode <= 0xc4) return;
  if (opcode >= 0x28 && opcode <= 0x3e) {
    c.skipNumber();
    c.skipNumber();
    return;
  }
  switch (opcode) {
    case 0x00:
    case 0x01:
    case 0x05:
    case 0x0b:
    case 0x0f:
    case 0x1a:
    case Op.Select:
      return;
    case 0x11:
      c.skipNumber();
      c.skipNumber();
      return;
    case 0x0e:
      for (let left = c.u32() + 1; left > 0; left--) c.skipNumber();
      return;
    case 0x43:
      c.at += 4;
      return;
    case 0x44:
      c.at += 8;
      return;
    default:
      if (opcode > 0x42 || (opcode > 0x11 && opcode < 0x20) || opcode === 0x25 || opcode === 0x26 || (opcode > 0x05 && opcode < 0x0b))
        throw new Unknown();
      c.skipNumber(); // blocks, branches, calls, variables, memory.size, memory.grow, constants
  }
}

class Meter {
  private readonly parameters: number[] = [];
  private readonly functionTypes: number[] = [];
  private importedFunctions = 0;
  private fuel = 0;
  private readonly parts: (Uint8Array | number[])[] = [];

  constructor(private readonly wasm: Uint8Array) {}

  metered(): Uint8Array<ArrayBuffer> {
    const c = new Cursor(this.wasm, 8);
    this.parts.push(this.wasm.subarray(0, 8));
    let added = false;
    while (c.at < this.wasm.length) {
      const from = c.at;
      const id = this.wasm[c.at++];
      const size = c.u32();
      const start = c.at;
      c.at += size;
      if (!added && id >= Section.Export) {
        this.addGlobal();
        added = true;
      }
      if (id === Section.Global) added = true;
      this.section(id, new Cursor(this.wasm, start), c.span(from), size);
    }
    return Uint8Array.from(Buffer.concat(this.parts.map((part) => Uint8Array.from(part))));
  }

  private section(id: number, c: Cursor, whole: Uint8Array, size: number): void {
    if (id === Section.Type) this.types(c);
    if (id === Section.Import) this.imports(c);
    if (id === Section.Function) for (let left = c.u32(); left > 0; left--) this.functionTypes.push(c.u32());
    if (id === Section.Global) this.addGlobal(c, size);
    else if (id === Section.Export) this.addExport(c, size);
    else if (id === Section.Code) this.code(c);
    else this.parts.push(whole);
  }

  private types(c: Cursor): void {
    for (let left = c.u32(); left > 0; left--) {
      if (c.octets[c.at++] !== 0x60) throw new Unknown();
      const count = c.u32();
      this.parameters.push(count);
      c.at += count;
      const results = c.u32();
      c.at += results;
    }
  }

  private imports(c: Cursor): void {
    for (let left = c.u32(); left > 0; left--) {
      c.skipText();
      c.skipText();
      const kind = c.octets[c.at++];
      if (kind !== 0) throw new Unknown();
      c.skipNumber();
      this.importedFunctions++;
    }
  }

  private emit(id: number, content: (Uint8Array | number[])[]): void {
    const size = content.reduce((sum, part) => sum + part.length, 0);
    this.parts.push([id, ...leb(size)], ...content);
  }

  private addGlobal(c?: Cursor, size = 0): void {
    const end = (c?.at ?? 0) + size;
    const count = c ? c.u32() : 0;
    this.fuel = count;
    const before = c ? c.octets.subarray(c.at, end) : [];
    // Full from the beginning: abi() is called before anybody sets it.
    this.emit(Section.Global, [leb(count + 1), before, [I32, 1, Op.I32Const, ...[0xff, 0xff, 0xff, 0xff, 0x07], Op.End]]);
  }

  private addExport(c: Cursor, size: number): void {
    const end = c.at + size;
    const count = c.u32();
    const name = [...Buffer.from(FUEL_EXPORT)];
    this.emit(Section.Export, [leb(count + 1), c.octets.subarray(c.at, end), [...leb(name.length), ...name, 3, ...leb(this.fuel)]]);
  }

  private code(c: Cursor): void {
    const count = c.u32();
    const content: (Uint8Array | number[])[] = [leb(count)];
    for (let index = 0; index < count; index++) {
      const size = c.u32();
      const body = this.body(c.octets.subarray(c.at, c.at + size), this.parameters[this.functionTypes[index]]);
      c.at += size;
      content.push(leb(body.reduce((sum, part) => sum + part.length, 0)), ...body);
    }
    this.emit(Section.Code, content);
  }

  private body(octets: Uint8Array, parameters: number): (Uint8Array | number[])[] {
    const c = new Cursor(octets, 0);
    const groups = c.u32();
    const declared = c.at;
    let size = parameters; // the index of the local that is added
    for (let left = groups; left > 0; left--) {
      size += c.u32();
      c.at++;
    }
    const head = [leb(groups + 1), octets.subarray(declared, c.at), [1, I32]];
    const parts: (Uint8Array | number[])[] = [...head, this.unit()];
    let from = c.at;
    while (c.at < octets.length) {
      const at = c.at;
      const opcode = octets[c.at++];
      const before = this.before(c, opcode, size);
      if (before.length > 0) {
        parts.push(octets.subarray(from, at), before);
        from = at;
      }
      if (opcode === Op.Loop) {
        c.skipNumber();
        parts.push(octets.subarray(from, c.at), this.unit());
        from = c.at;
      }
    }
    return [...parts, octets.subarray(from)];
  }

  /** What is put in front of an instruction, whose immediates are passed; a loop's are not. */
  private before(c: Cursor, opcode: number, size: number): number[] {
    if (opcode === Op.Loop) return [];
    if (opcode === Op.Call) return c.u32() < this.importedFunctions ? this.unit() : [];
    if (opcode !== 0xfc) {
      skipImmediates(c, opcode);
      return [];
    }
    const sub = c.u32();
    if (sub > 11 || sub === 9) throw new Unknown();
    if (sub === 8 || sub === 10) c.skipNumber();
    if (sub >= 8) c.skipNumber();
    return sub >= 10 ? this.sized(size) : [];
  }

  /** Takes a unit, or ends; then none is left, which is how the end is known. */
  private unit(): number[] {
    const fuel = leb(this.fuel);
    return [
      ...[Op.GlobalGet, ...fuel, Op.I32Const, 1, Op.LessEqual, Op.If, VOID, Op.I32Const, 0, Op.GlobalSet, ...fuel, Op.Unreachable, Op.End],
      ...[Op.GlobalGet, ...fuel, Op.I32Const, 1, Op.Subtract, Op.GlobalSet, ...fuel],
    ];
  }

  /** Takes units for the octets on the stack; where there are not so many, one is left, and the next turn or call ends. */
  private sized(local: number): number[] {
    const fuel = [Op.GlobalGet, ...leb(this.fuel)];
    const units = [Op.LocalGet, ...leb(local), Op.I32Const, OCTETS_PER_UNIT_BITS, Op.ShiftRight];
    return [
      ...[Op.LocalSet, ...leb(local), ...fuel, ...units, Op.Subtract, Op.I32Const, 1, ...fuel, ...units, Op.Greater, Op.Select],
      ...[Op.GlobalSet, ...leb(this.fuel), Op.LocalGet, ...leb(local)],
    ];
  }
}

/** The octets of the module that counts; the module's own where it has instructions that no module of the contract has. */
export function metered(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return new Meter(wasm).metered();
  } catch (error) {
    if (error instanceof Unknown) return Uint8Array.from(wasm);
    throw error;
  }
}

const kept = new Map<string, WebAssembly.Module>();

/** Compiled, once for all devices that run the same module. */
export function meteredModule(wasm: Uint8Array): WebAssembly.Module {
  const digest = createHash("sha256").update(wasm).digest("hex");
  const known = kept.get(digest);
  if (known) return known;
  // What is no module is refused in V8's own words.
  const module = new WebAssembly.Module(WebAssembly.validate(Uint8Array.from(wasm)) ? metered(wasm) : Uint8Array.from(wasm));
  const oldest = kept.keys().next();
  if (kept.size >= KEPT_MAX && !oldest.done) kept.delete(oldest.value);
  kept.set(digest, module);
  return module;
}
