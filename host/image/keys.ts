// Keys on P-256: the root key that native firmware holds, release keys that it certifies, and the files they stand in.

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { ImageReason, Role } from "../abi.ts";
import {
  type CoseSource,
  cborRead,
  cborWrite,
  coseOpen,
  coseParse,
  coseSign,
  es256Signer,
  POINT_SIZE,
  p256Point,
  type Signer,
} from "./cose.ts";
import { ImageError } from "./image_error.ts";

export const CERTIFICATE_MAX = 256;
export const KEY_ID_SIZE = 8;
const CERTIFICATE_VERSION = 1;
const U32_MAX = 0xffff_ffff;

export interface KeyPair {
  /** 32 octets. */
  scalar: Buffer;
  /** x || y. */
  point: Buffer;
}

/** A release key as the root key vouches for it. */
export interface ReleaseKey {
  id: Buffer;
  /** A device refuses keys of an epoch below the highest one that it has confirmed a module of. */
  epoch: number;
  point: Buffer;
}

/** What a board is: struct kw_image_identity of boards/common/manifest.h. */
export interface Identity {
  /** Public point of the root key. */
  root: Buffer;
  vendor: Buffer;
  classId: Buffer;
  manufacturer: number;
  type: number;
  hardware: number;
  role: number;
  /** Bit n: ZigBee stack version n can run. */
  phases: number;
  nativeVersion: number;
  memoryMax: number;
}

/** Not assigned to anyone by the ZigBee Alliance's list; for tests. */
export const MANUFACTURER_TEST = 0xfff1;
export const IMAGE_TYPES: Record<number, number> = {
  [Role.Hub]: 0x0001,
  [Role.Meter]: 0x0002,
  [Role.Ihd]: 0x0003,
  [Role.Repeater]: 0x0004,
};
export const STACK_VERSION_PRO = 2;
export const STACK_VERSION_IP = 3;
const NAMESPACE_DNS = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex");
export const DEVELOPMENT_VENDOR = uuidFromName(NAMESPACE_DNS, "kilowasm.example");
export const DEVELOPMENT_CLASS = uuidFromName(DEVELOPMENT_VENDOR, "han-node");

/** RFC 9562 section 5.5. */
export function uuidFromName(namespace: Uint8Array, name: string): Buffer {
  const uuid = createHash("sha1").update(namespace).update(name, "utf8").digest().subarray(0, 16);
  uuid[6] = (uuid[6] & 0x0f) | 0x50;
  uuid[8] = (uuid[8] & 0x3f) | 0x80;
  return Buffer.from(uuid);
}

export function uuidText(uuid: Uint8Array): string {
  return Buffer.from(uuid)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export function keyPair(scalar: Buffer): KeyPair {
  return { scalar, point: p256Point(scalar) };
}

export function keyGenerate(): KeyPair {
  return fromKeyObject(generateKeyPairSync("ec", { namedCurve: "prime256v1" }).privateKey);
}

/** The first octets of SHA-256 over 04 || x || y. */
export function keyId(point: Uint8Array): Buffer {
  return createHash("sha256").update(Buffer.of(4)).update(point).digest().subarray(0, KEY_ID_SIZE);
}

/** These two protect nothing: everyone has them.  A tool that uses one says so. */
export function developmentRoot(): KeyPair {
  return keyFromLabel("kilowasm development root key");
}

export function developmentRelease(): KeyPair {
  return keyFromLabel("kilowasm development release key");
}

export function developmentCertificate(epoch = 1): Buffer {
  return certify(es256Signer(developmentRoot().scalar), developmentRelease().point, epoch);
}

/** The board that the simulator and the emulated boards are. */
export function developmentIdentity(role: number): Identity {
  return {
    root: developmentRoot().point,
    vendor: DEVELOPMENT_VENDOR,
    classId: DEVELOPMENT_CLASS,
    manufacturer: MANUFACTURER_TEST,
    type: IMAGE_TYPES[role],
    hardware: 1,
    role,
    phases: (1 << STACK_VERSION_PRO) | (1 << STACK_VERSION_IP),
    nativeVersion: 0x0001_0000,
    memoryMax: 65_536,
  };
}

function keyFromLabel(label: string): KeyPair {
  return keyPair(createHash("sha256").update(label).digest());
}

/** The root key's word for a release key: COSE_Sign1 over {1: 1, 2: key id, 3: epoch, 4: point}. */
export function certify(root: Signer, point: Uint8Array, epoch: number): Buffer {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > U32_MAX) throw new RangeError(`a key epoch is from 0 to ${U32_MAX}, not ${epoch}`);
  const payload = cborWrite(
    new Map<number, unknown>([
      [1, CERTIFICATE_VERSION],
      [2, keyId(point)],
      [3, epoch],
      [4, Buffer.from(point)],
    ]),
  );
  return coseSign(payload, root);
}

/** Verifies under the root key, or under none when `root` is null. */
export function certificateOpen(octets: Uint8Array, root: Uint8Array | null, offset = 0): ReleaseKey {
  const source: CoseSource = {
    name: "release key's certificate",
    offset,
    sizeMax: CERTIFICATE_MAX,
    malformed: ImageReason.ReleaseKey,
    unsigned: ImageReason.RootSignature,
  };
  const key = certificateRead(coseParse(octets, source).payload, source);
  if (root) coseOpen(octets, root, source);
  return key;
}

function certificateRead(payload: Buffer, source: CoseSource): ReleaseKey {
  const fail = (what: string): never => {
    throw new ImageError(source.offset, `the ${source.name} is malformed: ${what}`, source.malformed);
  };
  let map: unknown;
  try {
    map = cborRead(payload);
  } catch (error) {
    fail((error as Error).message);
  }
  if (!(map instanceof Map) || map.size !== 4) return fail("it is no map of the keys 1 to 4");
  const [version, id, epoch, point] = [1, 2, 3, 4].map((key) => map.get(key));
  if (version !== CERTIFICATE_VERSION) fail(`version ${version} is unknown`);
  if (!(point instanceof Uint8Array) || point.length !== POINT_SIZE) return fail("its public key has not 64 octets");
  if (!(id instanceof Uint8Array) || !keyId(point).equals(id)) return fail("its key id is not its public key's");
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > U32_MAX) fail("its epoch is no number of 32 bits");
  return { id: Buffer.from(id), epoch, point: Buffer.from(point) };
}

/** PKCS #8, as OpenSSL writes it. */
export function privatePem(key: KeyPair): string {
  return createPrivateKey({ key: jwk(key.point, key.scalar), format: "jwk" }).export({ type: "pkcs8", format: "pem" }) as string;
}

/** SubjectPublicKeyInfo. */
export function publicPem(point: Uint8Array): string {
  return createPublicKey({ key: jwk(point), format: "jwk" }).export({ type: "spki", format: "pem" }) as string;
}

export function spki(point: Uint8Array): Buffer {
  return createPublicKey({ key: jwk(point), format: "jwk" }).export({ type: "spki", format: "der" });
}

/** Ecdsa-Sig-Value (RFC 3279 section 2.2.3) of r || s. */
export function derFromSignature(signature: Uint8Array): Buffer {
  return Buffer.from(p256.Signature.fromCompact(signature).toDERRawBytes());
}

/** r || s of an Ecdsa-Sig-Value; undefined when it is none. */
export function signatureFromDer(der: Uint8Array): Buffer | undefined {
  try {
    return Buffer.from(p256.Signature.fromDER(der).toCompactRawBytes());
  } catch {
    return undefined;
  }
}

/** Reads PKCS #8 and SEC 1; throws an `Error` whose message is a clause. */
export function privateFromPem(pem: string | Buffer): KeyPair {
  let object: KeyObject;
  try {
    object = createPrivateKey(pem);
  } catch (error) {
    const locked = /pass|decrypt|interrupt/i.test((error as Error).message);
    throw new Error(locked ? "it is encrypted; decrypt it, or sign with --signer-command" : "it holds no private key in PEM");
  }
  return fromKeyObject(object);
}

/** Takes a public key, or the public half of a private one. */
export function publicFromPem(pem: string | Buffer): Buffer {
  let object: KeyObject;
  try {
    object = createPublicKey(pem);
  } catch {
    throw new Error("it holds no key in PEM");
  }
  expectP256(object);
  const { x, y } = object.export({ format: "jwk" });
  return Buffer.concat([Buffer.from(x as string, "base64url"), Buffer.from(y as string, "base64url")]);
}

function fromKeyObject(object: KeyObject): KeyPair {
  expectP256(object);
  return keyPair(Buffer.from(object.export({ format: "jwk" }).d as string, "base64url"));
}

function expectP256(object: KeyObject): void {
  if (object.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("its key is not on the curve P-256 (prime256v1)");
}

function jwk(point: Uint8Array, scalar?: Uint8Array): { kty: string; crv: string; x: string; y: string; d?: string } {
  const text = (octets: Uint8Array): string => Buffer.from(octets).toString("base64url");
  const key = { kty: "EC", crv: "P-256", x: text(point.subarray(0, 32)), y: text(point.subarray(32)) };
  return scalar ? { ...key, d: text(scalar) } : key;
}
