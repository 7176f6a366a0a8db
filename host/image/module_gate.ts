// The load gate for V8: the twin of boards/common/gate.c.  A module that the boards refuse runs nowhere, and V8 is asked as well.
import { IMPORTS } from "../abi.ts";
import { type Contents, type FunctionType, GateReader, GateReason, PARAMETERS_MAX, Refused, type Value } from "./gate_reader.ts";
import { checkBody } from "./module_gate_code.ts";

export { GateReason } from "./gate_reader.ts";

const MODULE_MAX = 256 * 1024;
const CUSTOM_MAX = 65536;
const CONSTANTS_MAX = 32768;
const PAGE = 65536;
const TYPES_MAX = 128;
const FUNCTIONS_MAX = 1024;
const GLOBALS_MAX = 128;
const TABLE_MAX = 256;
const SEGMENTS_MAX = 512;
const BODY_MAX = 16384;
const HEAD = Buffer.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const I32_CONST = 0x41;
const I64_CONST = 0x42;
const END = 0x0b;
const DATA_COUNT_SECTION = 12;
const CODE_SECTION = 10;

/** As wasm3 writes types: a result, then the parameters in parentheses. */
const EXPORTS: Record<string, string | null> = { abi: "i()", start: "v(Ii)", poll: "I(I)", memory: null };

export interface GateVerdict {
  /** A `GateReason`. */
  reason: number;
  /** Of what is wrong. */
  offset: number;
}

/** Of the contract's imports. */
const SIGNATURES = new Map(
  IMPORTS.map((row) => [row.name, `${row.answers ? "i" : "v"}(${row.arguments.map(({ wide }) => (wide ? "I" : "i")).join("")})`]),
);

function signatureOf(type: FunctionType): string {
  const letter = (value: Value): string => (value === "i64" ? "I" : "i");
  return `${type.result === null ? "v" : letter(type.result)}(${type.parameters.map(letter).join("")})`;
}

class ModuleGate implements Contents {
  readonly types: FunctionType[] = [];
  readonly functions: FunctionType[] = [];
  readonly globals: Contents["globals"] = [];
  hasTable = false;
  private imported = 0;
  private tableSize = 0;
  private hasMemory = false;
  private custom = 0;
  private bodies: number | undefined;
  private dataCount: number | undefined;
  private segments = 0;
  private readonly seen = new Set<string>();
  private readonly exported = new Set<string>();

  constructor(
    private readonly in_: GateReader,
    private readonly memoryLimit: number,
  ) {}

  check(): void {
    const in_: GateReader = this.in_;
    let last = 0;
    while (in_.at < in_.end) {
      const id = in_.u8();
      in_.want(id !== 8, GateReason.Start);
      in_.want(id <= DATA_COUNT_SECTION, GateReason.SectionUnknown);
      // The data count section stands between elements and code.
      const rank = id === DATA_COUNT_SECTION ? CODE_SECTION * 2 - 1 : id * 2;
      in_.want(id === 0 || rank > last, GateReason.SectionOrder);
      if (id !== 0) last = rank;
      const content: GateReader = in_.part(in_.u32());
      this.section(id, content);
      content.want(content.at === content.end, GateReason.SectionEnd);
    }
    const own = this.functions.length - this.imported;
    in_.want(own === 0 || this.bodies !== undefined, GateReason.CodeCount);
    in_.want(this.dataCount === undefined || this.dataCount === this.segments, GateReason.DataCount);
    in_.want(this.exported.size === Object.keys(EXPORTS).length, GateReason.ExportMissing);
  }

  private section(id: number, c: GateReader): void {
    switch (id) {
      case 0:
        this.customSection(c);
        return;
      case 1:
        this.typeSection(c);
        return;
      case 2:
        this.importSection(c);
        return;
      case 3:
        this.functionSection(c);
        return;
      case 4:
        this.table(c);
        return;
      case 5:
        this.hasMemory = c.u32() === 1 && c.u8() === 1 && c.u32() === 1 && c.u32() === 1;
        c.want(this.hasMemory, GateReason.Memory);
        return;
      case 6:
        this.globalSection(c);
        return;
      case 7:
        for (let left = c.u32(); left > 0; left--) this.exportEntry(c);
        return;
      case 9:
        this.elements(c);
        return;
      case CODE_SECTION:
        this.code(c);
        return;
      case 11:
        this.data(c);
        return;
      default:
        this.dataCount = c.u32();
    }
  }

  private customSection(c: GateReader): void {
    this.custom += c.end - c.at;
    const size = this.nameSize(c);
    c.want(this.custom <= CUSTOM_MAX && size <= c.end - c.at, GateReason.Custom);
    const name = c.octets.subarray(c.at, c.at + size);
    const content = c.octets.subarray(c.at + size, c.end);
    c.at = c.end;
    c.want(
      name.every((octet) => octet < 0x80),
      GateReason.Custom,
    );
    c.want(this.ownSection(Buffer.from(name).toString("latin1"), content), GateReason.OwnSection);
  }

  private nameSize(c: GateReader): number {
    try {
      return c.u32();
    } catch {
      return c.refuse(GateReason.Custom);
    }
  }

  /** Whether one of the sections `han` and `constants` is there for the first time, and what it can be. */
  private ownSection(name: string, content: Uint8Array): boolean {
    if (name !== "han" && name !== "constants") return true;
    if (this.seen.has(`section ${name}`)) return false;
    if (name === "constants") {
      this.seen.add(`section ${name}`);
      return content.length <= CONSTANTS_MAX;
    }
    if (content.length !== 4) return false;
    this.seen.add(`section ${name}`);
    const need = Buffer.from(content).readUInt32LE(0);
    return need >= 1 && need <= (this.memoryLimit !== 0 ? this.memoryLimit : PAGE);
  }

  private typeSection(c: GateReader): void {
    for (let left = c.count(TYPES_MAX); left > 0; left--) {
      c.want(c.u8() === 0x60, GateReason.TypeForm);
      const count = c.u32();
      c.want(count <= PARAMETERS_MAX, GateReason.TypeForm);
      const parameters = Array.from({ length: count }, () => c.value());
      const results = c.u32();
      c.want(results <= 1, GateReason.TypeForm);
      this.types.push({ parameters, result: results === 0 ? null : c.value() });
    }
  }

  private importSection(c: GateReader): void {
    for (let left = c.count(IMPORTS.length); left > 0; left--) {
      const ours = c.text() === "han";
      const name = c.text();
      const signature = SIGNATURES.get(name);
      c.want(ours && signature !== undefined && c.u8() === 0, GateReason.ImportUnknown);
      const type = this.types[c.u32()];
      c.want(type !== undefined && signatureOf(type) === signature, GateReason.ImportType);
      c.want(!this.seen.has(name), GateReason.ImportTwice);
      this.seen.add(name);
      this.functions.push(type);
      this.imported++;
    }
  }

  private functionSection(c: GateReader): void {
    for (let left = c.count(FUNCTIONS_MAX); left > 0; left--) {
      const type = this.types[c.u8()];
      c.want(type !== undefined, GateReason.TypeIndex);
      this.functions.push(type);
    }
  }

  private table(c: GateReader): void {
    c.want(c.u32() === 1 && c.u8() === 0x70, GateReason.Table);
    const flags = c.u8();
    this.tableSize = c.u32();
    const most = flags === 1 ? c.u32() : this.tableSize;
    c.want(flags <= 1 && most >= this.tableSize && this.tableSize <= TABLE_MAX, GateReason.Table);
    this.hasTable = true;
  }

  private globalSection(c: GateReader): void {
    for (let left = c.count(GLOBALS_MAX); left > 0; left--) {
      const type = c.u8();
      const variable = c.u8();
      const opcode = c.u8();
      c.want(type === 0x7f || type === 0x7e, GateReason.ValueType);
      c.want(variable <= 1 && opcode === (type === 0x7f ? I32_CONST : I64_CONST), GateReason.Global);
      c.signed(type === 0x7f ? 32 : 64);
      c.want(c.u8() === END, GateReason.Global);
      this.globals.push({ type: type === 0x7f ? "i32" : "i64", variable: variable === 1 });
    }
  }

  private exportEntry(c: GateReader): void {
    const name = c.text();
    const signature = Object.hasOwn(EXPORTS, name) ? EXPORTS[name] : undefined;
    c.want(signature !== undefined && c.u8() === (signature === null ? 2 : 0), GateReason.ExportUnknown);
    const index = c.u32();
    const type = index < this.imported ? undefined : this.functions[index];
    const fits = signature === null ? this.hasMemory && index === 0 : type !== undefined && signatureOf(type) === signature;
    c.want(fits, GateReason.ExportType);
    c.want(!this.exported.has(name), GateReason.ExportTwice);
    this.exported.add(name);
  }

  /** The value of a small non-negative i32.const, or a number beyond every memory. */
  private constantOffset(c: GateReader): number {
    if (c.u8() !== I32_CONST) return Number.POSITIVE_INFINITY;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = c.u8();
      if (shift >= 35) return Number.POSITIVE_INFINITY;
      if (shift < 28) value += (octet & 0x7f) * 2 ** shift;
      else if (octet & 0x7f) return Number.POSITIVE_INFINITY;
      if (octet < 0x80) return c.u8() !== END || octet & 0x40 ? Number.POSITIVE_INFINITY : value;
    }
  }

  private elements(c: GateReader): void {
    for (let left = c.count(SEGMENTS_MAX); left > 0; left--) {
      c.want(c.u32() === 0 && this.hasTable, GateReason.Element);
      const offset = this.constantOffset(c);
      const count = c.count(TABLE_MAX);
      c.want(offset <= this.tableSize && count <= this.tableSize - offset, GateReason.Element);
      for (let index = 0; index < count; index++) c.want(c.u32() < this.functions.length, GateReason.FunctionIndex);
    }
  }

  private code(c: GateReader): void {
    const count = c.u32();
    c.want(count === this.functions.length - this.imported, GateReason.CodeCount);
    this.bodies = count;
    for (let index = 0; index < count; index++) {
      const size = c.u32();
      c.want(size <= BODY_MAX, GateReason.BodySize);
      checkBody(this, c.part(size), this.functions[this.imported + index]);
    }
  }

  private data(c: GateReader): void {
    const limit = this.memoryLimit !== 0 && this.memoryLimit < PAGE ? this.memoryLimit : PAGE;
    this.segments = c.count(SEGMENTS_MAX);
    for (let index = 0; index < this.segments; index++) {
      c.want(c.u32() === 0 && this.hasMemory, GateReason.Data);
      const offset = this.constantOffset(c);
      const size = c.u32();
      c.want(offset <= limit && size <= limit - offset, GateReason.Data);
      c.part(size);
    }
  }
}

/** Why a board would not load the module, without asking V8; `memoryLimit` in octets, 0 for the whole page. */
export function gateVerdict(wasm: Uint8Array, memoryLimit = 0): GateVerdict {
  if (wasm.length > MODULE_MAX) return { reason: GateReason.Size, offset: 0 };
  if (!HEAD.equals(wasm.subarray(0, HEAD.length))) return { reason: GateReason.Magic, offset: 0 };
  try {
    new ModuleGate(new GateReader(wasm, HEAD.length, wasm.length), memoryLimit).check();
    return { reason: GateReason.Ok, offset: 0 };
  } catch (error) {
    if (error instanceof Refused) return { reason: error.reason, offset: error.offset };
    throw error;
  }
}

/** 0, or why a board would not load the module. */
export function gate(wasm: Uint8Array, memoryLimit = 0): number {
  const { reason } = gateVerdict(wasm, memoryLimit);
  if (reason !== GateReason.Ok) return reason;
  return WebAssembly.validate(Uint8Array.from(wasm)) ? GateReason.Ok : GateReason.Operand;
}
