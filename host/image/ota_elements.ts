// The elements of a ZigBee OTA file: ZCL section 11.4.3 (sub-elements), and 11.7.1 for the order of signatures.
//
//   | tag 2 | length 4 | data | tag 2 | length 4 | data | ...          the length counts the data alone
//
// A length is compared with what the file has before it is used; nothing is allocated by it, data are views of the file.

import { ImageReason } from "../abi.ts";
import { ImageError } from "./image_error.ts";
import { hex } from "./ota_header.ts";

export const OtaTag = {
  Image: 0x0000,
  Signature1: 0x0001,
  Certificate1: 0x0002,
  Integrity: 0x0003,
  Picture: 0x0004,
  Signature2: 0x0005,
  Certificate2: 0x0006,
  /** The first of the manufacturer's own. */
  Manufacturer: 0xf000,
} as const;

export const ELEMENT_HEAD = 6;
/** Far more than any file has: a file of nothing but empty elements must not fill the memory. */
const ELEMENTS_MAX = 4096;

/** Elements of the profile that have one size. */
const SIZES: Record<number, number> = {
  [OtaTag.Signature1]: 8 + 2 * 21,
  [OtaTag.Certificate1]: 48,
  [OtaTag.Integrity]: 16,
  [OtaTag.Signature2]: 8 + 2 * 36,
  [OtaTag.Certificate2]: 74,
};

/** Of the image, the integrity code, and each signature and certificate a file has one. */
const ONCE: ReadonlySet<number> = new Set([OtaTag.Image, ...Object.keys(SIZES).map(Number)]);

export interface OtaElement {
  tag: number;
  data: Buffer;
}

/** An element and where its tag stands in the file; its data begin 6 octets further. */
export type OtaElementAt = OtaElement & { offset: number };

/** The octets of an element. */
export function writeElement({ tag, data }: OtaElement): Buffer {
  if (!Number.isInteger(tag) || tag < 0 || tag > 0xffff) throw new RangeError(`an element's tag has 16 bits, and this is ${tag}`);
  const head = Buffer.alloc(ELEMENT_HEAD);
  head.writeUInt16LE(tag, 0);
  head.writeUInt32LE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** The elements from `start` to the file's end, which must be the last one's. */
export function readElements(file: Buffer, start: number): OtaElementAt[] {
  const elements: OtaElementAt[] = [];
  const seen = new Set<number>();
  let at = start;
  while (at < file.length) {
    if (elements.length === ELEMENTS_MAX) {
      throw new ImageError(at, `no file has more than ${ELEMENTS_MAX} elements, and here more follow`, ImageReason.ElementLength);
    }
    if (file.length - at < ELEMENT_HEAD) {
      throw new ImageError(
        at,
        `${file.length - at} octets stand behind the last element, too few for a tag and a length (ZCL 11.4.3)`,
        ImageReason.ElementLength,
      );
    }
    const element = { tag: file.readUInt16LE(at), offset: at };
    const length = file.readUInt32LE(at + 2);
    const have = file.length - at - ELEMENT_HEAD;
    if (length > have) {
      throw new ImageError(
        at + 2,
        `the element ${hex(element.tag, 4)} claims ${length} octets, and ${have} are left in the file (ZCL 11.4.3)`,
        ImageReason.ElementLength,
      );
    }
    if (ONCE.has(element.tag) && seen.has(element.tag)) throw twice(element.tag, at);
    seen.add(element.tag);
    const wanted = SIZES[element.tag];
    if (wanted !== undefined && length !== wanted) throw wrongSize(element.tag, at, length, wanted);
    elements.push({ ...element, data: file.subarray(at + ELEMENT_HEAD, at + ELEMENT_HEAD + length) });
    at += ELEMENT_HEAD + length;
  }
  return elements;
}

function wrongSize(tag: number, at: number, length: number, wanted: number): ImageError {
  const other = tag === OtaTag.Signature1 ? OtaTag.Certificate1 : OtaTag.Signature1;
  const swapped = (tag === OtaTag.Signature1 || tag === OtaTag.Certificate1) && length === SIZES[other];
  const more = swapped ? `, the size of ${hex(other, 4)}: the tags of signature and certificate are swapped` : "";
  const rule = `the element ${hex(tag, 4)} has ${wanted} octets (ZCL 11.4.3), and this one ${length}${more}`;
  return new ImageError(at + 2, rule, swapped ? ImageReason.Signatures : ImageReason.ElementLength);
}

function twice(tag: number, at: number): ImageError {
  const reason = tag === OtaTag.Image || tag === OtaTag.Integrity ? ImageReason.ElementTwice : ImageReason.Signatures;
  return new ImageError(at, `the element ${hex(tag, 4)} is there a second time`, reason);
}

/** A file without an image is none; that there are not two is seen while the elements are read. */
export function checkImage(elements: OtaElementAt[], headerSize: number): void {
  if (elements.length === 0) {
    throw new ImageError(headerSize, "no element follows the header; a file has an image, 0x0000 (ZCL 11.4.3)", ImageReason.ElementMissing);
  }
  if (!elements.some(({ tag }) => tag === OtaTag.Image)) {
    const tags = elements
      .slice(0, 8)
      .map(({ tag }) => hex(tag, 4))
      .join(" ");
    throw new ImageError(
      headerSize,
      `there is no image, 0x0000; the elements are ${tags}${elements.length > 8 ? " ..." : ""}`,
      ImageReason.ElementMissing,
    );
  }
}

const SUITES: readonly (readonly [number, number])[] = [
  [OtaTag.Signature1, OtaTag.Certificate1],
  [OtaTag.Signature2, OtaTag.Certificate2],
];

/** One suite or none; then both its elements, behind the image, the signature as the last element of the file. */
export function checkSignatures(elements: OtaElementAt[]): void {
  const at = (wanted: number): OtaElementAt | undefined => elements.find(({ tag }) => tag === wanted);
  const [found, second] = SUITES.filter((tags) => tags.some(at));
  if (!found) return;
  if (second) {
    const other = elements.find(({ tag }) => second.includes(tag)) as OtaElementAt;
    unsigned(other, "a file is signed with one suite, and this one has elements of both");
  }
  const [signature, certificate] = [at(found[0]), at(found[1])];
  if (!signature) unsigned(certificate as OtaElementAt, `a certificate of a signer is there without a signature, ${hex(found[0], 4)}`);
  if (!certificate) unsigned(signature, `a signature is there without its signer's certificate, ${hex(found[1], 4)}`);
  if (signature !== elements.at(-1)) unsigned(signature, "the signature is the last element of a file, and here others follow it");
  if (certificate.offset < (at(OtaTag.Image) as OtaElementAt).offset) {
    unsigned(certificate, "the signer's certificate stands behind the image, and here before it");
  }
}

function unsigned(element: OtaElementAt, rule: string): never {
  throw new ImageError(element.offset, `${rule} (ZCL 11.7.1)`, ImageReason.Signatures);
}
