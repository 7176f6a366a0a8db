// The gate's type check of function bodies, at the gates of the boards and of V8: both refuse what V8 refuses, for the same reason and at
// the same offset, and what they refuse beyond that is named.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { gateVerdict } from "../../host/image/module_gate.ts";
import { builtPath } from "../../host/modules.ts";
import { native } from "../../host/native/addon.ts";
import { mutant } from "../hostile/mutants.ts";
import * as w from "./wasm_bytes.ts";

const repeat = (count: number, octets: w.Octets): w.Octets => Array.from({ length: count }, () => octets).flat();
const GLOBALS = {
  6: w.vector([
    [w.I32, 1, 0x41, 0, 0x0b],
    [w.I64, 1, 0x42, 0, 0x0b],
  ]),
};
const L32: w.Octets = [1, w.I32];
const L64: w.Octets = [1, w.I64];
const c32: w.Octets = [0x41, 0];
const c64: w.Octets = [0x42, 0];
const DROP = 0x1a;
const END = 0x0b;
const BR = 0x0c;
const RETURN = 0x0f;
const UNREACHABLE = 0x00;
const OPERAND = /an operand that is missing/;

function both(wasm: Uint8Array): string {
  const { ok, code, reason, offset } = native().gate(wasm, 0);
  assert.deepEqual(gateVerdict(wasm), ok ? { reason: 0, offset: 0 } : { reason: code, offset }, "the two gates differ");
  return ok ? "accepted" : reason;
}

function make(instructions: w.Octets, parts: Parameters<typeof w.withFunction>[1] = {}): Buffer<ArrayBuffer> {
  return w.withFunction(instructions, { ...GLOBALS, 4: [0x01, 0x70, 0x01, 0x02, 0x02], ...parts }, [L32, L64]);
}

function accepts(name: string, instructions: w.Octets): void {
  test(`accepts ${name}, as V8 does`, () => {
    assert.equal(both(make(instructions)), "accepted");
    assert.ok(WebAssembly.validate(make(instructions)));
  });
}

function refuses(name: string, instructions: w.Octets, reason = OPERAND): void {
  test(`refuses ${name}, as V8 does`, () => {
    assert.match(both(make(instructions)), reason);
    assert.ok(!WebAssembly.validate(make(instructions)));
  });
}

// Every instruction: with its operands it passes, without the last, and with any other type of each, it does not.
type Kind = "i" | "I";
const push = (kind: Kind): w.Octets => (kind === "i" ? c32 : c64);
const cases: [name: string, octets: w.Octets, takes: string, gives: string][] = [
  ...[0x45, 0x67, 0x68, 0x69, 0xc0, 0xc1].map((op) => [`0x${op.toString(16)}`, [op], "i", "i"] as [string, w.Octets, string, string]),
  ...[0x50, 0xa7].map((op) => [`0x${op.toString(16)}`, [op], "I", "i"] as [string, w.Octets, string, string]),
  ...[0x79, 0x7a, 0x7b, 0xc2, 0xc3, 0xc4].map((op) => [`0x${op.toString(16)}`, [op], "I", "I"] as [string, w.Octets, string, string]),
  ...[0xac, 0xad].map((op) => [`0x${op.toString(16)}`, [op], "i", "I"] as [string, w.Octets, string, string]),
  ...range(0x46, 0x4f).map((op) => [`0x${op.toString(16)}`, [op], "ii", "i"] as [string, w.Octets, string, string]),
  ...range(0x6a, 0x78).map((op) => [`0x${op.toString(16)}`, [op], "ii", "i"] as [string, w.Octets, string, string]),
  ...range(0x51, 0x5a).map((op) => [`0x${op.toString(16)}`, [op], "II", "i"] as [string, w.Octets, string, string]),
  ...range(0x7c, 0x8a).map((op) => [`0x${op.toString(16)}`, [op], "II", "I"] as [string, w.Octets, string, string]),
  ...[0x28, 0x2c, 0x2d, 0x2e, 0x2f].map((op) => [`0x${op.toString(16)}`, [op, 0, 0], "i", "i"] as [string, w.Octets, string, string]),
  ...[0x29, ...range(0x30, 0x35)].map((op) => [`0x${op.toString(16)}`, [op, 0, 0], "i", "I"] as [string, w.Octets, string, string]),
  ...[0x36, 0x3a, 0x3b].map((op) => [`0x${op.toString(16)}`, [op, 0, 0], "ii", ""] as [string, w.Octets, string, string]),
  ...[0x37, 0x3c, 0x3d, 0x3e].map((op) => [`0x${op.toString(16)}`, [op, 0, 0], "iI", ""] as [string, w.Octets, string, string]),
  ["memory.copy", [0xfc, 10, 0, 0], "iii", ""],
  ["memory.fill", [0xfc, 11, 0], "iii", ""],
  ["local.set of an i32", [0x21, 0], "i", ""],
  ["local.tee of an i64", [0x22, 1], "I", "I"],
  ["global.set of an i32", [0x24, 0], "i", ""],
  ["global.set of an i64", [0x24, 1], "I", ""],
  ["call of start", [0x10, 1], "Ii", ""],
  ["call of poll", [0x10, 2], "I", "I"],
  ["call_indirect of start", [0x11, 1, 0], "Iii", ""],
  ["br_if", [0x0d, 0], "i", ""],
  ["br_table", [0x0e, 0, 0], "i", ""],
  ["if", [0x04, w.VOID, END], "i", ""],
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test("every instruction takes operands of its types, all of them, and gives its result", () => {
  for (const [name, octets, takes, gives] of cases) {
    const with_ = (kinds: string, after: w.Octets): Buffer<ArrayBuffer> =>
      make([...[...kinds].flatMap((kind) => push(kind as Kind)), ...octets, ...after]);
    const drops = [...gives].map(() => DROP);
    const polymorphic = name === "br_table";
    const good = with_(takes, drops);
    assert.equal(both(good), "accepted", name);
    assert.ok(WebAssembly.validate(good), name);
    const bad: [string, Buffer<ArrayBuffer>][] = [
      ["without its first operand", with_(takes.slice(1), drops)],
      ["with an operand left below", with_(`i${takes}`, drops)],
      ...[...takes].map((kind, index): [string, Buffer<ArrayBuffer>] => {
        const other = `${takes.slice(0, index)}${kind === "i" ? "I" : "i"}${takes.slice(index + 1)}`;
        return [`with another type of operand ${index}`, with_(other, drops)];
      }),
      ["and its result is left", gives ? with_(takes, []) : with_(takes, [DROP])],
      ["and its result is of the other type", gives ? with_(takes, [0x21, gives === "i" ? 1 : 0]) : with_(takes, [0x21, 0])],
    ];
    for (const [how, wasm] of bad) {
      // Behind br_table nothing is reached, so anything may be taken from there.
      if (polymorphic && /below|result/.test(how)) continue;
      assert.match(both(wasm), OPERAND, `${name} ${how}`);
      assert.ok(!WebAssembly.validate(wasm), `${name} ${how}`);
    }
  }
});

// What the interpreter's own validator took: it read the octets behind these as code that is never reached.
refuses("operands of another type behind memory.fill", [...repeat(3, c32), 0xfc, 11, 0, ...c64, ...c32, 0x6a, DROP]);
refuses("a missing operand behind memory.copy", [...repeat(3, c32), 0xfc, 10, 0, 0, 0x6a, DROP]);
refuses("an if with a result and one arm", [...c32, 0x04, w.I32, ...c32, END, DROP]);
refuses("an if whose arms end differently", [...c32, 0x04, w.I32, ...c32, 0x05, ...c64, END, DROP]);

refuses("a drop of nothing", [DROP]);
refuses("an operand from outside of a block", [...c32, 0x02, w.VOID, DROP, END]);
refuses("a block that leaves more than its result", [0x02, w.I32, ...c32, ...c32, END, DROP]);
refuses("a block without its result", [0x02, w.I32, END, DROP]);
refuses("a block with another result", [0x02, w.I32, ...c64, END, DROP]);
refuses("a first arm that leaves something", [...c32, 0x04, w.VOID, ...c32, 0x05, END]);
refuses("a function that leaves something", [...c32]);
refuses("a branch without its value", [0x02, w.I32, BR, 0, END, DROP]);
refuses("a branch with another value", [0x02, w.I32, ...c64, BR, 0, END, DROP]);
accepts("a branch with more below its value", [0x02, w.I32, ...c64, ...c32, BR, 0, END, DROP]);
refuses("a conditional branch without its value", [0x02, w.I32, ...c32, 0x0d, 0, END, DROP]);
accepts("a conditional branch whose value stays", [0x02, w.I32, ...c32, ...c32, 0x0d, 0, END, DROP]);
accepts("a branch to a loop's beginning, which carries nothing", [0x03, w.I32, BR, 0, END, DROP]);
refuses("targets that carry different things", [0x02, w.I32, 0x02, w.VOID, ...c32, ...c32, 0x0e, 1, 0, 1, END, ...c32, END, DROP]);
refuses("targets of different types", [0x02, w.I32, 0x02, w.I64, ...c32, ...c32, 0x0e, 1, 0, 1, END, DROP, ...c32, END, DROP]);
accepts("targets of different types in code that is not reached", [
  ...[0x02, w.I32, 0x02, w.I64, UNREACHABLE, ...c32, 0x0e, 1, 0, 1, END, DROP, ...c32, END, DROP],
]);
refuses("a select of two types", [...c32, ...c64, ...c32, 0x1b, DROP]);
refuses("a select by an i64", [...c32, ...c32, ...c64, 0x1b, DROP]);
refuses("a return that goes on with a wrong operand", [...c64, RETURN, ...c32, 0x21, 1]);
accepts("anything below code that is not reached", [UNREACHABLE, 0x6a, DROP, 0x21, 1]);
accepts("a select there of a known operand", [UNREACHABLE, ...c64, ...c32, 0x1b, 0x21, 1]);
refuses("a wrong type above it", [UNREACHABLE, ...c64, 0x6a, DROP]);
test("a select there whose operands nobody knows is refused, because wasm3 cannot translate it", () => {
  // As wasm-smith found it: V8 takes it.
  for (const code of [
    [UNREACHABLE, 0x1b, DROP],
    [UNREACHABLE, ...c32, 0x1b, DROP],
    [UNREACHABLE, 0x28, 2, 0, 0x1b, 0x6d, DROP],
  ]) {
    assert.ok(WebAssembly.validate(make(code)));
    assert.match(both(make(code)), OPERAND);
  }
});
test("a return there whose operands are left is refused, because wasm3 holds them against what follows", () => {
  // The function takes an i64 and gives none; as wasm-smith found it.
  for (const code of [
    [UNREACHABLE, ...c64, RETURN],
    [UNREACHABLE, ...c64, RETURN, ...c32, 0x6a, DROP],
  ]) {
    assert.ok(WebAssembly.validate(make(code)));
    assert.match(both(make(code)), OPERAND);
  }
});
accepts("a return there with nothing left", [UNREACHABLE, RETURN, RETURN, ...c32, DROP]);
refuses("a select above it of two types", [UNREACHABLE, ...c64, ...c32, ...c32, 0x1b, DROP]);
refuses("more than the result above it", [0x02, w.I32, UNREACHABLE, ...c32, ...c32, END, DROP]);
accepts("an end that is reached again", [0x02, w.VOID, RETURN, END, ...c32, DROP]);
refuses("an end that is reached again, and takes something", [0x02, w.VOID, RETURN, END, DROP]);
accepts("an else that is reached although the first arm returns", [...c32, 0x04, w.I32, RETURN, 0x05, ...c32, END, DROP]);
refuses("an else that takes from the first arm's return", [...c32, 0x04, w.VOID, RETURN, 0x05, DROP, END]);

// V8 takes these.
function refusesOnly(name: string, wasm: Buffer<ArrayBuffer>, reason: RegExp): void {
  test(`refuses ${name}, which V8 takes`, () => {
    assert.match(both(wasm), reason);
    assert.ok(WebAssembly.validate(wasm));
  });
}

// Type 1 is start's, an i64 and an i32; the last type here takes an i32 and answers one.
const LOOP_TYPE = { 1: w.vector([...w.TYPES, w.type([w.I32], [w.I32])]) };
const loopType = w.TYPES.length;
for (const [name, opcode, before, after] of [
  ["a block", 0x02, c32, []],
  ["a loop", 0x03, c32, []],
  ["an if", 0x04, [...c32, ...c32], [0x05]],
] as [string, number, w.Octets, w.Octets][])
  refusesOnly(`${name} with a parameter`, make([...before, opcode, loopType, ...after, END, DROP], LOOP_TYPE), /one with parameters/);
refusesOnly("86 operands at a time", make([...repeat(86, c32), ...repeat(86, [DROP])]), /more operands and locals/);
test("accepts 84 operands at a time", () => assert.equal(both(make([...repeat(84, c32), ...repeat(84, [DROP])])), "accepted"));
test("accepts 85 operands at a time without locals", () =>
  assert.equal(both(w.withFunction([...repeat(85, c32), ...repeat(85, [DROP])])), "accepted"));
refusesOnly("85 operands at a time beside two locals", make([...repeat(85, c32), ...repeat(85, [DROP])]), /more operands and locals/);
refusesOnly("171 locals of 64 bits", w.withFunction([], {}, [[...w.leb(171), w.I64]]), /more operands and locals/);
refusesOnly("a type index in two octets", w.module({ 3: [3, 0x80, 0, 1, 2] }), /a type index out of range/);
test("refuses a section name that is no ASCII, and V8 one that is no UTF-8", () => {
  assert.match(both(w.module({}, w.section(0, [2, 0xc3, 0xa4]))), /no name in ASCII/);
  assert.match(both(w.module({}, w.section(0, [1, 0xff]))), /no name in ASCII/);
  assert.ok(!WebAssembly.validate(w.module({}, w.section(0, [1, 0xff]))));
});

test("the two gates agree on 20,000 mutants of modules, and load none that V8 refuses", () => {
  const seed = String(process.pid);
  const random = new Random(seed, "mutants for the gates");
  const shipped = ["ihd_sep1", "hub_factory"].map((name) => readFileSync(builtPath(name)));
  const small = cases.map(([, octets, takes]) => make([...[...takes].flatMap((kind) => push(kind as Kind)), ...octets]));
  const counts = { accepted: 0, refused: 0 };
  const reasons = new Set<string>();
  for (let index = 0; index < 20_000; index++) {
    const parent = index % 200 === 0 ? shipped[random.below(2)] : small[random.below(small.length)];
    const wasm = Buffer.from(mutant(parent, small[random.below(small.length)], random));
    const said = both(wasm);
    reasons.add(said);
    counts[said === "accepted" ? "accepted" : "refused"]++;
    if (said === "accepted") assert.ok(WebAssembly.validate(wasm), `V8 refuses what the gates take; seed ${seed}, mutant ${index}`);
  }
  assert.ok(counts.accepted > 100 && counts.refused > 1000 && reasons.size > 25, JSON.stringify({ ...counts, reasons: reasons.size }));
});
