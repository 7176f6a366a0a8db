// A radio co-processor as a device's radio, from Node: an nRF52840 or EFR32 dongle with RCP firmware, or one of ours.  The same client as
// boards/common/spinel.c is for boards.  README.md lists what it says and understands.
import type { Duplex } from "node:stream";
import { RadioParameter } from "../abi.ts";
import { PENDING_MAX } from "../air/identity.ts";
import type { DeviceRadio } from "../engine.ts";
import { Err } from "../err.ts";
import {
  COMMAND_INSERT,
  COMMAND_IS,
  COMMAND_REMOVE,
  COMMAND_RESET,
  COMMAND_SET,
  Property,
  readPacked,
  readSpinel,
  type SpinelFrame,
  Status,
  writeSpinel,
} from "./frame.ts";
import { HdlcDecoder, hdlcEncode } from "./hdlc.ts";

const FCS_SIZE = 2;
const PSDU_MIN = 3;
const PSDU_MAX = 125;
const TIDS = 15;
/** A co-processor that does not answer a transmission within this time is reset. */
const TIMEOUT_MS = 1000;
const RESET_LAST = 127;

interface Transmission {
  tid: number;
  handle: number;
  timer: NodeJS.Timeout;
}

/** Keeps what was set, so that a co-processor that resets is set up again. */
export class Dongle implements DeviceRadio {
  onReceived: (psdu: Uint8Array, lqi: number, rssi: number) => void = () => undefined;
  onSent: (handle: number, status: number, pending: boolean) => void = () => undefined;
  readonly counters = { resets: 0, timeouts: 0 };
  private readonly decoder = new HdlcDecoder((frame) => this.frame(readSpinel(frame)));
  private readonly single = new Map<number, number[]>();
  private readonly pending = { short: new Set<number>(), extended: new Set<bigint>() };
  private channel = 0;
  private tid = 0;
  private under: Transmission | undefined;
  private readonly ready: Promise<void>;
  private isReady: () => void = () => undefined;

  /** `enter` is `Pacer.enter`: what the co-processor says happens at the simulation's present. */
  constructor(
    private readonly stream: Duplex,
    private readonly enter: (action: () => void) => void = (action) => action(),
  ) {
    this.ready = new Promise((resolve) => {
      this.isReady = resolve;
    });
    this.single.set(Property.MacRawStream, [1]).set(Property.SourceMatch, [1]).set(Property.MacReceiveWhenIdle, [1]);
    stream.on("data", (octets: Uint8Array) => this.enter(() => this.decoder.input(octets)));
    this.write(0, COMMAND_RESET);
  }

  /** Resolves when the co-processor has said that it has reset; throws one sentence when it does not within `ms`. */
  async begin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the radio's co-processor said nothing for ${ms / 1000} s; is its firmware an OpenThread RCP?`)),
        ms,
      );
    });
    await Promise.race([this.ready, late]).finally(() => clearTimeout(timer));
  }

  /** One co-processor is one interface. */
  set(parameter: number, value: bigint, interfaceNumber = 0): number {
    if (interfaceNumber !== 0) return Err.NotFound;
    const number = Number(BigInt.asUintN(48, value));
    switch (parameter) {
      case RadioParameter.Channel:
        this.channel = number;
        return this.tune();
      case RadioParameter.PanId:
        return this.keep(Property.MacPan, u16(number));
      case RadioParameter.ShortAddress:
        return this.keep(Property.MacShort, u16(number));
      case RadioParameter.ExtendedAddress:
        return this.keep(Property.MacExtended, eui64(value));
      case RadioParameter.Receive:
        return this.keep(Property.MacReceiveWhenIdle, [number === 0 ? 0 : 1]);
      case RadioParameter.PendingShort:
        return this.match(this.pending.short, number & 0xffff, true);
      case RadioParameter.PendingExtended:
        return this.match(this.pending.extended, BigInt.asUintN(64, value), true);
      case RadioParameter.NotPendingShort:
        return this.match(this.pending.short, number & 0xffff, false);
      case RadioParameter.NotPendingExtended:
        return this.match(this.pending.extended, BigInt.asUintN(64, value), false);
      case RadioParameter.PendingNone:
        this.pending.short.clear();
        this.pending.extended.clear();
        this.write(0, COMMAND_SET, Property.SourceMatchShort, []);
        this.write(0, COMMAND_SET, Property.SourceMatchExtended, []);
        return Err.Ok;
      default:
        return Err.Reserved;
    }
  }

  send(psdu: Uint8Array, handle: number, interfaceNumber = 0): number {
    if (interfaceNumber !== 0) return Err.NotFound;
    if (psdu.length < PSDU_MIN || psdu.length > PSDU_MAX) return Err.BadLength;
    if (this.under) return Err.Busy;
    this.tid = (this.tid % TIDS) + 1;
    const timer = setTimeout(() => {
      this.counters.timeouts++;
      this.write(0, COMMAND_RESET);
      this.enter(() => this.finish(Err.ChannelBusy, false));
    }, TIMEOUT_MS);
    this.under = { tid: this.tid, handle, timer };
    this.write(this.tid, COMMAND_SET, Property.StreamRaw, [psdu.length + FCS_SIZE, 0, ...psdu, 0, 0]);
    return Err.Ok;
  }

  powerOff(): void {
    if (this.under) clearTimeout(this.under.timer);
    this.under = undefined;
    this.channel = 0;
    this.tune();
    this.onReceived = () => undefined;
    this.onSent = () => undefined;
  }

  private frame(frame: SpinelFrame | undefined): void {
    if (frame?.command !== COMMAND_IS) return;
    if (frame.property === Property.LastStatus) this.status(frame);
    else if (frame.property === Property.StreamRaw) this.received(frame.value);
  }

  private status({ tid, value }: SpinelFrame): void {
    const read = readPacked(value, 0);
    if (read === undefined) return;
    const { value: status, size } = read;
    if (tid === 0 && status >= Status.ResetPowerOn && status <= RESET_LAST) {
      this.counters.resets++;
      if (this.under) this.finish(Err.ChannelBusy, false); // whether it went out will never be known
      this.restore();
      this.isReady();
      return;
    }
    if (tid !== this.under?.tid) return;
    const code = status === Status.Ok ? Err.Ok : status === Status.NoAck ? Err.NoAck : Err.ChannelBusy;
    this.finish(code, status === Status.Ok && value[size] === 1);
  }

  /** size u16, PSDU with FCS, RSSI i8, noise i8, flags u16, size u16, channel u8, LQI u8 ... */
  private received(value: Uint8Array): void {
    const size = (value[0] ?? 0) | ((value[1] ?? 0) << 8);
    if (size < PSDU_MIN + FCS_SIZE || size > PSDU_MAX + FCS_SIZE || value.length < 2 + size) return;
    const about = value.subarray(2 + size);
    this.onReceived(value.slice(2, 2 + size - FCS_SIZE), about[7] ?? 0, ((about[0] ?? 0) << 24) >> 24);
  }

  private finish(status: number, pending: boolean): void {
    const { under } = this;
    if (!under) return;
    clearTimeout(under.timer);
    this.under = undefined;
    this.onSent(under.handle, status, pending);
  }

  private restore(): void {
    for (const [property, value] of this.single) this.write(0, COMMAND_SET, property, value);
    for (const address of this.pending.short) this.write(0, COMMAND_INSERT, Property.SourceMatchShort, u16(address));
    for (const address of this.pending.extended) this.write(0, COMMAND_INSERT, Property.SourceMatchExtended, eui64(address));
    this.tune();
  }

  private tune(): number {
    if (this.channel !== 0) this.write(0, COMMAND_SET, Property.PhyChannel, [this.channel]);
    this.write(0, COMMAND_SET, Property.PhyEnabled, [this.channel === 0 ? 0 : 1]);
    return Err.Ok;
  }

  private keep(property: number, value: number[]): number {
    this.single.set(property, value);
    this.write(0, COMMAND_SET, property, value);
    return Err.Ok;
  }

  private match<T extends number | bigint>(set: Set<T>, address: T, add: boolean): number {
    if (set.has(address) === add) return Err.Ok;
    if (add && set.size >= PENDING_MAX) return Err.NoBuffer;
    if (add) set.add(address);
    else set.delete(address);
    const short = typeof address === "number";
    const property = short ? Property.SourceMatchShort : Property.SourceMatchExtended;
    this.write(0, add ? COMMAND_INSERT : COMMAND_REMOVE, property, short ? u16(address) : eui64(address as bigint));
    return Err.Ok;
  }

  private write(tid: number, command: number, property?: number, value: readonly number[] = []): void {
    if (this.stream.destroyed || !this.stream.writable) return;
    // A reset is the only command without a property.
    const frame = property === undefined ? Uint8Array.of(0x80 | tid, command) : writeSpinel(tid, command, property, value);
    this.stream.write(hdlcEncode(frame));
  }
}

function u16(value: number): number[] {
  return [value & 0xff, value >>> 8];
}

/** Spinel writes an EUI-64 with its most significant octet first. */
function eui64(value: bigint): number[] {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64BE(BigInt.asUintN(64, value));
  return [...octets];
}
