// The parsers of multicast DNS, Ethernet and TCP against tests/vectors/ip_wire.txt, and with inputs nobody would send.
import assert from "node:assert/strict";
import { test } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { LowParsers, lowVectors } from "./low_vectors.ts";

const vectors = lowVectors("ip_wire");
const parsers = new LowParsers(labModule("ip/names"));

test("every vector gets its answer", () => {
  assert.ok(vectors.length > 70);
  for (const { parser, name, octets, answer } of vectors) assert.equal(parsers.parse(parser, octets), answer, `${parser}: ${name}`);
});

test("what ends early anywhere is refused, or says no more than it did: nothing beyond its end is read", () => {
  for (const { parser, name, octets, answer } of vectors) {
    for (let size = 0; size < octets.length; size++) {
      const cut = parsers.parse(parser, octets.subarray(0, size));
      assert.ok(cut <= Math.max(answer, 0), `${parser}: ${name}, ${size} octets of it`);
    }
  }
});
