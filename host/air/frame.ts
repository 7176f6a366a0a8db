// IEEE 802.15.4-2006 frames as far as a radio looks into them: clauses 7.2.1 (format), 7.2.1.9 (FCS).
//
//   frame control 2 | DSN 1 | target PAN 2, address 2/8 | source PAN 2, address 2/8 | ... | FCS 2

export const PSDU_MAX = 127; // aMaxPHYPacketSize
export const FCS_SIZE = 2;
export const ACK_SIZE = 5;

export const FRAME_BEACON = 0;
export const FRAME_DATA = 1;
export const FRAME_ACK = 2;
export const FRAME_COMMAND = 3;
export const COMMAND_DATA_REQUEST = 4;

export const BROADCAST = 0xffff;

const CONTROL_SECURED = 0x08;
const CONTROL_PENDING = 0x10;
const CONTROL_ACK_REQUEST = 0x20;
const CONTROL_ONE_PAN = 0x40;

const MODE_NONE = 0;
const MODE_SHORT = 2;
const MODE_EXTENDED = 3;

const FCS_TABLE = new Uint16Array(256).map((_, octet) => {
  let rest = octet;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x8408 : rest >>> 1;
  return rest;
});

/** CRC-16 of ITU-T with the polynomial x^16 + x^12 + x^5 + 1, least significant bit first; the 802.15.4 FCS starts at 0, X.25 at 0xffff. */
export function crc16(octets: Uint8Array, start: number, size: number): number {
  let rest = start;
  for (let index = 0; index < size; index++) rest = (rest >>> 8) ^ (FCS_TABLE[(rest ^ (octets[index] as number)) & 0xff] as number);
  return rest;
}

/** A copy with the FCS at its end. */
export function withFcs(body: Uint8Array): Uint8Array {
  const psdu = new Uint8Array(body.length + FCS_SIZE);
  psdu.set(body);
  sealFcs(psdu);
  return psdu;
}

/** Writes the FCS into the last two octets. */
export function sealFcs(psdu: Uint8Array): void {
  const size = psdu.length - FCS_SIZE;
  const fcs = crc16(psdu, 0, size);
  psdu[size] = fcs & 0xff;
  psdu[size + 1] = fcs >>> 8;
}

export function fcsGood(psdu: Uint8Array): boolean {
  const size = psdu.length - FCS_SIZE;
  return size >= 3 && crc16(psdu, 0, size) === ((psdu[size] as number) | ((psdu[size + 1] as number) << 8));
}

export function ackFrame(sequence: number, pending: boolean): Uint8Array {
  return withFcs(Uint8Array.of(FRAME_ACK | (pending ? CONTROL_PENDING : 0), 0, sequence));
}

/** What the address filter and the acknowledgement need to know of a frame. */
export interface Addressing {
  type: number;
  version: number;
  ackRequest: boolean;
  pending: boolean;
  sequence: number;
  /** Undefined where the frame has no such field. */
  targetPan: number | undefined;
  targetShort: number | undefined;
  targetExtended: bigint | undefined;
  sourcePan: number | undefined;
  sourceShort: number | undefined;
  sourceExtended: bigint | undefined;
  /** A MAC command's first octet, when it is there and not encrypted. */
  command: number | undefined;
}

function u16(octets: Uint8Array, at: number): number {
  return (octets[at] as number) | ((octets[at + 1] as number) << 8);
}

export function u64(octets: Uint8Array, at: number): bigint {
  const low = (u16(octets, at) | (u16(octets, at + 2) << 16)) >>> 0;
  const high = (u16(octets, at + 4) | (u16(octets, at + 6) << 16)) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Reads the head of a PSDU without or with its FCS (`size` counts the octets before the FCS); undefined when it does not hold one. */
export function readAddressing(psdu: Uint8Array, size: number): Addressing | undefined {
  if (size < 3 || size > psdu.length) return undefined;
  const low = psdu[0] as number;
  const high = psdu[1] as number;
  const targetMode = (high >>> 2) & 3;
  const sourceMode = high >>> 6;
  const type = low & 7;
  if (targetMode === 1 || sourceMode === 1) return undefined;
  const onePan = (low & CONTROL_ONE_PAN) !== 0;
  const found: Addressing = {
    type,
    version: (high >>> 4) & 3,
    ackRequest: (low & CONTROL_ACK_REQUEST) !== 0,
    pending: (low & CONTROL_PENDING) !== 0,
    sequence: psdu[2] as number,
    targetPan: undefined,
    targetShort: undefined,
    targetExtended: undefined,
    sourcePan: undefined,
    sourceShort: undefined,
    sourceExtended: undefined,
    command: undefined,
  };
  const sourcePanHere = sourceMode !== MODE_NONE && !(onePan && targetMode !== MODE_NONE);
  const need = 3 + (targetMode === MODE_NONE ? 0 : 2 + addressSize(targetMode)) + (sourcePanHere ? 2 : 0) + addressSize(sourceMode);
  if (size < need) return undefined;
  let at = 3;
  if (targetMode !== MODE_NONE) {
    found.targetPan = u16(psdu, at);
    at += 2;
    if (targetMode === MODE_SHORT) found.targetShort = u16(psdu, at);
    else found.targetExtended = u64(psdu, at);
    at += addressSize(targetMode);
  }
  if (sourceMode !== MODE_NONE) {
    found.sourcePan = sourcePanHere ? u16(psdu, at) : found.targetPan;
    if (sourcePanHere) at += 2;
    if (sourceMode === MODE_SHORT) found.sourceShort = u16(psdu, at);
    else found.sourceExtended = u64(psdu, at);
    at += addressSize(sourceMode);
  }
  // A secured command's identifier is authenticated, and not encrypted: clause 7.6.2.
  if (type === FRAME_COMMAND && (low & CONTROL_SECURED) !== 0) at += auxiliarySize(psdu[at] ?? 0);
  if (type === FRAME_COMMAND && at < size) found.command = psdu[at];
  return found;
}

/** The auxiliary security header by its first octet: control, frame counter, key identifier (clause 7.6.2). */
function auxiliarySize(control: number): number {
  return 5 + ([0, 1, 5, 9][(control >> 3) & 3] as number);
}

function addressSize(mode: number): number {
  if (mode === MODE_NONE) return 0;
  return mode === MODE_EXTENDED ? 8 : 2;
}

export function asksForAck(psdu: Uint8Array): boolean {
  return ((psdu[0] as number) & CONTROL_ACK_REQUEST) !== 0;
}
