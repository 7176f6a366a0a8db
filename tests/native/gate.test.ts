// The gate: every check has a module that only this check refuses.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { IMPORTS } from "../../host/abi.ts";
import { native } from "../../host/native/addon.ts";
import * as w from "./wasm_bytes.ts";

const MEMORY_LIMIT = 4096;
const SHARED = new URL("../../../shared/vectors/wasm/", import.meta.url);

function verdict(wasm: Uint8Array, limit = 0): string {
  const report = native().gate(wasm, limit);
  return report.ok ? "accepted" : report.reason;
}

function refuses(name: string, wasm: Uint8Array, reason: RegExp, limit = 0): void {
  test(`refuses ${name}`, () => assert.match(verdict(wasm, limit), reason));
}

function accepts(name: string, wasm: Uint8Array, limit = 0): void {
  test(`accepts ${name}`, () => assert.equal(verdict(wasm, limit), "accepted"));
}

const table = [0x01, 0x70, 0x01, 0x02, 0x02];
const repeat = (count: number, octets: w.Octets): w.Octets => Array.from({ length: count }, () => octets).flat();
const nest = (depth: number, opcode: number): w.Octets => [...repeat(depth, [opcode, w.VOID]), ...repeat(depth, [0x0b])];
const nextType = 3;
const functions4 = w.vector([[0], [1], [2], [4]]);

accepts("the plain module", w.module());
accepts(
  "every part that is allowed",
  w.withFunction([0x41, 0, 0x11, 4, 0], {
    2: w.vector([w.imported("han", "next", nextType)]),
    4: table,
    6: w.vector([
      [w.I32, 1, 0x41, 5, 0x0b],
      [w.I64, 0, 0x42, 5, 0x0b],
    ]),
    7: w.vector([w.exported("abi", 0, 1), w.exported("start", 0, 2), w.exported("poll", 0, 3), w.exported("memory", 2, 0)]),
    9: w.vector([[0, 0x41, 0, 0x0b, ...w.vector([[1], [2]])]]),
    12: [1],
    11: w.vector([[0, 0x41, 8, 0x0b, ...w.text("data")]]),
  }),
);
accepts("custom sections anywhere", Buffer.concat([w.module(), Buffer.from(w.section(0, w.text("note")))]));

test("the plain module is valid for V8 as well", () => assert.ok(WebAssembly.validate(w.module())));

function changed(at: number, octet: number): Buffer {
  const wasm = w.module();
  wasm[at] = octet;
  return wasm;
}

// Head and sections
refuses("another magic number", changed(3, 0x6e), /not a WebAssembly module/);
refuses("version 2", changed(4, 2), /not a WebAssembly module/);
refuses("no octets at all", Buffer.alloc(0), /not a WebAssembly module/);
refuses("a module that is too large", w.module({}, w.section(0, [...w.text("x"), ...repeat(262144, [0])])), /larger than 262144/);
refuses("a section that is cut short", w.module({}, [0x00, 0x05, 0x01]), /end inside/);
refuses("a section without a size", w.module({}, [0x00]), /end inside/);
refuses("a size of six octets", w.module({}, [0x00, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00]), /longer than its type/);
refuses("a size of more than 32 bits", w.module({}, [0x00, 0x82, 0x80, 0x80, 0x80, 0x10, 0x01, 0x61]), /longer than its type/);
refuses("an unknown section", w.module({}, [0x0e, 0x00]), /kind that is not allowed/);
refuses(
  "a start function",
  Buffer.from([
    ...w.module({ 9: null, 10: null }),
    ...w.section(8, [1]),
    ...w.section(10, w.vector([w.ABI_BODY, w.START_BODY, w.POLL_BODY])),
  ]),
  /a start function/,
);
refuses("a section twice", w.module({}, w.section(10, w.vector([w.ABI_BODY, w.START_BODY, w.POLL_BODY]))), /repeated or out of order/);
refuses("a section too late", w.module({}, w.section(6, [0])), /repeated or out of order/);
refuses("a data count behind the code", w.module({}, w.section(12, [0])), /repeated or out of order/);
refuses("octets after a section's content", w.module({ 5: [1, 1, 1, 1, 0] }), /does not end where/);
refuses("octets after the last section", w.module({}, [0x07]), /end inside|out of order/);
refuses("custom sections without end", w.module({}, w.section(0, [...w.text("x"), ...repeat(65536, [0])])), /custom/);
refuses("a custom section whose name leaves it", w.module({}, [0x00, 0x02, 0x05, 0x61]), /custom/);

// Types and imports
refuses("too many types", w.module({ 1: w.vector([...w.TYPES, ...Array.from({ length: 124 }, () => w.type([], []))]) }), /more entries/);
refuses("a float parameter", w.module({ 1: w.vector([...w.TYPES, w.type([w.F32], [])]) }), /other than i32 and i64/);
refuses("a vector result", w.module({ 1: w.vector([...w.TYPES, w.type([], [0x7b])]) }), /other than i32 and i64/);
refuses("a reference parameter", w.module({ 1: w.vector([...w.TYPES, w.type([0x70], [])]) }), /other than i32 and i64/);
refuses("two results", w.module({ 1: w.vector([...w.TYPES, w.type([], [w.I32, w.I32])]) }), /no function type/);
refuses("25 parameters", w.module({ 1: w.vector([...w.TYPES, w.type(repeat(25, [w.I32]), [])]) }), /no function type/);
refuses("a structure type", w.module({ 1: w.vector([...w.TYPES, [0x5f, 0, 0]]) }), /no function type/);
refuses("an import of another module", withImport(w.imported("env", "next", nextType)), /contract does not have/);
refuses("an unknown import", withImport(w.imported("han", "nexx", nextType)), /contract does not have/);
refuses("an imported memory", withImport([...w.text("han"), ...w.text("next"), 2, 1, 1, 1]), /contract does not have/);
refuses("an import with another type", withImport(w.imported("han", "next", 0)), /another type than the contract's/);
refuses("an import whose result differs", withImport(w.imported("han", "halt", nextType)), /another type than the contract's/);
refuses("an import with a type that does not exist", withImport(w.imported("han", "next", 9)), /another type than the contract's/);
refuses(
  "an import twice",
  w.module({ 2: w.vector([w.imported("han", "next", 3), w.imported("han", "next", 3)]), 7: shifted(2) }),
  /imported before/,
);
refuses(
  "more imports than the contract has",
  w.module({ 2: w.vector(Array.from({ length: IMPORTS.length + 1 }, () => w.imported("han", "next", 3))) }),
  /more entries/,
);
accepts("an import of the contract", withImport(w.imported("han", "next", nextType)));

function shifted(imports: number): w.Octets {
  const names = ["abi", "start", "poll"].map((name, index) => w.exported(name, 0, index + imports));
  return w.vector([...names, w.exported("memory", 2, 0)]);
}
function withImport(entry: w.Octets): Buffer {
  return w.module({ 2: w.vector([entry]), 7: shifted(1) });
}

// Functions, table, memory, globals, exports
refuses(
  "a function of no type",
  w.module({ 3: w.vector([[0], [1], [2], [5]]), 10: w.vector([w.ABI_BODY, w.START_BODY, w.POLL_BODY, w.START_BODY]) }),
  /type index/,
);
refuses("1025 functions", w.module({ 3: w.vector([[0], [1], [2], ...Array.from({ length: 1022 }, () => [4])]) }), /more entries/);
refuses("two tables", w.module({ 4: [2, 0x70, 0, 1, 0x70, 0, 1] }), /a table that/);
refuses("a table of externals", w.module({ 4: [1, 0x6f, 0, 1] }), /a table that/);
refuses("a table of 257", w.module({ 4: [1, 0x70, 0, ...w.leb(257)] }), /a table that/);
refuses("a table with less room than it has", w.module({ 4: [1, 0x70, 1, 2, 1] }), /a table that/);
refuses("a table of 64-bit indices", w.module({ 4: [1, 0x70, 4, 1] }), /a table that/);
for (const [name, memory] of Object.entries({
  "no limit": [1, 0, 1],
  "two pages": [1, 1, 2, 2],
  "room to grow": [1, 1, 1, 2],
  "no page": [1, 1, 0, 1],
  "two memories": [2, 1, 1, 1, 1, 1, 1],
  "shared pages": [1, 3, 1, 1],
}))
  refuses(`a memory with ${name}`, w.module({ 5: memory }), /exactly one page/);
refuses("a float global", w.module({ 6: w.vector([[w.F32, 0, 0x43, 0, 0, 0, 0, 0x0b]]) }), /other than i32 and i64/);
refuses("a global that is neither constant nor variable", w.module({ 6: w.vector([[w.I32, 2, 0x41, 0, 0x0b]]) }), /a global that/);
refuses(
  "a global initialised by a global",
  w.module({
    6: w.vector([
      [w.I32, 0, 0x41, 0, 0x0b],
      [w.I32, 0, 0x23, 0, 0x0b],
    ]),
  }),
  /a global that/,
);
refuses("a global initialised by another type", w.module({ 6: w.vector([[w.I32, 0, 0x42, 0, 0x0b]]) }), /a global that/);
refuses("a global computed", w.module({ 6: w.vector([[w.I32, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b]]) }), /a global that/);
refuses("129 globals", w.module({ 6: w.vector(Array.from({ length: 129 }, () => [w.I32, 0, 0x41, 0, 0x0b])) }), /more entries/);
refuses("one export more", w.module({ 7: w.vector([...exports(), w.exported("extra", 0, 1)]) }), /an export other/);
refuses("an exported table", w.module({ 4: table, 7: w.vector([...exports(), w.exported("table", 1, 0)]) }), /an export other/);
refuses("a name of another kind", w.module({ 7: w.vector([w.exported("abi", 2, 0), ...exports().slice(1)]) }), /an export other/);
refuses("an unknown export kind", w.module({ 7: w.vector([w.exported("abi", 9, 0), ...exports().slice(1)]) }), /an export other/);
refuses(
  "an export with another type",
  w.module({ 7: w.vector([w.exported("abi", 0, 2), ...exports().slice(1)]) }),
  /an export with another type/,
);
refuses(
  "an export of a function that is not there",
  w.module({ 7: w.vector([w.exported("abi", 0, 3), ...exports().slice(1)]) }),
  /an export with another type/,
);
refuses(
  "an export of a second memory",
  w.module({ 7: w.vector([...exports().slice(0, 3), w.exported("memory", 2, 1)]) }),
  /an export with another type/,
);
refuses("an export twice", w.module({ 7: w.vector([...exports(), w.exported("abi", 0, 0)]) }), /exported before/);
for (const [index, name] of ["abi", "start", "poll", "memory"].entries())
  refuses(`a module without ${name}`, w.module({ 7: w.vector(exports().filter((_, at) => at !== index)) }), /is missing/);

function exports(): w.Octets[] {
  return [w.exported("abi", 0, 0), w.exported("start", 0, 1), w.exported("poll", 0, 2), w.exported("memory", 2, 0)];
}

// Segments
const element = (octets: w.Octets): Buffer => w.module({ 4: table, 9: w.vector([octets]) });
const data = (octets: w.Octets): Buffer => w.module({ 11: w.vector([octets]) });
accepts("an element segment that fills the table", element([0, 0x41, 0, 0x0b, 2, 0, 1]));
refuses("an element segment that leaves the table", element([0, 0x41, 1, 0x0b, 2, 0, 1]), /an element segment/);
refuses("an element segment below the table", element([0, 0x41, 0x7f, 0x0b, 1, 0]), /an element segment/);
refuses("a passive element segment", element([1, 0, 1, 0]), /an element segment/);
refuses("an element segment without a table", w.module({ 9: w.vector([[0, 0x41, 0, 0x0b, 0]]) }), /an element segment/);
refuses("an element that is no function", element([0, 0x41, 0, 0x0b, 1, 3]), /a function index/);
refuses("an element offset that is computed", element([0, 0x41, 0, 0x41, 0, 0x6a, 0x0b, 1, 0]), /an element segment/);
accepts("data that ends with the memory", data([0, ...w.i32(65534), 0x0b, 2, 1, 2]));
refuses("data that leaves the memory", data([0, ...w.i32(65535), 0x0b, 2, 1, 2]), /a data segment/);
accepts("data that ends with the memory it is given", data([0, ...w.i32(4094), 0x0b, 2, 1, 2]), MEMORY_LIMIT);
refuses("data beyond the memory it is given", data([0, ...w.i32(4095), 0x0b, 2, 1, 2]), /a data segment/, MEMORY_LIMIT);
refuses("data below the memory", data([0, ...w.i32(-1), 0x0b, 1, 1]), /a data segment/);
refuses("data far below the memory", data([0, ...w.i32(-2147483648), 0x0b, 1, 1]), /a data segment/);
refuses("passive data", data([1, 1, 1]), /a data segment/);
refuses(
  "data without a memory",
  w.module({ 5: null, 7: w.vector(exports().slice(0, 3)), 11: w.vector([[0, 0x41, 0, 0x0b, 0]]) }),
  /a data segment/,
);
refuses("a data count that is wrong", w.module({ 12: [2], 11: w.vector([[0, 0x41, 8, 0x0b, ...w.text("data")]]) }), /data count/);
refuses("513 data segments", w.module({ 11: w.vector(Array.from({ length: 513 }, () => [0, 0x41, 0, 0x0b, 0])) }), /more entries/);

// Bodies
refuses("a body too few", w.module({ 10: w.vector([w.ABI_BODY, w.START_BODY]) }), /number of bodies/);
refuses("no bodies at all", w.module({ 10: null }), /number of bodies/);
refuses("a body of more than 16384 octets", w.withFunction(repeat(16384, [0x01])), /larger than 16384/);
accepts("200 locals", w.withFunction([], {}, [[...w.leb(200), w.I32]]));
refuses("201 locals", w.withFunction([], {}, [[...w.leb(201), w.I32]]), /more than 200/);
refuses(
  "locals that overflow",
  w.withFunction([], {}, [
    [...w.leb(2), w.I32],
    [...w.leb(0xffffffff), w.I32],
  ]),
  /more than 200/,
);
refuses(
  "201 groups of no locals",
  w.withFunction(
    [],
    {},
    Array.from({ length: 201 }, () => [0, w.I32]),
  ),
  /more than 200/,
);
refuses("a float local", w.withFunction([], {}, [[1, w.F32]]), /other than i32 and i64/);
refuses("a body without its end", w.withBody([1, 0]), /does not end where/);
refuses("a body that ends early", w.withBody([3, 0, 0x0b, 0x0b]), /does not end where/);
refuses("a block that does not end", w.withBody([4, 0, 0x02, w.VOID, 0x0b]), /does not end where/);
refuses("a body that ends inside an instruction", w.withBody([2, 0, 0x41]), /end inside/);
for (const [name, opcode] of Object.entries({
  "f32.load": [0x2a, 2, 0],
  "f64.store": [0x39, 3, 0],
  "f32.const": [0x43, 0, 0, 0, 0],
  "f64.const": [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  "f32.eq": [0x5b],
  "f64.ge": [0x66],
  "f32.abs": [0x8b],
  "f64.copysign": [0xa6],
  "i32.trunc_f32_s": [0xa8],
  "f64.convert_i64_u": [0xba],
  "i32.reinterpret_f32": [0xbc],
  "f64.reinterpret_i64": [0xbf],
  "memory.grow": [0x41, 0, 0x40, 0],
  "i32.trunc_sat_f32_s": [0xfc, 0],
  "memory.init": [0xfc, 8, 0, 0],
  "data.drop": [0xfc, 9, 0],
  "table.copy": [0xfc, 14, 0, 0],
  "table.get": [0x25, 0],
  "ref.null": [0xd0, 0x70],
  "ref.func": [0xd2, 0],
  "a typed select": [0x1c, 1, w.I32],
  return_call: [0x12, 0],
  call_ref: [0x14, 0],
  try: [0x06, w.VOID],
  "v128.const": [0xfd, 12, ...repeat(16, [0])],
  "an atomic": [0xfe, 3, 0],
  "opcode 0xff": [0xff],
}))
  refuses(name, w.withFunction(opcode), /an instruction that is not allowed/);
accepts(
  "memory.copy, memory.fill and memory.size",
  w.withFunction([...repeat(3, [0x41, 0]), 0xfc, 10, 0, 0, ...repeat(3, [0x41, 0]), 0xfc, 11, 0, 0x3f, 0, 0x1a]),
);
refuses("a copy between memories", w.withFunction([...repeat(3, [0x41, 0]), 0xfc, 10, 0, 1]), /must be zero/);
refuses("a copy from another memory", w.withFunction([...repeat(3, [0x41, 0]), 0xfc, 10, 1, 0]), /must be zero/);
refuses("a fill of another memory", w.withFunction([...repeat(3, [0x41, 0]), 0xfc, 11, 1]), /must be zero/);
refuses("the size of another memory", w.withFunction([0x3f, 1, 0x1a]), /must be zero/);
refuses("a constant of 33 bits", w.withFunction([0x41, 0xff, 0xff, 0xff, 0xff, 0x1f, 0x1a]), /longer than its type/);
accepts("the smallest constants", w.withFunction([0x41, 0x80, 0x80, 0x80, 0x80, 0x78, 0x1a, 0x42, ...repeat(9, [0x80]), 0x7f, 0x1a]));
refuses("a constant of 65 bits", w.withFunction([0x42, ...repeat(9, [0x80]), 0x01, 0x1a]), /longer than its type/);
accepts("a block with a type of its own", w.withFunction([0x02, 0, 0x41, 0, 0x0b, 0x1a]));
refuses("a block of no type", w.withFunction([0x02, 9, 0x0b]), /a block with an unknown type/);
refuses("a float block", w.withFunction([0x02, 0x7d, 0x43, 0, 0, 0, 0, 0x0b, 0x1a]), /a block with an unknown type/);
accepts("47 blocks inside each other", w.withFunction(nest(47, 0x02)));
refuses("48 blocks inside each other", w.withFunction(nest(48, 0x02)), /nested deeper/);
accepts("16 loops inside each other, twice", w.withFunction([...nest(16, 0x03), ...nest(16, 0x03)]));
refuses("17 loops inside each other", w.withFunction(nest(17, 0x03)), /nested deeper/);
accepts("an if with its else", w.withFunction([0x41, 0, 0x04, w.VOID, 0x05, 0x0b]));
refuses("an else in a block", w.withFunction([0x02, w.VOID, 0x05, 0x0b]), /an else without/);
refuses("two elses", w.withFunction([0x41, 0, 0x04, w.VOID, 0x05, 0x05, 0x0b]), /an else without/);
refuses("an else in the function itself", w.withFunction([0x05]), /an else without/);
accepts("a branch out of the function", w.withFunction([0x02, w.VOID, 0x0c, 1, 0x0b]));
refuses("a branch beyond the function", w.withFunction([0x02, w.VOID, 0x0c, 2, 0x0b]), /a branch to a label/);
refuses("a conditional branch beyond the function", w.withFunction([0x41, 0, 0x0d, 1]), /a branch to a label/);
accepts("256 targets", w.withFunction([0x41, 0, 0x0e, ...w.leb(256), ...repeat(257, [0])]));
refuses("257 targets", w.withFunction([0x41, 0, 0x0e, ...w.leb(257), ...repeat(258, [0])]), /more than 256 targets/);
refuses("a target that is not there", w.withFunction([0x41, 0, 0x0e, 1, 0, 1]), /a branch to a label/);
refuses("a local that is not there", w.withFunction([0x20, 1, 0x1a], {}, [[1, w.I32]]), /local variable index/);
refuses("a write to a local that is not there", w.withFunction([0x41, 0, 0x21, 0]), /local variable index/);
refuses("a tee of a local that is not there", w.withFunction([0x41, 0, 0x22, 0, 0x1a]), /local variable index/);
refuses("a global that is not there", w.withFunction([0x23, 0, 0x1a]), /a global index/);
refuses(
  "a write to a constant",
  w.withFunction([0x41, 0, 0x24, 1], {
    6: w.vector([
      [w.I32, 1, 0x41, 0, 0x0b],
      [w.I32, 0, 0x41, 0, 0x0b],
    ]),
  }),
  /a global index/,
);
accepts(
  "a write to a variable behind a wide constant",
  w.withFunction([0x41, 0, 0x24, 1], {
    6: w.vector([
      [w.I64, 0, 0x42, 0x80, 0x80, 0x01, 0x0b],
      [w.I32, 1, 0x41, 0, 0x0b],
    ]),
  }),
);
refuses("a call of a function that is not there", w.withFunction([0x10, 4]), /a function index/);
refuses("an indirect call without a table", w.withFunction([0x41, 0, 0x11, 4, 0]), /without a table/);
refuses("an indirect call through a second table", w.withFunction([0x41, 0, 0x11, 4, 1], { 4: table }), /must be zero/);
refuses("an indirect call of no type", w.withFunction([0x41, 0, 0x11, 9, 0], { 4: table }), /a type index/);
accepts(
  "natural alignments",
  w.withFunction([0x41, 0, 0x28, 2, 0, 0x1a, 0x41, 0, 0x29, 3, 0, 0x1a, 0x41, 0, 0x2d, 0, 0, 0x1a, 0x41, 0, 0x2e, 1, 0, 0x1a]),
);
for (const [name, opcode, natural] of [
  ["i32.load", 0x28, 2],
  ["i64.load", 0x29, 3],
  ["i32.load8_s", 0x2c, 0],
  ["i32.load16_u", 0x2f, 1],
  ["i64.load32_u", 0x35, 2],
] as const)
  refuses(`${name} with more than its alignment`, w.withFunction([0x41, 0, opcode, natural + 1, 0, 0x1a]), /natural alignment/);
for (const [name, opcode, natural] of [
  ["i32.store", 0x36, 2],
  ["i32.store8", 0x3a, 0],
  ["i32.store16", 0x3b, 1],
] as const)
  refuses(`${name} with more than its alignment`, w.withFunction([0x41, 0, 0x41, 0, opcode, natural + 1, 0]), /natural alignment/);
refuses("an access to a second memory", w.withFunction([0x41, 0, 0x28, 0x40, 0, 0, 0x1a]), /natural alignment/);

test("what the gate accepts of these, V8 accepts too, and the sizes of all functions are looked at", () => {
  const wasm = w.withFunction(nest(47, 0x02), { 3: functions4 });
  assert.ok(WebAssembly.validate(wasm));
});

test("no truncation and no single changed octet of a valid module is a fault", () => {
  const globals = { 6: w.vector([[w.I32, 1, 0x41, 5, 0x0b]]) };
  const withoutData = w.withFunction([0x41, 0, 0x0e, 2, 0, 0, 0], globals).length;
  const wasm = w.withFunction([0x41, 0, 0x0e, 2, 0, 0, 0], { ...globals, 11: w.vector([[0, 0x41, 8, 0x0b, ...w.text("data")]]) });
  for (let size = 0; size < wasm.length; size++) {
    if (size !== withoutData) assert.notEqual(verdict(wasm.subarray(0, size)), "accepted", `cut to ${size} octets`);
  }
  let refused = 0;
  for (let at = 0; at < wasm.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const other = Buffer.from(wasm);
      other[at] ^= 1 << bit;
      if (verdict(other) !== "accepted") refused++;
    }
  }
  assert.ok(refused > wasm.length * 4, `${refused} of ${wasm.length * 8} changes were refused`);
});

test("the hostile modules are refused", { skip: existsSync(SHARED) ? false : "no ../shared/vectors/wasm" }, () => {
  for (const name of ["lazybug.wasm", "oomimp.wasm"]) {
    const report = native().gate(readFileSync(new URL(name, SHARED)), 0);
    assert.equal(report.ok, false, name);
    assert.ok(report.offset > 0, name);
  }
});
