// Modules that never come back, tried under V8 by whole runs: the run goes on, says what became of them, and ends when it is told to.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { after, test } from "node:test";
import { ABI_BODY, body, module as moduleOf, POLL_BODY, START_BODY, VOID, vector } from "../native/wasm_bytes.ts";
import { linesOf, run, start } from "./process.ts";
import { FOLDER, of, packageOf, refusedBy, saved } from "./update_kit.ts";

after(() => rmSync(FOLDER, { recursive: true, force: true }));

const variant = (begin: number[], poll: number[]): Buffer =>
  packageOf("ihd", { wasm: moduleOf({ 10: vector([ABI_BODY, begin, poll]) }), memory: 65_536 });

const LOOP = [0x03, VOID, 0x0c, 0x00, 0x0b];
/** Fills the page again and again: each turn is much work for one instruction. */
const FILL = [0x03, VOID, 0x41, 0x00, 0x41, 0x00, 0x41, 0x80, 0x80, 0x04, 0xfc, 0x0b, 0x00, 0x0c, 0x00, 0x0b];
const NEVER = [0x42, 0x00]; // i64.const 0: an answer that no poll comes to

const ENDLESS: [string, Buffer][] = [
  ["when it starts", variant(body(LOOP), POLL_BODY)],
  ["when it is polled", variant(START_BODY, body([...LOOP, ...NEVER]))],
  ["with its memory", variant(body(FILL), POLL_BODY)],
];

for (const [index, [when, file]] of ENDLESS.entries()) {
  test(`a module that is busy for ever ${when} is stopped three times, and the run ends with its sentence`, async () => {
    const lines = refusedBy(await run("--duration", "3m", "--json", "--update", `ihd=${saved(`endless-${index}.ota`, file)}`));
    const troubles = of(lines, "ihd", "trouble");
    assert.equal(troubles.length, 3);
    for (const { sentence } of troubles) assert.match(String(sentence), /^the module ran on without an end/);
    assert.equal(lines.at(-1)?.ihd, "0.1.0");
    assert.equal(lines.at(-1)?.event, "summary");
  });
}

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  test(`${signal} ends a run whose display is in such a module, with its summary`, async () => {
    const { child, ended } = start(["--json", "--speed", "10", "--update", `ihd=${saved("endless.ota", ENDLESS[1][1])}`]);
    child.stdout?.on("data", (part) => {
      if (String(part).includes('"trial":true')) child.kill(signal);
    });
    const done = await ended;
    assert.equal(child.signalCode, null, "it ended by itself");
    assert.ok(done.status === 0 || done.status === 3, `${done.status} ${done.error}`);
    assert.equal(linesOf(done).at(-1)?.event, "summary");
    assert.doesNotMatch(done.error, /^ {4}at /m);
  });
}
