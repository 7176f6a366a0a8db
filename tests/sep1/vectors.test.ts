// The parsers of ZCL and of the Smart Energy clusters against tests/vectors/zcl.txt and against the shared frames.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { Err } from "../../host/err.ts";
import { commandIn, runSe } from "../../host/vectors/se.ts";
import { buildPayload, parsePayload } from "../../host/zcl/codec.ts";
import { readClusters } from "../../host/zcl/descriptor.ts";
import { labInstance } from "../fuzz/lab.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const SHARED = path.join(ROOT, "../shared/vectors/se-zcl-gb.jsonl");
const PAGE = 65536;
const WRITE_AT = PAGE / 2;

/** A frame of a cluster through the host's codec: devices walk the command, and have no emitter for it. */
function hostRewrites(key: string, frame: Buffer): string {
  const clusters = readClusters(path.join(ROOT, "clusters"));
  const { command, head } = commandIn(clusters, clusters.find((cluster) => cluster.key === key)?.id as number, frame);
  assert.ok(command, `${key} has no such command`);
  const payload = buildPayload(command, parsePayload(command, frame.subarray(head)).values);
  return frame.toString("hex", 0, head) + payload.toString("hex");
}

type Call = (...args: number[]) => number;

describe("ZCL vectors", () => {
  const labs = new Map<string, WebAssembly.Exports>();
  before(() => {
    labs.set("zcl", labInstance("zcl/parsers"));
    labs.set("se", labInstance("sep1/parsers"));
  });

  const lines = readFileSync(path.join(ROOT, "tests/vectors/zcl.txt"), "utf8").split("\n");
  assert.match(lines[0] ?? "", /^# Origin: /);
  for (const line of lines) {
    if (line === "" || line.startsWith("#")) continue;
    const [name, hex, wanted] = line.split(" ") as [string, string, string];
    it(line, () => {
      const exports = labs.get(name.split("_")[0] as string) as WebAssembly.Exports;
      const memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
      const input = Buffer.from(hex, "hex");
      assert.equal(input.toString("hex"), hex);
      const at = PAGE - input.length;
      memory.set(input, at);
      const untouched = Buffer.from(memory);
      const answer = (exports[`parse_${name}`] as Call)(at, input.length);
      assert.ok(untouched.equals(memory), "a parser writes nothing");
      if (!/^[=\d]/.test(wanted)) {
        assert.equal(answer, (Err as unknown as Record<string, number>)[wanted]);
        return;
      }
      assert.equal(answer, wanted === "=" ? input.length : Number(wanted));
      if (!exports[`emit_${name}`]) {
        assert.equal(hostRewrites(name.slice(3), input), hex.slice(0, 2 * answer));
        return;
      }
      memory.fill(0xa5, WRITE_AT, WRITE_AT + input.length + 16);
      const size = (exports[`emit_${name}`] as Call)(at, input.length, WRITE_AT);
      assert.equal(size, answer);
      assert.equal(memory.toString("hex", WRITE_AT, WRITE_AT + size), hex.slice(0, 2 * size));
    });
  }

  it("every frame of the shared file is walked whole, and comes out as it went in", async (t) => {
    if (!existsSync(SHARED)) return t.skip("the shared vectors are not here");
    const lines: string[] = [];
    const { passed, failed } = await runSe(readFileSync(SHARED, "utf8"), (line) => lines.push(line));
    assert.deepEqual(
      lines.filter((line) => line.startsWith("FAILED")),
      [],
    );
    assert.equal(failed, 0);
    assert.equal(passed, 306);
  });
});
