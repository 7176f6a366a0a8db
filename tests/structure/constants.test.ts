// Constant tables: what host/build/constants.mjs makes of a source, and what it refuses.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";
import { customSection } from "../../host/wasm.ts";

const FOLDER = "build/structure";

function write(name: string, text: string): string {
  mkdirSync(join(ROOT, FOLDER), { recursive: true });
  process.chdir(ROOT);
  const path = `${FOLDER}/${name}.ts`;
  writeFileSync(join(ROOT, path), text);
  return path;
}

const HEAD = `import { constant, constantText } from "../../assembly/core/constants";\n`;

test("tables lie in the section, once each, and code knows their offsets", async () => {
  write(
    "tables_other",
    `${HEAD}export const NAME = constantText("A\\xe9");\nexport const unused: u32 = 1;\nexport enum Kind { Small = 2, Large = 0x1_00 }\n`,
  );
  const entry = write(
    "tables",
    `${HEAD}import { Kind, NAME } from "./tables_other";
const SHIFT: u32 = 4;
const HIGH = (1 << SHIFT) | 3;
export const INDEX = constant<u16>([NAME, LATER, 0xffff]);
export const BYTES = constant<u8>([1, HIGH, ~0, -1, 255, 0xff & ~(1 << SHIFT)]);
const WIDE = constant<i64>([-2, 0x7fff_ffff_ffff_ffff, Kind.Small - 5]);
const LATER = constant<u32>([Kind.Large]);
const SAME = constant<u8>([2, 65, 0xe9]);
export function index(): u32 { return INDEX; }
export function bytes(): u32 { return BYTES; }
export function wide(): u32 { return WIDE; }
export function later(): u32 { return LATER; }
export function same(): u32 { return SAME; }
export function name(): u32 { return NAME; }
`,
  );
  const { wasm } = await compile(entry, undefined, ["--config", "asconfig.json"]);
  assert.deepEqual(
    (await compile(entry, undefined, ["--config", "asconfig.json"])).wasm,
    wasm,
    "a second compilation gives the same octets",
  );
  const section = Buffer.from(customSection(wasm, "constants"));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm)), {});
  const offset = (name: string): number => (instance.exports[name] as () => number)();
  const at = (name: string, size: number): string => section.subarray(offset(name), offset(name) + size).toString("hex");
  assert.ok(offset("name") > 0, "no table is at offset 0");
  assert.equal(at("name", 3), "0241e9");
  assert.equal(at("bytes", 6), "0113ffffffef");
  assert.equal(at("wide", 24), "feffffffffffffffffffffffffffff7ffdffffffffffffff");
  assert.equal(at("later", 4), "00010000");
  assert.equal(section.readUInt16LE(offset("index")), offset("name"));
  assert.equal(section.readUInt16LE(offset("index") + 2), offset("later"));
  assert.equal(offset("same"), offset("name"), "equal octets lie there once");
  assert.equal(section.length, 1 + 3 + 6 + 24 + 4 + 6, "nothing else lies there");
});

test("a module without tables has no section", async () => {
  const entry = write("no_tables", "export function abi(): u32 { return 1; }\n");
  const { wasm } = await compile(entry, undefined, ["--config", "asconfig.json"]);
  assert.equal(customSection(wasm, "constants").length, 0);
});

test("each misuse is an error that says where and why", async () => {
  const wrong: [string, RegExp][] = [
    ["const A0 = constant<u8>([256]);", /256 does not fit into u8/],
    ["const A1 = constant<i16>([-32769]);", /-32769 does not fit into i16/],
    ["let A2 = constant<u8>([1]);", /belongs to a const/],
    ["const A3 = constant<u8>([1]) + 1;", /whole value of a const at the top level/],
    ["export function a4(): u32 { return constant<u8>([1]); }", /whole value of a const at the top level/],
    ["export function a5(): u32 { const inner = constantText('x'); return inner; }", /whole value of a const at the top level/],
    ["const A6 = constant<u8>([missing]);", /"missing" is no constant/],
    ["let variable: u32 = 3; const A7 = constant<u8>([variable]);", /"variable" is no constant/],
    ["const A8 = constant<u8>([1.5]);", /a whole number known here/],
    ["const A9 = constant<f32>([1]);", /a type of whole numbers/],
    ["const B0 = constant([1]);", /a type of whole numbers/],
    ["const B1 = constant<u8>([]);", /at least one number/],
    ["const B2 = constant<u8>(B1);", /one list/],
    ["const B3 = constantText('\\u20ac');", /ISO 8859-1/],
    [`const B4 = constantText("${"x".repeat(256)}");`, /at most 255 characters/],
    ["const B5 = constant<u32>([B5]);", /contains its own offset/],
    [`const B6 = constant<u64>([${"0,".repeat(4097)}]);`, /at most 32768 octets/],
  ];
  const entry = write("wrong_tables", `${HEAD}${wrong.map(([line]) => line).join("\n")}\n`);
  const failure = await compile(entry, undefined, ["--config", "asconfig.json"]).then(
    () => "",
    (error: Error) => error.message,
  );
  const said = failure
    .split("ERROR ")
    .map((block) => ({ text: block.split("\n")[0], line: Number(/wrong_tables\.ts\((\d+),/.exec(block)?.[1]) }));
  for (const [index, [line, reason]] of wrong.entries()) {
    const here = said.filter((each) => each.line === index + 2).map((each) => each.text);
    assert.ok(
      here.some((text) => reason.test(text)),
      `${line}: ${here.join(" | ") || "nothing was said"}`,
    );
  }
});

test("code that reaches the compiler without the step does not compile", async () => {
  const { default: asc } = await import("assemblyscript/asc");
  const entry = write("no_step", `${HEAD}const TABLE = constant<u8>([1]);\nexport function table(): u32 { return TABLE; }\n`);
  const { error, stderr } = await asc.main([entry, "--config", "asconfig.json", "--outFile", `${FOLDER}/no_step.wasm`]);
  assert.ok(error);
  assert.match(stderr.toString(), /the compiler runs with host\/build\/constants.mjs/);
});
