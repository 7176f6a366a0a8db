// The image file of the GB companion profile: an OTA header with hardware versions and, instead of elements,
//
//   | header 60 | manufacturer image | force replace 1 | 0x40 | signature 64: r, s |
//
// The signature is ECDSA on P-256 with SHA-256 over the manufacturer image alone: neither the header nor the octet of force
// replace is signed.  Nothing in the file tells it from a damaged one of elements, so it is read as this only where a person
// says that it is one; `otaRead` refuses it.

import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { ImageReason } from "../abi.ts";
import { ImageError } from "./image_error.ts";
import { OTA_HEADER_MIN, type OtaHeader, otaReadHeader, otaWriteHeader } from "./ota_header.ts";

const HEADER_SIZE = OTA_HEADER_MIN + 4;
const SIGNATURE_SIZE = 64;
const TAIL = 2 + SIGNATURE_SIZE;

export interface GbFile {
  header: OtaHeader;
  image: Buffer;
  /** Whether a device is to take the image even if it is not newer. */
  forceReplace: boolean;
  signature: Buffer;
}

/** Reads a file as one of the GB profile; throws `ImageError` where it is none.  Proves nothing. */
export function gbRead(file: Buffer): GbFile {
  const { header, headerSize, totalSize } = otaReadHeader(file);
  if (!header.hardware || headerSize !== HEADER_SIZE) {
    throw new ImageError(8, `a file of the GB profile has field control 4 and a header of ${HEADER_SIZE} octets`, ImageReason.HeaderLength);
  }
  if (file.length < totalSize) {
    throw new ImageError(file.length, `the file is truncated: by its header it has ${totalSize} octets`, ImageReason.Truncated);
  }
  if (file.length > totalSize) {
    throw new ImageError(totalSize, `octets trail behind the end: by its header the file has ${totalSize}`, ImageReason.TotalSize);
  }
  const end = file.length - TAIL;
  if (end <= headerSize) {
    throw new ImageError(headerSize, `no manufacturer image stands before the last ${TAIL} octets`, ImageReason.ElementMissing);
  }
  const [force, size] = [file[end] as number, file[end + 1]];
  if (force > 1) throw new ImageError(end, `the octet of force replace is 0 or 1, and here ${force}`, ImageReason.ElementLength);
  if (size !== SIGNATURE_SIZE) {
    throw new ImageError(end + 1, `the length of the signature is ${SIGNATURE_SIZE}, and here ${size}`, ImageReason.Signatures);
  }
  return { header, image: file.subarray(headerSize, end), forceReplace: force === 1, signature: file.subarray(end + 2) };
}

/** Reads a file of the GB profile and proves its signature with the manufacturer's key: a key, or the 64 octets x, y of one. */
export function gbVerify(file: Buffer, key: KeyObject | Uint8Array): GbFile {
  const read = gbRead(file);
  const publicKey = key instanceof Uint8Array ? fromPoint(key) : key;
  if (!verify("sha256", read.image, { key: publicKey, dsaEncoding: "ieee-p1363" }, read.signature)) {
    const rule = "the signature over the manufacturer image does not hold: another key signed, or the image was changed";
    throw new ImageError(file.length - SIGNATURE_SIZE, rule, ImageReason.Signatures);
  }
  return read;
}

/** A file of the GB profile, signed with a private key on P-256. */
export function gbWrite(header: OtaHeader, image: Buffer, forceReplace: boolean, privateKey: KeyObject): Buffer {
  if (!header.hardware || header.credentialVersion !== undefined || header.destination !== undefined) {
    throw new ImageError(
      8,
      "a file of the GB profile names hardware versions, and no other option of the header",
      ImageReason.HeaderLength,
    );
  }
  const signature = sign("sha256", image, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const tail = Buffer.of(forceReplace ? 1 : 0, SIGNATURE_SIZE);
  return Buffer.concat([otaWriteHeader(header, image.length + TAIL), image, tail, signature]);
}

function fromPoint(point: Uint8Array): KeyObject {
  if (point.length !== 64) throw new RangeError(`a public key on P-256 has 64 octets, x and y, and this one ${point.length}`);
  const text = (from: number): string => Buffer.from(point.subarray(from, from + 32)).toString("base64url");
  return createPublicKey({ key: { kty: "EC", crv: "P-256", x: text(0), y: text(32) }, format: "jwk" });
}
