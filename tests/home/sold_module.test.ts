// A module of another contract, a stranger or a ruin in build/: the home says so in one sentence, before anything starts.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ABI_VERSION } from "../../host/abi.ts";
import { deviceBuilder } from "../../host/home/devices.ts";
import { KINDS, planOf, planRow } from "../../host/home/plan.ts";
import { contractCheck, soldModule } from "../../host/home/sold_module.ts";
import { ROOT } from "../../host/modules.ts";
import { ended } from "../../tools/words/ended.ts";
import { Exit, streams } from "../../tools/words/exit.ts";

const MAJOR = ABI_VERSION >>> 16;
const MINOR = ABI_VERSION & 0xffff;
const NAME = `old_contract_${process.pid}`;
const FILE = join(ROOT, "build", `${NAME}.wasm`);
after(() => rmSync(FILE, { force: true }));

function signedLeb(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [low];
  return [low | 0x80, ...signedLeb(rest)];
}

const word = (text: string): number[] => [text.length, ...Buffer.from(text)];
const section = (id: number, octets: readonly number[]): number[] => [id, octets.length, ...octets];

/** A module with one export, whose body is an instruction or two; it imports something that no board has. */
function moduleWith(name: string, body: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 0, 1, 0x7f]),
    ...section(2, [1, ...word("han"), ...word("gone"), 0, 0]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...word(name), 0, 1]),
    ...section(10, [1, body.length + 2, 0, ...body, 0x0b]),
  ]);
}

const ofContract = (version: number): Uint8Array => moduleWith("abi", [0x41, ...signedLeb(version | 0)]);

test("this contract and every earlier revision of it run; what is later or other does not", () => {
  for (const version of [ABI_VERSION, MAJOR << 16]) contractCheck("m.wasm", ofContract(version));
  for (const version of [ABI_VERSION + 1, (MAJOR + 1) << 16, (MAJOR - 1) << 16, ABI_VERSION | 0x8000_0000, 0])
    assert.throws(
      () => contractCheck("m.wasm", ofContract(version)),
      /^Error: m\.wasm was built for contract \d+\.\d+, and this program has /,
    );
});

test("what cannot say its contract is told from what says another", () => {
  const trap = moduleWith("abi", [0x00]);
  const endless = moduleWith("abi", [0x03, 0x40, 0x0c, 0, 0x0b, 0x41, 0]);
  for (const wasm of [moduleWith("start", [0x41, 0]), trap, endless, Uint8Array.from([1, 2, 3]), new Uint8Array(0)])
    assert.throws(
      () => contractCheck("m.wasm", wasm),
      /^Error: m\.wasm is no module that says which contract it was built for; run "npm run build"\.$/,
    );
});

test("the modules of every kind of device are of this contract", () => {
  for (const { module } of Object.values(KINDS)) assert.ok(soldModule(module).length > 0, module);
});

test("a home with a module of an old contract ends in one sentence with exit 1", async () => {
  writeFileSync(FILE, ofContract(0x0001_0002));
  const plan = planOf([planRow("hub", "hub", "hub"), planRow("meter", "meter", "hub", { module: NAME })]);
  for (const engine of ["v8", "wasm3"] as const) {
    const refusal = await deviceBuilder({ engine }, plan, () => undefined).then(
      () => assert.fail("the home was built"),
      (error: unknown) => error,
    );
    const said: string[] = [];
    const { errors } = streams;
    streams.errors = (text) => void said.push(text);
    try {
      assert.equal(ended(refusal), Exit.Failed);
    } finally {
      streams.errors = errors;
    }
    assert.deepEqual(said, [
      `kilowasm: build/${NAME}.wasm was built for contract 1.2, and this program has ${MAJOR}.${MINOR}; run "npm run build".\n`,
    ]);
  }
});
