// A radio co-processor as a device's radio, from Node: an nRF52840 or EFR32 dongle with RCP firmware, or one of ours.  The same client as
// boards/common/spinel.c is for boards.  README.md lists what it says and understands.
//
//   resetting -> (the co-processor says that it has reset) configuring -> (everything is answered) ready
//       ^---------------------- silence, an invalid state ------------------------'     an unasked reset: configuring again
import type { Duplex } from "node:stream";
import { RadioParameter } from "../abi.ts";
import { PENDING_MAX } from "../air/identity.ts";
import { BACKOFFS_MAX, CHANNEL_FIRST, RETRIES_MAX } from "../air/standard.ts";
import type { DeviceRadio } from "../engine.ts";
import { Err } from "../err.ts";
import { describe, propertyWords, statusWords, unfit } from "./dongle_words.ts";
import {
  COMMAND_GET,
  COMMAND_INSERT,
  COMMAND_IS,
  COMMAND_REMOVE,
  COMMAND_SET,
  Property,
  readPacked,
  readSpinel,
  type SpinelFrame,
  Status,
} from "./frame.ts";
import { HdlcDecoder } from "./hdlc.ts";
import { Requests, resetFrame } from "./requests.ts";

const FCS_SIZE = 2;
const PSDU_MIN = 3;
const PSDU_MAX = 125;
/** A start that is not answered is repeated; one that is never answered is the end. */
const REPEAT_MS = 500;
const RESET_PATIENCE_MS = 10_000;
/** Transmissions that are refused one after the other before the first one that is not. */
const REFUSED_MAX = 8;
const RESET_LAST = 127;
/** What is asked before anything is set. */
const QUESTIONS = [
  Property.ProtocolVersion,
  Property.NcpVersion,
  Property.Capabilities,
  Property.RcpVersion,
  Property.RadioCapabilities,
  Property.HardwareAddress,
];

/** Keeps what was set, so that a co-processor that resets is set up again. */
export class Dongle implements DeviceRadio {
  onReceived: (psdu: Uint8Array, lqi: number, rssi: number) => void = () => undefined;
  onSent: (handle: number, status: number, pending: boolean) => void = () => undefined;
  /** Something is refused and the radio goes on, in a sentence. */
  onTrouble: (sentence: string) => void = () => undefined;
  /** The radio is gone for good, in a sentence. */
  onLost: (sentence: string) => void = () => undefined;
  /** `accepted`: transmissions that were tried on the air, whatever came of them. */
  readonly counters = { resets: 0, timeouts: 0, accepted: 0, refused: 0 };
  /** Name, versions and capabilities; empty before the start. */
  about = "";
  private readonly decoder = new HdlcDecoder((frame) => this.frame(readSpinel(frame)));
  private readonly requests: Requests;
  private readonly answers = new Map<number, Uint8Array>();
  private readonly single = new Map<number, number[]>();
  private readonly pending = { short: new Set<number>(), extended: new Set<bigint>() };
  private receive = true;
  private channel = 0;
  private under: { handle: number } | undefined;
  private resetting = true;
  private repeat: NodeJS.Timeout | undefined;
  private toldRefusal = "";
  private lost: string | undefined;
  private readonly ready: Promise<void>;
  private isReady: () => void = () => undefined;
  private isLost: (error: Error) => void = () => undefined;

  /** `enter` is `Pacer.enter`: what the co-processor says happens at the simulation's present. */
  constructor(
    private readonly stream: Duplex,
    private readonly enter: (action: () => void) => void = (action) => action(),
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.isReady = resolve;
      this.isLost = reject;
    });
    this.ready.catch(() => undefined); // told by `begin`, or by `onLost`
    this.requests = new Requests(
      (octets) => this.write(octets),
      () => this.silent(),
    );
    stream.on("data", (octets: Uint8Array) => this.enter(() => this.decoder.input(octets)));
    stream.on("error", (error: Error) => this.enter(() => this.fail(`the line to the radio's co-processor broke: ${error.message}`)));
    for (const name of ["end", "close"])
      stream.on(name, () => this.enter(() => this.fail("the line to the radio's co-processor was closed")));
    this.reset(RESET_PATIENCE_MS);
  }

  /** Resolves when the co-processor is set up; throws one sentence when it is not within `ms`, however often it is asked. */
  async begin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const words = `the radio's co-processor said nothing for ${ms / 1000} s; is its firmware an OpenThread RCP?`;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(words)), ms);
    });
    try {
      await Promise.race([this.ready, late]);
    } catch (error) {
      this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
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
        this.receive = number !== 0;
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
        this.say(COMMAND_SET, Property.SourceMatchShort, []);
        this.say(COMMAND_SET, Property.SourceMatchExtended, []);
        return Err.Ok;
      default:
        return Err.Reserved;
    }
  }

  send(psdu: Uint8Array, handle: number, interfaceNumber = 0): number {
    if (interfaceNumber !== 0) return Err.NotFound;
    if (psdu.length < PSDU_MIN || psdu.length > PSDU_MAX) return Err.BadLength;
    if (this.under) return Err.Busy;
    const under = { handle };
    this.under = under;
    const value = transmission(psdu, this.channel);
    if (this.resetting || this.channel === 0) setImmediate(() => this.enter(() => this.sent(under, null)));
    else this.requests.ask({ command: COMMAND_SET, property: Property.StreamRaw, value, answered: (answer) => this.sent(under, answer) });
    return Err.Ok;
  }

  powerOff(): void {
    this.under = undefined;
    this.channel = 0;
    this.tune();
    this.onReceived = () => undefined;
    this.onSent = () => undefined;
  }

  /** No more is asked, and the line's end is nobody's loss. */
  close(): void {
    this.lost ??= "closed";
    clearTimeout(this.repeat);
    this.requests.drop();
  }

  private frame(frame: SpinelFrame | undefined): void {
    if (!frame || this.lost) return;
    if (frame.tid !== 0) this.requests.take(frame);
    else if (frame.command === COMMAND_IS && frame.property === Property.LastStatus) this.told(frame.value);
    else if (frame.command === COMMAND_IS && frame.property === Property.StreamRaw) this.received(frame.value);
  }

  /** A status that answers nothing: of those only a reset is ours to know. */
  private told(value: Uint8Array): void {
    const status = readPacked(value, 0)?.value ?? 0;
    if (status < Status.ResetPowerOn || status > RESET_LAST) return;
    this.counters.resets++;
    clearTimeout(this.repeat);
    this.resetting = false;
    this.requests.drop(); // whether a frame went out will never be known
    this.configure();
  }

  /** size u16, PSDU with FCS, RSSI i8, noise i8, flags u16, size u16, channel u8, LQI u8 ... */
  private received(value: Uint8Array): void {
    const size = (value[0] ?? 0) | ((value[1] ?? 0) << 8);
    if (size < PSDU_MIN + FCS_SIZE || size > PSDU_MAX + FCS_SIZE || value.length < 2 + size) return;
    const about = value.subarray(2 + size);
    this.onReceived(value.slice(2, 2 + size - FCS_SIZE), about[7] ?? 0, ((about[0] ?? 0) << 24) >> 24);
  }

  private sent(under: { handle: number }, answer: SpinelFrame | null): void {
    if (this.under !== under) return;
    this.under = undefined;
    const read = answer?.property === Property.LastStatus ? readPacked(answer.value, 0) : undefined;
    const status = read?.value;
    if (status === Status.Ok || status === Status.NoAck || status === Status.ChannelBusy) {
      this.counters.accepted++;
      this.toldRefusal = "";
    } else if (status !== undefined) this.refusedToSend(status);
    const code = status === Status.Ok ? Err.Ok : status === Status.NoAck ? Err.NoAck : Err.ChannelBusy;
    this.onSent(under.handle, code, status === Status.Ok && answer?.value[read?.size ?? 0] === 1);
  }

  private refusedToSend(status: number): void {
    this.counters.refused++;
    const words = `the radio's co-processor refuses to send: ${statusWords(status)}`;
    if (this.counters.accepted === 0 && this.counters.refused >= REFUSED_MAX) {
      this.fail(`${words}; of ${this.counters.refused} frames none went out`);
      return;
    }
    this.trouble(words);
    // It has lost its settings without a word.
    if (status === Status.InvalidState) this.reset(RESET_PATIENCE_MS);
  }

  /** The same refusal is told once until something succeeds. */
  private trouble(words: string): void {
    if (this.toldRefusal === words) return;
    this.toldRefusal = words;
    this.onTrouble(words);
  }

  private silent(): void {
    this.counters.timeouts++;
    this.enter(() => this.reset(RESET_PATIENCE_MS));
  }

  private reset(patienceMs: number): void {
    if (this.lost) return;
    this.resetting = true;
    this.requests.drop();
    clearTimeout(this.repeat);
    if (patienceMs <= 0) {
      this.fail(`the radio's co-processor said nothing for ${RESET_PATIENCE_MS / 1000} s`);
      return;
    }
    this.write(resetFrame());
    this.repeat = setTimeout(() => this.enter(() => this.reset(patienceMs - REPEAT_MS)), REPEAT_MS);
  }

  private fail(sentence: string): void {
    if (this.lost) return;
    this.close();
    this.lost = sentence;
    this.isLost(new Error(sentence));
    this.onLost(sentence);
  }

  /** Nothing can be set before the radio is enabled, and nothing is heard before the raw stream is. */
  private configure(): void {
    for (const property of QUESTIONS) {
      const answered = (answer: SpinelFrame | null): void => {
        if (answer?.property === property) this.answers.set(property, answer.value);
      };
      this.requests.ask({ command: COMMAND_GET, property, value: [], answered });
    }
    this.say(COMMAND_SET, Property.PhyEnabled, [1], true);
    this.say(COMMAND_SET, Property.PhyChannel, [this.channel || CHANNEL_FIRST], true);
    for (const [property, value] of this.single) this.say(COMMAND_SET, property, value, property !== Property.MacReceiveWhenIdle);
    this.say(COMMAND_SET, Property.SourceMatch, [1], true);
    this.say(COMMAND_SET, Property.SourceMatchShort, [...this.pending.short].flatMap(u16));
    this.say(COMMAND_SET, Property.SourceMatchExtended, [...this.pending.extended].flatMap(eui64));
    const done = (answer: SpinelFrame | null): void => {
      if (answer && this.settled(answer, Property.MacRawStream, true)) this.started();
    };
    this.requests.ask({ command: COMMAND_SET, property: Property.MacRawStream, value: [this.channel === 0 ? 0 : 1], answered: done });
  }

  private started(): void {
    const why = unfit(this.answers);
    this.about = describe(this.answers);
    if (why) this.fail(`the radio's co-processor cannot be used: ${why}`);
    else this.isReady();
  }

  private tune(): number {
    if (this.channel !== 0) this.say(COMMAND_SET, Property.PhyChannel, [this.channel]);
    this.say(COMMAND_SET, Property.MacRawStream, [this.channel === 0 ? 0 : 1]);
    return Err.Ok;
  }

  private keep(property: number, value: number[]): number {
    this.single.set(property, value);
    this.say(COMMAND_SET, property, value);
    return Err.Ok;
  }

  /** A setting; while the co-processor resets there is nothing to say, for `configure` will say everything. */
  private say(command: number, property: number, value: readonly number[], needed = false): void {
    if (this.resetting || this.lost) return;
    this.requests.ask({ command, property, value, answered: (answer) => answer && this.settled(answer, property, needed) });
  }

  /** Whether a setting was taken.  Without one that is needed there is no radio. */
  private settled(answer: SpinelFrame, property: number, needed: boolean): boolean {
    if (answer.property !== Property.LastStatus) return true;
    const status = readPacked(answer.value, 0)?.value ?? Status.Failure;
    if (status === Status.Ok || status === Status.ItemNotFound) return true;
    // Older parts have no such switch: they always receive.
    if (property === Property.MacReceiveWhenIdle && this.receive) return true;
    const words = `the radio's co-processor refuses ${propertyWords(property)}: ${statusWords(status)}`;
    if (needed) this.fail(words);
    else this.trouble(words);
    return false;
  }

  private match<T extends number | bigint>(set: Set<T>, address: T, add: boolean): number {
    if (set.has(address) === add) return Err.Ok;
    if (add && set.size >= PENDING_MAX) return Err.NoBuffer;
    if (add) set.add(address);
    else set.delete(address);
    const short = typeof address === "number";
    const property = short ? Property.SourceMatchShort : Property.SourceMatchExtended;
    this.say(add ? COMMAND_INSERT : COMMAND_REMOVE, property, short ? u16(address) : eui64(address as bigint));
    return Err.Ok;
  }

  private write(octets: Uint8Array): void {
    if (!this.stream.destroyed && this.stream.writable) this.stream.write(octets);
  }
}

/** PSDU with room for its FCS, and all that the sender has to say of it: OpenThread refuses a frame without its channel. */
function transmission(psdu: Uint8Array, channel: number): number[] {
  const CSMA = 1;
  const HEADER_AS_IT_IS = 1;
  const FIRST_TIME = 0;
  const SECURITY_AS_IT_IS = 1;
  const AT_ONCE = [0, 0, 0, 0, 0, 0, 0, 0]; // delay and its base, u32 each
  const about = [channel, BACKOFFS_MAX, RETRIES_MAX, CSMA, HEADER_AS_IT_IS, FIRST_TIME, SECURITY_AS_IT_IS, ...AT_ONCE, channel];
  return [psdu.length + FCS_SIZE, 0, ...psdu, 0, 0, ...about];
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
