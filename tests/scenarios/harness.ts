// Lab devices on the simulated air: each runs a lab of tests/labs/aps under V8, does what a test tells it by Uplink events and
// says by `log` what its stack found.  The test owns the clock.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Drop, EventKind, Record, ResetReason } from "../../host/abi.ts";
import { Clock } from "../../host/air/clock.ts";
import { type AirFrame, Medium } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { lab } from "../../host/build/labs.ts";
import { EngineStopped } from "../../host/engine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { addressOctets, withCrc } from "../../host/home/provision.ts";
import { ROOT } from "../../host/modules.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";

export type Kind = "coordinator" | "router" | "end_device";

const LOG_STARTED = 98;
const LOG_ANSWER = 99;
const LOG_HEARD = 100;

/** StackHeard of assembly/zigbee/stack.ts. */
export const Heard = {
  Message: 1,
  Joined: 2,
  JoinFailed: 3,
  Formed: 4,
  Authenticated: 5,
  LinkKey: 6,
  Confirm: 7,
  ZdoAnswer: 8,
  DeviceJoined: 9,
  DeviceLeft: 10,
  Left: 11,
  ParentLost: 12,
  KeyRequested: 13,
} as const;

export const APS_ACK = 1;
export const APS_LINK_KEY = 2;
export const APS_FRAGMENT = 4;

/** One thing that a device's stack found. */
export interface Note {
  atMs: number;
  heard: number;
  /** The device's own short address at that time. */
  short: number;
  octets: Buffer;
}

export interface Message {
  source: number;
  sourceExtended: bigint;
  sourceEndpoint: number;
  targetEndpoint: number;
  profile: number;
  cluster: number;
  keyKind: number;
  handle: number;
  status: number;
  payload: Buffer;
}

export function messageOf({ octets }: Note): Message {
  const at = octets.subarray(2);
  const word = (offset: number): number => at.readUInt32LE(offset);
  return {
    source: word(0),
    sourceExtended: at.readBigUInt64LE(8),
    sourceEndpoint: word(16),
    targetEndpoint: word(20),
    profile: word(24),
    cluster: word(28),
    keyKind: word(40),
    handle: word(60),
    status: at.readInt32LE(64),
    payload: Buffer.from(at.subarray(72)),
  };
}

export interface Answer {
  kind: number;
  source: number;
  sequence: number;
  status: number;
  short: number;
  extended: bigint;
  seconds: number;
  list: Buffer;
}

export function answerOf({ octets }: Note): Answer {
  const at = octets.subarray(2);
  const word = (offset: number): number => at.readUInt32LE(offset);
  return {
    kind: word(0),
    source: word(4),
    sequence: word(16),
    status: word(20),
    short: word(24),
    extended: at.readBigUInt64LE(32),
    seconds: word(48),
    list: Buffer.from(at.subarray(52)),
  };
}

/** A store that loses power at its nth write from now, before or after that write took place. */
class Store extends Map<number, Uint8Array> {
  left = 0;
  taken = false;

  override set(record: number, octets: Uint8Array): this {
    if (this.left === 0 || --this.left > 0) return super.set(record, octets);
    if (this.taken) super.set(record, octets);
    throw new EngineStopped(ResetReason.PowerOn, "power cut");
  }
}

/** A device that follows a test. */
export class LabNode {
  readonly store = new Store();
  readonly keys = new KeySlots();
  readonly notes: Note[] = [];
  readonly answers: Buffer[] = [];
  readonly troubles: string[] = [];
  readonly extended: bigint;
  readonly installCode: Buffer;
  resumed = false;
  private device: ModuleDevice;
  private boots = 0;

  constructor(
    readonly air: Air,
    readonly name: DeviceId,
    readonly kind: Kind,
    wasm: Uint8Array,
  ) {
    const factory = createHash("sha256").update(`${air.seed} ${name}`).digest();
    this.extended = factory.readBigUInt64LE(0);
    this.installCode = withCrc(factory.subarray(8, 24));
    this.store.set(Record.Address, addressOctets(this.extended));
    if (kind !== "coordinator") this.store.set(Record.InstallCode, this.installCode);
    const edge = {
      log: (code: number, octets: Uint8Array) => this.logged(code, Buffer.from(octets)),
      display: () => undefined,
      uplink: () => undefined,
      sense: () => false,
      key: (slot: number, key: Uint8Array) => air.key(this, slot, key),
      trouble: (sentence: string) => {
        this.troubles.push(sentence);
      },
    };
    this.device = new ModuleDevice(
      name,
      air.medium,
      (surroundings) =>
        new V8Engine({
          wasm,
          seed: createHash("sha256")
            .update(`${air.seed} ${name} ${this.boots++}`)
            .digest(),
          surroundings,
          store: this.store,
          keys: this.keys,
        }),
      edge,
    );
    this.device.powerOn();
  }

  /** The short address that the device had when it last said anything. */
  get short(): number {
    return this.notes.at(-1)?.short ?? 0xffff;
  }

  /** What the store and the key slots hold survives. */
  powerCut(offMs: number): void {
    this.device.close();
    this.air.run(offMs);
    this.device.powerOn();
  }

  /** Cuts the power at the nth write of a record; `taken` says whether that write is in the store afterwards. */
  cutAtWrite(count: number, taken: boolean): void {
    this.store.left = count;
    this.store.taken = taken;
  }

  /** Whether the cut that was asked for is still to come. */
  get isCutDue(): boolean {
    return this.store.left > 0;
  }

  /** Sends a command; answers what the module answered to it. */
  tell(...parts: (number | Uint8Array)[]): number {
    const before = this.answers.length;
    const octets = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : part)));
    if (!this.device.push(EventKind.Uplink, octets)) throw new Error(`${this.name} takes no command; ${this.troubles.join("; ")}`);
    this.air.run(2);
    if (this.answers.length === before) throw new Error(`${this.name} did not answer a command; ${this.troubles.join("; ")}`);
    return this.answers[this.answers.length - 1].readInt32LE(0);
  }

  send(target: LabNode | number, cluster: number, options: number, payload: Uint8Array, profile = 0x0109): number {
    const [short, extended] = typeof target === "number" ? [target, 0n] : [target.short, target.extended];
    return this.tell(16, u16(short), addressOctets(extended), 1, 1, u16(profile), u16(cluster), u16(options), payload);
  }

  /** A message of `size` octets, which are `longPayload`. */
  sendLong(target: LabNode, cluster: number, options: number, size: number): number {
    return this.tell(22, u16(target.short), addressOctets(target.extended), 1, 1, u16(0x0109), u16(cluster), u16(options), u16(size));
  }

  /** A ZDO question. */
  ask(cluster: number, target: number, { extended = 0n, endpoint = 1, about = 0 } = {}): number {
    return this.tell(18, u16(cluster), u16(target), addressOctets(extended), endpoint, u16(about));
  }

  counters(): { [name: string]: number } {
    this.tell(19);
    const [drops, others] = this.answers.slice(-2);
    const dropped = Object.entries(Drop).map(([name, index]) => [name[0].toLowerCase() + name.slice(1), drops.readUInt32LE(4 * index)]);
    const counted = ["duplicates", "unacknowledged", "strayAcks"].map((name, index) => [name, others.readUInt32LE(4 * index)]);
    return Object.fromEntries([...dropped, ...counted]);
  }

  heard(heard: number, from = 0): Note[] {
    return this.notes.slice(from).filter((note) => note.heard === heard);
  }

  messages(from = 0): Message[] {
    return this.heard(Heard.Message, from).map(messageOf);
  }

  close(): void {
    this.device.close();
  }

  private logged(code: number, octets: Buffer): void {
    if (code === LOG_STARTED) this.resumed = octets[0] === 1;
    else if (code === LOG_ANSWER) this.answers.push(octets);
    else this.notes.push({ atMs: this.air.nowMs, heard: code - LOG_HEARD, short: octets.readUInt16LE(0), octets });
  }
}

/** The air of one test, with a capture of all that was on it. */
export class Air {
  readonly clock = new Clock();
  readonly medium: Medium;
  readonly frames: AirFrame[] = [];
  readonly path: string;
  readonly known: { key: Uint8Array; label: string }[] = [];
  private readonly capture: CaptureWriter;
  private readonly nodes: LabNode[] = [];

  constructor(
    readonly seed: number,
    name: string,
  ) {
    this.medium = new Medium({ seed, clock: this.clock });
    const folder = join(ROOT, "build", "scenarios");
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${name}.pcapng`);
    this.capture = new CaptureWriter(this.path);
    this.medium.onFrame((frame) => {
      this.frames.push({ ...frame, psdu: Uint8Array.from(frame.psdu) });
      this.capture.frame(frame.timeUs, frame.psdu);
    });
  }

  get nowMs(): number {
    return Math.floor(this.clock.nowUs / 1000);
  }

  async node(name: DeviceId, kind: Kind): Promise<LabNode> {
    const node = new LabNode(this, name, kind, lab(`aps/${kind}`));
    this.nodes.push(node);
    return node;
  }

  run(ms: number): void {
    this.clock.runUntil(this.clock.nowUs + ms * 1000);
  }

  /** Runs until `condition` holds; false when it does not within `ms`. */
  until(condition: () => boolean, ms: number): boolean {
    for (const end = this.nowMs + ms; this.nowMs < end; this.run(10)) if (condition()) return true;
    return condition();
  }

  key(node: LabNode, slot: number, key: Uint8Array): void {
    this.known.push({ key: Uint8Array.from(key), label: `${node.name} ${slot}` });
  }

  close(): void {
    for (const node of this.nodes) node.close();
    this.capture.close();
  }
}

/** Forms a network on channel 15 and admits the others. */
export function form(hub: LabNode, ...others: LabNode[]): boolean {
  hub.tell(1, u32(1 << 15));
  if (!hub.air.until(() => hub.heard(Heard.Formed).length > 0, 10_000)) return false;
  for (const other of others) hub.tell(2, addressOctets(other.extended), other.installCode.length, other.installCode);
  hub.tell(3, 254);
  return true;
}

/** Joins; true when the network key arrived. */
export function joinNetwork(node: LabNode, patienceMs = 20_000): boolean {
  const before = node.notes.length;
  node.tell(1, u32(1 << 15));
  return node.air.until(() => node.heard(Heard.Authenticated, before).length > 0, patienceMs);
}

/** Gives two devices the link key that key establishment would have made. */
export function establish(hub: LabNode, other: LabNode, key: Uint8Array): void {
  hub.tell(4, addressOctets(other.extended), key);
  other.tell(17, addressOctets(hub.extended), key);
}

/** What `sendLong` sends. */
export function longPayload(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => (index === 0 ? 1 : (index * 7) & 0xff)));
}

export function u16(value: number): Buffer {
  return Buffer.from([value & 0xff, value >>> 8]);
}

export function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value >>> 0);
  return octets;
}
