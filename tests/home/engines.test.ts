// The home on every engine: V8 and wasm3 give the same run to the line, the emulated boards the same story in real time.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clean, clearPayloads, judge } from "../../host/oracle/tshark.ts";
import { agree } from "./agreement.ts";
import { linesOf, run } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-engines-"));

test("wasm3 and V8 give the same run, line by line", async () => {
  const [v8, wasm3] = [await run("--duration", "20m"), await run("--duration", "20m", "--engine", "wasm3")];
  assert.deepEqual([v8.status, wasm3.status], [0, 0], v8.error + wasm3.error);
  const body = (text: string): string => text.replace(/"wallMs":\d+/, "");
  assert.ok(linesOf(v8).length > 100);
  assert.equal(body(wasm3.out), body(v8.out));
});

test("with meter and display on emulated boards the display shows the meter's register", { timeout: 400_000 }, async () => {
  const pcap = join(FOLDER, "boards.pcapng");
  const keys = join(FOLDER, "boards.keys");
  const ended = await run("--boards", "--duration", "75s", "--pcap", pcap, "--keys", keys);
  assert.equal(ended.status, 0, ended.error);
  const lines = linesOf(ended);
  for (const device of ["meter", "ihd"]) {
    assert.ok(
      lines.some((line) => line.device === device && line.event === "joined"),
      ended.out,
    );
    assert.ok(
      lines.some((line) => line.device === device && line.event === "key" && line.suite === 2),
      ended.out,
    );
  }
  agree(lines, 2);
  const verdict = await judge(pcap, keys);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
  assert.deepEqual(await clearPayloads(pcap), []);
});
