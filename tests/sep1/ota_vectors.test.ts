// The ten commands of the OTA Upgrade cluster against tests/vectors/ota_cluster.txt, and the file's own fields against tshark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { Err } from "../../host/err.ts";
import { labInstance } from "../fuzz/lab.ts";
import { dissect } from "./dissect.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const PAGE = 65536;
const WRITE_AT = PAGE / 2;
const OTA = 0x0019;
const FIELD = "zbee_zcl_general.ota.";

type Call = (...args: number[]) => number;

const lines = readFileSync(path.join(ROOT, "tests/vectors/ota_cluster.txt"), "utf8").split("\n");

describe("the commands of the OTA Upgrade cluster", () => {
  let exports: WebAssembly.Exports;
  before(() => {
    exports = labInstance("sep1/ota");
  });
  assert.match(lines[0] ?? "", /^# Origin: /);

  for (const line of lines) {
    if (line === "" || line.startsWith("#")) continue;
    const [name, text, wanted] = line.split(" ") as [string, string, string];
    it(line, () => {
      const hex = text === "-" ? "" : text;
      const memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
      const input = Buffer.from(hex, "hex");
      assert.equal(input.toString("hex"), hex);
      memory.fill(0xa5, WRITE_AT, PAGE);
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
      const size = (exports[`emit_${name}`] as Call)(at, input.length, WRITE_AT);
      assert.equal(size, answer);
      assert.equal(memory.toString("hex", WRITE_AT, WRITE_AT + size), hex.slice(0, 2 * size));
      assert.equal(memory[WRITE_AT + size], 0xa5, "an emitter writes no more than it answers for");
    });
  }

  it("tshark reads the fields that the vectors name", () => {
    const named = lines.filter((line) => !line.startsWith("#") && line.includes(" ; "));
    const fields = [...new Set(named.flatMap((line) => [...line.matchAll(/[ ,]([\w.]+)=/g)].map((match) => match[1] as string)))];
    const frames = named.map((line) => {
      const command = Number(line.split(" ; ")[1]?.split(" ")[0]);
      const toClient = [0, 2, 5, 7, 9].includes(command);
      const head = Buffer.from([toClient ? 0x19 : 0x11, 7, command]);
      return { cluster: OTA, zcl: Buffer.concat([head, Buffer.from(line.split(" ")[1] as string, "hex")]) };
    });
    const seen = dissect(
      frames,
      fields.map((field) => FIELD + field),
    );
    for (const [index, line] of named.entries()) {
      const found = seen[index] as Record<string, string>;
      assert.equal(found["_ws.expert.message"], "", line);
      for (const [, field, value] of line.matchAll(/[ ,]([\w.]+)=([^,]+)/g)) {
        const text = found[FIELD + field] as string;
        const matches = text === value || (field !== "image.data" && text !== "" && Number(text) === Number(value));
        assert.ok(matches, `${line}: tshark reads ${field} as ${text}`);
      }
    }
  });
});
