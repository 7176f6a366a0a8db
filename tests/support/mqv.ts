// The agreement of Smart Energy's key establishment in integers of JavaScript, for the far end of a test: SE 1.4a annex C.4.2, ECMQV of SEC 1 section
// 3.4 and keys without shared information.  It shares nothing with assembly/crypto; crypto/mqv.test.ts holds it against the worked examples.
import { createECDH, ECDH } from "node:crypto";
import { type Identity, SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { hashMmo, hmacMmo } from "../../host/crypto/mmo.ts";

interface Curve {
  /** Of the field. */
  bits: number;
  polynomial: bigint;
  a: bigint;
  cofactor: bigint;
  /** Bits of the abscissa that take part. */
  half: bigint;
}

const CURVES: Record<Suite, Curve> = {
  1: { bits: 163, polynomial: (1n << 163n) | 0xc9n, a: 1n, cofactor: 2n, half: 82n },
  2: { bits: 283, polynomial: (1n << 283n) | 0x10a1n, a: 0n, cofactor: 4n, half: 141n },
};

type Point = { x: bigint; y: bigint } | null;

const hexOf = (octets: Uint8Array): bigint => BigInt(`0x${Buffer.from(octets).toString("hex")}`);
const size = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);

class Field {
  constructor(private readonly curve: Curve) {}

  private reduce(value: bigint): bigint {
    const { bits, polynomial } = this.curve;
    let rest = value;
    for (let length = size(rest); length > bits; length = size(rest)) rest ^= polynomial << BigInt(length - 1 - bits);
    return rest;
  }

  times(a: bigint, b: bigint): bigint {
    let product = 0n;
    for (let factor = b, shifted = a; factor !== 0n; factor >>= 1n, shifted <<= 1n) if (factor & 1n) product ^= shifted;
    return this.reduce(product);
  }

  /** By Euclid, over polynomials. */
  inverse(value: bigint): bigint {
    let [u, v, g, h] = [value, this.curve.polynomial, 1n, 0n];
    while (u !== 1n) {
      const shift = size(u) - size(v);
      if (shift < 0) {
        [u, v, g, h] = [v, u, h, g];
        continue;
      }
      u ^= v << BigInt(shift);
      g ^= h << BigInt(shift);
    }
    return this.reduce(g);
  }
}

class Group {
  private readonly field: Field;
  constructor(private readonly curve: Curve) {
    this.field = new Field(curve);
  }

  add(p: Point, q: Point): Point {
    if (!p) return q;
    if (!q) return p;
    const { field, curve } = this;
    if (p.x === q.x && (p.y !== q.y || p.x === 0n)) return null;
    const same = p.x === q.x;
    const slope = same ? p.x ^ field.times(p.y, field.inverse(p.x)) : field.times(p.y ^ q.y, field.inverse(p.x ^ q.x));
    const x = field.times(slope, slope) ^ slope ^ curve.a ^ (same ? 0n : p.x ^ q.x);
    return { x, y: field.times(slope, p.x ^ x) ^ x ^ p.y };
  }

  times(scalar: bigint, point: Point): Point {
    let sum: Point = null;
    for (const bit of scalar.toString(2)) {
      sum = this.add(sum, sum);
      if (bit === "1") sum = this.add(sum, point);
    }
    return sum;
  }
}

function pointOf(suite: Suite, compressed: Uint8Array): Point {
  const { name, octets } = SUITE_CURVES[suite];
  const whole = ECDH.convertKey(compressed, name, undefined, undefined, "uncompressed") as Buffer;
  return { x: hexOf(whole.subarray(1, 1 + octets)), y: hexOf(whole.subarray(1 + octets)) };
}

const octetsOf = (value: bigint, octets: number): Buffer => Buffer.from(value.toString(16).padStart(2 * octets, "0"), "hex");

/** Where a certificate has its reconstruction point and its subject. */
const CERTIFICATE: Record<Suite, { point: number; subject: number }> = { 1: { point: 0, subject: 22 }, 2: { point: 37, subject: 28 } };

export const subjectOf = (suite: Suite, certificate: Uint8Array): Buffer =>
  Buffer.from(certificate.subarray(CERTIFICATE[suite].subject, CERTIFICATE[suite].subject + 8));

/** The compressed public key of an ephemeral private one. */
export function ephemeralPublic(suite: Suite, secret: Uint8Array): Buffer {
  const ecdh = createECDH(SUITE_CURVES[suite].name);
  ecdh.setPrivateKey(Buffer.from(secret));
  return ecdh.getPublicKey(null, "compressed");
}

export interface Share {
  own: Identity;
  ephemeral: Uint8Array;
  partnerCertificate: Uint8Array;
  partnerEphemeral: Uint8Array;
}

/** The value Z that both ends come to. */
export function agree(suite: Suite, { own, ephemeral, partnerCertificate, partnerEphemeral }: Share): Buffer {
  const curve = CURVES[suite];
  const { octets, order } = SUITE_CURVES[suite];
  const group = new Group(curve);
  const truncated = (point: Point): bigint => ((point?.x ?? 0n) & ((1n << curve.half) - 1n)) | (1n << curve.half);
  const { point } = CERTIFICATE[suite];
  const reconstruction = pointOf(suite, partnerCertificate.subarray(point, point + octets + 1));
  const partner = group.add(group.times(hexOf(hashMmo(partnerCertificate)) % order, reconstruction), pointOf(suite, own.caPublicKey));
  const remote = pointOf(suite, partnerEphemeral);
  const mine = truncated(pointOf(suite, ephemeralPublic(suite, ephemeral)));
  const factor = (hexOf(ephemeral) + mine * hexOf(own.privateKey)) % order;
  const sum = group.add(remote, group.times(truncated(remote), partner));
  const shared = group.times((curve.cofactor * factor) % (order * curve.cofactor), sum);
  if (!shared) throw new Error("the agreed point is no point");
  return octetsOf(shared.x, octets);
}

/** Key by which both confirm, and the link key. */
export function keysOf(z: Uint8Array): { mac: Buffer; link: Buffer } {
  const derived = (count: number): Buffer => hashMmo(Buffer.from([...z, 0, 0, 0, count]));
  return { mac: derived(1), link: derived(2) };
}

/** What the initiator (2) or the responder (3) confirms with; addresses as certificates have them. */
export function confirmation(mac: Uint8Array, who: 2 | 3, ...[first, second, firstKey, secondKey]: Uint8Array[]): Buffer {
  return hmacMmo(mac, Buffer.concat([Buffer.of(who), first, second, firstKey, secondKey]));
}
