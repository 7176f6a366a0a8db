// Readers of the records between head-end and hub.  Written by tools/records.ts from docs/uplink.md; change that page instead.
import { DownKind, type DownRecord, UpKind, type UpRecord } from "./uplink.ts";

/** Null for what is none of them, or cut short. */
export function downParse(from: Uint8Array): DownRecord | null {
  const at = new DataView(from.buffer, from.byteOffset, from.length);
  switch (from[0]) {
    case DownKind.Clock:
      return clockOf(from, at);
    case DownKind.Tariff:
      return tariffOf(from, at);
    case DownKind.Admit:
      return admitOf(from, at);
    case DownKind.Permit:
      return permitOf(from, at);
    case DownKind.Offer:
      return offerOf(from, at);
    case DownKind.Block:
      return blockOf(from, at);
    case DownKind.Rollout:
      return rolloutOf(from, at);
    case DownKind.Activate:
      return activateOf(from, at);
    case DownKind.Rekey:
      return rekeyOf(from, at);
    case DownKind.Remove:
      return removeOf(from, at);
    case DownKind.Open:
      return openOf(from, at);
    case DownKind.Member:
      return memberOf(from, at);
    default:
      return null;
  }
}

function clockOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 21) return null;
  return {
    kind: "clock",
    utc: at.getUint32(1, true),
    offset: at.getInt32(5, true),
    summerStart: at.getUint32(9, true),
    summerEnd: at.getUint32(13, true),
    summerShift: at.getInt32(17, true),
  };
}

function tariffOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 20) return null;
  const count = at.getUint8(19);
  if (from.length !== 20 + count) return null;
  const label = Uint8Array.from(from.subarray(20));
  return {
    kind: "tariff",
    eventId: at.getUint32(1, true),
    start: at.getUint32(5, true),
    minutes: at.getUint16(9, true),
    currency: at.getUint16(11, true),
    price: at.getUint32(13, true),
    digits: at.getUint8(17),
    tier: at.getUint8(18),
    label,
  };
}

function admitOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 10) return null;
  const count = at.getUint8(9);
  if (from.length !== 10 + count) return null;
  const code = Uint8Array.from(from.subarray(10));
  return { kind: "admit", extended: at.getBigUint64(1, true), code };
}

function permitOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 2) return null;
  return { kind: "permit", seconds: at.getUint8(1) };
}

function offerOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 14) return null;
  return {
    kind: "offer",
    image: at.getUint8(1),
    manufacturer: at.getUint16(2, true),
    type: at.getUint16(4, true),
    version: at.getUint32(6, true),
    size: at.getUint32(10, true),
  };
}

function blockOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 6) return null;
  const octets = Uint8Array.from(from.subarray(6));
  return { kind: "block", image: at.getUint8(1), offset: at.getUint32(2, true), octets };
}

function rolloutOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 11) return null;
  const count = at.getUint8(10);
  if (from.length !== 11 + count * 8) return null;
  const devices = Array.from({ length: count }, (_, index) => at.getBigUint64(11 + index * 8, true));
  return {
    kind: "rollout",
    image: at.getUint8(1),
    go: at.getUint8(2),
    atOnce: at.getUint8(3),
    failures: at.getUint8(4),
    activate: at.getUint8(5),
    time: at.getUint32(6, true),
    devices,
  };
}

function activateOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 2) return null;
  return { kind: "activate", image: at.getUint8(1) };
}

function rekeyOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 3) return null;
  return { kind: "rekey", seconds: at.getUint16(1, true) };
}

function removeOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 9) return null;
  return { kind: "remove", extended: at.getBigUint64(1, true) };
}

function openOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 12) return null;
  return { kind: "open", extended: at.getBigUint64(1, true), port: at.getUint16(9, true), open: at.getUint8(11) };
}

function memberOf(from: Uint8Array, at: DataView): DownRecord | null {
  if (from.length < 30) return null;
  return { kind: "member", extended: at.getBigUint64(1, true), lfdi: Uint8Array.from(from.subarray(9, 29)), state: at.getUint8(29) };
}

/** Null for what is none of them, or cut short. */
export function upParse(from: Uint8Array): UpRecord | null {
  const at = new DataView(from.buffer, from.byteOffset, from.length);
  switch (from[0]) {
    case UpKind.Want:
      return wantOf(from, at);
    case UpKind.File:
      return fileOf(from, at);
    case UpKind.Device:
      return deviceOf(from, at);
    case UpKind.Refused:
      return refusedOf(from, at);
    case UpKind.Removed:
      return removedOf(from, at);
    case UpKind.Request:
      return requestOf(from, at);
    default:
      return null;
  }
}

function wantOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 7) return null;
  return { kind: "want", image: at.getUint8(1), offset: at.getUint32(2, true), size: at.getUint8(6) };
}

function fileOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 17) return null;
  return {
    kind: "file",
    image: at.getUint8(1),
    status: at.getUint8(2),
    reason: at.getUint8(3),
    plan: at.getUint8(4),
    version: at.getUint32(5, true),
    offset: at.getUint32(9, true),
    size: at.getUint32(13, true),
  };
}

function deviceOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 25) return null;
  return {
    kind: "device",
    extended: at.getBigUint64(1, true),
    status: at.getUint8(9),
    image: at.getUint8(10),
    version: at.getUint32(13, true),
    offset: at.getUint32(17, true),
    size: at.getUint32(21, true),
  };
}

function refusedOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 9) return null;
  return { kind: "refused", what: at.getUint8(1), error: at.getUint8(2), id: at.getUint32(5, true) };
}

function removedOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 9) return null;
  return { kind: "removed", extended: at.getBigUint64(1, true) };
}

function requestOf(from: Uint8Array, at: DataView): UpRecord | null {
  if (from.length < 13) return null;
  const octets = Uint8Array.from(from.subarray(13));
  return { kind: "request", extended: at.getBigUint64(1, true), offset: at.getUint16(9, true), size: at.getUint16(11, true), octets };
}
