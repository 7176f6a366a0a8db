// A module with as much code again that is linked in and hardly ever runs: what phases and clusters to come will be for a device of today.
import binaryen from "binaryen";
import { Random } from "../../host/air/random.ts";

/** Functions in groups, because the gate bounds what one br_table may list. */
const GROUP = 20;
/** A statement of the ballast is about so long; what matters is that functions are as large as those of a real module. */
const STATEMENTS_MIN = 3;
const STATEMENTS_MAX = 12;
/** Of the polls after the first ones, in which all of it runs once, one in so many runs one function of the ballast. */
const RARELY = 16;

/** `wasm` with functions of `octets` of code, which compute something and touch nothing. */
export function ballasted(wasm: Uint8Array, octets: number): Uint8Array {
  const module = binaryen.readBinary(wasm);
  try {
    module.setFeatures(BulkMemory | BulkMemoryOpt | SignExt | MutableGlobals);
    const before = module.emitBinary().length;
    const random = new Random("ballast", "code");
    let count = 0;
    while (module.emitBinary().length - before < octets) for (let i = 0; i < 4 * GROUP; i++) addWork(module, count++, random);
    addGroups(module, count / GROUP);
    addPoll(module, count);
    if (!module.validate()) throw new Error("the module with ballast is not valid");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const { i32, i64 } = binaryen;
const { BulkMemory, BulkMemoryOpt, SignExt, MutableGlobals } = binaryen.Features;
const VALUE = 0;
const SUM = 1;
const LEFT = 2;

/** A loop of three turns. */
function turns(m: binaryen.Module, label: string, body: number): number {
  const left = (): number => m.local.get(LEFT, i32);
  const count = m.local.set(LEFT, m.i32.sub(left(), m.i32.const(1)));
  return m.block(null, [m.local.set(LEFT, m.i32.const(3)), m.loop(label, m.block(null, [body, count, m.br_if(label, left())]))]);
}

/** workN(value) -> sum: statements of arithmetic, alternatives and short loops. */
function addWork(module: binaryen.Module, index: number, random: Random): void {
  const m = module;
  const get = (local: number): number => m.local.get(local, i32);
  const mixed = (): number => {
    const number = m.i32.const(random.below(1 << 20));
    const sum = random.chance(0.5) ? m.i32.add(get(SUM), number) : m.i32.xor(get(SUM), m.i32.shl(get(VALUE), number));
    return m.local.set(SUM, random.chance(0.5) ? m.i32.mul(sum, m.i32.or(get(VALUE), m.i32.const(1))) : m.i32.rotl(sum, get(VALUE)));
  };
  const statement = (label: string): number => {
    const odd = m.i32.and(m.i32.shr_u(get(SUM), m.i32.const(random.below(32))), m.i32.const(1));
    if (random.chance(0.4)) return m.if(odd, m.block(null, [mixed(), mixed()]), mixed());
    if (random.chance(0.2)) return turns(m, label, mixed());
    return mixed();
  };
  const statements = Array.from({ length: STATEMENTS_MIN + random.below(STATEMENTS_MAX - STATEMENTS_MIN) }, (_, i) =>
    statement(`turn${i}`),
  );
  m.addFunction(`work${index}`, i32, i32, [i32, i32], m.block(null, [...statements, get(SUM)], i32));
}

/** A choice by number: label 0 is the innermost block. */
function choice(m: binaryen.Module, cases: number[], index: number): number {
  const labels = cases.map((_, i) => `case${i}`);
  let inner = m.switch(labels, labels[0], index);
  cases.forEach((body, i) => {
    inner = m.block(null, [m.block(labels[i], [inner]), body]);
  });
  return inner;
}

/** groupN(index) runs one of its functions, ballast(index) one of all. */
function addGroups(m: binaryen.Module, groups: number): void {
  const argument = (): number => m.local.get(VALUE, i32);
  for (let group = 0; group < groups; group++) {
    const calls = Array.from({ length: GROUP }, (_, i) => m.return(m.call(`work${group * GROUP + i}`, [argument()], i32)));
    m.addFunction(`group${group}`, i32, i32, [], m.block(null, [choice(m, calls, argument()), m.unreachable()], i32));
  }
  const inside = (): number => m.i32.rem_u(argument(), m.i32.const(GROUP));
  const calls = Array.from({ length: groups }, (_, group) => m.return(m.call(`group${group}`, [inside()], i32)));
  const which = m.i32.div_u(argument(), m.i32.const(GROUP));
  m.addFunction("ballast", i32, i32, [], m.block(null, [choice(m, calls, which), m.unreachable()], i32));
}

/** The module's poll, with one group of the ballast before each of its first calls and a function of it before a few of the later ones. */
function addPoll(m: binaryen.Module, count: number): void {
  const poll = binaryen.getExportInfo(m.getExport("poll")).value;
  m.removeExport("poll");
  m.addGlobal("polls", i32, true, m.i32.const(0));
  const polls = (): number => m.global.get("polls", i32);
  const run = (index: number): number => m.drop(m.call("ballast", [index], i32));
  const next = (): number => m.local.get(1, i32);
  const whole = m.block(null, [
    m.local.set(1, m.i32.const(GROUP)),
    m.loop(
      "each",
      m.block(null, [
        m.local.set(1, m.i32.sub(next(), m.i32.const(1))),
        run(m.i32.add(m.i32.mul(polls(), m.i32.const(GROUP)), next())),
        m.br_if("each", next()),
      ]),
    ),
  ]);
  const one = run(m.i32.rem_u(m.i32.mul(polls(), m.i32.const(7)), m.i32.const(count)));
  const body = m.block(
    null,
    [
      m.if(m.i32.lt_u(polls(), m.i32.const(count / GROUP)), whole, m.if(m.i32.eqz(m.i32.rem_u(polls(), m.i32.const(RARELY))), one)),
      m.global.set("polls", m.i32.add(polls(), m.i32.const(1))),
      m.call(poll, [m.local.get(0, i64)], i64),
    ],
    i64,
  );
  m.addFunction("poll_with_ballast", i64, i64, [i32], body);
  m.addFunctionExport("poll_with_ballast", "poll");
}
