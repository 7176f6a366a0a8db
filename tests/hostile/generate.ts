// Random valid modules: binaryen's fuzz mode writes them, then floats become integers, token by token, and the edges become the contract's.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import binaryen from "binaryen";
import { ABI_VERSION } from "../../host/abi.ts";
import type { Random } from "../../host/air/random.ts";
import { ROOT } from "../../host/modules.ts";

const WASM_OPT = join(ROOT, "node_modules/binaryen/bin/wasm-opt");
const SEED_OCTETS_MIN = 400;
const SEED_OCTETS_MAX = 16000;

/** f32 stands for i32 and f64 for i64; an operation for one of the same operand and result types. */
const UNARY: Record<string, string> = {
  abs: "clz",
  neg: "ctz",
  ceil: "popcnt",
  floor: "clz",
  trunc: "ctz",
  nearest: "popcnt",
  sqrt: "clz",
};
const BINARY: Record<string, string> = { add: "add", sub: "sub", mul: "mul", div: "div_s", min: "and", max: "or", copysign: "xor" };
const COMPARE: Record<string, string> = { eq: "eq", ne: "ne", lt: "lt_s", gt: "gt_u", le: "le_s", ge: "ge_u" };
const SAME: Record<string, string> = { load: "load", store: "store", const: "const" };

function integerType(type: string): string {
  return type === "f32" ? "i32" : type === "f64" ? "i64" : type;
}

/** An operation between two types: nothing, a wrap or an extension. */
function conversion(to: string, from: string): string {
  if (to === from) return `${to}.clz`;
  return to === "i32" ? "i32.wrap_i64" : "i64.extend_i32_s";
}

function operation(type: string, name: string): string {
  const to = integerType(type);
  const cast = /^(?:trunc|trunc_sat|convert|demote|promote|reinterpret)_([if](?:32|64))/.exec(name);
  if (cast) return conversion(to, integerType(cast[1]));
  if (type[0] === "i") return `${type}.${name}`;
  const found = UNARY[name] ?? BINARY[name] ?? COMPARE[name] ?? SAME[name];
  if (!found) throw new Error(`binaryen's fuzz mode uses ${type}.${name}; teach tests/hostile/generate.ts what stands for it`);
  return `${to}.${found}`;
}

/** A constant of any spelling becomes a small or an extreme integer. */
function constant(type: string, text: string): string {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text) : BigInt(text.length) * 0x0123456789abcdefn;
  return `${type}.const ${BigInt.asIntN(type === "i32" ? 32 : 64, value)}`;
}

function withoutFloats(text: string): string {
  return text
    .replace(/\bf(32|64)\.const ([^\s)]+)/g, (_, bits: string, value: string) => constant(`i${bits}`, value))
    .replace(/(?<![$\w.-])([if](?:32|64))\.([a-z0-9_]+)/g, (_, type: string, name: string) => operation(type, name))
    .replace(/(?<![$\w.-])f(32|64)(?![\w.])/g, "i$1");
}

const HAN = `
 (import "han" "next" (func $han_next (param i32 i32) (result i32)))
 (import "han" "store_write" (func $han_store_write (param i32 i32 i32) (result i32)))
 (import "han" "store_read" (func $han_store_read (param i32 i32 i32) (result i32)))
 (import "han" "ccm_open" (func $han_ccm_open (param i32 i32 i32 i32 i32 i32) (result i32)))
 (import "han" "hash_mmo" (func $han_hash_mmo (param i32 i32 i32) (result i32)))
 (import "han" "gf2_multiply" (func $han_gf2_multiply (param i32 i32 i32 i32 i32) (result i32)))
 (import "han" "entropy" (func $han_entropy (param i32 i32)))
 (import "han" "log" (func $han_log (param i32 i32 i32)))
 (import "han" "image_write" (func $han_image_write (param i32 i32 i32 i32) (result i32)))`;

/** What the fuzz mode imports, over the contract: the values that it logs become addresses and sizes. */
const LOGGERS = `
 (func $log-i32 (param i32)
  (drop (call $han_next (local.get 0) (i32.and (local.get 0) (i32.const 255))))
  (drop (call $han_store_write (i32.and (local.get 0) (i32.const 7)) (local.get 0) (i32.and (local.get 0) (i32.const 63))))
  (drop (call $han_hash_mmo (local.get 0) (i32.const 40) (local.get 0))))
 (func $log-i64 (param i64)
  (call $han_log (i32.const 1) (i32.wrap_i64 (local.get 0)) (i32.and (i32.wrap_i64 (local.get 0)) (i32.const 511)))
  (drop (call $han_gf2_multiply (i32.const 2) (i32.wrap_i64 (local.get 0)) (i32.const 64) (i32.const 128) (i32.const 9))))
 (func $log-f32 (param i32)
  (call $han_entropy (local.get 0) (i32.and (local.get 0) (i32.const 127)))
  (drop (call $han_ccm_open (i32.const 0) (local.get 0) (local.get 0) (i32.const 8) (local.get 0) (i32.const 24))))
 (func $log-f64 (param i64)
  (drop (call $han_store_read (i32.const 1) (i32.wrap_i64 (local.get 0)) (i32.const 64)))
  (drop (call $han_image_write (i32.const 0) (i32.const 0) (i32.wrap_i64 (local.get 0)) (i32.const 64))))`;

/** What else is imported does nothing and answers one of each result. */
function standIns(text: string): string {
  const imported = text.matchAll(/^ \(import "[^"]+" "[^"]+" \(func (\$\S+)((?: \((?:param|result)[^)]*\))*)\)\)$/gm);
  return [...imported]
    .filter(([, name]) => !LOGGERS.includes(`(func ${name} `))
    .map(([, name, type]) => {
      const results = /\(result ([^)]*)\)/.exec(type)?.[1].split(" ") ?? [];
      return ` (func ${name}${type} ${results.map((each) => `(${each}.const 1)`).join(" ")})`;
    })
    .join("\n");
}

/** Imports, exports and memory as docs/abi.md has them; \`start\` calls one half of what was exported, \`poll\` the other. */
function withEdges(text: string): string {
  const callable = [...text.matchAll(/^ \(export "[^"]+" \(func (\$\S+)\)\)$/gm)].map((match) => match[1]);
  const plain = callable.filter((name) => new RegExp(`^ \\(func \\${name}(?: \\(;\\d+;\\))?\\s*$`, "m").test(text));
  const calls = (parity: number): string =>
    plain
      .filter((_, index) => index % 2 === parity)
      .map((name) => `(call ${name})`)
      .join(" ");
  const kept = text
    .split("\n")
    .filter((line) => !/^ \((import|export|memory|start) /.test(line))
    .join("\n");
  const module = kept.replace(/^\(module$/m, `(module${HAN}\n (memory $contract 1 1)${LOGGERS}\n${standIns(text)}`);
  const end = module.lastIndexOf(")");
  return `${module.slice(0, end)}
 (export "memory" (memory $contract))
 (func (export "abi") (result i32) (i32.const ${ABI_VERSION}))
 (func (export "start") (param i64 i32) ${calls(0)})
 (func (export "poll") (param i64) (result i64) ${calls(1)} (i64.add (local.get 0) (i64.const 1000)))
)`;
}

/** One module, valid for every engine; about half a second. */
export function generate(random: Random): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-hostile-"));
  try {
    const input = join(folder, "seed");
    const output = join(folder, "module.wat");
    const size = SEED_OCTETS_MIN + random.below(SEED_OCTETS_MAX - SEED_OCTETS_MIN);
    writeFileSync(
      input,
      Uint8Array.from({ length: size }, () => random.below(256)),
    );
    execFileSync(process.execPath, [WASM_OPT, "-ttf", input, "--mvp-features", "-S", "-o", output], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const module = binaryen.parseText(withEdges(withoutFloats(readFileSync(output, "utf8"))));
    if (!module.validate()) throw new Error("a generated module is not valid");
    const octets = module.emitBinary();
    module.dispose();
    return octets;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
