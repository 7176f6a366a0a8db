// What log entries say.  Written by tools/abi.ts from docs/abi.md; change that page instead.
import { Log } from "./abi.ts";

export type LogEntry =
  | { log: "Started"; reason: number }
  | { log: "Joined"; address: number; pan: number; parent: number; channel: number }
  | { log: "Key"; suite: number; partner: bigint }
  | { log: "Register"; importWh: bigint; powerW: number }
  | { log: "Reading"; importWh: bigint; powerW: number; price: number; costPerHour: number; costToday: number; currency: number; digits: number; flags: number }
  | { log: "Formed"; pan: number; channel: number }
  | { log: "Left"; reason: number }
  | { log: "Refused"; layer: number; reason: number; count: number }
  | { log: "Admitted"; partner: bigint; address: number }
  | { log: "Failed"; procedure: number; reason: number }
  | { log: "Bound"; cluster: number; partner: number }
  | { log: "Update"; image: number; status: number; reason: number; tries: number; running: number; version: number; offset: number; size: number }
  | { log: "Rollout"; partner: bigint; status: number; file: number; version: number; offset: number; size: number }
  | { log: "Health"; step: number; seconds: number }
  | { log: "Reachable"; prefix: bigint; identifier: bigint; parent: bigint }
  | { log: "Answer"; status: number; utc: number }
  | { log: "Certificate"; reason: number };

/** The entry of a code; undefined for a code or a size that the contract does not have. */
export function readLog(code: number, octets: Uint8Array): LogEntry | undefined {
  const at = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const read = READERS[code];
  return read === undefined || octets.length < read.size ? undefined : read.entry(at);
}

const READERS: Record<number, { size: number; entry: (at: DataView) => LogEntry }> = {
  [Log.Started]: {
    size: 4,
    entry: (at) => ({
      log: "Started",
      reason: at.getUint32(0, true),
    }),
  },
  [Log.Joined]: {
    size: 7,
    entry: (at) => ({
      log: "Joined",
      address: at.getUint16(0, true),
      pan: at.getUint16(2, true),
      parent: at.getUint16(4, true),
      channel: at.getUint8(6),
    }),
  },
  [Log.Key]: {
    size: 9,
    entry: (at) => ({
      log: "Key",
      suite: at.getUint8(0),
      partner: at.getBigUint64(1, true),
    }),
  },
  [Log.Register]: {
    size: 12,
    entry: (at) => ({
      log: "Register",
      importWh: at.getBigInt64(0, true),
      powerW: at.getInt32(8, true),
    }),
  },
  [Log.Reading]: {
    size: 28,
    entry: (at) => ({
      log: "Reading",
      importWh: at.getBigInt64(0, true),
      powerW: at.getInt32(8, true),
      price: at.getInt32(12, true),
      costPerHour: at.getInt32(16, true),
      costToday: at.getInt32(20, true),
      currency: at.getUint16(24, true),
      digits: at.getUint8(26),
      flags: at.getUint8(27),
    }),
  },
  [Log.Formed]: {
    size: 3,
    entry: (at) => ({
      log: "Formed",
      pan: at.getUint16(0, true),
      channel: at.getUint8(2),
    }),
  },
  [Log.Left]: {
    size: 1,
    entry: (at) => ({
      log: "Left",
      reason: at.getUint8(0),
    }),
  },
  [Log.Refused]: {
    size: 4,
    entry: (at) => ({
      log: "Refused",
      layer: at.getUint8(0),
      reason: at.getUint8(1),
      count: at.getUint16(2, true),
    }),
  },
  [Log.Admitted]: {
    size: 10,
    entry: (at) => ({
      log: "Admitted",
      partner: at.getBigUint64(0, true),
      address: at.getUint16(8, true),
    }),
  },
  [Log.Failed]: {
    size: 2,
    entry: (at) => ({
      log: "Failed",
      procedure: at.getUint8(0),
      reason: at.getInt8(1),
    }),
  },
  [Log.Bound]: {
    size: 4,
    entry: (at) => ({
      log: "Bound",
      cluster: at.getUint16(0, true),
      partner: at.getUint16(2, true),
    }),
  },
  [Log.Update]: {
    size: 20,
    entry: (at) => ({
      log: "Update",
      image: at.getUint8(0),
      status: at.getUint8(1),
      reason: at.getUint8(2),
      tries: at.getUint8(3),
      running: at.getUint32(4, true),
      version: at.getUint32(8, true),
      offset: at.getUint32(12, true),
      size: at.getUint32(16, true),
    }),
  },
  [Log.Rollout]: {
    size: 24,
    entry: (at) => ({
      log: "Rollout",
      partner: at.getBigUint64(0, true),
      status: at.getUint8(8),
      file: at.getUint8(9),
      version: at.getUint32(12, true),
      offset: at.getUint32(16, true),
      size: at.getUint32(20, true),
    }),
  },
  [Log.Health]: {
    size: 4,
    entry: (at) => ({
      log: "Health",
      step: at.getUint8(0),
      seconds: at.getUint16(2, true),
    }),
  },
  [Log.Reachable]: {
    size: 24,
    entry: (at) => ({
      log: "Reachable",
      prefix: at.getBigUint64(0, true),
      identifier: at.getBigUint64(8, true),
      parent: at.getBigUint64(16, true),
    }),
  },
  [Log.Answer]: {
    size: 6,
    entry: (at) => ({
      log: "Answer",
      status: at.getUint16(0, true),
      utc: at.getUint32(2, true),
    }),
  },
  [Log.Certificate]: {
    size: 1,
    entry: (at) => ({
      log: "Certificate",
      reason: at.getInt8(0),
    }),
  },
};
