// The records between head-end and hub, as the supplier writes them.  Written by tools/records.ts from docs/uplink.md; change that page instead.
import type {
  ActivateRecord,
  AdmitRecord,
  BlockRecord,
  ClockRecord,
  DeviceRecord,
  FileRecord,
  MemberRecord,
  OfferRecord,
  OpenRecord,
  PermitRecord,
  RefusedRecord,
  RekeyRecord,
  RemovedRecord,
  RemoveRecord,
  RequestRecord,
  RolloutRecord,
  TariffRecord,
  WantRecord,
} from "./uplink_types.ts";

export type * from "./uplink_types.ts";

export const DownKind = {
  Clock: 1,
  Tariff: 2,
  Admit: 3,
  Permit: 4,
  Offer: 5,
  Block: 6,
  Rollout: 7,
  Activate: 8,
  Rekey: 9,
  Remove: 10,
  Open: 11,
  Member: 12,
} as const;

export const UpKind = {
  Want: 2,
  File: 3,
  Device: 4,
  Refused: 5,
  Removed: 6,
  Request: 7,
} as const;

export function clockEmit(record: ClockRecord): Buffer {
  const out = Buffer.alloc(21);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Clock;
  at.setUint32(1, record.utc, true);
  at.setInt32(5, record.offset, true);
  at.setUint32(9, record.summerStart, true);
  at.setUint32(13, record.summerEnd, true);
  at.setInt32(17, record.summerShift, true);
  return out;
}

export function tariffEmit(record: TariffRecord): Buffer {
  counted("Tariff", record.label.length);
  const out = Buffer.alloc(20 + record.label.length);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Tariff;
  at.setUint32(1, record.eventId, true);
  at.setUint32(5, record.start, true);
  at.setUint16(9, record.minutes, true);
  at.setUint16(11, record.currency, true);
  at.setUint32(13, record.price, true);
  at.setUint8(17, record.digits);
  at.setUint8(18, record.tier);
  at.setUint8(19, record.label.length);
  out.set(record.label, 20);
  return out;
}

export function admitEmit(record: AdmitRecord): Buffer {
  counted("Admit", record.code.length);
  const out = Buffer.alloc(10 + record.code.length);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Admit;
  at.setBigUint64(1, record.extended, true);
  at.setUint8(9, record.code.length);
  out.set(record.code, 10);
  return out;
}

export function permitEmit(record: PermitRecord): Buffer {
  const out = Buffer.alloc(2);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Permit;
  at.setUint8(1, record.seconds);
  return out;
}

export function offerEmit(record: OfferRecord): Buffer {
  const out = Buffer.alloc(14);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Offer;
  at.setUint8(1, record.image);
  at.setUint16(2, record.manufacturer, true);
  at.setUint16(4, record.type, true);
  at.setUint32(6, record.version, true);
  at.setUint32(10, record.size, true);
  return out;
}

export function blockEmit(record: BlockRecord): Buffer {
  const out = Buffer.alloc(6 + record.octets.length);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Block;
  at.setUint8(1, record.image);
  at.setUint32(2, record.offset, true);
  out.set(record.octets, 6);
  return out;
}

export function rolloutEmit(record: RolloutRecord): Buffer {
  counted("Rollout", record.devices.length);
  const out = Buffer.alloc(11 + record.devices.length * 8);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Rollout;
  at.setUint8(1, record.image);
  at.setUint8(2, record.go);
  at.setUint8(3, record.atOnce);
  at.setUint8(4, record.failures);
  at.setUint8(5, record.activate);
  at.setUint32(6, record.time, true);
  at.setUint8(10, record.devices.length);
  record.devices.forEach((value, index) => void at.setBigUint64(11 + index * 8, value, true));
  return out;
}

export function activateEmit(record: ActivateRecord): Buffer {
  const out = Buffer.alloc(2);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Activate;
  at.setUint8(1, record.image);
  return out;
}

export function rekeyEmit(record: RekeyRecord): Buffer {
  const out = Buffer.alloc(3);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Rekey;
  at.setUint16(1, record.seconds, true);
  return out;
}

export function removeEmit(record: RemoveRecord): Buffer {
  const out = Buffer.alloc(9);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Remove;
  at.setBigUint64(1, record.extended, true);
  return out;
}

export function openEmit(record: OpenRecord): Buffer {
  const out = Buffer.alloc(12);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Open;
  at.setBigUint64(1, record.extended, true);
  at.setUint16(9, record.port, true);
  at.setUint8(11, record.open);
  return out;
}

export function memberEmit(record: MemberRecord): Buffer {
  const out = Buffer.alloc(30);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = DownKind.Member;
  at.setBigUint64(1, record.extended, true);
  out.set(record.lfdi.subarray(0, 20), 9);
  at.setUint8(29, record.state);
  return out;
}

export function wantEmit(record: WantRecord): Buffer {
  const out = Buffer.alloc(7);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.Want;
  at.setUint8(1, record.image);
  at.setUint32(2, record.offset, true);
  at.setUint8(6, record.size);
  return out;
}

export function fileEmit(record: FileRecord): Buffer {
  const out = Buffer.alloc(17);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.File;
  at.setUint8(1, record.image);
  at.setUint8(2, record.status);
  at.setUint8(3, record.reason);
  at.setUint8(4, record.plan);
  at.setUint32(5, record.version, true);
  at.setUint32(9, record.offset, true);
  at.setUint32(13, record.size, true);
  return out;
}

export function deviceEmit(record: DeviceRecord): Buffer {
  const out = Buffer.alloc(25);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.Device;
  at.setBigUint64(1, record.extended, true);
  at.setUint8(9, record.status);
  at.setUint8(10, record.image);
  at.setUint32(13, record.version, true);
  at.setUint32(17, record.offset, true);
  at.setUint32(21, record.size, true);
  return out;
}

export function refusedEmit(record: RefusedRecord): Buffer {
  const out = Buffer.alloc(9);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.Refused;
  at.setUint8(1, record.what);
  at.setUint8(2, record.error);
  at.setUint32(5, record.id, true);
  return out;
}

export function removedEmit(record: RemovedRecord): Buffer {
  const out = Buffer.alloc(9);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.Removed;
  at.setBigUint64(1, record.extended, true);
  return out;
}

export function requestEmit(record: RequestRecord): Buffer {
  const out = Buffer.alloc(13 + record.octets.length);
  const at = new DataView(out.buffer, out.byteOffset, out.length);
  out[0] = UpKind.Request;
  at.setBigUint64(1, record.extended, true);
  at.setUint16(9, record.offset, true);
  at.setUint16(11, record.size, true);
  out.set(record.octets, 13);
  return out;
}

function counted(name: string, count: number): void {
  if (count > 255) throw new RangeError(`${name}: a record counts to 255`);
}
