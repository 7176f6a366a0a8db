// The header of a ZigBee OTA file: ZCL section 11.4.2 (095264), little-endian.
//
//   | identifier 4 | header version 2 | header length 2 | field control 2 | manufacturer 2 | image type 2 | file version 4 |
//   0              4                  6                 8                 10               12             14
//   | stack version 2 | header string 32 | total size 4 | credential version 1? | destination 8? | hardware 2 + 2? |
//   18                20                 52             56

import { ImageReason } from "../abi.ts";
import { ImageError } from "./image_error.ts";

export const OTA_IDENTIFIER = 0x0beef11e;
export const OTA_HEADER_MIN = 56;
const HEADER_VERSION = 0x0100;

const AT_HEADER_VERSION = 4;
const AT_HEADER_LENGTH = 6;
const AT_FIELD_CONTROL = 8;
const AT_MANUFACTURER = 10;
const AT_IMAGE_TYPE = 12;
const AT_FILE_VERSION = 14;
const AT_STACK_VERSION = 18;
const AT_STRING = 20;
const STRING_SIZE = 32;
export const AT_TOTAL_SIZE = 52;

const FIELD_CREDENTIAL = 1;
const FIELD_DESTINATION = 2;
const FIELD_HARDWARE = 4;

export interface OtaHeader {
  manufacturer: number;
  imageType: number;
  fileVersion: number;
  stackVersion: number;
  /** What stands before the first NUL: UTF-8, or ISO 8859-1 where it is not UTF-8. */
  headerString: string;
  credentialVersion?: number;
  destination?: bigint;
  hardware?: { minimum: number; maximum: number };
  /** All 32 octets of the string, only where `headerString` and zeros behind it would not give them back. */
  stringOctets?: Buffer;
}

export interface OtaHeaderRead {
  header: OtaHeader;
  headerSize: number;
  totalSize: number;
}

/** The octets of options that a field control announces. */
function optionsSize(control: number): number {
  return (control & FIELD_CREDENTIAL ? 1 : 0) + (control & FIELD_DESTINATION ? 8 : 0) + (control & FIELD_HARDWARE ? 4 : 0);
}

/** Reads the header at the file's start; throws `ImageError` for every octet that is not as it must be. */
export function otaReadHeader(file: Buffer): OtaHeaderRead {
  checkIdentifier(file);
  if (file.length < OTA_HEADER_MIN) {
    throw new ImageError(
      file.length,
      `a header has at least ${OTA_HEADER_MIN} octets, and the file ends after ${file.length}`,
      ImageReason.Truncated,
    );
  }
  const version = file.readUInt16LE(AT_HEADER_VERSION);
  if (version !== HEADER_VERSION) {
    throw new ImageError(
      AT_HEADER_VERSION,
      `the header version is 0x0100 (ZCL 11.4.2), and here ${hex(version, 4)}`,
      ImageReason.HeaderVersion,
    );
  }
  const headerSize = checkLength(file);
  const control = file.readUInt16LE(AT_FIELD_CONTROL);
  const header: OtaHeader = {
    manufacturer: file.readUInt16LE(AT_MANUFACTURER),
    imageType: file.readUInt16LE(AT_IMAGE_TYPE),
    fileVersion: file.readUInt32LE(AT_FILE_VERSION),
    stackVersion: file.readUInt16LE(AT_STACK_VERSION),
    ...readString(file.subarray(AT_STRING, AT_STRING + STRING_SIZE)),
  };
  let at = OTA_HEADER_MIN;
  if (control & FIELD_CREDENTIAL) header.credentialVersion = file.readUInt8(at++);
  if (control & FIELD_DESTINATION) {
    header.destination = file.readBigUInt64LE(at);
    at += 8;
  }
  if (control & FIELD_HARDWARE) header.hardware = { minimum: file.readUInt16LE(at), maximum: file.readUInt16LE(at + 2) };
  return { header, headerSize, totalSize: checkTotal(file, headerSize) };
}

function checkIdentifier(file: Buffer): void {
  if (file.length === 0) throw new ImageError(0, "the file is empty", ImageReason.Truncated);
  if (file.length < 4) {
    throw new ImageError(file.length, `the identifier has 4 octets, and the file ends after ${file.length}`, ImageReason.Truncated);
  }
  if (file.readUInt32LE(0) !== OTA_IDENTIFIER) {
    throw new ImageError(
      0,
      `a file begins with 1e f1 ee 0b, the identifier 0x0BEEF11E (ZCL 11.4.2), and this one with ${spaced(file.subarray(0, 4))}`,
      ImageReason.Identifier,
    );
  }
}

/** The header's length, which must be what the field control announces; the file must hold it. */
function checkLength(file: Buffer): number {
  const control = file.readUInt16LE(AT_FIELD_CONTROL);
  if (control & ~(FIELD_CREDENTIAL | FIELD_DESTINATION | FIELD_HARDWARE)) {
    throw new ImageError(
      AT_FIELD_CONTROL,
      `bits 3 to 15 of the field control are reserved (ZCL 11.4.2), and it is ${hex(control, 4)}`,
      ImageReason.HeaderLength,
    );
  }
  const length = file.readUInt16LE(AT_HEADER_LENGTH);
  const wanted = OTA_HEADER_MIN + optionsSize(control);
  if (length !== wanted) {
    throw new ImageError(
      AT_HEADER_LENGTH,
      `a header with field control ${hex(control, 4)} has ${wanted} octets (ZCL 11.4.2), and this one claims ${length}`,
      ImageReason.HeaderLength,
    );
  }
  if (file.length < length) {
    throw new ImageError(file.length, `the header has ${length} octets, and the file ends after ${file.length}`, ImageReason.Truncated);
  }
  return length;
}

function checkTotal(file: Buffer, headerSize: number): number {
  const total = file.readUInt32LE(AT_TOTAL_SIZE);
  if (total < headerSize) {
    throw new ImageError(
      AT_TOTAL_SIZE,
      `the total size counts the header of ${headerSize} octets (ZCL 11.4.2), and it is ${total}`,
      ImageReason.TotalSize,
    );
  }
  return total;
}

function readString(octets: Buffer): { headerString: string; stringOctets?: Buffer } {
  const end = octets.indexOf(0);
  const text = end < 0 ? octets : octets.subarray(0, end);
  const utf8 = text.toString("utf8");
  const isUtf8 = Buffer.from(utf8, "utf8").equals(text);
  const headerString = isUtf8 ? utf8 : text.toString("latin1");
  const again = Buffer.alloc(STRING_SIZE);
  again.write(headerString, "utf8");
  return again.equals(octets) ? { headerString } : { headerString, stringOctets: Buffer.from(octets) };
}

/** The octets of a header; `elementsSize` is what follows it. */
export function otaWriteHeader(header: OtaHeader, elementsSize: number): Buffer {
  const control =
    (header.credentialVersion === undefined ? 0 : FIELD_CREDENTIAL) |
    (header.destination === undefined ? 0 : FIELD_DESTINATION) |
    (header.hardware === undefined ? 0 : FIELD_HARDWARE);
  const out = Buffer.alloc(OTA_HEADER_MIN + optionsSize(control));
  out.writeUInt32LE(OTA_IDENTIFIER, 0);
  out.writeUInt16LE(HEADER_VERSION, AT_HEADER_VERSION);
  out.writeUInt16LE(out.length, AT_HEADER_LENGTH);
  out.writeUInt16LE(control, AT_FIELD_CONTROL);
  out.writeUInt16LE(fits(header.manufacturer, 0xffff, AT_MANUFACTURER, "manufacturer code"), AT_MANUFACTURER);
  out.writeUInt16LE(fits(header.imageType, 0xffff, AT_IMAGE_TYPE, "image type"), AT_IMAGE_TYPE);
  out.writeUInt32LE(fits(header.fileVersion, 0xffff_ffff, AT_FILE_VERSION, "file version"), AT_FILE_VERSION);
  out.writeUInt16LE(fits(header.stackVersion, 0xffff, AT_STACK_VERSION, "stack version"), AT_STACK_VERSION);
  stringOctets(header).copy(out, AT_STRING);
  out.writeUInt32LE(fits(out.length + elementsSize, 0xffff_ffff, AT_TOTAL_SIZE, "total size"), AT_TOTAL_SIZE);
  let at = OTA_HEADER_MIN;
  if (header.credentialVersion !== undefined) out.writeUInt8(fits(header.credentialVersion, 0xff, at, "credential version"), at++);
  if (header.destination !== undefined) {
    if (header.destination !== BigInt.asUintN(64, header.destination)) {
      throw new ImageError(at, "the destination is an address of 64 bits", ImageReason.Destination);
    }
    out.writeBigUInt64LE(header.destination, at);
    at += 8;
  }
  if (header.hardware) {
    out.writeUInt16LE(fits(header.hardware.minimum, 0xffff, at, "minimum hardware version"), at);
    out.writeUInt16LE(fits(header.hardware.maximum, 0xffff, at + 2, "maximum hardware version"), at + 2);
    if (header.hardware.minimum > header.hardware.maximum) {
      throw new ImageError(at, "the minimum hardware version is not above the maximum", ImageReason.Hardware);
    }
  }
  return out;
}

function stringOctets(header: OtaHeader): Buffer {
  const octets = header.stringOctets ?? Buffer.from(header.headerString, "utf8");
  if (octets.length > STRING_SIZE) {
    throw new ImageError(
      AT_STRING,
      `the header string has at most ${STRING_SIZE} octets, and this one ${octets.length}`,
      ImageReason.HeaderLength,
    );
  }
  return octets;
}

function fits(value: number, maximum: number, at: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= maximum) return value;
  throw new ImageError(at, `the ${name} is a whole number up to ${maximum}, and not ${value}`, ImageReason.HeaderLength);
}

export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function spaced(octets: Buffer): string {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join(" ");
}
