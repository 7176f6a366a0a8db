// Random valid modules of the contract, octet by octet: every instruction that the gate lets through, blocks of all kinds, branches that
// leave operands behind, and code that is never reached.
import { ABI_VERSION } from "../../host/abi.ts";
import type { Random } from "../../host/air/random.ts";
import * as w from "../native/wasm_bytes.ts";

type Kind = "i" | "I";
interface Signature {
  takes: Kind[];
  gives: Kind | null;
}
interface Label {
  result: Kind | null;
  loop: boolean;
}

const IMPORTS = 2; // log, next
const LOG = 0;
const NEXT = 1;
const FIRST_OWN = IMPORTS + 3; // behind abi, start and poll
const NESTING_MAX = 5;
const OPERANDS_MAX = 12;
const kinds = (text: string): Kind[] => [...text] as Kind[];

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
/** Instructions without immediates: opcode, operands, result. */
const PLAIN: [number, Kind[], Kind][] = [
  ...[0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1].map((op): [number, Kind[], Kind] => [op, kinds("i"), "i"]),
  ...range(0x46, 0x4f).map((op): [number, Kind[], Kind] => [op, kinds("ii"), "i"]),
  ...range(0x6a, 0x78).map((op): [number, Kind[], Kind] => [op, kinds("ii"), "i"]),
  ...[0x50, 0xa7].map((op): [number, Kind[], Kind] => [op, kinds("I"), "i"]),
  ...range(0x51, 0x5a).map((op): [number, Kind[], Kind] => [op, kinds("II"), "i"]),
  ...[0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4].map((op): [number, Kind[], Kind] => [op, kinds("I"), "I"]),
  ...range(0x7c, 0x8a).map((op): [number, Kind[], Kind] => [op, kinds("II"), "I"]),
  ...[0xac, 0xad].map((op): [number, Kind[], Kind] => [op, kinds("i"), "I"]),
];
const LOADS: [number, number, Kind][] = [
  ...[0x28, 0x2c, 0x2d, 0x2e, 0x2f].map((op, index): [number, number, Kind] => [op, [2, 0, 0, 1, 1][index], "i"]),
  ...range(0x29, 0x29).map((op): [number, number, Kind] => [op, 3, "I"]),
  ...range(0x30, 0x35).map((op): [number, number, Kind] => [op, (op - 0x30) >> 1, "I"]),
];
const STORES: [number, number, Kind][] = [
  [0x36, 2, "i"],
  [0x37, 3, "I"],
  [0x3a, 0, "i"],
  [0x3b, 1, "i"],
  [0x3c, 0, "I"],
  [0x3d, 1, "I"],
  [0x3e, 2, "I"],
];
const INTERESTING = [0, 1, -1, 2, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, -128, 32767, -32768, 65535, 0x7fffffff, -0x80000000];
const GLOBALS: Kind[] = ["i", "I", "i", "I"];

function signed64(value: bigint): w.Octets {
  const out: w.Octets = [];
  for (let rest = BigInt.asIntN(64, value); ; rest >>= 7n) {
    const octet = Number(rest & 0x7fn);
    const done = (rest >> 7n === 0n && !(octet & 0x40)) || (rest >> 7n === -1n && (octet & 0x40) !== 0);
    out.push(done ? octet : octet | 0x80);
    if (done) return out;
  }
}

class Body {
  readonly out: w.Octets = [];
  private stack: Kind[] = [];
  private floor = 0;
  private dead = false;
  private readonly labels: Label[];

  constructor(
    private readonly random: Random,
    private readonly locals: Kind[],
    private readonly functions: Signature[],
    private readonly own: number,
    private readonly result: Kind | null,
    private left: number,
  ) {
    this.labels = [{ result, loop: false }];
  }

  write(): w.Octets {
    this.sequence(this.result);
    return this.out;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)];
  }

  private constant(kind: Kind): void {
    const wide = (BigInt(this.random.below(0x7fffffff)) << 33n) ^ BigInt(this.random.below(0x7fffffff));
    if (kind === "i") this.out.push(...w.i32(this.random.chance(0.7) ? this.pick(INTERESTING) : this.random.below(0x7fffffff)));
    else this.out.push(0x42, ...signed64(this.random.chance(0.7) ? BigInt(this.pick(INTERESTING)) : wide));
    this.stack.push(kind);
  }

  /** An address that is mostly inside. */
  private address(): void {
    if (this.random.chance(0.3)) {
      this.want("i");
      return;
    }
    this.out.push(...w.i32(this.random.chance(0.95) ? this.random.below(200) : this.random.below(70_000)));
    this.stack.push("i");
  }

  private value(kind: Kind): void {
    const at = this.locals.map((each, index) => (each === kind ? index : -1)).filter((index) => index >= 0);
    if (at.length > 0 && this.random.chance(0.5)) {
      this.out.push(0x20, this.pick(at));
      this.stack.push(kind);
    } else if (this.random.chance(0.2)) {
      this.out.push(0x23, this.pick(GLOBALS.map((each, index) => (each === kind ? index : -1)).filter((index) => index >= 0)));
      this.stack.push(kind);
    } else this.constant(kind);
  }

  /** Makes the last operand one of this kind; below code that is not reached it may stay away. */
  private want(kind: Kind): void {
    if (this.stack.length === this.floor && this.dead && this.random.chance(0.5)) return;
    if (this.stack.length > this.floor && this.stack[this.stack.length - 1] === kind && this.random.chance(0.6)) return;
    this.value(kind);
  }

  private wantAll(takes: Kind[]): void {
    // What lies there already, when it fits as it is.
    const have = this.stack.slice(this.floor).slice(-takes.length);
    if (takes.length > 0 && have.length === takes.length && have.every((kind, index) => kind === takes[index])) {
      if (this.random.chance(0.7)) return;
    }
    for (const kind of takes) this.value(kind);
  }

  private drop(count: number): void {
    this.stack.length = Math.max(this.floor, this.stack.length - count);
  }

  private operation(takes: Kind[], octets: w.Octets, gives: Kind | null): void {
    this.wantAll(takes);
    this.out.push(...octets);
    this.drop(takes.length);
    if (gives) this.stack.push(gives);
  }

  private unreachable(): void {
    this.stack.length = this.floor;
    this.dead = true;
  }

  private sequence(result: Kind | null): void {
    for (let steps = 1 + this.random.below(9); steps > 0 && this.left > 0; steps--) this.step();
    // Leaves exactly the result.
    if (this.dead && this.stack.length === this.floor && this.random.chance(0.5)) return;
    const keep =
      result !== null &&
      this.stack.length > this.floor &&
      this.stack[this.stack.length - 1] === result &&
      this.stack.length === this.floor + 1;
    if (keep) return;
    while (this.stack.length > this.floor) {
      this.out.push(0x1a);
      this.stack.pop();
    }
    if (result) this.value(result);
  }

  private step(): void {
    this.left--;
    if (this.stack.length - this.floor > OPERANDS_MAX) {
      this.out.push(0x1a);
      this.stack.pop();
      return;
    }
    const draw = this.random.below(100);
    if (draw < 30) {
      const [op, takes, gives] = this.pick(PLAIN);
      this.operation(takes, [op], gives);
    } else if (draw < 42) this.variable();
    else if (draw < 58) this.memory();
    else if (draw < 72) this.block();
    else if (draw < 82) this.branch();
    else if (draw < 90) this.call();
    else if (draw < 95) this.select();
    else this.value(this.random.chance(0.5) ? "i" : "I");
  }

  private variable(): void {
    const tee = this.random.chance(0.5);
    if (this.random.chance(0.25)) {
      const index = this.random.below(GLOBALS.length);
      this.operation([GLOBALS[index]], [0x24, index], null);
    } else if (this.locals.length > 0) {
      const index = this.random.below(this.locals.length);
      const kind = this.locals[index];
      this.operation([kind], [tee ? 0x22 : 0x21, index], tee ? kind : null);
    }
  }

  private memory(): void {
    const offset = this.random.chance(0.8) ? this.random.below(64) : this.random.below(70_000);
    const draw = this.random.below(10);
    if (draw < 4) {
      const [op, natural, kind] = this.pick(LOADS);
      this.address();
      this.operation([], [op, this.random.below(natural + 1), ...w.leb(offset)], null);
      this.drop(1);
      this.stack.push(kind);
    } else if (draw < 8) {
      const [op, natural, kind] = this.pick(STORES);
      this.address();
      this.value(kind);
      this.out.push(op, this.random.below(natural + 1), ...w.leb(offset));
      this.drop(2);
    } else if (draw === 8) {
      const copy = this.random.chance(0.5);
      for (let index = 0; index < 3; index++) {
        this.out.push(...w.i32(this.random.below(100)));
        this.stack.push("i");
      }
      this.operation(kinds("iii"), copy ? [0xfc, 10, 0, 0] : [0xfc, 11, 0], null);
    } else this.operation([], [0x3f, 0], "i");
  }

  private block(): void {
    if (this.labels.length > NESTING_MAX) return;
    const opcode = this.pick([0x02, 0x02, 0x03, 0x04, 0x04]);
    const result = this.pick<Kind | null>([null, null, "i", "I"]);
    if (opcode === 0x04) {
      this.want("i");
      this.drop(1);
    }
    this.out.push(opcode, result === null ? w.VOID : result === "i" ? w.I32 : w.I64);
    const outside = { floor: this.floor, dead: this.dead };
    const arm = (): void => {
      this.floor = this.stack.length;
      this.dead = false;
      this.sequence(result);
      this.stack.length = this.floor;
    };
    this.labels.push({ result, loop: opcode === 0x03 });
    arm();
    if (opcode === 0x04 && (result !== null || this.random.chance(0.5))) {
      this.out.push(0x05);
      arm();
    }
    this.out.push(0x0b);
    this.labels.pop();
    Object.assign(this, outside);
    if (result) this.stack.push(result);
  }

  private carried(depth: number): Kind | null {
    const label = this.labels[this.labels.length - 1 - depth];
    return label.loop ? null : label.result;
  }

  private branch(): void {
    const depth = this.random.below(this.labels.length);
    const carries = this.carried(depth);
    const takes = carries ? [carries] : [];
    switch (this.random.below(8)) {
      case 0:
        this.operation(takes, [0x0c, depth], null);
        this.unreachable();
        return;
      case 1: {
        const all = this.labels.map((_, index) => index).filter((index) => this.carried(index) === carries);
        const targets = Array.from({ length: this.random.below(4) }, () => this.pick(all));
        this.operation([...takes, "i"], [0x0e, targets.length, ...targets, depth], null);
        this.unreachable();
        return;
      }
      case 2:
        if (this.random.chance(0.7)) return;
        this.operation(this.result ? [this.result] : [], [0x0f], null);
        this.unreachable();
        return;
      case 3:
        if (this.random.chance(0.9)) return;
        this.out.push(0x00);
        this.unreachable();
        return;
      default:
        this.operation([...takes, "i"], [0x0d, depth], carries);
    }
  }

  private call(): void {
    // Seldom backwards: recursion without an end goes deeper on V8 than the boards' stack allows, and shows nothing.
    const behind = this.functions.length - this.own - 1;
    if (behind === 0 && !this.random.chance(0.05)) return;
    const index =
      behind === 0 || this.random.chance(0.03) ? this.random.below(this.functions.length) : this.own + 1 + this.random.below(behind);
    const { takes, gives } = this.functions[index];
    if (this.random.chance(0.3)) {
      this.wantAll(takes);
      this.out.push(...w.i32(this.random.chance(0.8) ? index : this.random.below(this.functions.length + 2)), 0x11, typeOf(index), 0);
      this.drop(takes.length);
      if (gives) this.stack.push(gives);
    } else if (this.random.chance(0.2)) {
      this.address();
      this.out.push(...w.i32(this.random.below(32)), 0x10, NEXT);
      this.drop(1);
      this.stack.push("i");
    } else this.operation(takes, [0x10, ...w.leb(FIRST_OWN + index)], gives);
  }

  private select(): void {
    const kind = this.random.chance(0.5) ? "i" : "I";
    this.operation([kind, kind, "i"], [0x1b], kind);
  }
}

/** Behind the contract's four types and the import's. */
const typeOf = (own: number): number => w.TYPES.length + 1 + own;
const octetOf = (kind: Kind): number => (kind === "i" ? w.I32 : w.I64);

/** A module; `poll` calls some of its functions, says what the memory holds, and answers what the globals do. */
export function randomModule(random: Random): Buffer<ArrayBuffer> {
  const kind = (): Kind => (random.chance(0.5) ? "i" : "I");
  const functions: Signature[] = Array.from({ length: 1 + random.below(4) }, () => ({
    takes: Array.from({ length: random.below(4) }, kind),
    gives: random.chance(0.3) ? null : kind(),
  }));
  const bodies = functions.map(({ takes, gives }, own) => {
    const declared = Array.from({ length: random.below(5) }, kind);
    const code = new Body(random, [...takes, ...declared], functions, own, gives, 60).write();
    return w.body(
      code,
      declared.map((each) => [1, octetOf(each)]),
    );
  });
  const calls = functions.flatMap(({ takes, gives }, index) => [
    ...takes.flatMap((each) => (each === "i" ? w.i32(random.below(300)) : [0x42, ...signed64(BigInt(random.below(1000)))])),
    ...[0x10, ...w.leb(FIRST_OWN + index)],
    ...(gives === null ? [] : [0x24, gives === "i" ? 0 : 1]),
  ]);
  const say = [...w.i32(1), ...w.i32(0), ...w.i32(256), 0x10, LOG];
  const poll = [...calls, ...say, 0x23, 0, 0xac, 0x23, 1, 0x85, 0x23, 2, 0xac, 0x85, 0x23, 3, 0x85];
  const type = (signature: Signature): w.Octets => w.type(signature.takes.map(octetOf), signature.gives ? [octetOf(signature.gives)] : []);
  return w.module({
    1: w.vector([...w.TYPES, w.type([w.I32, w.I32, w.I32], []), ...functions.map(type)]),
    2: w.vector([w.imported("han", "log", w.TYPES.length), w.imported("han", "next", 3)]),
    3: w.vector([[0], [1], [2], ...functions.map((_, index) => [typeOf(index)])]),
    4: [0x01, 0x70, 0x00, functions.length + 1],
    6: w.vector(GLOBALS.map((each) => [octetOf(each), 1, each === "i" ? 0x41 : 0x42, random.below(64), 0x0b])),
    7: w.vector([...["abi", "start", "poll"].map((name, index) => w.exported(name, 0, index + IMPORTS)), w.exported("memory", 2, 0)]),
    9: w.vector([[0, 0x41, 0, 0x0b, ...w.vector(functions.map((_, index) => w.leb(FIRST_OWN + index)))]]),
    10: w.vector([w.body(w.i32(ABI_VERSION)), w.body([]), w.body(poll), ...bodies]),
    11: w.vector([[0, 0x41, 0, 0x0b, ...w.leb(64), ...Array.from({ length: 64 }, () => random.below(256))]]),
  });
}
