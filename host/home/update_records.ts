// The records between head-end and hub that are about updates, as the head-end speaks of them; their layout is in docs/uplink.md.
import { activateEmit, blockEmit, type DeviceRecord, type FileRecord, offerEmit, rolloutEmit, type WantRecord } from "./uplink.ts";
import { upParse } from "./uplink_parse.ts";

/** Octets of one block. */
export const BLOCK_MAX = 240;
/** Addresses of one rollout. */
export const ROLLOUT_MAX = 16;

/** What a device compares before it loads a file: fields of its header. */
export interface FileKey {
  manufacturer: number;
  type: number;
  version: number;
  size: number;
}

export enum Activate {
  Now = 0,
  AtTime = 1,
  OnCommand = 2,
}

/** What a rollout has come to. */
export enum Plan {
  None = 0,
  Goes = 1,
  StoppedByFailures = 2,
}

export interface Rollout {
  go: boolean;
  /** How many devices may load at the same time, 0 for any number. */
  atOnce: number;
  /** It stops after so many failures, 0 for never. */
  failures: number;
  activate: Activate;
  /** Seconds since 2000, UTC; for `Activate.AtTime`. */
  time?: number;
  /** Empty: every device that asks. */
  devices: bigint[];
}

export type Want = WantRecord;
export type FileReport = FileRecord;
export type DeviceReport = DeviceRecord;

export function offerRecord(image: number, { manufacturer, type, version, size }: FileKey): Buffer {
  return offerEmit({ image, manufacturer, type, version, size });
}

export function forgetRecord(image: number): Buffer {
  return offerRecord(image, { manufacturer: 0, type: 0, version: 0, size: 0 });
}

export function blockRecord(image: number, offset: number, octets: Uint8Array): Buffer {
  if (octets.length > BLOCK_MAX) throw new RangeError(`a block has at most ${BLOCK_MAX} octets, not ${octets.length}`);
  return blockEmit({ image, offset, octets });
}

export function rolloutRecord(image: number, { go, time = 0, devices, ...rest }: Rollout): Buffer {
  if (devices.length > ROLLOUT_MAX) throw new RangeError(`a rollout names at most ${ROLLOUT_MAX} devices, not ${devices.length}`);
  return rolloutEmit({ image, go: go ? 1 : 0, time, devices, ...rest });
}

export function activateRecord(image: number): Buffer {
  return activateEmit({ image });
}

/** A record from the hub; null for one that is not about updates. */
export function hubRecord(octets: Uint8Array): { want: Want } | { file: FileReport } | { device: DeviceReport } | null {
  const record = upParse(octets);
  if (!record || record.kind === "refused") return null;
  const { kind, ...fields } = record;
  return { [kind]: fields } as { want: Want } | { file: FileReport } | { device: DeviceReport };
}
