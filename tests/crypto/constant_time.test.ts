// What is executed must not depend on secrets: the number of instructions, nor any address in memory.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { Field } from "../../host/abi.ts";
import { compileText } from "../../host/build/compile.ts";
import { labText } from "../../host/build/labs.ts";
import { SUITE_CURVES } from "../../host/crypto/ca.ts";
import { type Gf2Multiply, Lab, SOFTWARE } from "../../host/crypto/lab.ts";
import { counted, readCount } from "./counted.ts";
import { freshKey } from "./party.ts";

const CURVES = [
  { ...SUITE_CURVES[1], suite: 1, certificate: 48, point: 0 },
  { ...SUITE_CURVES[2], suite: 2, certificate: 74, point: 37 },
];
const SECRETS = 100;

const board = {
  entropy: (octets: Uint8Array) => {
    octets.fill(0);
    octets[octets.length - 1] = 1;
  },
};

const countedLab = (): WebAssembly.Module => counted(labText("crypto/doors"));

/** Secrets that would show: few bits, many bits, and random ones. */
function secrets(octets: number, order: bigint, count: number): Buffer[] {
  const edge = [1n, 2n, order - 1n];
  const random = Array.from({ length: count - edge.length }, () => BigInt(`0x${randomBytes(octets).toString("hex")}`) % order || 1n);
  return [...edge, ...random].map((scalar) => Buffer.from(scalar.toString(16).padStart(2 * octets, "0"), "hex"));
}

function same(counts: { steps: bigint; touched: bigint }[]): void {
  const [first, ...others] = counts;
  assert.ok(first && first.steps > 100n, "something was counted");
  for (const count of others) assert.deepEqual(count, first);
}

for (const { suite, name, octets, order, certificate, point } of CURVES) {
  describe(name, () => {
    test(`${SECRETS} secret scalars take the same steps through a multiplication`, async () => {
      const lab = await Lab.link(countedLab(), board);
      lab.call("select", suite);
      lab.call("generator", lab.at(0));
      const generator = lab.read(lab.at(0), octets + 1);
      readCount(lab.exports);
      same(
        secrets(octets, order, SECRETS).map((scalar) => {
          assert.equal(typeof lab.compute("multiply", generator, scalar), "object");
          return readCount(lab.exports);
        }),
      );
    });

    test("a party's share of an exchange takes the same steps for any of its secrets", async () => {
      const lab = await Lab.link(countedLab(), board);
      const fresh = () => freshKey(name);
      const authority = lab.put(0x280, fresh());
      const given = Buffer.alloc(certificate);
      fresh().copy(given, point);
      const theirs = lab.put(0x380, given);
      const ephemeral = lab.put(0x400, fresh());
      const keys = secrets(octets, order, 24);
      same(
        keys.slice(0, 12).map((key, index) => {
          const own = lab.put(0x200, key);
          const secret = lab.put(0x300, keys[12 + index] as Buffer);
          readCount(lab.exports);
          assert.equal(lab.call("agreementBegin", suite, own, authority), 0);
          lab.call("agreementForce", secret);
          lab.call("agreementCertificate", theirs);
          lab.call("agreementEphemeral", ephemeral);
          let happened = 0;
          do happened = lab.call("agreementRun");
          while (happened > 0 && happened < 5);
          assert.equal(happened, 5);
          return readCount(lab.exports);
        }),
      );
    });

    test("arithmetic modulo the order takes the same steps for any operands", async () => {
      const lab = await Lab.link(countedLab(), board);
      lab.call("select", suite);
      const operands = secrets(octets, order, 20);
      readCount(lab.exports);
      same(
        operands.map((a, index) => {
          lab.call("scalarsMultiply", lab.at(0), lab.put(64, a), lab.put(128, operands[19 - index] as Buffer), octets * 8);
          lab.call("scalarsAdd", lab.at(0), lab.put(64, a), lab.put(128, operands[19 - index] as Buffer));
          return readCount(lab.exports);
        }),
      );
    });
  });
}

test("the software product takes the same steps for any operands of a field", async () => {
  const module = counted(compileText(SOFTWARE));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const multiply = exports.gf2_multiply as Gf2Multiply;
  const octets = new Uint8Array(memory.buffer);
  for (const field of [Field.Sect163k1, Field.Sect283k1]) {
    for (const b of [256, 0]) {
      for (const squarings of [0, 3]) {
        same(
          Array.from({ length: 50 }, (_, index) => {
            octets.set(index === 0 ? Buffer.alloc(36) : index === 1 ? Buffer.alloc(36, 255) : randomBytes(36), 0);
            if (b) octets.set(index < 2 ? Buffer.alloc(36, index ? 255 : 0) : randomBytes(36), b);
            readCount(exports);
            assert.equal(multiply(field, 0, b, 512, squarings), 0);
            return readCount(exports);
          }),
        );
      }
    }
  }
});

test("the count does see a branch and an address that depend on a secret", async () => {
  const lab = await Lab.link(countedLab(), board);
  const count = (suite: number) => {
    readCount(lab.exports);
    lab.call("select", suite);
    lab.call("generator", lab.at(0));
    return readCount(lab.exports);
  };
  const [one, two] = [count(1), count(2)];
  assert.notEqual(one.steps, two.steps);
  assert.notEqual(one.touched, two.touched);
});
