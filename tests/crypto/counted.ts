// Compiles a module so that it counts the instructions it executes and keeps a digest of every address it touches.
//
// The text that asc writes has one instruction a line.  In front of each straight run of them goes an addition to a
// global; in front of each access to memory goes a call that mixes the address into another.

import binaryen from "binaryen";

const CONTROL = /^(block|loop|if|else|end|br|br_if|br_table|return|call|call_indirect|unreachable)\b/;
const PSEUDO = /^(else|end)\b/;

const SUPPORT = `
 (global $counted_steps (export "steps") (mut i64) (i64.const 0))
 (global $counted_touched (export "touched") (mut i64) (i64.const 0))
 (func $counted_mix (param $at i32)
  (global.set $counted_touched (i64.rotl
   (i64.mul (i64.xor (global.get $counted_touched) (i64.extend_i32_u (local.get $at))) (i64.const 0x9e3779b97f4a7c15)) (i64.const 23))))
 (func $counted_load (param $at i32) (result i32)
  (call $counted_mix (local.get $at)) (local.get $at))
 (func $counted_i32 (param $at i32) (param $value i32) (result i32 i32)
  (call $counted_mix (local.get $at)) (local.get $at) (local.get $value))
 (func $counted_i64 (param $at i32) (param $value i64) (result i32 i64)
  (call $counted_mix (local.get $at)) (local.get $at) (local.get $value))
 (func $counted_bulk (param $to i32) (param $second i32) (param $size i32) (result i32 i32 i32)
  (call $counted_mix (local.get $to)) (call $counted_mix (local.get $second)) (call $counted_mix (local.get $size))
  (local.get $to) (local.get $second) (local.get $size))
`;

/** `text` is what asc writes: `labText` or `compileText`. */
export function counted(text: string): WebAssembly.Module {
  const module = binaryen.parseText(instrument(text));
  const { BulkMemory, Multivalue, MutableGlobals } = binaryen.Features;
  module.setFeatures(BulkMemory | Multivalue | MutableGlobals); // what Node 20 reads; All would choose newer encodings
  const octets = module.emitBinary();
  module.dispose();
  return new WebAssembly.Module(new Uint8Array(octets));
}

/** Steps and touched addresses since the last call. */
export function readCount(exports: Record<string, unknown>): { steps: bigint; touched: bigint } {
  const { steps, touched } = exports as { steps: WebAssembly.Global; touched: WebAssembly.Global };
  const count = { steps: steps.value as bigint, touched: touched.value as bigint };
  steps.value = 0n;
  touched.value = 0n;
  return count;
}

function instrument(text: string): string {
  const out: string[] = [];
  let run: string[] = [];
  let inside = false;
  const flush = () => {
    const count = run.filter((line) => !PSEUDO.test(line.trim())).length;
    if (count) out.push(`global.get $counted_steps i64.const ${count} i64.add global.set $counted_steps`);
    for (const line of run) out.push(touch(line.trim()), line);
    run = [];
  };
  for (const line of text.split("\n")) {
    const code = line.trim();
    if (line.startsWith(" (func ")) inside = !code.endsWith("))") || !code.includes("import");
    if (!inside || code === "" || code.startsWith("(")) {
      out.push(line);
    } else if (line === " )") {
      flush();
      out.push(line);
      inside = false;
    } else {
      run.push(line);
      if (CONTROL.test(code)) flush();
    }
  }
  const end = out.lastIndexOf(")");
  out.splice(end, 0, SUPPORT);
  return out.join("\n");
}

function touch(code: string): string {
  if (/^i(32|64)\.load/.test(code)) return "call $counted_load";
  if (/^i32\.store/.test(code)) return "call $counted_i32";
  if (/^i64\.store/.test(code)) return "call $counted_i64";
  if (/^memory\.(copy|fill)/.test(code)) return "call $counted_bulk";
  return "";
}
