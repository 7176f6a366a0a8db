// Labs of the IP stack on the simulated air, moved by a test, with a capture that tshark reads with the network key.
import { spawnSync } from "node:child_process";
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
import { type LabName, lab } from "../../host/build/labs.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";

type Doors = { memory: WebAssembly.Memory } & { [name: string]: (...values: (number | bigint)[]) => number };

export interface Logged {
  timeMs: number;
  code: number;
  octets: Buffer;
}

export class AirNode {
  readonly logged: Logged[] = [];
  readonly store = new Map<number, Uint8Array>();
  readonly keys = new KeySlots();
  engine!: V8Engine;
  radio!: Radio;
  private bootUs = 0;
  private boots = 0;
  private timer: Timer | undefined;
  private on = false;

  constructor(
    private readonly air: IpAir,
    readonly lab: LabName,
    readonly name: string,
    readonly extended: bigint,
  ) {
    const address = Buffer.alloc(8);
    address.writeBigUInt64LE(extended);
    this.store.set(Record.Address, address);
    this.powerOn();
  }

  get doors(): Doors {
    return (this.engine as unknown as { exports: Doors }).exports;
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
    const seed = Buffer.alloc(32, this.boots++);
    seed.writeBigUInt64LE(this.extended);
    this.engine = new V8Engine({
      wasm: lab(this.lab),
      seed,
      store: this.store,
      keys: this.keys,
      surroundings: {
        radioSend: (_number, psdu, handle) => this.radio.send(psdu, handle),
        radioSet: (_number, parameter, value) => this.radio.set(parameter, value),
        sense: () => -7,
        display: () => {},
        uplinkSend: () => 0,
        log: (code, octets) => this.logged.push({ timeMs: this.air.nowMs, code, octets: Buffer.from(octets) }),
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

  /** An event as if the radio had heard a frame, without FCS. */
  inject(psdu: Uint8Array, lqi = 200): void {
    this.push({ [EVENT_KIND]: EventKind.RadioReceived, [EVENT_LQI]: lqi }, psdu);
  }

  /** Calls a door, then lets the module do what that asks for. */
  call(name: string, ...values: (number | bigint)[]): number {
    const answer = this.doors[name](...values);
    this.plan(this.air.medium.clock.nowUs);
    return answer;
  }

  write(octets: Uint8Array): number {
    const at = this.doors.bufferAt();
    new Uint8Array(this.doors.memory.buffer).set(octets, at);
    return at;
  }

  heard(code: number): Logged[] {
    return this.logged.filter((logged) => logged.code === code);
  }

  private push(head: { [offset: number]: number }, octets: Uint8Array): void {
    if (!this.on) return;
    const event = new Uint8Array(EVENT_HEAD + octets.length);
    for (const [offset, value] of Object.entries(head)) event[Number(offset)] = value;
    new DataView(event.buffer).setUint16(EVENT_SIZE, octets.length, true);
    event.set(octets, EVENT_HEAD);
    this.engine.push(event);
    this.plan(this.air.medium.clock.nowUs);
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

/** What tshark says of a capture: frames, and lines of those that are wrong, with their numbers. */
export interface IpVerdict {
  frames: number;
  malformed: string[];
  undecrypted: string[];
  complaints: string[];
}

const SEVERITY_NOTE = 0x00400000;

export class IpAir {
  readonly medium: Medium;
  readonly frames: AirFrame[] = [];
  readonly file: string;
  private readonly capture: CaptureWriter;

  constructor(seed: string, link: Partial<Link> = {}) {
    this.medium = new Medium({ seed, link });
    this.file = join(mkdtempSync(join(tmpdir(), "ip-air-")), "air.pcapng");
    this.capture = new CaptureWriter(this.file);
    this.medium.onFrame((frame) => {
      this.frames.push({ ...frame, psdu: Uint8Array.from(frame.psdu) });
      this.capture.frame(frame.timeUs, frame.psdu);
    });
  }

  get nowMs(): number {
    return this.medium.clock.nowUs / 1000;
  }

  run(ms: number): void {
    this.medium.clock.runUntil(this.medium.clock.nowUs + ms * 1000);
  }

  /** Writes the capture to its end. */
  close(): void {
    this.capture.close();
  }

  /** tshark's reading of what was on the air, with the preferences of `tsharkKeys`. */
  verdict(options: string[]): IpVerdict {
    const fields = ["frame.number", "frame.protocols", "_ws.expert.severity", "_ws.expert.message", "_ws.col.Info"].flatMap((field) => [
      "-e",
      field,
    ]);
    const env = { ...process.env, HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" };
    const { stdout, status, stderr } = spawnSync("tshark", ["-n", "-r", this.file, ...options, "-T", "fields", ...fields], {
      encoding: "utf8",
      env,
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`tshark could not read ${this.file}: ${stderr}`);
    const verdict: IpVerdict = { frames: 0, malformed: [], undecrypted: [], complaints: [] };
    for (const line of stdout.trimEnd().split("\n")) {
      const [number, protocols = "", severities = "", messages = "", info = ""] = line.split("\t");
      const text = `${number} ${protocols} ${messages || info}`;
      verdict.frames++;
      if (/malformed|truncat/i.test(protocols) || /malformed/i.test(messages)) verdict.malformed.push(text);
      if (/encrypted payload|decrypt/i.test(messages)) verdict.undecrypted.push(text);
      if (Math.max(0, ...severities.split(",").map(Number)) > SEVERITY_NOTE) verdict.complaints.push(text);
    }
    return verdict;
  }
}
