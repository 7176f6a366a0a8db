// Valid modules that are as costly to check and to load as their octets can make them: one shape each, in any size.
import {
  ABI_BODY,
  body,
  I32,
  I64,
  leb,
  module as moduleOf,
  type Octets,
  type Sections,
  START_BODY,
  TYPES,
  type,
  VOID,
  vector,
} from "../wasm_bytes.ts";

/** Of half a body each, so that the number of bodies grows with the octets. */
const BODY = 8000;
const NESTING = 47;
const TABLE = 255;

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: Math.floor(count) }, (_, index) => make(index));
const times = (count: number, octets: Octets): Octets => many(count, () => octets).flat();
/** A zero in as many octets as its type may take. */
const long = (size: number): Octets => [...Array(size - 1).fill(0x80), 0x00];
const POLL = body([0x20, 0x00]);
const DEEP = times(NESTING, [0x02, VOID]);
const ENDS = times(NESTING, [0x0b]);
const ZERO: Octets = [0x41, 0x00];

/** A module of abi, start and poll with more functions of no parameters and no results, and other sections. */
function withBodies(bodies: Octets[], more: Sections = {}): Buffer {
  return moduleOf({
    3: vector([[0], [1], [2], ...bodies.map(() => [4])]),
    10: vector([ABI_BODY, START_BODY, POLL, ...bodies]),
    ...more,
  });
}

/** Bodies of one sequence of instructions over and over. */
function filled(octets: number, sequence: Octets, before: Octets = [], after: Octets = [], locals: Octets[] = []): Octets[] {
  const room = BODY - before.length - after.length;
  return many(octets / BODY, () => body([...before, ...times(room / sequence.length, sequence), ...after], locals));
}

/** Constants that are all different: a function keeps a table of them. */
function constants(octets: number): Octets[] {
  let next = 0;
  return many(octets / BODY, () => body(many(BODY / 5, () => [0x41, ...leb(0x4000 + next++), 0x1a]).flat()));
}

/** Shapes of which the gate takes only so many entries; modules have their octets, the others those of a module as sold. */
const FEW: Record<string, number> = { "functions of nothing": 4000, "initial globals": 1600, "data segments": 2500, types: 3300 };
const OCTETS = 32_000;

/** The larger of a shape's two modules has about so many octets, the smaller one half of them. */
export function octetsOf(shape: string): number {
  return FEW[shape] ?? OCTETS;
}

/** Each makes a module of about so many octets. */
export const SHAPES: Record<string, (octets: number) => Buffer> = {
  "functions of nothing": (octets) => withBodies(many(octets / 4, () => body([]))),
  nop: (octets) => withBodies(filled(octets, [0x01])),
  "short constants": (octets) => withBodies(filled(octets, [...ZERO, 0x1a])),
  "different constants": (octets) => withBodies(constants(octets)),
  "long constants": (octets) => withBodies(filled(octets, [0x41, ...long(5), 0x1a])),
  "long constants of 64 bits": (octets) => withBodies(filled(octets, [0x42, ...long(10), 0x1a])),
  arithmetic: (octets) => withBodies(filled(octets, [...ZERO, ...ZERO, 0x6a, 0x45, 0x1a])),
  "deep operands": (octets) => withBodies(filled(octets, [...times(80, ZERO), ...times(79, [0x6a]), 0x1a])),
  locals: (octets) => withBodies(filled(octets, [0x20, 0x00, 0x21, 0x01], [], [], [[0x02, I32]])),
  "lists of locals": (octets) =>
    withBodies(
      many(octets / 400, () =>
        body(
          [],
          many(190, (index) => [0x01, index % 2 ? I32 : I64]),
        ),
      ),
    ),
  blocks: (octets) => withBodies(filled(octets, [0x02, VOID, 0x0b])),
  "deep blocks": (octets) => withBodies(filled(octets, [...DEEP, ...ENDS])),
  "deep loops": (octets) => withBodies(filled(octets, [...times(16, [0x03, VOID]), ...times(16, [0x0b])])),
  "branches out of deep blocks": (octets) => withBodies(filled(octets, [...ZERO, 0x0d, NESTING - 1], DEEP, ENDS)),
  "branches with values": (octets) => withBodies(filled(octets, [0x02, I32, ...ZERO, ...ZERO, 0x0d, 0x00, 0x0b, 0x1a])),
  "branch tables": (octets) => withBodies(filled(octets, [0x02, VOID, ...ZERO, 0x0e, ...leb(TABLE), ...Array(TABLE + 1).fill(0), 0x0b])),
  "branch tables out of deep blocks": (octets) =>
    withBodies(
      filled(octets, [0x02, VOID, ...ZERO, 0x0e, ...leb(TABLE), ...Array(TABLE + 1).fill(NESTING - 1), 0x0b], DEEP.slice(2), ENDS.slice(1)),
    ),
  "short branch tables": (octets) => withBodies(filled(octets, [0x02, VOID, ...ZERO, 0x0e, 0x00, 0x00, 0x0b])),
  "branch tables of long numbers": (octets) =>
    withBodies(filled(octets, [0x02, VOID, ...ZERO, 0x0e, ...leb(TABLE), ...times(TABLE + 1, long(5)), 0x0b])),
  "ifs with both arms": (octets) => withBodies(filled(octets, [...ZERO, 0x04, VOID, 0x05, 0x0b])),
  selections: (octets) => withBodies(filled(octets, [...ZERO, ...ZERO, ...ZERO, 0x1b, 0x1a])),
  calls: (octets) => withBodies(filled(octets, [0x10, 0x03])),
  "code that is not reached": (octets) => withBodies(filled(octets, [0x01], [0x00])),
  "loads and stores": (octets) => withBodies(filled(octets, [...ZERO, ...ZERO, 0x28, 0x02, 0x00, 0x36, 0x02, 0x00])),
  "memory.fill": (octets) => withBodies(filled(octets, [...ZERO, ...ZERO, ...ZERO, 0xfc, 0x0b, 0x00])),
  globals: (octets) => withBodies(filled(octets, [0x23, 119, 0x24, 0x00]), { 6: vector(many(120, () => [I32, 0x01, ...ZERO, 0x0b])) }),
  "initial globals": (octets) => moduleOf({ 6: vector(many(octets / 14, () => [I64, 0x00, 0x42, ...long(10), 0x0b])) }),
  "data segments": (octets) => moduleOf({ 11: vector(many(octets / 5, () => [0x00, ...ZERO, 0x0b, 0x00])) }),
  "large data": (octets) => moduleOf({ 11: vector([[0x00, ...ZERO, 0x0b, ...leb(octets), ...Array(octets).fill(0x55)]]) }),
  types: (octets) => moduleOf({ 1: vector([...TYPES, ...many(octets / 28, (index) => type(Array(24).fill(index % 2 ? I32 : I64), []))]) }),
  "custom sections": (octets) => Buffer.concat([moduleOf({}), Buffer.from(times(octets / 4, [0x00, 0x02, 0x01, 0x78]))]),
};
