// Field, scalars, points and multiplications against BigInt arithmetic and OpenSSL.

import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { Lab, linkSoftware } from "../../host/crypto/lab.ts";
import { freshKey, stream } from "./party.ts";

const MULTIPLICATIONS = 1000;
const BAD_POINT = -16;

const FIELDS: Record<Suite, { degree: number; polynomial: bigint; a: bigint }> = {
  1: { degree: 163, polynomial: (1n << 163n) | 0xc9n, a: 1n },
  2: { degree: 283, polynomial: (1n << 283n) | 0x10a1n, a: 0n },
};

function carryless(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (let shift = 0n; b >> shift; shift++) if ((b >> shift) & 1n) product ^= a << shift;
  return product;
}

function remainder(value: bigint, degree: number, polynomial: bigint): bigint {
  for (let bit = value.toString(2).length - 1; bit >= degree; bit--) {
    if ((value >> BigInt(bit)) & 1n) value ^= polynomial << BigInt(bit - degree);
  }
  return value;
}

function octetsOf(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");
}

function numberOf(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString("hex")}`);
}

async function open(suite: Suite): Promise<Lab> {
  const lab = await Lab.open({ entropy: stream("curves") });
  lab.call("select", suite);
  return lab;
}

for (const suite of [1, 2] as const) {
  const { name, octets, order } = SUITE_CURVES[suite];
  const { degree, polynomial, a } = FIELDS[suite];
  const element = () => numberOf(randomBytes(octets)) & ((1n << BigInt(degree)) - 1n);
  const edges = [0n, 1n, 2n, (1n << BigInt(degree)) - 1n, 1n << BigInt(degree - 1), polynomial ^ (1n << BigInt(degree))];

  const times = (x: bigint, y: bigint) => remainder(carryless(x, y), degree, polynomial);

  describe(name, () => {
    test("multiplies, squares and inverts as polynomials do", async () => {
      const lab = await open(suite);
      const run = (door: string, ...args: bigint[]) => {
        lab.call(door, lab.at(0), ...args.map((arg, index) => lab.put(64 * (index + 1), octetsOf(arg, octets))));
        return numberOf(lab.read(lab.at(0), octets));
      };
      const values = [...edges, ...Array.from({ length: 20 }, element)];
      for (const x of values) {
        assert.equal(run("elementSquare", x), times(x, x));
        const inverse = run("elementInvert", x);
        assert.equal(times(x, inverse), x === 0n ? 0n : 1n);
        for (const y of values) assert.equal(run("elementMultiply", x, y), times(x, y));
      }
    });

    test("adds and multiplies modulo the order", async () => {
      const lab = await open(suite);
      const run = (door: string, x: bigint, y: bigint, ...more: number[]) => {
        lab.call(door, lab.at(0), lab.put(64, octetsOf(x, octets)), lab.put(128, octetsOf(y, octets)), ...more);
        return numberOf(lab.read(lab.at(0), octets));
      };
      const values = [
        0n,
        1n,
        2n,
        order - 1n,
        order - 2n,
        order >> 1n,
        ...Array.from({ length: 10 }, () => numberOf(randomBytes(octets)) % order),
      ];
      for (const x of values) {
        for (const y of values) {
          assert.equal(run("scalarsAdd", x, y), (x + y) % order);
          assert.equal(run("scalarsMultiply", x, y, octets * 8), (x * y) % order);
        }
      }
      for (const [value, valid] of [
        [0n, false],
        [1n, true],
        [order - 1n, true],
        [order, false],
        [order + 1n, false],
      ] as const) {
        assert.equal(lab.call("scalarIsValid", lab.put(64, octetsOf(value, octets))) !== 0, valid, `${value}`);
      }
    });

    test(`${MULTIPLICATIONS} random multiples of random points are OpenSSL's`, async () => {
      const lab = await open(suite);
      lab.call("generator", lab.at(0));
      let point = lab.read(lab.at(0), octets + 1);
      const ecdh = createECDH(name);
      for (let count = 0; count < MULTIPLICATIONS; count++) {
        ecdh.generateKeys();
        const scalar = octetsOf(numberOf(ecdh.getPrivateKey()), octets);
        const found = lab.compute("multiply", point, scalar) as Buffer;
        // OpenSSL gives abscissas of arbitrary points, and whole points for multiples of the generator.
        assert.equal(found.subarray(1).toString("hex"), ecdh.computeSecret(point).toString("hex"));
        if (count % 10 === 0) {
          const own = lab.compute("multiply", generatorOf(lab, octets), scalar) as Buffer;
          assert.equal(own.toString("hex"), ecdh.getPublicKey("hex", "compressed"));
        }
        point = ecdh.getPublicKey(null, "compressed");
      }
    });

    test("scalars at the edges give the points that they must", async () => {
      const lab = await open(suite);
      const generator = generatorOf(lab, octets);
      const times = (scalar: bigint) => lab.compute("multiply", generator, octetsOf(scalar, octets));
      const negative = Buffer.from(generator);
      negative[0] = (negative[0] as number) ^ 1;
      assert.equal(times(0n), BAD_POINT);
      assert.equal(times(order), BAD_POINT);
      assert.deepEqual(times(1n), generator);
      assert.deepEqual(times(order + 1n), generator);
      assert.deepEqual(times(order - 1n), negative);
      assert.deepEqual(lab.compute("addPoints", times(2n) as Buffer, times(3n) as Buffer), times(5n));
      assert.deepEqual(lab.compute("addPoints", generator, generator), times(2n));
      assert.deepEqual(lab.compute("addPoints", times(order - 2n) as Buffer, times(3n) as Buffer), generator);
      assert.equal(lab.compute("addPoints", generator, negative), BAD_POINT);
    });

    test("points are compressed and restored as OpenSSL does", async () => {
      const lab = await open(suite);
      for (let count = 0; count < 40; count++) {
        const ecdh = createECDH(name);
        ecdh.generateKeys();
        const compressed = ecdh.getPublicKey(null, "compressed");
        const whole = ecdh.getPublicKey().subarray(1);
        assert.deepEqual(lab.compute("expand", compressed), whole);
        assert.deepEqual(lab.compute("compress", whole), compressed);
        const off = Buffer.from(whole);
        off[off.length - 1] = (off[off.length - 1] as number) ^ 1;
        assert.equal(lab.compute("compress", off), BAD_POINT);
      }
    });

    test("every point outside the group of prime order is refused, whether compressed or whole", async () => {
      const lab = await open(suite);
      const seen = { off: 0, small: 0, mixed: 0, group: 0 };
      const checker = createECDH(name);
      checker.setPrivateKey(octetsOf(order - 1n, octets));
      for (let x = 0n; x < 60n; x++) {
        const compressed = Buffer.concat([Buffer.of(2), octetsOf(x, octets)]);
        const taken = typeof lab.compute("recode", compressed) !== "number";
        let kind: keyof typeof seen;
        try {
          kind = checker.computeSecret(compressed).equals(compressed.subarray(1)) ? "group" : "mixed"; // (n - 1)P = -P or not
        } catch {
          kind = x < 2n ? "small" : "off";
        }
        seen[kind]++;
        assert.equal(taken, kind === "group", `abscissa ${x} is ${kind}`);
      }
      assert.ok(seen.group > 5 && seen.mixed > 5 && seen.off > 5, JSON.stringify(seen));
      const small = [Buffer.concat([octetsOf(0n, octets), octetsOf(1n, octets)]), Buffer.alloc(2 * octets)];
      if (suite === 2) small.push(...[0n, 1n].map((y) => Buffer.concat([octetsOf(1n, octets), octetsOf(y, octets)]))); // order 4
      for (const point of small) assert.equal(lab.compute("compress", point), BAD_POINT);
      const whole = createECDH(name).generateKeys().subarray(1);
      const twisted = lab.compute("compress", addOrderTwo(whole, octets)); // on the curve, order 2n or more
      assert.equal(twisted, BAD_POINT);
    });

    test("encodings that are no compressed point are refused", async () => {
      const lab = await open(suite);
      const good = freshKey(name);
      for (let prefix = 0; prefix < 256; prefix++) {
        const changed = Buffer.from(good);
        changed[0] = prefix;
        assert.equal(typeof lab.compute("recode", changed) === "number", prefix !== 2 && prefix !== 3, `prefix ${prefix}`);
      }
      const long = Buffer.from(good);
      long[1] = (long[1] as number) | (1 << (degree & 7));
      assert.equal(lab.compute("recode", long), BAD_POINT);
    });

    test("drawn scalars are in range, differ, and use every bit", async () => {
      const lab = await open(suite);
      const drawn = Array.from({ length: 200 }, () => {
        assert.equal(lab.call("drawScalar", lab.at(0)), 1);
        return numberOf(lab.read(lab.at(0), octets));
      });
      assert.equal(new Set(drawn).size, drawn.length);
      for (const scalar of drawn) assert.ok(scalar > 0n && scalar < order);
      const half = drawn.filter((scalar) => scalar > order / 2n).length;
      assert.ok(half > 60 && half < 140, `${half} of 200 in the upper half`);
    });

    test("a source of randomness that always gives the same useless octets ends the draw", async () => {
      for (const octet of [0x00, 0xff]) {
        const lab = await Lab.open({ entropy: (out) => void out.fill(octet) });
        lab.call("select", suite);
        assert.equal(lab.call("drawScalar", lab.at(0)), 0);
      }
    });

    /** P + (0, 1): x = l² + l + x + a with l = (y + 1)/x, by BigInt alone. */
    function addOrderTwo(whole: Buffer, size: number): Buffer {
      const x = numberOf(whole.subarray(0, size));
      const y = numberOf(whole.subarray(size));
      const slope = times(y ^ 1n, inverseOf(x));
      const x3 = times(slope, slope) ^ slope ^ x ^ a;
      const y3 = times(slope, x ^ x3) ^ x3 ^ y;
      return Buffer.concat([octetsOf(x3, size), octetsOf(y3, size)]);
    }

    function inverseOf(x: bigint): bigint {
      let result = 1n;
      let power = x;
      for (let count = 1; count < degree; count++) {
        power = times(power, power);
        result = times(result, power);
      }
      return result;
    }
  });
}

function generatorOf(lab: Lab, octets: number): Buffer {
  lab.call("generator", lab.at(0));
  return lab.read(lab.at(0), octets + 1);
}

test("the software product is that of polynomials, whatever lies beyond an element", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const multiply = await linkSoftware(memory);
  const image = Buffer.from(memory.buffer);
  const littleEndian = (at: number) => numberOf(Buffer.from(image.subarray(at, at + 36)).reverse());
  for (const suite of [1, 2] as const) {
    const { degree, polynomial } = FIELDS[suite];
    const product = (x: bigint, y: bigint) => remainder(carryless(x, y), degree, polynomial);
    for (let count = 0; count < 200; count++) {
      image.fill(0xa5);
      for (const at of [64, 192]) {
        if (count === 0) image.fill(0xff, at, at + 36);
        else randomBytes(36).copy(image, at);
      }
      const squarings = count % 4;
      const [left, right] = [64, 192].map((at) => littleEndian(at) & ((1n << BigInt(degree)) - 1n));
      for (const [b, other] of [
        [192, right],
        [64, left],
      ] as const) {
        let expected = product(left, other);
        for (let times = 0; times < squarings; times++) expected = product(expected, expected);
        assert.equal(multiply(suite, 64, b, 512, squarings), 0);
        assert.equal(littleEndian(512), expected, `suite ${suite}, ${squarings} squarings`);
      }
      for (const at of [511, 548, 63, 100]) assert.equal(image[at], 0xa5, "nothing else is written");
    }
  }
  for (const field of [0, 3, 0xffff_ffff]) assert.equal(multiply(field, 64, 192, 512, 0), -4, `field ${field}`);
  for (const squarings of [283, 0xffff_ffff]) assert.equal(multiply(1, 64, 192, 512, squarings), -4, `${squarings} squarings`);
});
