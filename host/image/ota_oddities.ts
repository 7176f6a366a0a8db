// What an odd OTA file looks like, in words: for people who ask why a file is refused.  Nothing here is used to read a file.

import { ImageReason } from "../abi.ts";
import type { ImageError } from "./image_error.ts";
import { ELEMENT_HEAD, type OtaElementAt, OtaTag } from "./ota_elements.ts";
import { hex, OTA_IDENTIFIER, type OtaHeader, type OtaHeaderRead, otaReadHeader } from "./ota_header.ts";

/** What is looked at of a refused file; one with more is damaged, and a list of all would help nobody. */
const ELEMENTS_MAX = 64;
const STACK_VERSION_MAX = 3;
/** Where a header might be, looked for in a wrapped file. */
const IDENTIFIERS_MAX = 256;

interface Described {
  kind: string;
  remarks: string[];
  header?: OtaHeader;
  elements: OtaElementAt[];
}

/** What a whole file has that few files have. */
export function remarkWhole(file: { header: OtaHeader; elements: OtaElementAt[] }): string[] {
  const remarks = remarkHeader(file.header);
  for (const { tag, offset, data } of file.elements) {
    if (tag === OtaTag.Image && data.length === 0) remarks.push("its image is empty");
    if (tag > OtaTag.Certificate2 && tag < OtaTag.Manufacturer) remarks.push(`the tag ${hex(tag, 4)} at octet ${offset} is reserved`);
  }
  return remarks;
}

function remarkHeader(header: OtaHeader): string[] {
  const remarks: string[] = [];
  const { hardware, stackVersion, stringOctets } = header;
  if (hardware && hardware.minimum > hardware.maximum) remarks.push("its hardware range is empty: the minimum is above the maximum");
  if (stackVersion > STACK_VERSION_MAX) remarks.push(`the stack version ${hex(stackVersion, 4)} is reserved`);
  if (stringOctets) remarks.push("its header string is not UTF-8, or something stands behind its end");
  return remarks;
}

/** A refused file in a few words, and what more can be said. */
export function describeRefused(file: Buffer, error: ImageError): Described {
  const read = headerOf(file);
  if (!read) return { ...describeHead(file, error), elements: [] };
  const elements = elementsAsFar(file, read.headerSize, ELEMENT_HEAD);
  const { kind, remarks } = describeBody(file, error, read, elements);
  return { kind, remarks, header: read.header, elements };
}

function headerOf(file: Buffer): OtaHeaderRead | undefined {
  try {
    return otaReadHeader(file);
  } catch {
    return undefined;
  }
}

/** A file whose header cannot be read. */
function describeHead(file: Buffer, error: ImageError): { kind: string; remarks: string[] } {
  if (file.length === 0) return { kind: "empty", remarks: [] };
  if (error.reason === ImageReason.Truncated) return { kind: "truncated", remarks: [] };
  if (error.reason !== ImageReason.Identifier) return { kind: "bad header", remarks: [] };
  const inner = findHeader(file, 1);
  if (inner !== undefined) {
    const total = (headerOf(file.subarray(inner)) as OtaHeaderRead).totalSize;
    const behind = file.length - inner - total;
    const ends = behind < 0 ? `${-behind} of its octets are missing` : `${behind} octets stand behind it`;
    return { kind: "wrapped", remarks: [`behind a wrapper of ${inner} octets a header stands, of a file of ${total} octets; ${ends}`] };
  }
  if (file.readUInt32BE(0) === OTA_IDENTIFIER) return { kind: "not an OTA file", remarks: ["its identifier has the other octet order"] };
  const known = formatOf(file);
  return { kind: "not an OTA file", remarks: known ? [`it begins like ${known}`] : [] };
}

/** What firmware is kept in, by its first octets. */
const FORMATS: readonly (readonly [string, string])[] = [
  ["0061736d", "a WebAssembly module"],
  ["1f8b", "a gzip file"],
  ["3db8f396", "an MCUboot image"],
  ["3c", "a page of the web (HTML or XML)"],
  ["504b0304", "a ZIP archive"],
  ["76657273696f6e2068747470733a2f2f6769742d6c6673", "a pointer of git-lfs: the file itself was not fetched"],
  ["7b", "a JSON text"],
  ["7f454c46", "an ELF file"],
  ["eb17a603", "a GBL file"],
];

function formatOf(octets: Buffer): string | undefined {
  return FORMATS.find(([magic]) => octets.subarray(0, magic.length / 2).toString("hex") === magic)?.[1];
}

/** Where a header stands that can be read, from `from` on. */
function findHeader(file: Buffer, from: number): number | undefined {
  const identifier = Buffer.alloc(4);
  identifier.writeUInt32LE(OTA_IDENTIFIER);
  let at = file.indexOf(identifier, from);
  for (let tries = 0; at >= 0 && tries < IDENTIFIERS_MAX; tries++) {
    if (headerOf(file.subarray(at))) return at;
    at = file.indexOf(identifier, at + 1);
  }
  return undefined;
}

/** A file whose header is good. */
function describeBody(file: Buffer, error: ImageError, read: OtaHeaderRead, elements: OtaElementAt[]): { kind: string; remarks: string[] } {
  const remarks = remarkHeader(read.header);
  const end = endOf(elements, read.headerSize);
  const fits = elements.length > 0 && end === file.length;
  switch (error.reason) {
    case ImageReason.Truncated:
      if (fits) return { kind: "wrong total size", remarks: [...remarks, "the elements end where the file ends"] };
      return { kind: "truncated", remarks: [...remarks, ...remarkCut(file, end)] };
    case ImageReason.TotalSize:
      if (fits) return { kind: "wrong total size", remarks: [...remarks, "the elements end where the file ends"] };
      return { kind: "trailing octets", remarks: [...remarks, remarkTrailing(file.subarray(read.totalSize))] };
    case ImageReason.ElementLength:
      return describeElements(file, error, read, elements, remarks);
    case ImageReason.ElementMissing:
      return { kind: elements.length === 0 ? "no elements" : "no image element", remarks };
    case ImageReason.ElementTwice:
      if (isFilling(file.subarray(error.offset))) return behind(file, error.offset, remarks);
      return { kind: file.readUInt16LE(error.offset) === OtaTag.Image ? "two image elements" : "an element twice", remarks };
    default:
      return { kind: "bad signature elements", remarks };
  }
}

function describeElements(
  file: Buffer,
  error: ImageError,
  read: OtaHeaderRead,
  elements: OtaElementAt[],
  remarks: string[],
): { kind: string; remarks: string[] } {
  const wide = elementsAsFar(file, read.headerSize, ELEMENT_HEAD + 2);
  if (wide.length > 0 && endOf(wide, read.headerSize, ELEMENT_HEAD + 2) === file.length) {
    const tags = wide.map(({ tag }) => hex(tag, 4)).join(" ");
    remarks.push(`with element headers of 8 octets, as a vendor writes them, the elements fill the file: ${tags}`);
    return { kind: "8-octet element header", remarks };
  }
  const end = endOf(elements, read.headerSize);
  if (error.offset < end) return { kind: "bad element length", remarks };
  // A tag that nobody gives, with a length that cannot be: more likely no element at all.
  const tag = end + ELEMENT_HEAD <= file.length ? file.readUInt16LE(end) : undefined;
  const isElement = tag !== undefined && (tag <= OtaTag.Certificate2 || tag >= OtaTag.Manufacturer);
  if (!isElement || isFilling(file.subarray(end))) {
    return elements.length === 0 ? noElements(file, end, remarks) : behind(file, end, remarks);
  }
  const length = file.readUInt32LE(end + 2);
  const counted = COUNTED.find(([, more]) => length === file.length - end - ELEMENT_HEAD + more(end));
  if (counted) remarks.push(`the length seems to count ${counted[0]} as well`);
  return { kind: "bad element length", remarks };
}

/** What vendors have counted into an element's length besides its data. */
const COUNTED: readonly (readonly [string, (end: number) => number])[] = [
  ["the element's tag and length", () => ELEMENT_HEAD],
  ["all that stands before its data", (end) => end + ELEMENT_HEAD],
];

function noElements(file: Buffer, at: number, remarks: string[]): { kind: string; remarks: string[] } {
  const body = file.subarray(at);
  const known = formatOf(body);
  const like = known ? `it begins like ${known}` : remarkTrailing(body);
  return { kind: "no elements", remarks: [...remarks, `what stands behind the header is no element: ${body.length} octets; ${like}`] };
}

function behind(file: Buffer, at: number, remarks: string[]): { kind: string; remarks: string[] } {
  const rest = file.subarray(at);
  return {
    kind: "data behind the last element",
    remarks: [...remarks, `${rest.length} octets from octet ${at} on; ${remarkTrailing(rest)}`],
  };
}

/** Whether octets are what flash or a file is filled up with. */
function isFilling(octets: Buffer): boolean {
  return (octets[0] === 0 || octets[0] === 0xff) && octets.every((octet) => octet === octets[0]);
}

/** The element in which a truncated file ends. */
function remarkCut(file: Buffer, at: number): string[] {
  if (at + ELEMENT_HEAD > file.length)
    return [at < file.length ? `it ends within the element header at octet ${at}` : "it ends between elements"];
  const length = file.readUInt32LE(at + 2);
  return [
    `it ends within the element ${hex(file.readUInt16LE(at), 4)} at octet ${at}: ${file.length - at - ELEMENT_HEAD} of ${length} octets are there`,
  ];
}

function remarkTrailing(octets: Buffer): string {
  if (headerOf(octets)) return "there another header begins";
  const first = octets[0] as number;
  if (octets.every((octet) => octet === first)) return `all of them are ${hex(first, 2)}`;
  return `they begin with ${octets.subarray(0, 8).toString("hex")}`;
}

/** Elements one after the other until one does not fit; `head` octets before each one's data. */
function elementsAsFar(file: Buffer, start: number, head: number): OtaElementAt[] {
  const elements: OtaElementAt[] = [];
  let at = start;
  while (at + head <= file.length && elements.length < ELEMENTS_MAX) {
    const length = file.readUInt32LE(at + 2);
    if (length > file.length - at - head) break;
    elements.push({ tag: file.readUInt16LE(at), offset: at, data: file.subarray(at + head, at + head + length) });
    at += head + length;
  }
  return elements;
}

function endOf(elements: OtaElementAt[], start: number, head = ELEMENT_HEAD): number {
  const last = elements.at(-1);
  return last ? last.offset + head + last.data.length : start;
}
