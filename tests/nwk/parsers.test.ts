// The parsers of MAC and NWK against tests/vectors/mac.txt and nwk.txt, both ways, and with inputs nobody would send.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { labModule } from "../../host/build/labs.ts";

const PAGE = 65536;
const TO = 8192;
const PSDU_MAX = 125;
const LABS = ["mac", "nwk"] as const;

type Call = (...values: number[]) => number;
interface Lab {
  calls: Record<string, Call>;
  memory: Buffer;
}
interface Vector {
  lab: Lab;
  parser: string;
  name: string;
  octets: Buffer;
  answer: number;
}

const labs: Record<string, Lab> = {};
let vectors: Vector[] = [];

before(() => {
  for (const name of LABS) {
    const instance = new WebAssembly.Instance(labModule(`${name}/parsers`));
    labs[name] = {
      calls: instance.exports as Record<string, Call>,
      memory: Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer),
    };
  }
  vectors = LABS.flatMap((name) =>
    readFileSync(`tests/vectors/${name}.txt`, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split("|").map((part) => part.trim()))
      .map(([parser, title, hex, answer]) => ({
        lab: labs[name],
        parser,
        name: title,
        octets: Buffer.from(hex.replaceAll(" ", ""), "hex"),
        answer: Number(answer),
      })),
  );
});

/** The input ends where the memory ends, so a read beyond it traps; a write is seen. */
function parse(lab: Lab, parser: string, octets: Buffer): number {
  const { calls, memory } = lab;
  memory.set(octets, PAGE - octets.length);
  const copy = Buffer.from(memory);
  const answer = calls[`parse_${parser}`](PAGE - octets.length, octets.length);
  assert.ok(memory.equals(copy), `${parser} wrote for ${octets.toString("hex")}`);
  return answer;
}

test("every vector gets its answer", () => {
  assert.ok(vectors.length > 90);
  for (const { lab, parser, name, octets, answer } of vectors) assert.equal(parse(lab, parser, octets), answer, `${parser}: ${name}`);
});

/** Forms that we take and never send. */
const ONLY_TAKEN = new Set([
  "ZigBee beacon",
  "with two short and one extended address pending",
  "with one guaranteed slot",
  "route request with the target IEEE address",
  "route reply with both IEEE addresses",
  "level 5 in the header",
  "network report of two",
]);

test("what is accepted is given back as it was, octet by octet, whatever lay there before", () => {
  for (const { lab, parser, name, octets, answer } of vectors) {
    if (answer < 0) continue;
    const wanted = ONLY_TAKEN.has(name) ? 0 : answer;
    for (const before of [0xa5, 0x5a]) {
      lab.memory.fill(before, TO, TO + 128);
      lab.memory.set(octets, PAGE - octets.length);
      assert.equal(lab.calls[`emit_${parser}`](PAGE - octets.length, octets.length, TO), wanted, name);
      assert.equal(lab.memory.subarray(TO, TO + wanted).toString("hex"), octets.subarray(0, wanted).toString("hex"), name);
      assert.ok(
        lab.memory.subarray(TO + wanted, TO + 128).every((octet) => octet === before),
        `${name}: emit went on`,
      );
    }
    assert.equal(parse(lab, parser, lab.memory.subarray(TO, TO + octets.length)) >= 0 || wanted === 0, true, name);
  }
});

test("a frame cut anywhere before its answered size is refused, and more octets change nothing", () => {
  for (const { lab, parser, octets, answer } of vectors.filter((vector) => vector.answer > 0)) {
    for (let size = 0; size < answer; size++)
      assert.ok(parse(lab, parser, octets.subarray(0, size)) < 0, `${parser} took ${size} of ${answer}`);
    assert.equal(parse(lab, parser, Buffer.concat([octets.subarray(0, answer), Buffer.alloc(8, 0xa5)])), answer);
  }
});

test("mutations and noise neither trap nor make a parser write, and no answer exceeds the input", () => {
  const random = new Random("nwk parsers", "mutations");
  const parsers = [...new Map(vectors.map(({ lab, parser }) => [parser, lab]))];
  for (const [parser, lab] of parsers) {
    const seeds = vectors.filter((vector) => vector.parser === parser).map(({ octets }) => octets);
    for (let round = 0; round < 400; round++) {
      const seed = seeds[random.below(seeds.length)];
      const input = Buffer.alloc(random.below(PSDU_MAX + 1));
      for (let at = 0; at < input.length; at++) input[at] = random.below(256);
      seed.copy(input);
      for (let flips = random.below(4); flips > 0 && input.length > 0; flips--)
        input[random.below(Math.min(input.length, 12))] ^= 1 << random.below(8);
      assert.ok(parse(lab, parser, input) <= input.length);
    }
  }
});
