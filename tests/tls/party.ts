// A device whose module does what a test says, one import at a time: the board's TLS, identity and derived keys under wasm3, and V8's.
import {
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_SIZE,
  EventKind,
  TLS_FLAGS,
  TLS_LFDI,
  TLS_RECEIVED,
  TLS_SENT,
  TLS_STATE,
  TLS_STATUS,
  TLS_SUITE,
  TlsClose,
  TlsFlag,
  TlsProfile,
} from "../../host/abi.ts";
import { lab } from "../../host/build/labs.ts";
import type { Engine, Surroundings } from "../../host/engine.ts";
import { native } from "../../host/native/addon.ts";
import { blankFlash, SIMULATED_DEVICE_KEY, Wasm3Engine } from "../../host/native/index.ts";
import { SILENT } from "../../host/replay/replay.ts";
import { HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { identityRecords } from "../../host/tls/board_records.ts";
import type { TlsIdentity } from "../../host/tls/session.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { device, type Make, NOW, roots } from "./peers.ts";

/** Calls of tests/labs/tls/party.ts. */
const CALL = {
  collect: 0,
  reserve: 1,
  open: 2,
  feed: 3,
  drain: 4,
  read: 5,
  write: 6,
  close: 7,
  state: 8,
  export: 9,
  derive: 10,
  hmac: 11,
  ctr: 12,
  make: 13,
  request: 14,
  install: 15,
  keySet: 16,
  keyClear: 17,
  storeRead: 18,
  storeWrite: 19,
  imageBegin: 20,
  imageWrite: 21,
  imageFinish: 22,
  imageState: 23,
} as const;
const CALL_HEAD = 9;
const PIECE = 255;
export interface Answer {
  answer: number;
  octets: Buffer;
}

export interface PartyOptions {
  seed?: Uint8Array;
  store?: Map<number, Uint8Array>;
  nor?: Uint8Array;
  /** Under V8 instead of wasm3. */
  v8?: boolean;
  sessions?: number;
  secrets?: number;
}

/** What the factory writes: roots, hardware name, and an identity if there is one. */
export function manufactured(
  roots: Uint8Array[],
  current?: TlsIdentity,
  serial: Uint8Array = Buffer.from("0001"),
): Map<number, Uint8Array> {
  return identityRecords({ roots, hardwareType: HARDWARE_TYPE, serial, current });
}

export class Party {
  readonly nor: Uint8Array;
  /** Under V8, what a reboot finds. */
  readonly store: Map<number, Uint8Array>;
  /** The call that each poll was for. */
  readonly polls: (keyof typeof CALL)[] = [];
  private readonly engine: Engine;
  private readonly said: Buffer[] = [];
  private now = 0n;

  constructor({ seed = Buffer.alloc(32, 3), store = new Map(), nor, v8 = false, sessions = 2, secrets = 8 }: PartyOptions = {}) {
    const uplinkSend = (octets: Uint8Array): number => {
      this.said.push(Buffer.from(octets));
      return 0;
    };
    const surroundings: Surroundings = { ...SILENT, uplinkSend };
    this.store = store;
    this.nor = nor ?? (v8 ? Buffer.alloc(0) : flashOf(store));
    const wasm = lab("tls/party");
    this.engine = v8
      ? new V8Engine({ wasm, seed, surroundings, store, record: true })
      : new Wasm3Engine({ wasm, seed, surroundings, nor: this.nor });
    this.engine.start(0n, 0);
    this.call("reserve", sessions, secrets);
  }

  call(name: keyof typeof CALL, a = 0, b = 0, octets: Uint8Array = Buffer.alloc(0)): Answer {
    const pieces = Math.max(1, Math.ceil(octets.length / PIECE));
    for (let index = 0; index < pieces; index++)
      this.tell(index < pieces - 1 ? "collect" : name, a, b, octets.subarray(index * PIECE, (index + 1) * PIECE));
    const said = this.said.shift();
    if (!said) throw new Error(`${name} was not answered`);
    return { answer: said.readInt32LE(0), octets: said.subarray(4) };
  }

  /** Under V8, what happened to the device and what it did. */
  get recorded(): { recording: Buffer; trace: Buffer } {
    if (!(this.engine instanceof V8Engine)) throw new Error("only V8 records");
    return { recording: this.engine.recording.bytes(), trace: this.engine.trace.bytes() };
  }

  close(): void {
    this.engine.close();
  }

  private tell(call: keyof typeof CALL, a: number, b: number, octets: Uint8Array): void {
    const event = Buffer.alloc(EVENT_HEAD + CALL_HEAD + octets.length);
    event[EVENT_KIND] = EventKind.Uplink;
    event.writeUInt16LE(CALL_HEAD + octets.length, EVENT_SIZE);
    event[EVENT_HEAD] = CALL[call];
    event.writeUInt32LE(a >>> 0, EVENT_HEAD + 1);
    event.writeUInt32LE(b >>> 0, EVENT_HEAD + 5);
    event.set(octets, EVENT_HEAD + CALL_HEAD);
    if (!this.engine.push(event)) throw new Error("the event was not taken");
    this.polls.push(call);
    this.engine.poll(++this.now);
  }
}

/** A flash that holds records as the factory writes them. */
export function flashOf(store: Map<number, Uint8Array>): Buffer {
  const nor = blankFlash();
  const flash = new (native().NativeStore)({ nor, key: SIMULATED_DEVICE_KEY, noise: Buffer.alloc(32, 9) });
  if (flash.opened !== 0) flash.format();
  for (const [record, octets] of store) {
    const answer = flash.write(record, octets);
    if (answer !== 0) throw new Error(`record ${record} was not written: ${answer}`);
  }
  return nor;
}

export interface State {
  flags: Set<keyof typeof TlsFlag>;
  status: number;
  sent: number;
  received: number;
  suite: number;
  lfdi: Buffer;
}

/** A session of a party, with the words of host/tls/session.ts. */
export class PartySession {
  readonly number: number;
  private closing = false;

  constructor(
    readonly party: Party,
    profile: number,
    time: bigint,
  ) {
    const octets = Buffer.alloc(8);
    octets.writeBigInt64LE(time);
    this.number = party.call("open", profile, 0, octets).answer;
    if (this.number < 0) throw new Error(`tls_open answered ${this.number}`);
  }

  feed(octets: Uint8Array): number {
    const { answer } = this.party.call("feed", this.number, 0, octets.subarray(0, 4096));
    return Math.max(0, answer);
  }

  drain(capacity = 65_536): Buffer {
    const parts: Buffer[] = [];
    for (let left = capacity; left > 0; ) {
      const { octets } = this.party.call("drain", this.number, Math.min(left, 4096));
      if (octets.length === 0) break;
      parts.push(octets);
      left -= octets.length;
    }
    return Buffer.concat(parts);
  }

  read(capacity = 8192): Buffer {
    return this.party.call("read", this.number, Math.min(capacity, 8192)).octets;
  }

  write(octets: Uint8Array): number {
    return this.party.call("write", this.number, 0, octets).answer;
  }

  close(): void {
    this.closing = true;
    this.party.call("close", this.number, TlsClose.Begin);
  }

  free(): void {
    this.party.call("close", this.number, TlsClose.Free);
  }

  get state(): State {
    const { octets } = this.party.call("state", this.number, TLS_STATE);
    const names = Object.keys(TlsFlag) as (keyof typeof TlsFlag)[];
    const flags = octets.readUInt16LE(TLS_FLAGS);
    return {
      flags: new Set(names.filter((name) => (flags >> TlsFlag[name]) & 1)),
      status: octets.readInt8(TLS_STATUS),
      sent: octets[TLS_SENT] as number,
      received: octets[TLS_RECEIVED] as number,
      suite: octets.readUInt16LE(TLS_SUITE),
      lfdi: octets.subarray(TLS_LFDI, TLS_LFDI + 20),
    };
  }

  get phase(): "handshake" | "open" | "closed" | "failed" {
    const { flags } = this.state;
    if (flags.has("Failed")) return "failed";
    if (this.closing || flags.has("Ended") || flags.has("PeerClosed")) return "closed";
    return flags.has("Established") ? "open" : "handshake";
  }

  get readable(): number {
    return this.state.flags.has("Read") ? 1 : 0;
  }

  get alertSent(): number | undefined {
    const { sent } = this.state;
    return sent === 255 ? undefined : sent;
  }

  get alertReceived(): number | undefined {
    const { received } = this.state;
    return received === 255 ? undefined : received;
  }
}

/** A board's session, its own side the first device's. */
export const ofBoard: Make = (server) => {
  const party = new Party({ store: manufactured(roots, device()), seed: Buffer.alloc(32, server ? 1 : 2) });
  return new PartySession(party, server ? TlsProfile.Server : TlsProfile.Client, BigInt(NOW / 1000));
};
