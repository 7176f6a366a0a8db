// Whom a package is for: what the header says unsigned and the manifest signs, docs/image.md.
import { ImageReason } from "../abi.ts";
import type { Identity } from "./keys.ts";
import type { Destination, Manifest } from "./manifest.ts";

/** The header's half. */
export interface Announced {
  manufacturer: number;
  imageType: number;
  destination?: bigint;
}

/** An IEEE address as on the air; undefined for zeros, which are nobody's. */
export function addressAt(octets: Uint8Array): bigint | undefined {
  return Buffer.from(octets).readBigUInt64LE() || undefined;
}

/** The first thing that the header says and the manifest does not: a server may read the header, and anybody may write it. */
export function destinationAgrees({ destination }: Manifest, header: Announced): number {
  if (destination && destination.manufacturer !== header.manufacturer) return ImageReason.Manufacturer;
  if (destination && destination.imageType !== header.imageType) return ImageReason.ImageType;
  return destination?.address === header.destination ? ImageReason.None : ImageReason.Destination;
}

/** Why it is not for this device; one that does not know its own address takes no file that is for one device. */
export function destinationFits({ destination }: Manifest, board: Identity, address: bigint | undefined): number {
  if (!destination) return ImageReason.None;
  if (destination.manufacturer !== board.manufacturer) return ImageReason.Manufacturer;
  if (destination.imageType !== board.type) return ImageReason.ImageType;
  if (destination.address === undefined) return ImageReason.None;
  return address && destination.address === address ? ImageReason.None : ImageReason.Destination;
}

/** For a sentence. */
export function forWhom({ destination }: Manifest): string {
  return destination ? `for ${destinationText(destination)}` : "for every device of its vendor, class, role and hardware";
}

export function destinationText({ manufacturer, imageType, address }: Destination): string {
  const hex = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, "0");
  const device = address === undefined ? "any device" : `only ${hex(address, 16)}`;
  return `manufacturer 0x${hex(manufacturer, 4)}, image type 0x${hex(imageType, 4)}, ${device}`;
}
