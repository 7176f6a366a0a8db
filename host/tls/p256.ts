// P-256 for TLS: ECDHE by node:crypto, signatures by @noble/curves because they must repeat (RFC 6979).
import { createECDH, createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";

export const CURVE = "prime256v1";
export const POINT_SIZE = 65;
export const SCALAR_SIZE = 32;
/** SubjectPublicKeyInfo of an uncompressed point without the point: RFC 5480. */
const SPKI_HEAD = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");

export function publicPoint(privateKey: Uint8Array): Buffer {
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(privateKey);
  return ecdh.getPublicKey();
}

/** The x-coordinate of the product; undefined where the point is not on the curve. */
export function sharedSecret(privateKey: Uint8Array, point: Uint8Array): Buffer | undefined {
  if (point.length !== POINT_SIZE || point[0] !== 4) return undefined;
  const ecdh = createECDH(CURVE);
  ecdh.setPrivateKey(privateKey);
  try {
    return ecdh.computeSecret(point);
  } catch {
    return undefined;
  }
}

/** ecdsa-with-SHA256 over `data`, as DER. */
export function signDer(privateKey: Uint8Array, data: Uint8Array): Buffer {
  const digest = createHash("sha256").update(data).digest();
  return Buffer.from(p256.sign(digest, privateKey, { lowS: false }).toDERRawBytes());
}

export function subjectPublicKeyInfo(point: Uint8Array): Buffer {
  return Buffer.concat([SPKI_HEAD, point]);
}

/** The point of a SubjectPublicKeyInfo; undefined where it is no uncompressed P-256 point. */
export function pointOf(spki: Uint8Array): Buffer | undefined {
  const octets = Buffer.from(spki);
  if (octets.length !== SPKI_HEAD.length + POINT_SIZE || !octets.subarray(0, SPKI_HEAD.length).equals(SPKI_HEAD)) return undefined;
  return octets.subarray(SPKI_HEAD.length);
}

export function publicKeyObject(spki: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

/** Whether an ecdsa-with-SHA256 signature in DER holds. */
export function verifyDer(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify("sha256", data, { key, dsaEncoding: "der" }, signature);
  } catch {
    return false;
  }
}
