// A certificate as a file of ZigBee OTA for one device: 075123 table 11-4, image type 0xFFC0, client security credentials.
//
//   header | destination 8 | tag 0 u16 | size u32 | chain: each certificate behind its size u16, leaf first, without the root |
//
// Nobody signs the file: what it brings is signed, and whose it is says the key in it.  Its version is the moment at which it was made,
// in seconds since 2000, so that of two the later one counts.
import { ImageError } from "./image_error.ts";
import { type OtaHeader, OtaTag, otaRead, otaWrite } from "./ota_file.ts";
import type { PackageKey } from "./stream.ts";

export const CERTIFICATE_TYPE = 0xffc0;
/** A header with all of its options, an element's head, and the largest chain. */
export const CERTIFICATE_FILE_MAX = 1664;
const STACK_PRO = 2;

export interface CertificateFor {
  manufacturer: number;
  /** The device's IEEE address. */
  destination: bigint;
  /** Seconds since 2000, UTC. */
  issued: number;
  /** As `packChain` writes it. */
  chain: Uint8Array;
}

export function certificateFile({ manufacturer, destination, issued, chain }: CertificateFor): Buffer {
  const header: OtaHeader = {
    manufacturer,
    imageType: CERTIFICATE_TYPE,
    fileVersion: issued,
    stackVersion: STACK_PRO,
    headerString: "certificate",
    destination,
  };
  return otaWrite(header, [{ tag: OtaTag.Image, data: Buffer.from(chain) }]);
}

/** The chain in a file that was announced so, for the device of that address as on the air; undefined for any other. */
export function readCertificateFile(octets: Buffer, key: PackageKey, address: Uint8Array): Buffer | undefined {
  try {
    const { header, elements } = otaRead(octets);
    const same = header.manufacturer === key.manufacturer && header.imageType === key.type && header.fileVersion === key.version;
    const [element, ...more] = elements;
    const ours = header.destination === Buffer.from(address).readBigUInt64LE();
    return same && ours && element?.tag === OtaTag.Image && more.length === 0 ? element.data : undefined;
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return undefined;
  }
}
