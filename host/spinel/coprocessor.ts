// A radio co-processor: Spinel on a stream of octets on one side, the simulated air on the other.  README.md lists what it understands.

import type { Duplex } from "node:stream";
import { RadioParameter } from "../abi.ts";
import { FCS_SIZE, PSDU_MAX } from "../air/frame.ts";
import type { Medium, Reception } from "../air/medium.ts";
import { Radio, type ReceivedDetail, type SendResult } from "../air/radio.ts";
import { CHANNEL_FIRST, CHANNEL_LAST } from "../air/standard.ts";
import { Err } from "../err.ts";
import {
  COMMAND_GET,
  COMMAND_INSERT,
  COMMAND_INSERTED,
  COMMAND_IS,
  COMMAND_NOOP,
  COMMAND_REMOVE,
  COMMAND_REMOVED,
  COMMAND_RESET,
  COMMAND_SET,
  Property,
  packed,
  readSpinel,
  type SpinelFrame,
  Status,
  writeSpinel,
} from "./frame.ts";
import { HdlcDecoder, hdlcEncode } from "./hdlc.ts";
import { Properties } from "./properties.ts";

/** Frames that wait to be sent: one for each tid. */
export const TRANSMIT_QUEUE_MAX = 15;
/** Octets that may wait on a slow stream before received frames are dropped. */
const UNREAD_MAX = 64 * 1024;

const PSDU_MIN = 5;
const FLAG_ACKED_PENDING = 0x0010;
const NOISE_NONE = 0x80; // -128
const RECEIVE_PHYSICS_SIZE = 10;
const RECEIVE_ERROR_SIZE = 1;

interface Waiting {
  tid: number;
  body: Uint8Array;
  channel: number;
  backoffs: number | undefined;
  retries: number | undefined;
  csma: boolean;
}

export interface CoprocessorOptions {
  id: string;
  /** EUI-64 as a number. */
  hardwareAddress?: bigint;
  output: (octets: Uint8Array) => void;
  /** Whether there is room for a received frame; without room it is dropped and counted. */
  room?: () => boolean;
}

export class Coprocessor {
  readonly counters = { requests: 0, refused: 0, dropped: 0 };
  readonly radio: Radio;

  private readonly options: CoprocessorOptions;
  private readonly decoder = new HdlcDecoder((frame) => this.frame(frame));
  private readonly properties: Properties;
  private readonly applied = new Map<number, bigint>();
  private queue: Waiting[] = [];
  private powered = true;
  /** Counts resets: the end of a transmission from before one is nobody's. */
  private life = 0;

  constructor(medium: Medium, options: CoprocessorOptions) {
    this.options = options;
    this.properties = new Properties(options.hardwareAddress ?? 0n);
    this.radio = new Radio(medium, { id: options.id });
    this.radio.onReceived = (_psdu, _lqi, _rssi, detail) => this.received(detail);
    this.apply();
    this.status(0, Status.ResetPowerOn);
  }

  input(octets: Uint8Array): void {
    if (this.powered) this.decoder.input(octets);
  }

  powerOff(): void {
    this.powered = false;
    this.queue = [];
    this.radio.powerOff();
  }

  private frame(octets: Uint8Array): void {
    const frame = readSpinel(octets);
    if (frame === undefined || frame.interface !== 0) {
      this.counters.refused++;
      return;
    }
    this.counters.requests++;
    switch (frame.command) {
      case COMMAND_NOOP:
        this.status(frame.tid, Status.Ok);
        return;
      case COMMAND_RESET:
        this.reset();
        return;
      case COMMAND_GET:
        this.get(frame);
        return;
      case COMMAND_SET:
        if (frame.property === Property.StreamRaw) this.enqueue(frame);
        else this.set(frame);
        return;
      case COMMAND_INSERT:
      case COMMAND_REMOVE:
        this.edit(frame);
        return;
      default:
        this.status(frame.tid, Status.InvalidCommand);
    }
  }

  private answer(tid: number, command: number, property: number, value: Uint8Array | readonly number[]): void {
    if (this.powered) this.options.output(hdlcEncode(writeSpinel(tid, command, property, value)));
  }

  /** An answer to a request: a request with tid 0 wants none. */
  private reply(tid: number, command: number, property: number, value: Uint8Array | readonly number[]): void {
    if (tid !== 0) this.answer(tid, command, property, value);
  }

  private status(tid: number, status: number): void {
    const unasked = status >= Status.ResetPowerOn;
    if (tid !== 0 || unasked) this.answer(tid, COMMAND_IS, Property.LastStatus, packed(status));
  }

  private reset(): void {
    this.life++;
    this.queue = [];
    this.properties.reset();
    this.apply();
    this.status(0, Status.ResetSoftware);
  }

  /** Makes the radio what the properties say, where it is not that already. */
  private apply(): void {
    const { settings, matchShort, matchExtended } = this.properties;
    this.put(RadioParameter.PanId, BigInt(settings.pan));
    this.put(RadioParameter.ShortAddress, BigInt(settings.short));
    this.put(RadioParameter.ExtendedAddress, settings.extended);
    this.put(RadioParameter.Receive, settings.rawStream && settings.receive ? 1n : 0n);
    this.put(RadioParameter.Channel, BigInt(settings.enabled ? settings.channel : 0));
    this.radio.pendingForAll = !settings.sourceMatch;
    this.radio.promiscuous = settings.promiscuous !== 0;
    this.radio.set(RadioParameter.PendingNone, 0n);
    if (!settings.sourceMatch) return;
    for (const address of matchShort) this.radio.set(RadioParameter.PendingShort, BigInt(address));
    for (const address of matchExtended) this.radio.set(RadioParameter.PendingExtended, address);
  }

  private put(parameter: number, value: bigint): void {
    if (this.applied.get(parameter) === value) return;
    this.applied.set(parameter, value);
    this.radio.set(parameter, value);
  }

  private get({ tid, property }: SpinelFrame): void {
    const value = this.properties.value(property);
    if (value === undefined) this.status(tid, Status.PropertyNotFound);
    else this.reply(tid, COMMAND_IS, property, value);
  }

  private set({ tid, property, value }: SpinelFrame): void {
    const status = this.properties.set(property, value);
    if (status !== Status.Ok) {
      this.status(tid, status);
      return;
    }
    this.apply();
    this.reply(tid, COMMAND_IS, property, this.properties.value(property) ?? []);
  }

  private edit({ tid, command, property, value }: SpinelFrame): void {
    const insert = command === COMMAND_INSERT;
    const status = this.properties.edit(property, value, insert);
    if (status !== Status.Ok) {
      this.status(tid, status);
      return;
    }
    this.apply();
    this.reply(tid, insert ? COMMAND_INSERTED : COMMAND_REMOVED, property, value);
  }

  private enqueue({ tid, value }: SpinelFrame): void {
    const size = value.length < 2 ? 0 : (value[0] as number) | ((value[1] as number) << 8);
    if (value.length < 2 || value.length < 2 + size) {
      this.status(tid, Status.ParseError);
      return;
    }
    if (size < PSDU_MIN || size > PSDU_MAX) {
      this.status(tid, Status.InvalidArgument);
      return;
    }
    if (!this.properties.settings.enabled) {
      this.status(tid, Status.InvalidState);
      return;
    }
    if (this.queue.length >= TRANSMIT_QUEUE_MAX) {
      this.status(tid, Status.NoMemory);
      return;
    }
    const extra = value.subarray(2 + size);
    this.queue.push({
      tid,
      body: value.slice(2, 2 + size - FCS_SIZE),
      channel: extra[0] ?? 0,
      backoffs: extra[1],
      retries: extra[2],
      csma: extra[3] !== 0,
    });
    this.next();
  }

  /** The first of the queue is the one under way. */
  private next(): void {
    const first = this.queue[0];
    if (first === undefined || this.radio.busy) return;
    if (
      first.channel >= CHANNEL_FIRST &&
      first.channel <= CHANNEL_LAST &&
      first.channel !== this.properties.settings.channel &&
      this.properties.settings.enabled
    ) {
      this.properties.settings.channel = first.channel;
      this.apply();
    }
    const { life } = this;
    const options = {
      csma: first.csma,
      ...(first.backoffs === undefined ? {} : { backoffs: first.backoffs }),
      ...(first.retries === undefined ? {} : { retries: first.retries }),
    };
    this.radio.transmit(first.body, options, (result) => {
      if (life === this.life) {
        this.queue.shift();
        this.sent(first.tid, result);
      }
      this.next();
    });
  }

  private sent(tid: number, { status, pending, ack }: SendResult): void {
    const code = status === Err.Ok ? Status.Ok : status === Err.NoAck ? Status.NoAck : Status.ChannelBusy;
    const head = [...packed(code), Number(pending), 0];
    this.reply(tid, COMMAND_IS, Property.LastStatus, ack === undefined ? head : [...head, ...rawFrame(ack.psdu, ack.reception, 0)]);
  }

  private received({ psdu, reception, acknowledgedPending }: ReceivedDetail): void {
    if (!this.properties.settings.rawStream) return;
    if (this.options.room?.() === false) {
      this.counters.dropped++;
      return;
    }
    this.answer(0, COMMAND_IS, Property.StreamRaw, rawFrame(psdu, reception, acknowledgedPending ? FLAG_ACKED_PENDING : 0));
  }
}

function rawFrame(psdu: Uint8Array, { rssi, channel, lqi, startUs }: Reception, flags: number): number[] {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(BigInt(startUs));
  const head = [psdu.length, 0, ...psdu, rssi & 0xff, NOISE_NONE, flags & 0xff, flags >>> 8];
  return [...head, RECEIVE_PHYSICS_SIZE, 0, channel, lqi, ...time, RECEIVE_ERROR_SIZE, 0, 0];
}

/** A co-processor on a stream such as QEMU's socket chardev; `enter` is `Pacer.enter`.  Its power goes off with the stream. */
export function serveCoprocessor(
  medium: Medium,
  stream: Duplex,
  options: { id: string; hardwareAddress?: bigint; enter: (action: () => void) => void },
): Coprocessor {
  const { enter, ...rest } = options;
  const coprocessor = new Coprocessor(medium, {
    ...rest,
    output: (octets) => {
      if (!stream.destroyed && stream.writable) stream.write(octets);
    },
    room: () => stream.writableLength < UNREAD_MAX,
  });
  stream.on("data", (octets: Uint8Array) => enter(() => coprocessor.input(octets)));
  stream.on("error", () => stream.destroy());
  stream.on("close", () => enter(() => coprocessor.powerOff()));
  return coprocessor;
}
