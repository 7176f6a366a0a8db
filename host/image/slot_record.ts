// What a device remembers of its slots: struct kw_image_record of boards/common/image_slots.h.
import { FileStatus, ImageReason } from "../abi.ts";
import type { PackageKey } from "./stream.ts";

/** What is known of a slot; a fallback takes the best. */
export enum Quality {
  Unknown = 0,
  /** Nothing, half a module, or one that did not verify. */
  Empty = 1,
  GivenUp = 2,
  /** Verified, never confirmed. */
  Ready = 3,
  /** Was confirmed. */
  Good = 4,
}

/** A package: image 0's, or a library file's. */
export interface Entry {
  key: PackageKey;
  /** `FileStatus`. */
  status: number;
  /** `ImageReason`. */
  reason: number;
  detail: number;
  /** Finished ones: where the next uptime goes on. */
  sectors: number;
  notBefore: number;
}

export const NO_SLOT = 0xff;

export interface SlotRecord {
  counter: number;
  epoch: number;
  confirmed: number;
  trial: number;
  tries: number;
  quality: [Quality, Quality];
  /** That the first entry is about. */
  slot: number;
  /** Of packages for us since the last confirmation, less those that time has forgotten. */
  attempts: number;
  /** In the file of the first entry, with its `sectors`. */
  offset: number;
  /** The octets of that file up to its payload. */
  head: Uint8Array;
  entries: Entry[];
}

const NO_KEY: PackageKey = { manufacturer: 0, type: 0, version: 0, size: 0 };

export function freshEntry(key: PackageKey = NO_KEY, status: number = FileStatus.None): Entry {
  return { key, status, reason: ImageReason.None, detail: 0, sectors: 0, notBefore: 0 };
}

export function freshRecord(files: number): SlotRecord {
  return {
    counter: 0,
    epoch: 0,
    confirmed: NO_SLOT,
    trial: NO_SLOT,
    tries: 0,
    quality: [Quality.Unknown, Quality.Unknown],
    slot: 0,
    attempts: 0,
    offset: 0,
    head: new Uint8Array(0),
    entries: Array.from({ length: 1 + files }, () => freshEntry()),
  };
}

const UNTRUSTED = new Set<number>([
  ImageReason.RootSignature,
  ImageReason.ManifestSignature,
  ImageReason.PayloadDigest,
  ImageReason.ImageDigest,
  ImageReason.Gate,
]);

/** The `FileStatus` after a refusal. */
export function statusOf(reason: number): number {
  return UNTRUSTED.has(reason) ? FileStatus.SignatureFailed : FileStatus.Failed;
}
