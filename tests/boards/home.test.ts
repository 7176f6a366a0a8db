// The home of `npm start -- --boards`, in real time: the same story that V8 and wasm3 tell to the line.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clean, clearPayloads, judge } from "../../host/oracle/tshark.ts";
import { agree } from "../home/agreement.ts";
import { linesOf, start } from "../home/process.ts";

/** Of real time, for a process that simulates 75 s of it: a busy machine is slow, not wrong. */
const PATIENCE_MS = 600_000;
const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-home-on-boards-"));

test("with meter and display on emulated boards the display shows the meter's register", { timeout: 2 * PATIENCE_MS }, async () => {
  const pcap = join(FOLDER, "boards.pcapng");
  const keys = join(FOLDER, "boards.keys");
  const ended = await start(["--boards", "--duration", "75s", "--pcap", pcap, "--keys", keys], PATIENCE_MS).ended;
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
