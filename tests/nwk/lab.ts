// Laboratory nodes: the network layer alone in a module under V8, on the simulated air, moved by a test.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  ResetReason,
} from "../../host/abi.ts";
import type { Timer } from "../../host/air/clock.ts";
import { type AirFrame, type Link, Medium } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { Radio } from "../../host/air/radio.ts";
import { lab } from "../../host/build/labs.ts";
import { judge, type Verdict } from "../../host/oracle/tshark.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";

export type Kind = "coordinator" | "router" | "end_device";

/** Numbers of `NwkHeard`, assembly/zigbee/nwk/state.ts. */
export const Heard = {
  Data: 1,
  ChildJoined: 3,
  Joined: 4,
  JoinFailed: 5,
  Formed: 6,
  Left: 7,
  ChildLeft: 8,
  ParentLost: 10,
  AddressConflict: 11,
  Sent: 12,
} as const;

export const SECURE = 1;
export const DISCOVER = 2;
export const NO_CONFIRM = 0x100;
export const NETWORK_KEY = Buffer.from("0123456789abcdeffedcba9876543210", "hex");
export const CHANNEL = 15;
export const MASK = 1 << CHANNEL;

/** Fields of `NwkCounters` in their order. */
const COUNTERS = [
  "malformed",
  "foreign",
  "unsecured",
  "noKey",
  "badMic",
  "replayed",
  "repeated",
  "duplicates",
  "noBuffer",
  "noRoute",
  "unsent",
  "expired",
  "refused",
  "exhausted",
] as const;

export interface Note {
  timeMs: number;
  kind: number;
  source: number;
  target: number;
  secured: boolean;
  handle: number;
  status: number;
  extended: bigint;
  payload: Buffer;
}

type LabExports = { memory: WebAssembly.Memory } & { [name: string]: (...values: (number | bigint)[]) => number };

export class LabNode {
  readonly notes: Note[] = [];
  readonly store = new Map<number, Uint8Array>();
  readonly keys = new KeySlots();
  engine!: V8Engine;
  radio!: Radio;
  private bootUs = 0;
  private boots = 0;
  private timer: Timer | undefined;
  private on = false;

  constructor(
    private readonly air: LabAir,
    readonly name: string,
    readonly kind: Kind,
    readonly extended: bigint,
  ) {
    const address = new Uint8Array(8);
    new DataView(address.buffer).setBigUint64(0, extended, true);
    this.store.set(Record.Address, address);
    this.powerOn();
  }

  get lab(): LabExports {
    return (this.engine as unknown as { exports: LabExports }).exports;
  }

  get now(): bigint {
    return BigInt(Math.floor((this.air.medium.clock.nowUs - this.bootUs) / 1000));
  }

  powerOn(): void {
    this.on = true;
    this.bootUs = this.air.medium.clock.nowUs;
    this.radio = new Radio(this.air.medium, { id: this.name });
    this.radio.onReceived = (psdu, lqi) => this.push({ [EVENT_KIND]: EventKind.RadioReceived, [EVENT_LQI]: lqi }, psdu);
    this.radio.onSent = (handle, status, pending) =>
      this.push(
        { [EVENT_KIND]: EventKind.RadioSent, [EVENT_STATUS]: status & 0xff, [EVENT_HANDLE]: handle, [EVENT_PENDING]: Number(pending) },
        new Uint8Array(0),
      );
    const seed = new Uint8Array(32).fill(this.boots++);
    new DataView(seed.buffer).setBigUint64(0, this.extended, true);
    this.engine = new V8Engine({
      wasm: lab(`nwk/${this.kind}`),
      seed,
      store: this.store,
      keys: this.keys,
      surroundings: {
        radioSend: (_number, psdu, handle) => this.radio.send(psdu, handle),
        radioSet: (_number, parameter, value) => this.radio.set(parameter, value),
        sense: () => -7,
        display: () => {},
        uplinkSend: () => 0,
        log: (code, octets) => this.noted(code, Buffer.from(octets)),
        keySet: () => {},
      },
    });
    this.engine.start(this.now, ResetReason.PowerOn);
    this.poll();
  }

  /** A power cut: what the store and the keys hold stays. */
  powerOff(): void {
    this.on = false;
    this.air.medium.clock.cancel(this.timer);
    this.radio.powerOff();
    this.engine.close();
  }

  /** An event as if the radio had heard a frame. */
  inject(psdu: Uint8Array, lqi = 200): void {
    this.push({ [EVENT_KIND]: EventKind.RadioReceived, [EVENT_LQI]: lqi }, psdu);
  }

  push(head: { [offset: number]: number }, octets: Uint8Array): void {
    if (!this.on) return;
    const event = new Uint8Array(EVENT_HEAD + octets.length);
    for (const [offset, value] of Object.entries(head)) event[Number(offset)] = value;
    new DataView(event.buffer).setUint16(EVENT_SIZE, octets.length, true);
    event.set(octets, EVENT_HEAD);
    this.engine.push(event);
    this.plan(this.air.medium.clock.nowUs);
  }

  /** Calls an export, then lets the module do what that asks for. */
  call(name: string, ...values: (number | bigint)[]): number {
    const answer = this.lab[name](...values);
    this.plan(this.air.medium.clock.nowUs);
    return answer;
  }

  write(octets: Uint8Array): void {
    new Uint8Array(this.lab.memory.buffer).set(octets, this.lab.bufferAt());
  }

  send(target: number, payload: Uint8Array, options = SECURE | DISCOVER, handle = NO_CONFIRM): number {
    this.write(payload);
    return this.call("send", target, payload.length, options, handle);
  }

  installKey(sequence = 0, key: Uint8Array = NETWORK_KEY): void {
    this.write(key);
    if (this.call("keyInstall", sequence) !== 0) throw new Error(`${this.name} refused a key`);
  }

  /** Fields of `Network`, assembly/zigbee/nwk/state.ts. */
  get network(): { extendedPanId: bigint; panId: number; address: number; parent: number; channel: number; depth: number; keys: number } {
    const view = new DataView(this.lab.memory.buffer, this.lab.networkAt());
    return {
      extendedPanId: view.getBigUint64(0, true),
      panId: view.getUint16(8, true),
      address: view.getUint16(10, true),
      parent: view.getUint16(12, true),
      channel: view.getUint8(14),
      depth: view.getUint8(16),
      keys: view.getUint8(19),
    };
  }

  get counters(): { [name in (typeof COUNTERS)[number]]: number } {
    const view = new DataView(this.lab.memory.buffer, this.lab.countersAt());
    return Object.fromEntries(COUNTERS.map((name, index) => [name, view.getUint32(index * 4, true)])) as ReturnType<
      () => LabNode["counters"]
    >;
  }

  heard(kind: number): Note[] {
    return this.notes.filter((note) => note.kind === kind);
  }

  private noted(code: number, octets: Buffer): void {
    this.notes.push({
      timeMs: this.air.medium.clock.nowUs / 1000,
      kind: code - 100,
      source: octets.readUInt16LE(0),
      target: octets.readUInt16LE(2),
      secured: octets[4] === 1,
      handle: octets[5],
      status: octets.readInt16LE(6),
      extended: octets.readBigUInt64LE(8),
      payload: octets.subarray(16),
    });
  }

  private plan(timeUs: number): void {
    if (!this.on || (this.timer && this.timer.place >= 0 && this.timer.timeUs <= timeUs)) return;
    this.air.medium.clock.cancel(this.timer);
    this.timer = this.air.medium.clock.at(timeUs, () => this.poll());
  }

  private poll(): void {
    this.timer = undefined;
    const deadline = this.engine.poll(this.now);
    const due = this.bootUs + Number(deadline) * 1000;
    if (Number.isSafeInteger(due)) this.plan(Math.max(due, this.air.medium.clock.nowUs + 1000));
  }
}

/** An air with a capture that tshark can judge. */
export class LabAir {
  readonly medium: Medium;
  readonly frames: AirFrame[] = [];
  private readonly capture: CaptureWriter;
  readonly file: string;
  private count = 0;

  constructor(seed: string, link: Partial<Link> = {}) {
    this.medium = new Medium({ seed, link });
    this.file = join(mkdtempSync(join(tmpdir(), "nwk-air-")), "air.pcapng");
    this.capture = new CaptureWriter(this.file);
    this.medium.onFrame((frame) => {
      this.frames.push({ ...frame, psdu: Uint8Array.from(frame.psdu) });
      this.capture.frame(frame.timeUs, frame.psdu);
    });
  }

  node(kind: Kind, name: string = kind): LabNode {
    return new LabNode(this, name, kind, 0x00124b0000000100n + BigInt(++this.count));
  }

  run(ms: number): void {
    this.medium.clock.runUntil(this.medium.clock.nowUs + ms * 1000);
  }

  /** A coordinator with a network and its key, open for devices. */
  hub(name = "hub"): LabNode {
    const hub = this.node("coordinator", name);
    hub.call("nwkFormStart", MASK, 0xffff, hub.now);
    this.run(500);
    hub.installKey();
    hub.call("nwkPermitJoin", 250, hub.now);
    return hub;
  }

  /** A device that associates and is given the key. */
  member(kind: Kind, name: string): LabNode {
    const node = this.node(kind, name);
    this.join(node);
    return node;
  }

  join(node: LabNode): void {
    // Smart Energy scans three times, for a beacon may be lost.
    const before = node.heard(Heard.Joined).length;
    for (let scan = 0; scan < 3 && node.heard(Heard.Joined).length === before; scan++) {
      node.call("nwkJoinStart", MASK, 0n, node.now);
      this.run(1500);
    }
    if (node.heard(Heard.Joined).length === before) throw new Error(`${node.name} did not join`);
    node.installKey();
    this.run(300);
  }

  async verdict(key = NETWORK_KEY): Promise<Verdict> {
    this.capture.close();
    return judge(this.file, [{ key, label: "network" }]);
  }
}

/** An APS data frame that a decoder understands: Time cluster, read attribute 0; `tag` is its APS counter and ZCL sequence. */
export function payload(tag: number, broadcast = false): Buffer {
  return Buffer.from([broadcast ? 0x08 : 0x00, 1, 0x0a, 0x00, 0x09, 0x01, 1, tag, 0x00, tag, 0x00, 0x00, 0x00]);
}

/** Tags of the data that a node heard. */
export function tags(node: LabNode): number[] {
  return node.heard(Heard.Data).map((note) => note.payload[7]);
}
