// The parsers of PANA, EAP and MLE against tests/vectors/ip_auth.txt, both ways, and with inputs nobody would send.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { labModule } from "../../host/build/labs.ts";
import { filled } from "./played.ts";

const PAGE = 65536;
const TO = 8192;
const SIZE_MAX = 512;

type Call = (...values: number[]) => number;
interface Vector {
  parser: string;
  name: string;
  octets: Buffer;
  answer: number;
}

let calls: Record<string, Call>;
let memory: Buffer;
let vectors: Vector[] = [];

before(() => {
  const instance = new WebAssembly.Instance(labModule("ip/auth_parsers"));
  calls = instance.exports as Record<string, Call>;
  memory = Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer);
  vectors = readFileSync("tests/vectors/ip_auth.txt", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("|").map((part) => part.trim()))
    .map(([parser, name, hex, answer]) => ({ parser, name, octets: Buffer.from(hex, "hex"), answer: Number(answer) }));
});

/** The input ends where the memory ends, so a read beyond it traps; a write is seen. */
function parse(parser: string, octets: Buffer): number {
  memory.set(octets, PAGE - octets.length);
  const copy = Buffer.from(memory);
  const answer = calls[`parse_${parser}`](PAGE - octets.length, octets.length);
  assert.ok(memory.equals(copy), `${parser} wrote for ${octets.toString("hex")}`);
  return answer;
}

test("every vector gets its answer", () => {
  assert.ok(vectors.length > 200);
  for (const { parser, name, octets, answer } of vectors) assert.equal(parse(parser, octets), answer, `${parser}: ${name}`);
});

/** Forms that we take and never send. */
const ONLY_TAKEN = new Set(["code 1 of another vendor, of 3"]);

test("what is accepted is given back as it was, octet by octet, whatever lay there before", () => {
  for (const { parser, name, octets, answer } of vectors) {
    if (answer < 0) continue;
    // The other stack fills attributes up with what lies about; we do it with zeros.
    const input = parser === "pana" ? filled(octets) : octets;
    const wanted = ONLY_TAKEN.has(name) ? 0 : answer;
    for (const lay of [0xa5, 0x5a]) {
      memory.fill(lay, TO, TO + SIZE_MAX);
      memory.set(input, PAGE - input.length);
      assert.equal(calls[`emit_${parser}`](PAGE - input.length, input.length, TO), wanted, name);
      assert.equal(memory.subarray(TO, TO + wanted).toString("hex"), input.subarray(0, wanted).toString("hex"), name);
      assert.ok(wanted === 0 || memory.subarray(TO + wanted, TO + SIZE_MAX).every((octet) => octet === lay), `${name}: emit went on`);
    }
  }
});

test("a message that is cut anywhere is refused", () => {
  for (const { parser, name, octets, answer } of vectors) {
    if (answer < 0 || parser === "mle_command") continue;
    // What is sealed says nothing of its end: it is cut to less than a header, a command and a MIC.
    const end = parser === "mle" ? Math.min(octets.length, octets[0] === 0 ? 12 : 2) : answer;
    for (let size = 0; size < end; size++) assert.ok(parse(parser, octets.subarray(0, size)) < 0, `${name}: ${size} of ${answer}`);
  }
});

test("mutations and noise neither trap nor make a parser write, and no answer exceeds the input", () => {
  const random = new Random("ip auth parsers", "mutations");
  for (const parser of new Set(vectors.map((vector) => vector.parser))) {
    const seeds = vectors.filter((vector) => vector.parser === parser).map(({ octets }) => octets);
    for (let round = 0; round < 400; round++) {
      const seed = seeds[random.below(seeds.length)];
      const input = Buffer.alloc(random.below(seed.length + 16));
      for (let at = 0; at < input.length; at++) input[at] = random.below(256);
      seed.copy(input);
      for (let flips = random.below(4); flips > 0 && input.length > 0; flips--) input[random.below(input.length)] ^= 1 << random.below(8);
      assert.ok(parse(parser, input) <= input.length);
    }
  }
});
