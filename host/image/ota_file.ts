// ZigBee OTA files, read strictly and written: ZCL section 11.4.  ota_header.ts and ota_elements.ts have the pictures.

import { ImageReason } from "../abi.ts";
import { ImageError } from "./image_error.ts";
import { checkImage, checkSignatures, type OtaElement, type OtaElementAt, readElements, writeElement } from "./ota_elements.ts";
import { AT_TOTAL_SIZE, type OtaHeader, otaReadHeader, otaWriteHeader } from "./ota_header.ts";
import { describeRefused, remarkWhole } from "./ota_oddities.ts";

export { type OtaElement, type OtaElementAt, OtaTag } from "./ota_elements.ts";
export type { OtaHeader } from "./ota_header.ts";

export interface OtaFile {
  header: OtaHeader;
  headerSize: number;
  totalSize: number;
  elements: OtaElementAt[];
}

/** The octets of a file. */
export function otaWrite(header: OtaHeader, elements: readonly OtaElement[]): Buffer {
  const parts = elements.map((element) => writeElement(element));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([otaWriteHeader(header, size), ...parts]);
}

/** Reads a whole and well-formed file; throws `ImageError` for any other. */
export function otaRead(file: Buffer): OtaFile {
  const { header, headerSize, totalSize } = otaReadHeader(file);
  checkSize(file, totalSize);
  const elements = readElements(file, headerSize);
  checkImage(elements, headerSize);
  checkSignatures(elements);
  return { header, headerSize, totalSize, elements };
}

function checkSize(file: Buffer, total: number): void {
  if (file.length < total) {
    throw new ImageError(
      file.length,
      `the file is truncated: by its header it has ${total} octets, and the last ${total - file.length} are missing`,
      ImageReason.Truncated,
    );
  }
  if (file.length > total) {
    throw new ImageError(
      total,
      `${file.length - total} octets trail behind the end: by its header (octet ${AT_TOTAL_SIZE}) the file has ${total}`,
      ImageReason.TotalSize,
    );
  }
}

export interface OtaExamined {
  /** The file, where it is whole and well-formed. */
  file?: OtaFile;
  /** Why it is refused, otherwise. */
  error?: ImageError;
  /** What the file is in a few words: "whole", or such as "truncated" and "wrapped". */
  kind: string;
  /** What is odd about a whole file, or what more can be said of a refused one. */
  remarks: string[];
  /** As far as they can be read in a refused file: for people to look at, never to use. */
  header?: OtaHeader;
  elements: OtaElementAt[];
}

/** What a file is, for people: the verdict of `otaRead`, and where that refuses, what the file looks like instead. */
export function otaExamine(file: Buffer): OtaExamined {
  try {
    const read = otaRead(file);
    return { file: read, kind: "whole", remarks: remarkWhole(read), header: read.header, elements: read.elements };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return { error, ...describeRefused(file, error) };
  }
}
