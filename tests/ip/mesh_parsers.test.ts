// The parsers of ND, RPL and MPL against tests/vectors/mesh.txt, both ways, and with inputs nobody would send.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { Parsers, readMeshVectors, type Vector } from "./mesh_lab.ts";

const CAPTURED = /frame \d+ of /;
/** What we do not send as that stack sends it: the whole of it is taken. */
const ONLY_TAKEN =
  /of unknown|passed over|names a DODAG|sizes that differ|of 64 bits|without parent|more behind|with a seed|padding of|as it needs/;

let parsers: Parsers;
let vectors: Vector[];
before(() => {
  parsers = new Parsers();
  vectors = readMeshVectors();
});

test("every vector gets its answer", () => {
  assert.ok(vectors.length > 150);
  for (const { parser, name, octets, answer } of vectors) assert.equal(parsers.parse(parser, octets), answer, `${parser}: ${name}`);
});

test("what another stack sent, our emitters give back to the octet from what our accessors read", () => {
  const captured = vectors.filter(({ name }) => CAPTURED.test(name));
  assert.ok(captured.length >= 60);
  for (const { parser, name, octets } of captured)
    for (const before of [0xa5, 0x5a]) assert.equal(parsers.emit(parser, octets, before).toString("hex"), octets.toString("hex"), name);
});

test("what is accepted is given back as it was, or is of a form that we never send", () => {
  for (const { parser, name, octets, answer } of vectors.filter((vector) => vector.answer >= 0)) {
    const emitted = parsers.emit(parser, octets, 0xa5);
    if (emitted.length === 0) assert.match(name, ONLY_TAKEN);
    else assert.equal(emitted.toString("hex"), octets.subarray(0, answer).toString("hex"), name);
  }
});

test("a header cut anywhere is refused, and more octets change nothing", () => {
  for (const { parser, octets, answer } of vectors.filter((vector) => vector.answer > 0 && !vector.parser.endsWith("message"))) {
    for (let size = 0; size < answer; size++) assert.ok(parsers.parse(parser, octets.subarray(0, size)) < 0);
    assert.equal(parsers.parse(parser, Buffer.concat([octets.subarray(0, answer), Buffer.alloc(8, 0xa5)])), answer);
  }
});

test("a message cut within its head or an option is refused", () => {
  const messages = vectors.filter(({ answer, parser }) => answer > 0 && parser.endsWith("message"));
  for (const { parser, octets, name } of messages) {
    // Where an option ends, nothing tells that another one followed.
    const whole = Array.from(octets, (_, size) => size).filter((size) => parsers.parse(parser, octets.subarray(0, size)) >= 0);
    const options = parsers.read(parser, octets).length;
    assert.ok(whole.length <= options, name);
    for (const size of whole) assert.equal(parsers.parse(parser, octets.subarray(0, size)), size);
  }
});

test("mutations and noise neither trap nor make a parser write, and no answer exceeds the input", () => {
  const random = new Random("mesh parsers", "mutations");
  for (const parser of new Set(vectors.map((vector) => vector.parser))) {
    const seeds = vectors.filter((vector) => vector.parser === parser).map(({ octets }) => octets);
    for (let round = 0; round < 400; round++) {
      const input = Buffer.alloc(random.below(160));
      for (let at = 0; at < input.length; at++) input[at] = random.below(256);
      seeds[random.below(seeds.length)].copy(input);
      for (let flips = random.below(4); flips > 0 && input.length > 0; flips--)
        input[random.below(Math.min(input.length, 40))] ^= 1 << random.below(8);
      const answer = parsers.parse(parser, input);
      assert.ok(answer <= input.length);
      if (answer >= 0) parsers.read(parser, input);
    }
  }
});
