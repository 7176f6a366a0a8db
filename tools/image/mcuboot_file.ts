// MCUboot images as `inspect` and `verify` show them.  Their key is one that MCUboot was built with, no root key above another.
import { ImageError } from "../../host/image/image_error.ts";
import { developmentRelease } from "../../host/image/keys.ts";
import { type McubootImage, mcubootOpen } from "../../host/image/mcuboot.ts";
import type { Examined } from "./examine.ts";
import { root } from "./keyring.ts";

/** The key of --root, or the development release key, with which `pack` signs where none is given. */
export function mcubootKey(path: string | undefined): { point: Buffer; development: boolean } {
  return path ? root(path) : { point: developmentRelease().point, development: true };
}

export function mcubootVersion({ version: { major, minor, revision, build } }: McubootImage): string {
  return `${major}.${minor}.${revision}+${build}`;
}

function values(found: McubootImage): Record<string, string | number> {
  const { headerSize, flags, loadAddress, counter, image, digest, keyHash } = found;
  return {
    version: mcubootVersion(found),
    headerSize,
    imageSize: image.length,
    flags: `0x${flags.toString(16)}`,
    ...(loadAddress === undefined ? {} : { loadAddress: `0x${loadAddress.toString(16).padStart(8, "0")}` }),
    ...(counter === undefined ? {} : { securityCounter: counter }),
    digest: digest.toString("hex"),
    keyHash: keyHash.toString("hex"),
  };
}

export function examineMcuboot(file: Buffer, point: Uint8Array): Examined {
  const base: Examined = { size: file.length, kind: "MCUboot image", remarks: [], elements: [] };
  try {
    base.header = values(mcubootOpen(file, null));
    mcubootOpen(file, point);
    return { ...base, signatures: "verified" };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const { offset, rule, reasonName } = error;
    return { ...base, ...(base.header ? { signatures: "not verified" as const } : {}), error: { offset, rule, reason: reasonName } };
  }
}
