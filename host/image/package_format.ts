// Numbers of a package that its writer and its reader share, docs/image.md.

import { createHash } from "node:crypto";
import { Role } from "../abi.ts";
import { versionText } from "./manifest.ts";

/** Element tags: ZigBee's, and from 0xF000 on the manufacturer's. */
export const PackageTag = {
  Image: 0x0000,
  Signature1: 0x0001,
  Certificate1: 0x0002,
  Integrity: 0x0003,
  Signature2: 0x0005,
  Certificate2: 0x0006,
  Manifest: 0xf000,
  ReleaseKey: 0xf001,
} as const;
/** From here on they are the manufacturer's own and nobody's business. */
export const TAG_OTHERS = 0xf002;
/** No board takes a module of this size; a manifest that claims more asks for memory in vain. */
export const IMAGE_MAX = 16 * 1024 * 1024;

export function sha256(octets: Uint8Array): Buffer {
  return createHash("sha256").update(octets).digest();
}

export function roleText(role: number): string {
  return (
    Object.entries(Role)
      .find(([, value]) => value === role)?.[0]
      .toLowerCase() ?? `role ${role}`
  );
}

/** The header's string of a package; NULs fill it up. */
export function headerString(role: number, version: number): string {
  return `kilowasm ${roleText(role)} ${versionText(version)}`;
}

export function tagText(tag: number): string {
  return `0x${tag.toString(16).padStart(4, "0")}`;
}
