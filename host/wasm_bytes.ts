// WebAssembly modules put together octet by octet, so that each mistake can be made by itself, and each cost.

export type Octets = number[];

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const VOID = 0x40;

/** An unsigned number as LEB128. */
export function leb(value: number): Octets {
  const out: Octets = [];
  for (let rest = value; ; ) {
    const octet = rest % 128;
    rest = Math.floor(rest / 128);
    if (rest === 0) return [...out, octet];
    out.push(octet | 0x80);
  }
}

export function text(value: string): Octets {
  return [...leb(value.length), ...Buffer.from(value, "latin1")];
}

/** A vector: its count, then its entries. */
export function vector(entries: Octets[]): Octets {
  return [...leb(entries.length), ...entries.flat()];
}

export function type(parameters: Octets, results: Octets): Octets {
  return [0x60, ...leb(parameters.length), ...parameters, ...leb(results.length), ...results];
}

/** `instructions` without the last end. */
export function body(instructions: Octets, locals: Octets[] = []): Octets {
  const inner = [...vector(locals), ...instructions, 0x0b];
  return [...leb(inner.length), ...inner];
}

export function imported(module: string, name: string, index: number, kind = 0): Octets {
  return [...text(module), ...text(name), kind, ...leb(index)];
}

export function exported(name: string, kind: number, index: number): Octets {
  return [...text(name), kind, ...leb(index)];
}

/** The content of each section by its id; what is not given is what a small, valid module has. */
export type Sections = Partial<Record<number, Octets | null>>;

/** Types 0..2 are those of abi, start and poll; 3 is next's, 4 takes and answers nothing. */
export const TYPES = [type([], [I32]), type([I64, I32], []), type([I64], [I64]), type([I32, I32], [I32]), type([], [])];
export const ABI_BODY = body([0x41, 0x80, 0x80, 0x08]);
export const START_BODY = body([]);
export const POLL_BODY = body([0x20, 0x00]);
const EXPORTS = [exported("abi", 0, 0), exported("start", 0, 1), exported("poll", 0, 2), exported("memory", 2, 0)];

const PLAIN: Record<number, Octets> = {
  1: vector(TYPES),
  3: vector([[0], [1], [2]]),
  5: [1, 1, 1, 1],
  7: vector(EXPORTS),
  10: vector([ABI_BODY, START_BODY, POLL_BODY]),
};

export const ORDER = [1, 2, 3, 4, 5, 6, 7, 9, 12, 10, 11];
export const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function section(id: number, content: Octets): Octets {
  return [id, ...leb(content.length), ...content];
}

/** The valid module with other sections; null leaves one out.  `tail` follows the last. */
export function module(changes: Sections = {}, tail: Octets = []): Buffer<ArrayBuffer> {
  const out = [...MAGIC];
  for (const id of ORDER) {
    const content = id in changes ? changes[id] : PLAIN[id];
    if (content) out.push(...section(id, content));
  }
  return Buffer.from([...out, ...tail]);
}

/** A module with a fourth function, of type () -> (), that nobody calls. */
export function withFunction(instructions: Octets, changes: Sections = {}, locals: Octets[] = []): Buffer<ArrayBuffer> {
  return withBody(body(instructions, locals), changes);
}

export function withBody(fourth: Octets, changes: Sections = {}): Buffer<ArrayBuffer> {
  return module({ 3: vector([[0], [1], [2], [4]]), 10: vector([ABI_BODY, START_BODY, POLL_BODY, fourth]), ...changes });
}

/** The same with `poll` made of `instructions`, which must leave an i64; one import when `imports` is given. */
export function withPoll(
  instructions: Octets,
  options: { import?: { name: string; type: Octets }; abi?: Octets; start?: Octets; locals?: Octets[] } = {},
): Buffer<ArrayBuffer> {
  const shift = options.import ? 1 : 0;
  const names = [exported("abi", 0, shift), exported("start", 0, 1 + shift), exported("poll", 0, 2 + shift), exported("memory", 2, 0)];
  return module({
    1: vector(options.import ? [...TYPES, options.import.type] : TYPES),
    2: options.import ? vector([imported("han", options.import.name, TYPES.length)]) : null,
    7: vector(names),
    10: vector([options.abi ? body(options.abi) : ABI_BODY, body(options.start ?? []), body(instructions, options.locals ?? [])]),
  });
}

/** Signed LEB128 of a 32-bit number. */
export function signed(value: number): Octets {
  const out: Octets = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const octet = rest & 0x7f;
    const done = (rest >> 7 === 0 && !(octet & 0x40)) || (rest >> 7 === -1 && !!(octet & 0x40));
    out.push(done ? octet : octet | 0x80);
    if (done) return out;
  }
}

export function i32(value: number): Octets {
  return [0x41, ...signed(value)];
}
