// What the gate for V8 reads with, and the numbers of both gates (boards/common/gate.h).

/** Numbers of enum kw_gate_reason. */
export const GateReason = {
  Ok: 0,
  Magic: 1,
  Size: 2,
  Truncated: 3,
  Leb: 4,
  SectionUnknown: 5,
  Start: 6,
  SectionOrder: 7,
  SectionEnd: 8,
  Custom: 9,
  Count: 10,
  ValueType: 11,
  TypeForm: 12,
  TypeIndex: 13,
  ImportUnknown: 14,
  ImportType: 15,
  ImportTwice: 16,
  Table: 17,
  Memory: 18,
  Global: 19,
  ExportUnknown: 20,
  ExportType: 21,
  ExportMissing: 22,
  ExportTwice: 23,
  Element: 24,
  Data: 25,
  DataCount: 26,
  CodeCount: 27,
  BodySize: 28,
  Locals: 29,
  Opcode: 30,
  BlockType: 31,
  Nesting: 32,
  Else: 33,
  BodyEnd: 34,
  Label: 35,
  BrTable: 36,
  LocalIndex: 37,
  GlobalIndex: 38,
  FunctionIndex: 39,
  TableIndex: 40,
  Alignment: 41,
  Zero: 42,
  OwnSection: 43,
  Operand: 44,
  Operands: 45,
} as const;

export const PARAMETERS_MAX = 24;
export const LOCALS_MAX = 200;

/** Thrown where a module is refused. */
export class Refused extends Error {
  constructor(
    readonly reason: number,
    readonly offset: number,
  ) {
    super(`reason ${reason} at offset ${offset}`);
  }
}

export type Value = "i32" | "i64";

export interface FunctionType {
  parameters: Value[];
  result: Value | null;
}

/** What function bodies are about. */
export interface Contents {
  types: FunctionType[];
  /** Of imported functions, then of the module's own. */
  functions: FunctionType[];
  globals: { type: Value; variable: boolean }[];
  hasTable: boolean;
}

export class GateReader {
  constructor(
    readonly octets: Uint8Array,
    public at: number,
    readonly end: number,
  ) {}

  refuse(reason: number): never {
    throw new Refused(reason, this.at);
  }

  /** Goes on only where `holds`. */
  want(holds: boolean, reason: number): asserts holds {
    if (!holds) this.refuse(reason);
  }

  u8(): number {
    this.want(this.at < this.end, GateReason.Truncated);
    return this.octets[this.at++];
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const octet = this.u8();
      this.want(shift !== 28 || octet <= 0x0f, GateReason.Leb);
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
    return this.refuse(GateReason.Leb);
  }

  /** Passes a signed number; in the last octet the bits beyond the type repeat the sign. */
  signed(bits: number): void {
    for (let left = bits; ; left -= 7) {
      const octet = this.u8();
      if (left > 7) {
        if (octet < 0x80) return;
        continue;
      }
      const beyond = (0x7f << (left - 1)) & 0x7f;
      this.want(octet < 0x80 && ((octet & beyond) === 0 || (octet & beyond) === beyond), GateReason.Leb);
      return;
    }
  }

  value(): Value {
    const type = this.u8();
    this.want(type === 0x7f || type === 0x7e, GateReason.ValueType);
    return type === 0x7f ? "i32" : "i64";
  }

  count(most: number): number {
    const count = this.u32();
    this.want(count <= most, GateReason.Count);
    return count;
  }

  /** The next octets, as a reader of their own. */
  part(size: number): GateReader {
    this.want(size <= this.end - this.at, GateReason.Truncated);
    this.at += size;
    return new GateReader(this.octets, this.at - size, this.at);
  }

  text(): string {
    const { octets, at, end } = this.part(this.u32());
    return Buffer.from(octets.buffer, octets.byteOffset + at, end - at).toString("latin1");
  }
}
