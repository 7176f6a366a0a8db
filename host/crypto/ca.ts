// A certificate authority for tests: ECQV (SEC 4 section 2) over both Smart Energy suites, deterministic for a seed.
//
// Multiplications are OpenSSL's and the rest is BigInt, so the authority shares nothing with assembly/crypto.
// The authority knows every private key that it issues; a real one takes requests instead.

import { createECDH, createHmac } from "node:crypto";
import { hashMmo } from "./mmo.ts";

export type Suite = 1 | 2;

interface SuiteCurve {
  /** OpenSSL's. */
  name: string;
  /** Of a coordinate, and of a scalar as the profile writes it. */
  octets: number;
  order: bigint;
}

export const SUITE_CURVES: Record<Suite, SuiteCurve> = {
  1: { name: "sect163k1", octets: 21, order: 0x4_00000000_00000000_00020108_a2e0cc0d_99f8a5efn },
  2: {
    name: "sect283k1",
    octets: 36,
    order: 0x01ffffff_ffffffff_ffffffff_ffffffff_ffffe9ae_2ed07577_265dff7f_94451e06_1e163c61n,
  },
};

const PROFILE_SMART_ENERGY = Buffer.from("0109", "hex");
const VALID_FROM_S = 1_700_000_000; // November 2023; devices without a clock do not look at it
const NO_EXPIRY = 0xffff_ffff;

export interface Ca {
  seed: Buffer;
  /** As certificates carry it, most significant octet first. */
  issuer: Buffer;
  privateKeys: Record<Suite, bigint>;
  publicKeys: Record<Suite, Buffer>;
}

/** What a device's identity record consists of, in this order. */
export interface Identity {
  certificate: Buffer;
  privateKey: Buffer;
  caPublicKey: Buffer;
}

export function makeCa(seed: Buffer): Ca {
  const privateKeys = { 1: scalarFrom(seed, 1, "authority"), 2: scalarFrom(seed, 2, "authority") };
  return {
    seed,
    issuer: derive(seed, "issuer", 8),
    privateKeys,
    publicKeys: { 1: publicKey(1, privateKeys[1]), 2: publicKey(2, privateKeys[2]) },
  };
}

/** Issues a certificate and its private key to an IEEE address. */
export function issue(ca: Ca, suite: Suite, ieee: bigint): Identity {
  const { order } = SUITE_CURVES[suite];
  for (let attempt = 0; ; attempt++) {
    const k = scalarFrom(ca.seed, suite, `certificate ${ieee.toString(16)} ${attempt}`);
    const certificate = layOut(ca, suite, ieee, publicKey(suite, k));
    const e = BigInt(`0x${hashMmo(certificate).toString("hex")}`);
    const key = (e * k + ca.privateKeys[suite]) % order;
    if (key === 0n) continue; // one chance in 2^162, but the loop costs nothing
    return { certificate, privateKey: scalarOctets(suite, key), caPublicKey: ca.publicKeys[suite] };
  }
}

/** The octets of a device's record `IdentitySuite1` or `IdentitySuite2`. */
export function identityRecord(identity: Identity): Buffer {
  return Buffer.concat([identity.certificate, identity.privateKey, identity.caPublicKey]);
}

function layOut(ca: Ca, suite: Suite, ieee: bigint, reconstruction: Buffer): Buffer {
  const subject = Buffer.alloc(8);
  subject.writeBigUInt64BE(ieee);
  if (suite === 1) return Buffer.concat([reconstruction, subject, ca.issuer, PROFILE_SMART_ENERGY, Buffer.alloc(8)]);
  const head = Buffer.from([0, ...derive(ca.seed, `serial ${ieee.toString(16)}`, 8), 0x0d, 0x08]);
  const validity = Buffer.alloc(9);
  validity.writeUIntBE(VALID_FROM_S, 0, 5);
  validity.writeUInt32BE(NO_EXPIRY, 5);
  return Buffer.concat([head, ca.issuer, validity, subject, Buffer.of(0x88), reconstruction]);
}

function publicKey(suite: Suite, scalar: bigint): Buffer {
  const ecdh = createECDH(SUITE_CURVES[suite].name);
  ecdh.setPrivateKey(scalarOctets(suite, scalar));
  return ecdh.getPublicKey(null, "compressed");
}

function scalarOctets(suite: Suite, scalar: bigint): Buffer {
  const { octets } = SUITE_CURVES[suite];
  return Buffer.from(scalar.toString(16).padStart(2 * octets, "0"), "hex");
}

/** A scalar from 1 to order - 1; 64 octets more than the order has make the remainder even enough. */
function scalarFrom(seed: Buffer, suite: Suite, label: string): bigint {
  const wide = BigInt(`0x${derive(seed, `suite ${suite} ${label}`, SUITE_CURVES[suite].octets + 64).toString("hex")}`);
  return (wide % (SUITE_CURVES[suite].order - 1n)) + 1n;
}

function derive(seed: Buffer, label: string, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let count = 0; 32 * count < size; count++) {
    parts.push(createHmac("sha256", seed).update(`kilowasm test authority, ${label}, ${count}`).digest());
  }
  return Buffer.concat(parts).subarray(0, size);
}
