// Carries what the devices of a test send to the device that it is meant for, until all are quiet.
import { ADDRESS, clockRecord, type Device, type Sent, tariffRecord, zigbeeTime } from "./home.ts";

export interface Carried extends Sent {
  from: number;
}

export class Wire {
  readonly carried: Carried[] = [];

  constructor(private readonly devices: Device[]) {}

  /** Lets every device do what is due at `now`. */
  settle(now: bigint): void {
    for (let round = 0; round < 30; round++) {
      for (const device of this.devices) device.tick(now);
      const sent = this.devices.flatMap((device) => device.take().map((frame) => ({ ...frame, from: device.kind })));
      if (sent.length === 0) return;
      for (const frame of sent) this.carry(frame, now);
    }
    throw new Error("the devices do not come to rest");
  }

  private carry(frame: Carried, now: bigint): void {
    this.carried.push(frame);
    const target = this.devices.find((device) => ADDRESS[device.kind] === frame.extended);
    target?.hear(frame.zcl, { from: ADDRESS[frame.from], cluster: frame.cluster, now });
    const sender = this.devices.find((device) => device.kind === frame.from);
    for (let handle = 0; handle < 256; handle++) sender?.confirm(handle);
  }
}

export const SPRING = zigbeeTime("2026-03-29T01:00:00Z");
export const AUTUMN = zigbeeTime("2026-10-25T01:00:00Z");

/** A British household's clock and a flat tariff, as a head-end gives them. */
export function equip(hub: Device, iso: string, now: bigint): void {
  hub.event(clockRecord(zigbeeTime(iso), 0, SPRING, AUTUMN, 3600), now);
  hub.event(tariffRecord({ event: 1, price: 2450, label: "Day rate" }), now);
}

export interface Reading {
  importWh: bigint;
  powerW: number;
  price: number;
  costPerHour: number;
  costToday: number;
  currency: number;
  digits: number;
  flags: number;
}

export function readingOf(octets: Buffer): Reading {
  return {
    importWh: octets.readBigInt64LE(0),
    powerW: octets.readInt32LE(8),
    price: octets.readInt32LE(12),
    costPerHour: octets.readInt32LE(16),
    costToday: octets.readInt32LE(20),
    currency: octets.readUInt16LE(24),
    digits: octets.readUInt8(26),
    flags: octets.readUInt8(27),
  };
}

export function registerOf(octets: Buffer): { importWh: bigint; powerW: number } {
  return { importWh: octets.readBigInt64LE(0), powerW: octets.readInt32LE(8) };
}

/** A report of Metering as a foreign meter sends it. */
export function meterReport(summation: bigint, demand: number): Buffer {
  const out = Buffer.alloc(18);
  Buffer.from("18420a000025", "hex").copy(out, 0);
  out.writeUIntLE(Number(summation & 0xffffffffffffn), 6, 6);
  Buffer.from("00042a", "hex").copy(out, 12);
  out.writeIntLE(demand, 15, 3);
  return out;
}

/** A read answer with unit, multiplier, divisor and both formattings; `undefined` says that the meter lacks the attribute. */
export function meterScale(
  sequence: number,
  scale: { unit?: number; multiplier?: number; divisor?: number; summation?: number; demand?: number },
): Buffer {
  const attribute = (id: number, type: number, size: number, value: number | undefined): Buffer => {
    const head = Buffer.alloc(value === undefined ? 3 : 4 + size);
    head.writeUInt16LE(id, 0);
    head.writeUInt8(value === undefined ? 0x86 : 0, 2);
    if (value !== undefined) {
      head.writeUInt8(type, 3);
      head.writeUIntLE(value, 4, size);
    }
    return head;
  };
  return Buffer.concat([
    Buffer.from([0x18, sequence, 0x01]),
    attribute(0x0300, 0x30, 1, scale.unit),
    attribute(0x0301, 0x22, 3, scale.multiplier),
    attribute(0x0302, 0x22, 3, scale.divisor),
    attribute(0x0303, 0x18, 1, scale.summation),
    attribute(0x0304, 0x18, 1, scale.demand),
  ]);
}
