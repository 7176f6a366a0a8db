// The co-processor's properties: their values, and what may be written to them.  The table is in README.md.

import { u64 } from "../air/frame.ts";
import { PENDING_MAX } from "../air/identity.ts";
import { CHANNEL_FIRST, CHANNEL_LAST } from "../air/standard.ts";
import { Property, packed, Status } from "./frame.ts";

export interface Settings {
  enabled: boolean;
  channel: number;
  extended: bigint;
  short: number;
  pan: number;
  rawStream: boolean;
  promiscuous: number;
  receive: boolean;
  sourceMatch: boolean;
  ccaThreshold: number;
  transmitPower: number;
}

const DEFAULTS: Readonly<Settings> = {
  enabled: false,
  channel: CHANNEL_FIRST,
  extended: 0n,
  short: 0xffff,
  pan: 0xffff,
  rawStream: false,
  promiscuous: 0,
  receive: true,
  sourceMatch: false,
  ccaThreshold: -75,
  transmitPower: 0,
};

/** Requests are answered with a `Status`; what they change is for `Coprocessor` to carry to the radio. */
export class Properties {
  settings: Settings = { ...DEFAULTS };
  readonly matchShort = new Set<number>();
  readonly matchExtended = new Set<bigint>();

  constructor(private readonly hardwareAddress: bigint) {}

  reset(): void {
    this.settings = { ...DEFAULTS };
    this.matchShort.clear();
    this.matchExtended.clear();
  }

  /** Undefined for a property that there is not. */
  value(property: number): readonly number[] | Uint8Array | undefined {
    const { settings } = this;
    switch (property) {
      case Property.LastStatus:
        return packed(Status.Ok);
      case Property.ProtocolVersion:
        return [4, 3];
      case Property.NcpVersion:
        return Buffer.from("KILOWASM-AIR/1; SIMULATION\0");
      case Property.InterfaceType:
        return [3];
      case Property.Capabilities:
        return [34, ...packed(513)];
      case Property.HardwareAddress:
        return eui64(this.hardwareAddress);
      case Property.RcpVersion:
        return packed(10);
      case Property.RcpHostVersionMin:
        return packed(4);
      case Property.RadioCapabilities:
        return packed(0x2e);
      case Property.PhyEnabled:
        return [Number(settings.enabled)];
      case Property.PhyChannel:
        return [settings.channel];
      case Property.PhyChannels:
        return Array.from({ length: CHANNEL_LAST - CHANNEL_FIRST + 1 }, (_, index) => CHANNEL_FIRST + index);
      case Property.PhyCcaThreshold:
        return [settings.ccaThreshold & 0xff];
      case Property.PhyTransmitPower:
        return [settings.transmitPower & 0xff];
      case Property.PhyRssi:
        return [-98 & 0xff];
      case Property.PhySensitivity:
        return [-100 & 0xff];
      default:
        return this.macValue(property);
    }
  }

  private macValue(property: number): readonly number[] | Uint8Array | undefined {
    const { settings } = this;
    switch (property) {
      case Property.MacExtended:
        return eui64(settings.extended);
      case Property.MacShort:
        return [settings.short & 0xff, settings.short >>> 8];
      case Property.MacPan:
        return [settings.pan & 0xff, settings.pan >>> 8];
      case Property.MacRawStream:
        return [Number(settings.rawStream)];
      case Property.MacPromiscuous:
        return [settings.promiscuous];
      case Property.MacReceiveWhenIdle:
        return [Number(settings.receive)];
      case Property.SourceMatch:
        return [Number(settings.sourceMatch)];
      case Property.SourceMatchShort:
        return [...this.matchShort].flatMap((address) => [address & 0xff, address >>> 8]);
      case Property.SourceMatchExtended:
        return [...this.matchExtended].flatMap((address) => [...eui64(address)]);
      default:
        return undefined;
    }
  }

  set(property: number, value: Uint8Array): number {
    return isList(property) ? this.setList(property, value) : this.setOne(property, value);
  }

  private setOne(property: number, value: Uint8Array): number {
    const size = sizeOf(property);
    if (size === undefined) return Status.PropertyNotFound;
    if (value.length < size) return Status.ParseError;
    const { settings } = this;
    const octet = value[0] as number;
    const word = octet | ((value[1] ?? 0) << 8);
    switch (property) {
      case Property.PhyChannel:
        if (octet < CHANNEL_FIRST || octet > CHANNEL_LAST) return Status.InvalidArgument;
        settings.channel = octet;
        return Status.Ok;
      case Property.PhyCcaThreshold:
        settings.ccaThreshold = (octet << 24) >> 24;
        return Status.Ok;
      case Property.PhyTransmitPower:
        settings.transmitPower = (octet << 24) >> 24;
        return Status.Ok;
      case Property.MacExtended:
        settings.extended = u64(value.slice(0, 8).reverse(), 0);
        return Status.Ok;
      case Property.MacShort:
        settings.short = word;
        return Status.Ok;
      case Property.MacPan:
        settings.pan = word;
        return Status.Ok;
      case Property.MacPromiscuous:
        if (octet > 2) return Status.InvalidArgument;
        settings.promiscuous = octet;
        return Status.Ok;
      default:
        return octet > 1 ? Status.InvalidArgument : this.setSwitch(property, octet === 1);
    }
  }

  private setSwitch(property: number, on: boolean): number {
    const { settings } = this;
    if (property === Property.PhyEnabled) settings.enabled = on;
    else if (property === Property.MacRawStream) settings.rawStream = on;
    else if (property === Property.MacReceiveWhenIdle) settings.receive = on;
    else settings.sourceMatch = on;
    return Status.Ok;
  }

  private setList(property: number, value: Uint8Array): number {
    const size = addressSize(property);
    if (value.length % size !== 0) return Status.ParseError;
    if (value.length / size > PENDING_MAX) return Status.NoMemory;
    if (size === 2) this.matchShort.clear();
    else this.matchExtended.clear();
    for (let at = 0; at < value.length; at += size) this.insert(property, value.subarray(at, at + size));
    return Status.Ok;
  }

  /** Inserts or removes one address of a list. */
  edit(property: number, value: Uint8Array, insert: boolean): number {
    if (!isList(property)) return this.value(property) === undefined ? Status.PropertyNotFound : Status.InvalidCommand;
    if (value.length !== addressSize(property)) return Status.ParseError;
    return insert ? this.insert(property, value) : this.remove(property, value);
  }

  private insert(property: number, value: Uint8Array): number {
    const short = property === Property.SourceMatchShort;
    const address = short ? (value[0] as number) | ((value[1] as number) << 8) : u64(value.slice().reverse(), 0);
    const list = (short ? this.matchShort : this.matchExtended) as Set<number | bigint>;
    if (!list.has(address) && list.size >= PENDING_MAX) return Status.NoMemory;
    list.add(address);
    return Status.Ok;
  }

  private remove(property: number, value: Uint8Array): number {
    const found =
      property === Property.SourceMatchShort
        ? this.matchShort.delete((value[0] as number) | ((value[1] as number) << 8))
        : this.matchExtended.delete(u64(value.slice().reverse(), 0));
    return found ? Status.Ok : Status.ItemNotFound;
  }
}

function isList(property: number): boolean {
  return property === Property.SourceMatchShort || property === Property.SourceMatchExtended;
}

function addressSize(property: number): number {
  return property === Property.SourceMatchShort ? 2 : 8;
}

function sizeOf(property: number): number | undefined {
  switch (property) {
    case Property.PhyEnabled:
    case Property.PhyChannel:
    case Property.PhyCcaThreshold:
    case Property.PhyTransmitPower:
    case Property.MacRawStream:
    case Property.MacPromiscuous:
    case Property.MacReceiveWhenIdle:
    case Property.SourceMatch:
      return 1;
    case Property.MacShort:
    case Property.MacPan:
      return 2;
    case Property.MacExtended:
      return 8;
    default:
      return undefined;
  }
}

function eui64(address: bigint): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt.asUintN(64, address));
  return octets;
}
