// COSE_Sign1 (RFC 9052 section 4.2) with ES256 (RFC 9053 section 2.1), in deterministic CBOR (RFC 8949 section 4.2.1) only.
//
//   18([ h'a10126', {}, payload, signature ])      signed: ["Signature1", h'a10126', h'', payload]

import { createHash } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { type DecodeOptions, decode, encode, rfc8949EncodeOptions, type TagDecodeControl, Tagged } from "cborg";
import { ImageError } from "./image_error.ts";

const TAG_SIGN1 = 18;
/** The map {1: -7}: algorithm ES256. */
const PROTECTED = Buffer.from("a10126", "hex");
export const SIGNATURE_SIZE = 64;
export const POINT_SIZE = 64;

/** Gets the SHA-256 digest of what is signed; answers r || s. */
export type Signer = (digest: Buffer) => Buffer;

/** Where a message comes from, for the error that names it. */
export interface CoseSource {
  /** What it is called: "release key certificate". */
  name: string;
  /** Of the message in its file. */
  offset: number;
  /** More octets than this are not looked at. */
  sizeMax: number;
  /** `ImageReason` of a message that is malformed, and of one with another signature. */
  malformed: number;
  unsigned: number;
}

export interface Sign1 {
  payload: Buffer;
  signature: Buffer;
}

const DECODE: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  tags: { [TAG_SIGN1]: (control: TagDecodeControl) => new Tagged(TAG_SIGN1, control()) },
};

export function cborWrite(value: unknown): Buffer {
  return Buffer.from(encode(value, rfc8949EncodeOptions));
}

/** Throws a plain `Error`, whose message is a clause, for anything but one item in its only deterministic form. */
export function cborRead(octets: Uint8Array): unknown {
  let value: unknown;
  try {
    value = decode(octets, DECODE);
  } catch (error) {
    throw new Error((error as Error).message.replace(/^CBOR (decode|encode) error: /, ""));
  }
  if (!cborWrite(value).equals(octets)) throw new Error("the CBOR is not in its deterministic form");
  return value;
}

/** What the signature is over. */
export function sigStructure(payload: Uint8Array): Buffer {
  return cborWrite(["Signature1", PROTECTED, Buffer.alloc(0), payload]);
}

export function coseDigest(payload: Uint8Array): Buffer {
  return createHash("sha256").update(sigStructure(payload)).digest();
}

export function coseSign(payload: Uint8Array, sign: Signer): Buffer {
  const signature = sign(coseDigest(payload));
  if (signature.length !== SIGNATURE_SIZE) throw new Error(`a signer answered ${signature.length} octets; r || s are ${SIGNATURE_SIZE}`);
  return cborWrite(new Tagged(TAG_SIGN1, [PROTECTED, new Map(), payload, signature]));
}

/** The parts of a message whose signature nobody has looked at. */
export function coseParse(octets: Uint8Array, source: CoseSource): Sign1 {
  const fail = (what: string): never => {
    throw new ImageError(source.offset, `the ${source.name} is malformed: ${what}`, source.malformed);
  };
  if (octets.length > source.sizeMax) fail(`it has ${octets.length} octets; ${source.sizeMax} are allowed`);
  let value: unknown;
  try {
    value = cborRead(octets);
  } catch (error) {
    fail((error as Error).message);
  }
  const parts = value instanceof Tagged && value.tag === TAG_SIGN1 ? value.value : undefined;
  if (!Array.isArray(parts) || parts.length !== 4) return fail("it is no COSE_Sign1 (tag 18 with four parts)");
  const [head, unprotectedHead, payload, signature] = parts;
  if (!(head instanceof Uint8Array) || !PROTECTED.equals(head)) fail("its protected header is not {1: -7}, ES256");
  if (!(unprotectedHead instanceof Map) || unprotectedHead.size > 0) fail("its unprotected header is not empty");
  if (!(payload instanceof Uint8Array)) return fail("it carries no payload");
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_SIZE) return fail("its signature has not 64 octets");
  return { payload: Buffer.from(payload), signature: Buffer.from(signature) };
}

/** The payload of a message that the owner of `point` (x || y) has signed. */
export function coseOpen(octets: Uint8Array, point: Uint8Array, source: CoseSource): Buffer {
  const { payload, signature } = coseParse(octets, source);
  if (!es256Verify(point, coseDigest(payload), signature))
    throw new ImageError(source.offset, `the ${source.name} is signed by another key or was changed`, source.unsigned);
  return payload;
}

/** ECDSA on P-256 over a digest, deterministic (RFC 6979), so that the same input makes the same file. */
export function es256Signer(scalar: Uint8Array): Signer {
  return (digest) => Buffer.from(p256.sign(digest, scalar, { prehash: false, lowS: false }).toCompactRawBytes());
}

export function es256Verify(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_SIZE || point.length !== POINT_SIZE) return false;
  try {
    return p256.verify(signature, digest, Buffer.concat([Buffer.of(4), point]), { prehash: false, lowS: false });
  } catch {
    return false; // the point is on no curve, or a number is out of range
  }
}

/** The public point x || y of a private scalar. */
export function p256Point(scalar: Uint8Array): Buffer {
  return Buffer.from(p256.getPublicKey(scalar, false).subarray(1));
}
