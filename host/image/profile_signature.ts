// The signature of the Smart Energy profile on an OTA file: ZCL section 11.7.1, with either suite.
//
//   suite 1 | 0x0002: certificate 48 | 0x0001: signer 8, r 21, s 21 |          signer: IEEE address, least significant octet first
//   suite 2 | 0x0006: certificate 74 | 0x0005: signer 8, r 36, s 36 |
//
// ECDSA over the AES-MMO hash of the file from its first octet to the signer's last: only r and s are outside.  The public key
// comes from the certificate and its issuer's key.  The tags of the table are the specification's; stacks have been published
// with 0x0001 and 0x0002 the other way round, and what they sign is refused: the sizes of the elements tell.
//
// No trust rests on this signature alone: anyone whom an authority gave a certificate can make one, hence the list of signers.

import { ImageReason } from "../abi.ts";
import { SUITE_CURVES, type Suite } from "../crypto/ca.ts";
import { Ecdsa } from "../crypto/ecdsa.ts";
import { hashMmo } from "../crypto/mmo.ts";
import { ImageError } from "./image_error.ts";
import { integrityFill } from "./integrity.ts";
import { ELEMENT_HEAD, type OtaElementAt, OtaTag } from "./ota_elements.ts";
import { otaRead, otaWrite } from "./ota_file.ts";

const ADDRESS = 8;

interface SuiteLayout {
  signature: number;
  certificate: number;
  /** Of the certificate, and offsets within it. */
  size: number;
  subject: number;
  issuer: number;
  reconstruction: number;
}

const LAYOUTS: Record<Suite, SuiteLayout> = {
  1: { signature: OtaTag.Signature1, certificate: OtaTag.Certificate1, size: 48, subject: 22, issuer: 30, reconstruction: 0 },
  2: { signature: OtaTag.Signature2, certificate: OtaTag.Certificate2, size: 74, subject: 28, issuer: 11, reconstruction: 37 },
};

const TYPE_IMPLICIT = 0; // suite 2, SE annex C.4.2: what the certificate says of itself
const CURVE_SECT283K1 = 13;
const HASH_AES_MMO = 8;
const USAGE_SIGNATURE = 0x80;
const VALID_FROM = 19;
const VALID_FOR = 24;
const USAGE = 36;
const FOR_EVER = 0xffff_ffff;

/** Whose certificates are believed. */
export interface ProfileAuthority {
  suite: Suite;
  /** Eight octets, as certificates carry them. */
  issuer: Uint8Array;
  /** Compressed. */
  publicKey: Uint8Array;
}

/**
 * The authorities of the profile's worked examples, Smart Energy annexes C.5 and C.6.  Their private keys are public, so what
 * they sign proves that signatures are checked, and nothing about a file.
 */
export const TEST_AUTHORITIES: ProfileAuthority[] = [
  { suite: 1, issuer: Buffer.from("TESTSECA"), publicKey: Buffer.from("0200fde8a7f3d1084224962a4e7c54e69ac3f04da6b8", "hex") },
  {
    suite: 2,
    issuer: Buffer.from("1112131415161718", "hex"),
    publicKey: Buffer.from("0207a445022d9f39f49bdc38380026a27a9e0a1799313ab28c5c1a1c6b605154db1dff6752", "hex"),
  },
];

export interface ProfileTrust {
  authorities: readonly ProfileAuthority[];
  /** Addresses that may sign; null where the question is only whether the signature holds. */
  signers: readonly bigint[] | null;
  /** Seconds since 1970, where a certificate's time matters. */
  now?: number;
  /** Replaces the hash of what is signed, for a caller that has hashed its beginning before. */
  hash?: (octets: Buffer) => Buffer;
}

export interface ProfileSigned {
  suite: Suite;
  signer: bigint;
  /** Eight octets, as in the certificate. */
  issuer: Buffer;
  certificate: OtaElementAt;
  signature: OtaElementAt;
  /** Octets from the file's start that are signed. */
  covered: number;
}

/** Who is to have signed a file, without proof; undefined where it has no signature.  The elements are those of `otaRead`. */
export function profileSigned(elements: readonly OtaElementAt[]): ProfileSigned | undefined {
  for (const suite of [1, 2] as const) {
    const layout = LAYOUTS[suite];
    const signature = elements.find(({ tag }) => tag === layout.signature);
    const certificate = elements.find(({ tag }) => tag === layout.certificate);
    if (!signature || !certificate) continue;
    return {
      suite,
      signer: signature.data.readBigUInt64LE(0),
      issuer: certificate.data.subarray(layout.issuer, layout.issuer + ADDRESS),
      certificate,
      signature,
      covered: signature.offset + ELEMENT_HEAD + ADDRESS,
    };
  }
  return undefined;
}

let opened: Promise<Ecdsa> | undefined;

function curves(): Promise<Ecdsa> {
  opened ??= Ecdsa.open();
  return opened;
}

/** Proves the profile's signature of a file; throws `ImageError` where there is none or it does not hold. */
export async function profileVerify(file: Buffer, trust: ProfileTrust): Promise<ProfileSigned> {
  const ecdsa = await curves();
  const { elements, totalSize } = otaRead(file);
  const signed = profileSigned(elements);
  if (!signed) throw new ImageError(totalSize, "the file carries no signature of the profile (ZCL 11.7.1)", ImageReason.Signatures);
  const authority = checkCertificate(signed, trust);
  const { suite, certificate, signature, covered } = signed;
  const { octets } = SUITE_CURVES[suite];
  const at = LAYOUTS[suite].reconstruction;
  const point = certificate.data.subarray(at, at + octets + 1);
  const publicKey = ecdsa.reconstruct(suite, certificate.data, point, authority.publicKey);
  if (!publicKey) refuse(certificate.offset + ELEMENT_HEAD + at, "the certificate's point and its issuer's key give no public key (SEC 4)");
  const digest = (trust.hash ?? hashMmo)(file.subarray(0, covered));
  const r = signature.data.subarray(ADDRESS, ADDRESS + octets);
  const s = signature.data.subarray(ADDRESS + octets);
  if (!ecdsa.verify(suite, publicKey, digest, { r, s })) {
    refuse(covered, "the signature does not hold: another key signed, or the file was changed (ZCL 11.7.1)");
  }
  return signed;
}

/** Everything about certificate and signer that needs no curve; answers the authority. */
function checkCertificate({ suite, signer, issuer, certificate, signature }: ProfileSigned, trust: ProfileTrust): ProfileAuthority {
  const layout = LAYOUTS[suite];
  const at = certificate.offset + ELEMENT_HEAD;
  if (suite === 2) checkSuite2(certificate.data, at, trust.now);
  const subject = certificate.data.readBigUInt64BE(layout.subject);
  if (subject !== signer) {
    refuse(at + layout.subject, `the certificate is ${address(subject)}'s, and the signer is ${address(signer)} (ZCL 11.7.1)`);
  }
  const authority = trust.authorities.find((each) => each.suite === suite && issuer.equals(each.issuer));
  if (!authority) {
    refuse(
      at + layout.issuer,
      `the certificate's issuer ${issuer.toString("hex")} is no authority of suite ${suite} that is believed here`,
    );
  }
  if (trust.signers && !trust.signers.includes(signer)) {
    refuse(signature.offset + ELEMENT_HEAD, `the signer ${address(signer)} is not in the list of those who may sign`);
  }
  return authority;
}

function checkSuite2(certificate: Buffer, at: number, now: number | undefined): void {
  const fixed: [number, number, string][] = [
    [0, TYPE_IMPLICIT, "type"],
    [9, CURVE_SECT283K1, "curve"],
    [10, HASH_AES_MMO, "hash"],
  ];
  for (const [offset, wanted, name] of fixed) {
    const found = certificate[offset];
    if (found !== wanted) refuse(at + offset, `the ${name} of a certificate of suite 2 is ${wanted}, and this one's is ${found}`);
  }
  if (!((certificate[USAGE] as number) & USAGE_SIGNATURE))
    refuse(at + USAGE, "the certificate is not for signatures: bit 7 of its key usage is 0");
  if (now === undefined) return;
  const from = certificate.readUIntBE(VALID_FROM, 5);
  const lasting = certificate.readUInt32BE(VALID_FOR);
  if (now < from) refuse(at + VALID_FROM, "the certificate is not valid yet");
  if (lasting !== FOR_EVER && now > from + lasting) refuse(at + VALID_FOR, "the certificate is no longer valid");
}

function refuse(offset: number, rule: string): never {
  throw new ImageError(offset, rule, ImageReason.Signatures);
}

/** An address as people write it. */
function address(value: bigint): string {
  return value.toString(16).padStart(2 * ADDRESS, "0");
}

export interface ProfileSigner {
  suite: Suite;
  /** An implicit certificate; its subject is the signer. */
  certificate: Uint8Array;
  /** The private key of that certificate, as long as a scalar of the suite. */
  privateKey: Uint8Array;
}

/** A file with the profile's signature as its last elements, in place of one that it had; an integrity code is made anew. */
export async function profileSign(file: Buffer, { suite, certificate, privateKey }: ProfileSigner): Promise<Buffer> {
  const ecdsa = await curves();
  const { header, elements } = otaRead(file);
  const layout = LAYOUTS[suite];
  const { octets } = SUITE_CURVES[suite];
  const size = layout.size;
  if (certificate.length !== size)
    throw new RangeError(`a certificate of suite ${suite} has ${size} octets, and this one ${certificate.length}`);
  const profile = Object.values(LAYOUTS).flatMap((each) => [each.signature, each.certificate]);
  const signature = Buffer.alloc(ADDRESS + 2 * octets);
  const signer = Buffer.from(certificate).readBigUInt64BE(layout.subject);
  signature.writeBigUInt64LE(signer);
  const out = otaWrite(header, [
    ...elements.filter(({ tag }) => !profile.includes(tag)),
    { tag: layout.certificate, data: Buffer.from(certificate) },
    { tag: layout.signature, data: signature },
  ]);
  integrityFill(out);
  const { r, s } = ecdsa.sign(suite, privateKey, hashMmo(out.subarray(0, out.length - 2 * octets)));
  r.copy(out, out.length - 2 * octets);
  s.copy(out, out.length - octets);
  return out;
}
