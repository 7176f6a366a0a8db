// The image integrity code, element 0x0003: AES-MMO over what stands before it (ZCL section 11.4.3).
//
// Of the files in the field, some hash everything before the element, as ours do, and some its tag and length as well; some
// hold a code that is neither.  It finds a broken transfer.  It authenticates nothing: whoever changes a file can make a new one.

import { ImageReason } from "../abi.ts";
import { MmoHash } from "../crypto/mmo.ts";
import { ImageError } from "./image_error.ts";
import { ELEMENT_HEAD, type OtaElementAt, OtaTag } from "./ota_elements.ts";
import { otaRead, otaWrite } from "./ota_file.ts";

const CODE_SIZE = 16;

/** What the code was found to be taken over. */
export type IntegrityMatch = "before the element" | "before the element's data" | "neither";

/** Which variant the code of a file matches; undefined where the file has none. */
export function integrityMatch(file: Buffer, elements: readonly OtaElementAt[]): IntegrityMatch | undefined {
  const element = elements.find(({ tag }) => tag === OtaTag.Integrity);
  if (!element) return undefined;
  const hash = new MmoHash().update(file.subarray(0, element.offset));
  if (hash.digest().equals(element.data)) return "before the element";
  hash.update(file.subarray(element.offset, element.offset + ELEMENT_HEAD));
  return hash.digest().equals(element.data) ? "before the element's data" : "neither";
}

/** The same, where a code that fits nothing is a fault. */
export function integrityCheck(file: Buffer, elements: readonly OtaElementAt[]): IntegrityMatch | undefined {
  const match = integrityMatch(file, elements);
  if (match !== "neither") return match;
  const at = elements.find(({ tag }) => tag === OtaTag.Integrity)?.offset ?? 0;
  throw new ImageError(at, "the integrity code is not the hash of what stands before it", ImageReason.PayloadDigest);
}

/** A file with an integrity code behind its elements, before it is signed; a code that it has already is made anew. */
export function integrityAdd(file: Buffer): Buffer {
  const { header, elements } = otaRead(file);
  const rest = elements.filter(({ tag }) => tag !== OtaTag.Integrity);
  return integrityFill(otaWrite(header, [...rest, { tag: OtaTag.Integrity, data: Buffer.alloc(CODE_SIZE) }]));
}

/** Writes the code into the element of a file that has one, in place, and answers the file. */
export function integrityFill(file: Buffer): Buffer {
  const element = otaRead(file).elements.find(({ tag }) => tag === OtaTag.Integrity);
  if (element) new MmoHash().update(file.subarray(0, element.offset)).digest().copy(element.data);
  return file;
}
