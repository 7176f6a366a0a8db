// ECDSA on the curves of Smart Energy, sect163k1 and sect283k1: SEC 1 section 4.1, and public keys of implicit certificates (SEC 4).
//
//   sign    k = deterministic, R = k * G, r = x(R) mod n, s = (e + r * d) / k                     RFC 6979
//   verify  0 < r < n, 0 < s < n, R = (e / s) * G + (r / s) * Q is not O, x(R) mod n = r
//
// Points are assembly/crypto's, the same code as on a device; scalars are BigInt, whose time tells of the key: a release is
// signed on a machine that nobody else can time.

import { createHmac } from "node:crypto";
import { SUITE_CURVES, type Suite } from "./ca.ts";
import { Lab } from "./lab.ts";
import { hashMmo } from "./mmo.ts";

export interface EcdsaSignature {
  /** Both as long as a scalar of the suite, most significant octet first. */
  r: Buffer;
  s: Buffer;
}

/** The curves' arithmetic, one computation at a time; `open` compiles it where that has not been done. */
export class Ecdsa {
  private constructor(private readonly lab: Lab) {}

  static async open(): Promise<Ecdsa> {
    return new Ecdsa(
      await Lab.open({
        entropy: () => {
          throw new Error("signing draws nothing");
        },
      }),
    );
  }

  /** The compressed public key of a private one; undefined where it is out of range. */
  publicKey(suite: Suite, privateKey: Uint8Array): Buffer | undefined {
    const d = toNumber(privateKey);
    if (d === 0n || d >= SUITE_CURVES[suite].order) return undefined;
    return this.multiply(suite, this.generator(suite), d);
  }

  /** The public key that an implicit certificate gives with its issuer's: e * P + Q(CA). */
  reconstruct(suite: Suite, certificate: Uint8Array, reconstruction: Uint8Array, authority: Uint8Array): Buffer | undefined {
    const point = this.multiply(suite, reconstruction, toNumber(hashMmo(certificate)));
    return point && this.add(suite, point, authority);
  }

  /** Signs a digest; `privateKey` must be in range. */
  sign(suite: Suite, privateKey: Uint8Array, digest: Uint8Array): EcdsaSignature {
    const { order, octets } = SUITE_CURVES[suite];
    const d = toNumber(privateKey);
    if (d === 0n || d >= order) throw new RangeError(`a private key of suite ${suite} is above 0 and below the order of the curve`);
    const e = digestNumber(digest, order);
    for (const k of nonces(d, e, order)) {
      const point = this.multiply(suite, this.generator(suite), k);
      const r = point ? abscissa(point) % order : 0n;
      const s = (invert(k, order) * (e + r * d)) % order;
      if (r !== 0n && s !== 0n) return { r: toOctets(r, octets), s: toOctets(s, octets) };
    }
    throw new Error("the nonces have no end");
  }

  /** Whether a signature of a digest holds for a compressed public key; a key that is no point of the group makes it false. */
  verify(suite: Suite, publicKey: Uint8Array, digest: Uint8Array, signature: { r: Uint8Array; s: Uint8Array }): boolean {
    const { order } = SUITE_CURVES[suite];
    const r = toNumber(signature.r);
    const s = toNumber(signature.s);
    if (r === 0n || r >= order || s === 0n || s >= order) return false;
    const w = invert(s, order);
    const u1 = (digestNumber(digest, order) * w) % order;
    const ofKey = this.multiply(suite, publicKey, (r * w) % order);
    if (!ofKey) return false;
    const sum = u1 === 0n ? ofKey : this.addBase(suite, ofKey, u1);
    return sum !== undefined && abscissa(sum) % order === r;
  }

  private addBase(suite: Suite, point: Buffer, scalar: bigint): Buffer | undefined {
    const base = this.multiply(suite, this.generator(suite), scalar);
    return base && this.add(suite, base, point);
  }

  private generator(suite: Suite): Buffer {
    this.lab.call("select", suite);
    this.lab.call("generator", this.lab.at(0));
    return this.lab.read(this.lab.at(0), SUITE_CURVES[suite].octets + 1);
  }

  /** scalar * point, compressed; undefined where the point is none of the group, or the product is infinity. */
  private multiply(suite: Suite, point: Uint8Array, scalar: bigint): Buffer | undefined {
    const { octets } = SUITE_CURVES[suite];
    if (point.length !== octets + 1) return undefined;
    this.lab.call("select", suite);
    const product = this.lab.compute("multiply", point, toOctets(scalar, octets));
    return typeof product === "number" ? undefined : product;
  }

  private add(suite: Suite, a: Uint8Array, b: Uint8Array): Buffer | undefined {
    if (b.length !== SUITE_CURVES[suite].octets + 1) return undefined;
    this.lab.call("select", suite);
    const sum = this.lab.compute("addPoints", a, b);
    return typeof sum === "number" ? undefined : sum;
  }
}

/** RFC 6979 section 3.2 with HMAC-SHA-256 whatever made the digest (section 3.6): candidates for k, in their order. */
function* nonces(d: bigint, e: bigint, order: bigint): Generator<bigint> {
  const size = Math.ceil(bitsOf(order) / 8);
  const seed = Buffer.concat([toOctets(d, size), toOctets(e, size)]);
  let key: Buffer = Buffer.alloc(32);
  let value: Buffer = Buffer.alloc(32, 1);
  const hmac = (...parts: Uint8Array[]): Buffer => createHmac("sha256", key).update(Buffer.concat(parts)).digest();
  for (const step of [0, 1]) {
    key = hmac(value, Buffer.of(step), seed);
    value = hmac(value);
  }
  for (;;) {
    const parts: Buffer[] = [];
    while (parts.length * 32 < size) {
      value = hmac(value);
      parts.push(value);
    }
    const k = leftmost(Buffer.concat(parts), order);
    if (k > 0n && k < order) yield k;
    key = hmac(value, Buffer.of(0));
    value = hmac(value);
  }
}

/** A digest as a number below the order: its leftmost bits, as many as the order has. */
function digestNumber(digest: Uint8Array, order: bigint): bigint {
  return leftmost(digest, order) % order;
}

function leftmost(octets: Uint8Array, order: bigint): bigint {
  const spare = octets.length * 8 - bitsOf(order);
  return spare > 0 ? toNumber(octets) >> BigInt(spare) : toNumber(octets);
}

function bitsOf(order: bigint): number {
  return order.toString(2).length;
}

function abscissa(compressed: Uint8Array): bigint {
  return toNumber(compressed.subarray(1));
}

function toNumber(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString("hex") || "0"}`);
}

function toOctets(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * size, "0"), "hex");
}

/** The inverse modulo a prime, by Euclid's algorithm. */
function invert(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value % prime, prime, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b, x, y] = [b - quotient * a, a, y - quotient * x, x];
  }
  return ((y % prime) + prime) % prime;
}
