// The records between head-end and hub that are about updates, little-endian after the kind octet.
//
//   down 5 offer    | image | manufacturer u16 | type u16 | version u32 | size u32 |          size 0: forget it
//   down 6 block    | image | offset u32 | octets |
//   down 7 rollout  | image | go | at once | failures | activate | utc u32 | count | IEEE addresses, 8 each |
//   down 8 activate | image |
//   up   2 want     | image | offset u32 | size |
//   up   3 file     | image | FileStatus | ImageReason | plan | version u32 | offset u32 | size u32 |
//   up   4 device   | IEEE address 8 | FileStatus | image | 0 u16 | version u32 | offset u32 | size u32 |
import { addressOctets } from "./provision.ts";

const KIND_OFFER = 5;
const KIND_BLOCK = 6;
const KIND_ROLLOUT = 7;
const KIND_ACTIVATE = 8;
const KIND_WANT = 2;
const KIND_FILE = 3;
const KIND_DEVICE = 4;

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

export interface Want {
  image: number;
  offset: number;
  size: number;
}

export interface FileReport {
  image: number;
  /** `FileStatus`. */
  status: number;
  /** `ImageReason`. */
  reason: number;
  plan: Plan;
  version: number;
  offset: number;
  size: number;
}

export interface DeviceReport {
  extended: bigint;
  /** `FileStatus`. */
  status: number;
  image: number;
  version: number;
  offset: number;
  size: number;
}

export function offerRecord(image: number, key: FileKey): Buffer {
  const out = Buffer.alloc(14);
  out.writeUInt8(KIND_OFFER, 0);
  out.writeUInt8(image, 1);
  out.writeUInt16LE(key.manufacturer, 2);
  out.writeUInt16LE(key.type, 4);
  out.writeUInt32LE(key.version, 6);
  out.writeUInt32LE(key.size, 10);
  return out;
}

export function forgetRecord(image: number): Buffer {
  return offerRecord(image, { manufacturer: 0, type: 0, version: 0, size: 0 });
}

export function blockRecord(image: number, offset: number, octets: Uint8Array): Buffer {
  if (octets.length > BLOCK_MAX) throw new RangeError(`a block has at most ${BLOCK_MAX} octets, not ${octets.length}`);
  const out = Buffer.alloc(6 + octets.length);
  out.writeUInt8(KIND_BLOCK, 0);
  out.writeUInt8(image, 1);
  out.writeUInt32LE(offset, 2);
  out.set(octets, 6);
  return out;
}

export function rolloutRecord(image: number, rollout: Rollout): Buffer {
  if (rollout.devices.length > ROLLOUT_MAX) {
    throw new RangeError(`a rollout names at most ${ROLLOUT_MAX} devices, not ${rollout.devices.length}`);
  }
  const head = Buffer.alloc(11);
  head.writeUInt8(KIND_ROLLOUT, 0);
  head.writeUInt8(image, 1);
  head.writeUInt8(rollout.go ? 1 : 0, 2);
  head.writeUInt8(rollout.atOnce, 3);
  head.writeUInt8(rollout.failures, 4);
  head.writeUInt8(rollout.activate, 5);
  head.writeUInt32LE(rollout.time ?? 0, 6);
  head.writeUInt8(rollout.devices.length, 10);
  return Buffer.concat([head, ...rollout.devices.map(addressOctets)]);
}

export function activateRecord(image: number): Buffer {
  return Buffer.from([KIND_ACTIVATE, image]);
}

/** A record from the hub; null for one that is not about updates. */
export function hubRecord(octets: Uint8Array): { want: Want } | { file: FileReport } | { device: DeviceReport } | null {
  const at = Buffer.from(octets);
  switch (at[0]) {
    case KIND_WANT:
      if (at.length < 7) return null;
      return { want: { image: at[1], offset: at.readUInt32LE(2), size: at[6] } };
    case KIND_FILE:
      if (at.length < 17) return null;
      return { file: { image: at[1], status: at[2], reason: at[3], plan: at[4], ...progress(at, 5) } };
    case KIND_DEVICE:
      if (at.length < 25) return null;
      return { device: { extended: at.readBigUInt64LE(1), status: at[9], image: at[10], ...progress(at, 13) } };
    default:
      return null;
  }
}

function progress(at: Buffer, from: number): { version: number; offset: number; size: number } {
  return { version: at.readUInt32LE(from), offset: at.readUInt32LE(from + 4), size: at.readUInt32LE(from + 8) };
}
