// Spinel frames (draft-rquattle-spinel-unified): header, command, property, value; and the numbers of OpenThread that we use.

export const COMMAND_NOOP = 0;
export const COMMAND_RESET = 1;
export const COMMAND_GET = 2;
export const COMMAND_SET = 3;
export const COMMAND_INSERT = 4;
export const COMMAND_REMOVE = 5;
export const COMMAND_IS = 6;
export const COMMAND_INSERTED = 7;
export const COMMAND_REMOVED = 8;

export const Status = {
  Ok: 0,
  Failure: 1,
  Unimplemented: 2,
  InvalidArgument: 3,
  InvalidState: 4,
  InvalidCommand: 5,
  ParseError: 9,
  NoMemory: 11,
  Busy: 12,
  PropertyNotFound: 13,
  NoAck: 17,
  ChannelBusy: 18,
  ItemNotFound: 20,
  ResetPowerOn: 112,
  ResetSoftware: 114,
} as const;

export const Property = {
  LastStatus: 0x00,
  ProtocolVersion: 0x01,
  NcpVersion: 0x02,
  InterfaceType: 0x03,
  Capabilities: 0x05,
  HardwareAddress: 0x08,
  PhyEnabled: 0x20,
  PhyChannel: 0x21,
  PhyChannels: 0x22,
  PhyCcaThreshold: 0x24,
  PhyTransmitPower: 0x25,
  PhyRssi: 0x26,
  PhySensitivity: 0x27,
  MacExtended: 0x34,
  MacShort: 0x35,
  MacPan: 0x36,
  MacRawStream: 0x37,
  MacPromiscuous: 0x38,
  MacReceiveWhenIdle: 0x3b,
  StreamRaw: 0x71,
  RcpVersion: 0xb0,
  RcpHostVersionMin: 0xb1,
  RadioCapabilities: 0x120b,
  SourceMatch: 0x1303,
  SourceMatchShort: 0x1304,
  SourceMatchExtended: 0x1305,
} as const;

const HEADER_FLAG = 0x80;
const PACKED_OCTETS_MAX = 3; // 21 bits, more than any property needs

export interface SpinelFrame {
  interface: number;
  tid: number;
  command: number;
  /** 0 when the frame ends before it. */
  property: number;
  value: Uint8Array;
}

/** 7 bits an octet, least significant first; the highest bit says that more follows. */
export function packed(value: number): number[] {
  const octets: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    octets.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  octets.push(rest);
  return octets;
}

/** The number and how many octets it took; undefined when it does not end. */
export function readPacked(octets: Uint8Array, from: number): { value: number; size: number } | undefined {
  let value = 0;
  for (let size = 0; size < PACKED_OCTETS_MAX; size++) {
    const octet = octets[from + size];
    if (octet === undefined) return undefined;
    value |= (octet & 0x7f) << (7 * size);
    if ((octet & 0x80) === 0) return { value, size: size + 1 };
  }
  return undefined;
}

export function readSpinel(octets: Uint8Array): SpinelFrame | undefined {
  const header = octets[0];
  if (header === undefined || (header & 0xc0) !== HEADER_FLAG) return undefined;
  const command = readPacked(octets, 1);
  if (command === undefined) return undefined;
  const found: SpinelFrame = {
    interface: (header >>> 4) & 3,
    tid: header & 0x0f,
    command: command.value,
    property: 0,
    value: new Uint8Array(0),
  };
  let at = 1 + command.size;
  if (at === octets.length || command.value === COMMAND_NOOP || command.value === COMMAND_RESET) return found;
  const property = readPacked(octets, at);
  if (property === undefined) return undefined;
  at += property.size;
  found.property = property.value;
  found.value = octets.slice(at);
  return found;
}

export function writeSpinel(tid: number, command: number, property: number, value: Uint8Array | readonly number[]): Uint8Array {
  return Uint8Array.from([HEADER_FLAG | tid, ...packed(command), ...packed(property), ...value]);
}
