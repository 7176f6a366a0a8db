// The parsers of APS, its security and ZDO against tests/vectors/aps.txt, both ways, and cut short everywhere.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";
import { readVectors } from "../../host/vectors/run.ts";

const AT = 4096;
const TO = 8192;
const PAGE = 65536;

type Call = (...values: number[]) => number;
let lab: Record<string, Call>;
let memory: Buffer;
/** Called by the lab for an install code. */
let hash: (octets: Buffer) => Buffer;

interface Vector {
  parser: string;
  name: string;
  octets: Buffer;
  answer: number;
}

function vectors(): Vector[] {
  return readFileSync(join(ROOT, "tests/vectors/aps.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("|").map((part) => part.trim()))
    .map(([parser, name, hex, answer]) => ({ parser, name, octets: Buffer.from(hex.replaceAll(" ", ""), "hex"), answer: Number(answer) }));
}

before(async () => {
  const { hashMmo } = await import("../../host/crypto/mmo.ts");
  hash = hashMmo;
  const forbidden = new Proxy(
    {},
    {
      get: (_, name) =>
        name === "hash_mmo"
          ? (at: number, size: number, out: number) => memory.set(hash(memory.subarray(at, at + size)), out)
          : () => assert.fail(`called ${String(name)}`),
    },
  );
  const instance = new WebAssembly.Instance(labModule("aps/parsers"), { han: forbidden as WebAssembly.ModuleImports });
  lab = instance.exports as unknown as Record<string, Call>;
  memory = Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer);
});

/** At the end of the memory, so that a read beyond it traps. */
function parse(parser: string, octets: Buffer): number {
  memory.set(octets, PAGE - octets.length);
  return lab[`parse_${parser}`](PAGE - octets.length, octets.length);
}

/** Forms that we take and never send. */
const ONLY_TAKEN = new Set([
  "extended header of a whole message",
  "broadcast with an extended header",
  "acknowledgement with an extended header of a whole message",
  "key-load key, level sent",
  "Transport Key, trust centre",
  "Request Key, trust centre",
  "Switch Key",
  "Bind_req to a group",
  "Mgmt_Leave_req",
  "Power_Desc_req",
  "System_Server_Discovery_req",
]);
/** Answers are written where they are known, in zdo/serve.ts. */
const isAnswer = (parser: string, name: string): boolean => parser === "zdo" && name.includes("_rsp");

test("every vector gets its answer, and what is accepted is given back", () => {
  const all = vectors();
  assert.ok(all.length > 90);
  for (const { parser, name, octets, answer } of all) {
    assert.equal(parse(parser, octets), answer, `${parser}: ${name}`);
    const emit = lab[`emit_${parser}`];
    if (answer < 0 || !emit) continue;
    memory.fill(0xa5, TO, TO + 256);
    memory.set(octets, AT);
    const size = emit(AT, octets.length, TO);
    assert.equal(size > 0, !ONLY_TAKEN.has(name) && !isAnswer(parser, name), name);
    assert.ok(size === 0 || size >= answer, name);
    assert.deepEqual(memory.subarray(TO, TO + size), octets.subarray(0, size), name);
    assert.ok(
      memory.subarray(TO + size, TO + 256).every((octet) => octet === 0xa5),
      `${name} writes no more`,
    );
  }
});

test("no accepted vector is accepted when it is cut into its header", () => {
  for (const { parser, name, octets, answer } of vectors()) {
    if (answer < 0) continue;
    for (let size = 0; size < (parser === "zdo" || parser === "zdo_simple_descriptor" ? octets.length : answer); size++) {
      assert.ok(parse(parser, octets.subarray(0, size)) < 0, `${parser}: ${name}, cut to ${size}`);
    }
  }
});

test("a parser writes nothing", () => {
  for (const { parser, octets } of vectors()) {
    memory.set(octets, PAGE - octets.length);
    const copy = Buffer.from(memory);
    parse(parser, octets);
    assert.ok(copy.equals(memory));
  }
});

test("install codes make the keys of Smart Energy 5.4.8.1 and of others' tests", () => {
  type Code = { name: string; msg?: string; hash: string };
  const others = join(ROOT, "../shared/vectors/zigbee-symmetric.json");
  const files = [join(ROOT, "tests/vectors/symmetric.txt"), ...(existsSync(others) ? [others] : [])];
  const codes = files.flatMap((file) => readVectors(file).mmo as Code[]).filter(({ name }) => name.includes("install code"));
  assert.ok(codes.length >= (files.length > 1 ? 4 : 1));
  for (const { name, msg = "", hash: expected } of codes) {
    const octets = Buffer.from(msg, "hex");
    assert.equal(parse("install_code", octets), octets.length, name);
    memory.set(octets, AT);
    lab.key_of_install_code(AT, octets.length, TO);
    assert.equal(memory.toString("hex", TO, TO + 16), expected, name);
  }
});
