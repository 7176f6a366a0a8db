// The gate's part about function bodies, for V8: the twin of boards/common/gate_code.c, rule by rule and in its order.
import { type Contents, type FunctionType, type GateReader, GateReason, LOCALS_MAX, PARAMETERS_MAX, type Value } from "./gate_reader.ts";

const NESTING_MAX = 47;
const LOOPS_MAX = 16;
const BR_TABLE_MAX = 256;
const OPERANDS_MAX = 85;
const OPERAND_SLOTS = 4;
const SLOTS_MAX = 512 - 2 - 120 - 2 * (PARAMETERS_MAX + 1);
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const VOID_BLOCK = 0x40;

/** Below code that is not reached lies anything. */
type Operand = Value | "any";

interface Frame {
  opcode: number;
  height: number;
  result: Value | null;
  unreachable: boolean;
}

/** Operands, the last one on the right, and the result of instructions without immediates, and of accesses with their alignment. */
interface Signature {
  takes: Value[];
  gives: Value | null;
  natural?: number;
}

function signatures(): Map<number, Signature> {
  const map = new Map<number, Signature>();
  const range = (from: number, to: number, takes: Value[], gives: Value | null, natural?: number): void => {
    for (let opcode = from; opcode <= to; opcode++) map.set(opcode, { takes, gives, natural });
  };
  for (const [opcode, gives, natural] of [
    [0x28, "i32", 2],
    [0x29, "i64", 3],
    [0x2c, "i32", 0],
    [0x2d, "i32", 0],
    [0x2e, "i32", 1],
    [0x2f, "i32", 1],
    [0x30, "i64", 0],
    [0x31, "i64", 0],
    [0x32, "i64", 1],
    [0x33, "i64", 1],
    [0x34, "i64", 2],
    [0x35, "i64", 2],
  ] as const)
    range(opcode, opcode, ["i32"], gives, natural);
  for (const [opcode, value, natural] of [
    [0x36, "i32", 2],
    [0x37, "i64", 3],
    [0x3a, "i32", 0],
    [0x3b, "i32", 1],
    [0x3c, "i64", 0],
    [0x3d, "i64", 1],
    [0x3e, "i64", 2],
  ] as const)
    range(opcode, opcode, ["i32", value], null, natural);
  range(0x45, 0x45, ["i32"], "i32");
  range(0x46, 0x4f, ["i32", "i32"], "i32");
  range(0x50, 0x50, ["i64"], "i32");
  range(0x51, 0x5a, ["i64", "i64"], "i32");
  range(0x67, 0x69, ["i32"], "i32");
  range(0x6a, 0x78, ["i32", "i32"], "i32");
  range(0x79, 0x7b, ["i64"], "i64");
  range(0x7c, 0x8a, ["i64", "i64"], "i64");
  range(0xa7, 0xa7, ["i64"], "i32");
  range(0xac, 0xad, ["i32"], "i64");
  range(0xc0, 0xc1, ["i32"], "i32");
  range(0xc2, 0xc4, ["i64"], "i64");
  return map;
}

const SIGNATURES = signatures();
const agree = (a: Operand, b: Operand): boolean => a === b || a === "any" || b === "any";

class Body {
  private readonly frames: Frame[];
  private readonly operands: Operand[] = [];
  private readonly locals: Value[] = [];
  private slots = 0;
  private loops = 0;
  private highest = 0;

  constructor(
    private readonly module: Contents,
    private readonly in_: GateReader,
    private readonly type: FunctionType,
  ) {
    this.frames = [{ opcode: 0, height: 0, result: type.result, unreachable: false }];
  }

  check(): void {
    const in_: GateReader = this.in_;
    this.readLocals();
    while (in_.at < in_.end) {
      const opcode = in_.u8();
      if (opcode !== END || this.frames.length > 1) {
        this.instruction(opcode);
        continue;
      }
      in_.want(in_.at === in_.end, GateReason.BodyEnd);
      this.settle();
      in_.want(this.slots + OPERAND_SLOTS * this.highest <= SLOTS_MAX, GateReason.Operands);
      return;
    }
    in_.refuse(GateReason.BodyEnd);
  }

  private readLocals(): void {
    const in_: GateReader = this.in_;
    const { locals } = this;
    locals.push(...this.type.parameters);
    this.slots = 2 * locals.length;
    const groups = in_.u32();
    in_.want(groups <= LOCALS_MAX, GateReason.Locals);
    for (let group = 0; group < groups; group++) {
      const count = in_.u32();
      const type = in_.value();
      in_.want(count <= LOCALS_MAX - locals.length, GateReason.Locals);
      for (let index = 0; index < count; index++) locals.push(type);
      this.slots += type === "i64" ? 2 * count : count;
    }
  }

  private instruction(opcode: number): void {
    const in_: GateReader = this.in_;
    switch (opcode) {
      case 0x00:
        this.unreachable();
        return;
      case 0x01:
        return;
      case 0x02:
      case LOOP:
      case IF:
        this.open(opcode);
        return;
      case ELSE:
        this.turnElse();
        return;
      case END:
        this.close();
        return;
      case 0x0c:
        this.pop(this.label());
        this.unreachable();
        return;
      case 0x0d: {
        const result = this.label();
        this.pop("i32");
        this.pop(result);
        this.push(result);
        return;
      }
      case 0x0e:
        this.branchTable();
        return;
      case 0x0f:
        this.want(this.frames[0].result === null || agree(this.peek(), this.frames[0].result), GateReason.Operand);
        // Where it is not reached, wasm3 leaves its operands, and holds them against what follows.
        if (!this.top.unreachable) this.unreachable();
        return;
      case 0x10: {
        const type = this.module.functions[in_.u32()];
        in_.want(type !== undefined, GateReason.FunctionIndex);
        this.call(type);
        return;
      }
      case 0x11:
        this.indirect();
        return;
      default:
        this.other(opcode);
        return;
    }
  }

  private other(opcode: number): void {
    const in_: GateReader = this.in_;
    switch (opcode) {
      case 0x1a:
        this.popAny();
        return;
      case 0x1b:
        this.select();
        return;
      case 0x20:
      case 0x21:
      case 0x22:
        this.local(opcode);
        return;
      case 0x23:
      case 0x24:
        this.global(opcode === 0x24);
        return;
      case 0x3f:
        in_.want(in_.u8() === 0, GateReason.Zero);
        this.push("i32");
        return;
      case 0x41:
        in_.signed(32);
        this.push("i32");
        return;
      case 0x42:
        in_.signed(64);
        this.push("i64");
        return;
      case 0xfc:
        this.prefixed();
        return;
      default:
        this.compute(opcode);
        return;
    }
  }

  private compute(opcode: number): void {
    const signature = SIGNATURES.get(opcode);
    this.want(signature !== undefined, GateReason.Opcode);
    if (signature.natural !== undefined) {
      this.want(this.in_.u32() <= signature.natural, GateReason.Alignment);
      this.in_.u32();
    }
    for (let index = signature.takes.length - 1; index >= 0; index--) this.pop(signature.takes[index]);
    this.push(signature.gives);
  }

  // ---- Operands ----

  private want(holds: boolean, reason: number): asserts holds {
    this.in_.want(holds, reason);
  }

  private get top(): Frame {
    return this.frames[this.frames.length - 1];
  }

  private push(type: Operand | null): void {
    if (type === null) return;
    this.want(this.operands.length < OPERANDS_MAX, GateReason.Operands);
    this.operands.push(type);
    this.highest = Math.max(this.highest, this.operands.length);
  }

  private peek(): Operand {
    if (this.operands.length > this.top.height) return this.operands[this.operands.length - 1];
    this.want(this.top.unreachable, GateReason.Operand);
    return "any";
  }

  private popAny(): Operand {
    const type = this.peek();
    if (this.operands.length > this.top.height) this.operands.pop();
    return type;
  }

  private pop(wanted: Value | null): void {
    if (wanted !== null) this.want(agree(this.popAny(), wanted), GateReason.Operand);
  }

  private unreachable(): void {
    this.operands.length = this.top.height;
    this.top.unreachable = true;
  }

  // ---- Blocks ----

  private blockType(): Value | null {
    const in_: GateReader = this.in_;
    const { module } = this;
    const first = in_.at < in_.end ? in_.octets[in_.at] : 0;
    if (first === VOID_BLOCK) {
      in_.at++;
      return null;
    }
    if (first >= 0x40 && first < 0x80) {
      const type = in_.u8();
      in_.want(type === 0x7f || type === 0x7e, GateReason.BlockType);
      return type === 0x7f ? "i32" : "i64";
    }
    const type = module.types[in_.u32()];
    in_.want(type !== undefined && type.parameters.length === 0, GateReason.BlockType);
    return type.result;
  }

  private open(opcode: number): void {
    this.want(this.frames.length <= NESTING_MAX, GateReason.Nesting);
    if (opcode === LOOP) this.want(++this.loops <= LOOPS_MAX, GateReason.Nesting);
    const result = this.blockType();
    if (opcode === IF) this.pop("i32");
    this.frames.push({ opcode, height: this.operands.length, result, unreachable: false });
  }

  /** At the end of a block, or of the first arm of an if: its result and nothing else is there. */
  private settle(): void {
    this.pop(this.top.result);
    this.want(this.operands.length === this.top.height, GateReason.Operand);
  }

  private turnElse(): void {
    this.want(this.top.opcode === IF, GateReason.Else);
    this.settle();
    this.frames[this.frames.length - 1] = { ...this.top, opcode: ELSE, unreachable: false };
  }

  private close(): void {
    const { opcode, result } = this.top;
    this.settle();
    this.want(opcode !== IF || result === null, GateReason.Operand);
    if (opcode === LOOP) this.loops--;
    this.frames.pop();
    this.push(result);
  }

  /** What a branch carries; a loop's label is its beginning. */
  private label(): Value | null {
    const depth = this.in_.u32();
    this.want(depth < this.frames.length, GateReason.Label);
    const target = this.frames[this.frames.length - 1 - depth];
    return target.opcode === LOOP ? null : target.result;
  }

  private branchTable(): void {
    const in_: GateReader = this.in_;
    const count = in_.u32();
    in_.want(count <= BR_TABLE_MAX, GateReason.BrTable);
    this.pop("i32");
    let first: Value | null | undefined;
    for (let index = 0; index <= count; index++) {
      const result = this.label();
      if (first === undefined) first = result;
      in_.want((first === null) === (result === null), GateReason.Operand);
      if (result !== null) in_.want(agree(this.peek(), result), GateReason.Operand);
    }
    this.unreachable();
  }

  // ---- Calls, variables, memory ----

  private call(type: FunctionType): void {
    for (let index = type.parameters.length - 1; index >= 0; index--) this.pop(type.parameters[index]);
    this.push(type.result);
  }

  private indirect(): void {
    const in_: GateReader = this.in_;
    const type = this.module.types[in_.u32()];
    in_.want(type !== undefined, GateReason.TypeIndex);
    in_.want(this.module.hasTable, GateReason.TableIndex);
    in_.want(in_.u8() === 0, GateReason.Zero);
    this.pop("i32");
    this.call(type);
  }

  private select(): void {
    this.pop("i32");
    const first = this.popAny();
    const second = this.popAny();
    // wasm3 translates it by the type of the operand under the selector, also in code that is not reached.
    this.want(first !== "any" && agree(first, second), GateReason.Operand);
    this.push(first);
  }

  private local(opcode: number): void {
    const index = this.in_.u32();
    this.want(index < this.locals.length, GateReason.LocalIndex);
    const type = this.locals[index];
    if (opcode !== 0x20) this.pop(type);
    if (opcode !== 0x21) this.push(type);
  }

  private global(write: boolean): void {
    const global = this.module.globals[this.in_.u32()];
    this.want(global !== undefined && (!write || global.variable), GateReason.GlobalIndex);
    if (write) this.pop(global.type);
    else this.push(global.type);
  }

  private prefixed(): void {
    const in_: GateReader = this.in_;
    const opcode = in_.u32();
    in_.want(opcode === 10 || opcode === 11, GateReason.Opcode);
    const zeros = opcode === 10 ? [in_.u8(), in_.u8()] : [in_.u8()];
    in_.want(
      zeros.every((octet) => octet === 0),
      GateReason.Zero,
    );
    for (let index = 0; index < 3; index++) this.pop("i32");
  }
}

/** Checks the body of a function of that type: `body` stands behind its size and ends with it. */
export function checkBody(module: Contents, body: GateReader, type: FunctionType): void {
  new Body(module, body, type).check();
}
