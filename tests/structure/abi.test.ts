// The sides of the contract follow docs/abi.md.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Log } from "../../host/abi.ts";
import { compile } from "../../host/build/built.ts";
import { readLog } from "../../host/log.ts";
import { ROOT } from "../../host/modules.ts";
import { abiFiles } from "../../tools/abi.ts";
import { type LogField, logPayloads } from "../../tools/abi_log.ts";

const page = readFileSync(join(ROOT, "docs/abi.md"), "utf8");

for (const [path, text] of abiFiles(page)) {
  test(`${path} is what docs/abi.md generates`, () => {
    assert.equal(readFileSync(join(ROOT, path), "utf8"), text);
  });
}

test("a page without its table is refused by name", () => {
  assert.throws(() => abiFiles(page.replace("## Imports", "## Something")), /no heading "## Imports"/);
});

test("a payload of an unknown form is refused by name", () => {
  assert.throws(
    () => abiFiles(page.replace("suite:u8 partner:u64", "suite:u8 partner")),
    /"partner" of Log.Key is not of the form name:type/,
  );
  assert.throws(() => abiFiles(page.replace("suite:u8 partner:u64", "suite:u9 partner:u64")), /"suite:u9" of Log.Key/);
});

/** The smallest number of a signed type, the largest of an unsigned one, so that sign and width both show. */
function extreme({ type }: LogField): bigint {
  const bits = BigInt(type.slice(1));
  return type.startsWith("i") ? -(1n << (bits - 1n)) : (1n << bits) - 1n;
}

test("what a module writes field by field, the host reads field by field", async () => {
  const payloads = logPayloads(page);
  const source = payloads.map(({ name, fields }) => {
    const writes = fields.map((field) => `  payload.${field.name} = <${field.type}>${extreme(field)};`);
    return `export function ${name}(): u32 {\n  let payload = changetype<Log${name}>(ROOM);\n${writes.join("\n")}\n  return LOG_${name.toUpperCase()}_SIZE;\n}`;
  });
  const names = payloads.flatMap(({ name }) => [`Log${name}`, `LOG_${name.toUpperCase()}_SIZE`]);
  const room = "const ROOM = memory.data(64);\nexport function at(): usize { return ROOM; }";
  mkdirSync(join(ROOT, "build/structure"), { recursive: true });
  const entry = "build/structure/log_payloads.ts";
  writeFileSync(join(ROOT, entry), `import { ${names.join(", ")} } from "../../assembly/core/log";\n${room}\n${source.join("\n")}\n`);
  process.chdir(ROOT);
  const { wasm } = await compile(entry, undefined, ["--config", "asconfig.json"]);
  const lab = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm)), {}).exports as Record<string, () => number>;
  const memory = Buffer.from((lab.memory as unknown as WebAssembly.Memory).buffer);
  for (const { name, fields } of payloads) {
    memory.fill(0xa5, lab.at(), lab.at() + 64);
    const size = lab[name]();
    const octets = memory.subarray(lab.at(), lab.at() + size);
    const told = fields.filter((field) => field.name !== "reserved");
    const expected = told.map((field) => [field.name, field.type.endsWith("64") ? extreme(field) : Number(extreme(field))]);
    const code = Log[name as keyof typeof Log];
    assert.deepEqual(readLog(code, octets), { log: name, ...Object.fromEntries(expected) });
    assert.equal(memory[lab.at() + size], 0xa5, `${name} writes no more than it says`);
    assert.equal(readLog(code, octets.subarray(1)), undefined, `${name} cut short`);
  }
  assert.equal(readLog(0, Buffer.alloc(64)), undefined);
});
