// The custom sections that are the contract's own, at the gates of the boards and of V8.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GateReason, gate } from "../../host/image/module_gate.ts";
import { native } from "../../host/native/addon.ts";
import * as w from "./wasm_bytes.ts";

const MEMORY_LIMIT = 4096;
const own = (name: string, content: w.Octets): w.Octets => w.section(0, [...w.text(name), ...content]);
const u32 = (value: number): w.Octets => [value & 255, (value >> 8) & 255, (value >> 16) & 255, 0];
const OWN = /section `han` or `constants`/;

function refusesOwn(name: string, tail: w.Octets, limit = 0): void {
  test(`the boards' gate refuses ${name}`, () => assert.match(native().gate(w.module({}, tail), limit).reason, OWN));
  if (limit === 0) test(`V8's gate refuses ${name}`, () => assert.equal(gate(w.module({}, tail)), GateReason.OwnSection));
}
function acceptsOwn(name: string, tail: w.Octets, limit = 0): void {
  test(`the boards' gate accepts ${name}`, () => assert.ok(native().gate(w.module({}, tail), limit).ok));
  if (limit === 0) test(`V8's gate accepts ${name}`, () => assert.equal(gate(w.module({}, tail)), GateReason.Ok));
}

acceptsOwn("a need of one octet", own("han", u32(1)));
acceptsOwn("a need of the whole page", own("han", u32(65536)));
refusesOwn("a need of nothing", own("han", u32(0)));
refusesOwn("a need of more than the page", own("han", u32(65537)));
refusesOwn("a need of three octets", own("han", [0, 8, 0]));
refusesOwn("a need of five octets", own("han", [0, 8, 0, 0, 0]));
refusesOwn("two needs", [...own("han", u32(2048)), ...own("han", u32(2048))]);
acceptsOwn("a need of what the manifest grants", own("han", u32(MEMORY_LIMIT)), MEMORY_LIMIT);
refusesOwn("a need of more than the manifest grants", own("han", u32(MEMORY_LIMIT + 1)), MEMORY_LIMIT);
acceptsOwn("no constants at all", own("constants", []));
acceptsOwn("32768 octets of constants", own("constants", new Array<number>(32768).fill(1)));
refusesOwn("32769 octets of constants", own("constants", new Array<number>(32769).fill(1)));
refusesOwn("constants twice", [...own("constants", [1]), ...own("constants", [1])]);
acceptsOwn("a section whose name begins like one of them", [...own("constants2", [1]), ...own("constants2", [1]), ...own("hand", [])]);
test("both gates have the same number for it", () => {
  assert.equal(native().gate(w.module({}, own("han", [])), 0).code, GateReason.OwnSection);
});
