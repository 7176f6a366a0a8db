// A device whose module runs in this process: an engine, a radio on the air, and polls at the right times.
import {
  EVENT_HANDLE,
  EVENT_HEAD,
  EVENT_INTERFACE,
  EVENT_KIND,
  EVENT_LQI,
  EVENT_PENDING,
  EVENT_RSSI,
  EVENT_SIZE,
  EVENT_STATUS,
  EVENT_TIME,
  EventKind,
  ResetReason,
} from "../abi.ts";
import type { Clock, Timer } from "../air/clock.ts";
import type { Medium } from "../air/medium.ts";
import { Radio } from "../air/radio.ts";
import type { Dropped } from "../drops.ts";
import { type DeviceRadio, type Engine, EngineStopped, type Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import { TRIAL_MS } from "../image/slots.ts";
import type { Boot, BootedEngine, DeviceEdge, HomeDevice } from "./device.ts";
import type { DeviceId } from "./plan.ts";

/** What a board needs to come up again after its module stopped. */
const REBOOT_MS = 200;

/** Of a board's radio: as many networks as a hub has. */
const INTERFACES = 2;

/** Of an i64 that is never negative and below 2^48: that is 8,900 years in milliseconds. */
const TIME_OCTETS = 6;
const NOTHING = new Uint8Array(0);

/** A station of the simulated air also tells more about what it hears. */
type AnyRadio = Radio | DeviceRadio;

export class ModuleDevice implements HomeDevice {
  private engine: Engine | undefined;
  private radio: AnyRadio | undefined;
  private bootUs = 0;
  private timer: Timer | undefined;
  private trial: Timer | undefined;
  private readonly clock: Clock;
  /** A confirmation that found the queue full: it goes in after the next poll, or the radio would stay busy (docs/abi.md). */
  private owed: Uint8Array | undefined;

  constructor(
    readonly id: DeviceId,
    medium: Medium,
    private readonly make: Boot,
    private readonly edge: DeviceEdge,
    /** What it hears and says: a station of the medium, or a dongle on real air. */
    private readonly makeRadio: () => AnyRadio = () => new Radio(medium, { id, interfaces: INTERFACES }),
  ) {
    this.clock = medium.clock;
  }

  powerOn(): void {
    this.boot(ResetReason.PowerOn);
  }

  push(kind: number, octets: Uint8Array): boolean {
    return this.queue(this.event(kind, octets));
  }

  drops(): Dropped[] {
    return this.engine?.drops?.() ?? [];
  }

  close(): void {
    this.clock.cancel(this.timer);
    this.clock.cancel(this.trial);
    this.radio?.powerOff();
    this.engine?.close();
    this.engine = undefined;
  }

  private get nowMs(): number {
    return Math.floor((this.clock.nowUs - this.bootUs) / 1000);
  }

  private get now(): bigint {
    return BigInt(this.nowMs);
  }

  private boot(reason: number): void {
    this.owed = undefined;
    this.bootUs = this.clock.nowUs;
    const radio = this.makeRadio();
    this.radio = radio;
    radio.onReceived = (psdu: Uint8Array, lqi: number, rssi: number, about?: { interfaceNumber: number }) => {
      const event = this.event(EventKind.RadioReceived, psdu);
      event[EVENT_INTERFACE] = about?.interfaceNumber ?? 0;
      event[EVENT_LQI] = lqi;
      event[EVENT_RSSI] = rssi;
      this.queue(event);
    };
    radio.onSent = (handle: number, status: number, pending: boolean, interfaceNumber = 0) => {
      const event = this.event(EventKind.RadioSent, NOTHING);
      event[EVENT_STATUS] = status;
      event[EVENT_INTERFACE] = interfaceNumber;
      event[EVENT_HANDLE] = handle;
      event[EVENT_PENDING] = pending ? 1 : 0;
      this.queue(event);
    };
    const engine = this.load(radio);
    if (!engine) return;
    this.engine = engine;
    if (engine.module) this.edge.booted?.(engine.module);
    // However long a module on trial sleeps, the moment at which its time is up is looked at.
    this.trial = engine.module?.onTrial ? this.clock.after(Number(TRIAL_MS) * 1000, () => this.plan(this.clock.nowUs)) : undefined;
    this.guard((engine) => engine.start(this.now, reason));
    this.poll();
  }

  /** Undefined when nothing can run: the device stays silent. */
  private load(radio: AnyRadio): BootedEngine | undefined {
    const surroundings: Surroundings = {
      radioSend: (number, psdu, handle) => radio.send(psdu, handle, number),
      radioSet: (number, parameter, value) => radio.set(parameter, value, number),
      sense: (quantity, periodMs) => (this.edge.sense(quantity, periodMs) ? Err.Ok : Err.NotFound),
      display: (line, text) => this.edge.display(line, text),
      uplinkSend: (octets) => {
        this.edge.uplink(octets);
        return Err.Ok;
      },
      linkSend: (number, frame) => this.edge.link?.(number, frame) ?? Err.NotFound,
      log: (code, octets) => this.edge.log(code, octets),
      keySet: (slot, key) => this.edge.key(slot, key),
      tlsKey: (line) => this.edge.tlsKey?.(line),
    };
    try {
      return this.make(surroundings);
    } catch (error) {
      if (!(error instanceof EngineStopped)) throw error;
      radio.powerOff();
      this.edge.trouble(error.message);
      return undefined;
    }
  }

  /** Head and octets, at the device's time. */
  private event(kind: number, octets: Uint8Array): Uint8Array {
    const event = new Uint8Array(EVENT_HEAD + octets.length);
    event[EVENT_KIND] = kind;
    event[EVENT_SIZE] = octets.length;
    event[EVENT_SIZE + 1] = octets.length >>> 8;
    let ms = this.nowMs;
    for (let index = 0; index < TIME_OCTETS; index++) {
      event[EVENT_TIME + index] = ms % 256;
      ms = Math.floor(ms / 256);
    }
    event.set(octets, EVENT_HEAD);
    return event;
  }

  private queue(event: Uint8Array): boolean {
    if (!this.engine) return false;
    const taken = this.engine.push(event);
    if (!taken && event[EVENT_KIND] === EventKind.RadioSent) this.owed = event;
    this.plan(this.clock.nowUs);
    return taken;
  }

  private plan(timeUs: number): void {
    if (this.timer && this.timer.place >= 0 && this.timer.timeUs <= timeUs) return;
    this.clock.cancel(this.timer);
    this.timer = this.clock.at(timeUs, () => this.poll());
  }

  private poll(): void {
    this.timer = undefined;
    this.guard((engine) => {
      const deadline = engine.poll(this.now);
      const owed = this.owed;
      if (owed && engine.push(owed)) this.owed = undefined;
      if (owed) return this.plan(this.clock.nowUs);
      const due = this.bootUs + Number(deadline) * 1000;
      if (Number.isSafeInteger(due)) this.plan(Math.max(due, this.clock.nowUs + 1000));
    });
  }

  private guard(action: (engine: Engine) => void): void {
    if (!this.engine) return;
    try {
      action(this.engine);
    } catch (error) {
      if (!(error instanceof EngineStopped)) throw error;
      const { reason } = error;
      if (reason === ResetReason.Halt && this.edge.reboots) this.edge.reboots();
      else this.edge.trouble(error.message);
      this.close();
      this.edge.sense(0, 0);
      this.clock.after(REBOOT_MS * 1000, () => this.boot(reason));
    }
  }
}
