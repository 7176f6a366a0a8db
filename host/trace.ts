// Recordings and traces of a device, docs/abi.md "Recordings and traces".

export const TraceKind = {
  Seed: 1,
  Record: 2,
  Start: 3,
  Event: 4,
  Poll: 5,
  Answer: 6,
  Effect: 7,
  Trap: 8,
  Image: 9,
  Key: 10,
  Outside: 11,
} as const;

const RECORDING_MAGIC = "KWR1";
const TRACE_MAGIC = "KWT1";
/** A recording or trace that would grow beyond this is refused: it is a test's, not a day's. */
export const TRACE_OCTETS_MAX = 64 * 1024 * 1024;

/** One record of a recording or a trace. */
export interface TraceRecord {
  kind: number;
  octets: Uint8Array;
}

/** Collects the records of one file. */
export class TraceFile {
  private readonly parts: Uint8Array[] = [];
  private total = 4;

  constructor(private readonly magic: typeof RECORDING_MAGIC | typeof TRACE_MAGIC) {}

  static recording(): TraceFile {
    return new TraceFile(RECORDING_MAGIC);
  }

  static trace(): TraceFile {
    return new TraceFile(TRACE_MAGIC);
  }

  /** Octets so far. */
  get size(): number {
    return this.total;
  }

  add(kind: number, octets: Uint8Array): void {
    const head = Buffer.alloc(3);
    head[0] = kind;
    head.writeUInt16LE(octets.length, 1);
    this.total += 3 + octets.length;
    if (this.total > TRACE_OCTETS_MAX) throw new Error(`a recording is limited to ${TRACE_OCTETS_MAX} octets; record a shorter run`);
    this.parts.push(head, Uint8Array.from(octets));
  }

  bytes(): Buffer {
    return Buffer.concat([Buffer.from(this.magic, "latin1"), ...this.parts]);
  }
}

/** The records of a file; an error names the offset of what is wrong. */
export function readTrace(bytes: Uint8Array): TraceRecord[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = file.toString("latin1", 0, 4);
  if (magic !== RECORDING_MAGIC && magic !== TRACE_MAGIC)
    throw new Error("neither a recording nor a trace: it begins with neither KWR1 nor KWT1");
  const records: TraceRecord[] = [];
  for (let at = 4; at < file.length; ) {
    if (at + 3 > file.length) throw new Error(`offset ${at}: a record's head is cut short`);
    const size = file.readUInt16LE(at + 1);
    if (at + 3 + size > file.length) throw new Error(`offset ${at}: a record claims ${size} octets, ${file.length - at - 3} are left`);
    records.push({ kind: file[at], octets: file.subarray(at + 3, at + 3 + size) });
    at += 3 + size;
  }
  return records;
}

/** Eight octets, little-endian. */
export function int64(value: bigint): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(BigInt.asIntN(64, value));
  return out;
}

export function effectOctets(id: number, answer: number, scalars: readonly bigint[], octets: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = id;
  head.writeInt32LE(answer, 1);
  return Buffer.concat([head, ...scalars.map(int64), octets]);
}

/** What an `image_...` import answered, and the octets that it wrote. */
export function imageOctets(id: number, answer: number, written: Uint8Array): Buffer {
  return effectOctets(id, answer, [], written);
}

/** What stood in a slot of the key store before the first start. */
export function keyOctets(slot: number, key: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(slot), key]);
}

export function startOctets(now: bigint, reason: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(reason);
  return Buffer.concat([int64(now), tail]);
}

export function recordOctets(record: number, octets: Uint8Array): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16LE(record);
  return Buffer.concat([head, octets]);
}
