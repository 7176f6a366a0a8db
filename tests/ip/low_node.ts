// The lab of the lower layers as a node on a table: keys, neighbours and contexts as a join would have left them.
import {
  EVENT_HANDLE,
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_LQI,
  EVENT_PENDING,
  EVENT_SIZE,
  EVENT_STATUS,
  EventKind,
  Record,
} from "../../host/abi.ts";
import { Bench, CutStore } from "./bench.ts";
import { derived, NETWORK_KEY, PAN, PREFIX } from "./captures.ts";

/** Numbers of `LinkHeard`, assembly/ip/link/heard.ts. */
export const Heard = { Packet: 1, Beacon: 2, ScanDone: 3, Poll: 4, Polled: 5, Sent: 6, Unlinked: 7 } as const;
export const LINKED = 3;
export const MODE = { none: 0, short: 2, extended: 3 } as const;
export const RANK = { current: 2, next: 3 } as const;
/** Reasons of `Drop`, docs/abi.md. */
export const DROP = {
  malformed: 0,
  foreign: 1,
  unsecured: 2,
  noKey: 3,
  badMic: 4,
  replayed: 5,
  duplicate: 7,
  noBuffer: 8,
  unsent: 10,
  expired: 11,
  refused: 12,
  exhausted: 13,
} as const;

export interface Note {
  kind: number;
  from: bigint;
  mode: number;
  secured: boolean;
  toAll: boolean;
  lqi: number;
  status: number;
  pending: number;
  panId: number;
  octets: Buffer;
}

function noteOf({ code, octets }: { code: number; octets: Buffer }): Note {
  return {
    kind: code - 100,
    from: octets.readBigUInt64LE(0),
    mode: octets[8],
    secured: octets[9] === 1,
    toAll: octets[10] === 1,
    lqi: octets[11],
    status: octets.readInt8(12),
    pending: octets[13],
    panId: octets.readUInt16LE(14),
    octets: octets.subarray(16),
  };
}

export interface Identity {
  extended: bigint;
  short: number;
}

export class LowNode extends Bench {
  now = 0n;

  constructor(
    readonly identity: Identity,
    others: readonly Identity[] = [],
  ) {
    const store = new CutStore();
    const address = Buffer.alloc(8);
    address.writeBigUInt64LE(identity.extended);
    store.set(Record.Address, address);
    super("ip/low", store);
    this.doors.radioOpen(15, PAN, identity.short, 1);
    this.install(1);
    this.context(0, PREFIX, 64);
    for (const other of others) this.link(other);
  }

  install(index: number, key: Uint8Array = NETWORK_KEY, rank: number = RANK.current): number {
    return this.doors.keysInstall(index, this.write(derived(key)), rank);
  }

  context(id: number, prefix: Uint8Array, bits: number, isUsed = true): void {
    this.write(Buffer.concat([prefix, Buffer.alloc(16 - prefix.length)]));
    if (!this.doors.context(id, bits, Number(isUsed))) throw new Error("no room for a context");
  }

  link(other: Identity, state = LINKED, mode = 0x0a, flags = 0): void {
    this.doors.neighbour(other.extended, other.short, state, mode, flags);
  }

  event(kind: number, head: { [offset: number]: number }, octets: Uint8Array = new Uint8Array(0)): void {
    const event = new Uint8Array(EVENT_HEAD + octets.length);
    event[EVENT_KIND] = kind;
    for (const [offset, value] of Object.entries(head)) event[Number(offset)] = value;
    new DataView(event.buffer).setUint16(EVENT_SIZE, octets.length, true);
    event.set(octets, EVENT_HEAD);
    this.engine.push(event);
  }

  /** What the node makes of a frame, without FCS. */
  hear(psdu: Uint8Array, lqi = 200): Note[] {
    const before = this.logged.length;
    this.event(EventKind.RadioReceived, { [EVENT_LQI]: lqi }, psdu);
    this.engine.poll(this.now);
    return this.logged
      .slice(before)
      .filter(({ code }) => code >= 100)
      .map(noteOf);
  }

  /** Counters of the link, by reason. */
  drop(reason: number): number {
    return this.octets.readUInt32LE(this.doors.dropsAt() + 4 * reason);
  }
}

/** What a node sends when it is polled, the radio being done with the frame before. */
export function sends(on: LowNode, status = 0, pending = 0): Buffer | undefined {
  const before = on.sent.length;
  on.engine.poll(on.now);
  const frame = on.sent[before];
  if (frame) on.event(EventKind.RadioSent, { [EVENT_HANDLE]: on.handle, [EVENT_STATUS]: status & 0xff, [EVENT_PENDING]: pending });
  return frame;
}

/** The packets among what was heard. */
export const packets = (notes: readonly Note[]): string[] =>
  notes.filter(({ kind }) => kind === Heard.Packet).map(({ octets }) => octets.toString("hex"));
