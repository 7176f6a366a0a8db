// The parsers of beacons, fragments, IPv6, UDP and ICMPv6 against tests/vectors/ip_low.txt, both ways, and with inputs nobody would send.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { labModule } from "../../host/build/labs.ts";
import { LowNode } from "./low_node.ts";
import { HEADERS, headersWrong, LowParsers, lowVectors } from "./low_vectors.ts";

const parsers = new LowParsers(labModule("ip/low"));
const vectors = lowVectors();

test("every vector gets its answer", () => {
  assert.ok(vectors.length > 45);
  for (const { parser, name, octets, answer } of vectors) assert.equal(parsers.parse(parser, octets), answer, `${parser}: ${name}`);
});

/** What is taken and never sent: elements of a beacon, a flow label. */
const ONLY_TAKEN = new Set([
  "another stack's, with an element of its own",
  "a zero ends the elements, whatever follows",
  "two elements",
  "of another stack ipv6",
]);

test("what is accepted is given back as it was, octet by octet, whatever lay there before", () => {
  for (const { parser, name, octets, answer } of vectors) {
    if (answer < 0) continue;
    const isOnlyTaken = ONLY_TAKEN.has(name) || ONLY_TAKEN.has(`${name} ${parser}`);
    for (const lay of [0xa5, 0x5a]) {
      const { answer: size, octets: emitted } = parsers.emit(parser, octets, lay);
      assert.equal(size, isOnlyTaken ? 0 : answer, `${parser}: ${name}`);
      if (isOnlyTaken) continue;
      assert.equal(emitted.subarray(0, size).toString("hex"), octets.subarray(0, size).toString("hex"), `${parser}: ${name}`);
      assert.ok(
        emitted.subarray(size).every((octet) => octet === lay),
        `${name}: emit went on`,
      );
    }
  }
});

test("mutations and noise neither trap nor make a parser write, and no answer exceeds the input", () => {
  const random = new Random("ip low parsers", "mutations");
  for (const parser of new Set(vectors.map((vector) => vector.parser))) {
    const seeds = vectors.filter((vector) => vector.parser === parser).map(({ octets }) => octets);
    for (let round = 0; round < 400; round++) {
      const input = Buffer.alloc(random.below(130));
      random.fill(input);
      seeds[random.below(seeds.length)].copy(input);
      for (let flips = random.below(4); flips > 0 && input.length > 0; flips--)
        input[random.below(Math.min(input.length, 48))] ^= 1 << random.below(8);
      assert.ok(parsers.parse(parser, input) <= input.length);
    }
  }
});

test("compressed headers of every form get their answer", () => {
  const node = new LowNode({ extended: 1n, short: 1 });
  const decompress = (octets: Buffer, room: number, whole: number): number => {
    node.write(octets, 2048);
    return node.doors.decompress(octets.length, room, whole, 0, 2n, 0, 1n);
  };
  assert.equal(headersWrong(decompress), undefined);
});

test("whatever compressed headers are made of, they neither trap nor write beyond their room", () => {
  const node = new LowNode({ extended: 1n, short: 1 });
  const random = new Random("ip headers", "mutations");
  for (let round = 0; round < 3000; round++) {
    const input = Buffer.alloc(random.below(110));
    random.fill(input);
    Buffer.from(HEADERS[random.below(HEADERS.length)].octets.replaceAll(" ", ""), "hex").copy(input);
    for (let flips = random.below(4); flips > 0 && input.length > 0; flips--)
      input[random.below(Math.min(input.length, 12))] ^= 1 << random.below(8);
    const room = random.below(200);
    node.write(Buffer.alloc(2048, 0xa5));
    node.write(input, 2048);
    const size = node.doors.decompress(input.length, room, random.chance(0.5) ? random.below(200) : 0, 1, 2n, 0, 1n);
    assert.ok(size <= room, `${size} of ${room} for ${input.toString("hex")}`);
    const after = node.read(node.doors.bufferAt() + room, 2048 - room);
    assert.ok(
      after.every((octet) => octet === 0xa5),
      input.toString("hex"),
    );
  }
});
