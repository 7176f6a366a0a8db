// A station's radio: what a MAC co-processor does on its own, for one interface of docs/abi.md or for several that share it.  IEEE 802.15.4-2006: unslotted CSMA-CA 7.5.1.4, retransmission 7.5.6.5,
// acknowledgement 7.5.6.4, filter 7.5.6.2, receiver after a data request 7.5.6.3.
//
//   idle -> back-off -> (channel clear) turnaround -> transmitting -> awaiting acknowledgement -> idle
//             ^------------ busy ------'                                 |
//             '---------------------- no acknowledgement ----------------'

import { RadioParameter } from "../abi.ts";
import { Err } from "../err.ts";
import type { Timer } from "./clock.ts";
import {
  type Addressing,
  ackFrame,
  asksForAck,
  BROADCAST,
  COMMAND_DATA_REQUEST,
  FCS_SIZE,
  FRAME_ACK,
  FRAME_COMMAND,
  FRAME_DATA,
  PSDU_MAX,
  readAddressing,
  withFcs,
} from "./frame.ts";
import { Identity } from "./identity.ts";
import type { Medium, Port, Reception } from "./medium.ts";
import { Random } from "./random.ts";
import {
  ACK_US,
  ACK_WAIT_US,
  BACKOFF_US,
  BACKOFFS_MAX,
  CCA_US,
  CHANNEL_FIRST,
  CHANNEL_LAST,
  FRAME_TOTAL_WAIT_US,
  MAX_BE,
  MIN_BE,
  RETRIES_MAX,
  spacingUs,
  TURNAROUND_US,
} from "./standard.ts";

const SIZE_MIN = 3;
const SIZE_MAX = PSDU_MAX - FCS_SIZE;

const IDLE = 0;
const BACKOFF = 1;
const TURNAROUND = 2;
const TRANSMITTING = 3;
const AWAITING_ACK = 4;

export interface SendOptions {
  backoffs?: number;
  retries?: number;
  csma?: boolean;
  /** False for a frame whose sender is elsewhere and waits for its acknowledgement there. */
  awaitAck?: boolean;
}

export interface SendResult {
  /** 0, NoAck or ChannelBusy. */
  status: number;
  pending: boolean;
  /** The acknowledgement, with its FCS. */
  ack?: { psdu: Uint8Array; reception: Reception };
}

interface Job {
  psdu: Uint8Array;
  ackRequest: boolean;
  backoffs: number;
  retries: number;
  csma: boolean;
  done: (result: SendResult) => void;
  tries: number;
  assessed: number;
  exponent: number;
}

/** What `onReceived` may want to know beyond the contract with the board. */
export interface ReceivedDetail {
  /** With FCS. */
  psdu: Uint8Array;
  reception: Reception;
  acknowledgedPending: boolean;
  /** Which interface took it; 0 for what a promiscuous radio only overhears. */
  interfaceNumber: number;
}

export class Radio {
  readonly id: string;
  readonly counters = { sent: 0, retried: 0, noAck: 0, channelBusy: 0, received: 0, filtered: 0, acknowledged: 0 };

  /** A PSDU without FCS, read only. */
  onReceived: (psdu: Uint8Array, lqi: number, rssi: number, detail: ReceivedDetail) => void = () => {};
  onSent: (handle: number, status: number, pending: boolean, interfaceNumber: number) => void = () => {};

  /** Hands on every frame with a good FCS; acknowledges only what is for us. */
  promiscuous = false;

  /** Every data request is acknowledged with frame pending, as by a radio that does not know for whom something waits. */
  pendingForAll = false;

  private readonly medium: Medium;
  private readonly port: Port;
  private readonly random: Random;
  private channel = 0;
  private readonly identities: Identity[];
  /** One of them wants the receiver on when idle. */
  private receive = false;

  private state = IDLE;
  private job: Job | undefined;
  /** Those of other interfaces, which wait for the air. */
  private readonly jobs: Job[] = [];
  private timer: Timer | undefined;
  private windowTimer: Timer | undefined;
  private ackTimer: Timer | undefined;
  private acking = false;
  private quietUntilUs = 0;

  constructor(medium: Medium, options: { id: string; randomStream?: string; interfaces?: number }) {
    this.identities = Array.from({ length: options.interfaces ?? 1 }, (_, number) => new Identity(number));
    this.medium = medium;
    this.id = options.id;
    this.port = medium.attach(options.id, (psdu, reception) => this.heard(psdu, reception));
    this.random = new Random(medium.seed, options.randomStream ?? `csma ${options.id}`);
  }

  get busy(): boolean {
    return this.job !== undefined || this.jobs.length > 0;
  }

  /** Sets a `RadioParameter` of docs/abi.md; interfaces share the channel. */
  set(parameter: number, value: bigint, interfaceNumber = 0): number {
    const identity = this.identities[interfaceNumber];
    if (identity === undefined) return Err.NotFound;
    if (parameter === RadioParameter.Channel) return this.setChannel(Number(value));
    const answer = identity.set(parameter, value);
    if (parameter !== RadioParameter.Receive || answer !== Err.Ok) return answer;
    this.receive = this.identities.some((each) => each.receive);
    this.closeWindow();
    this.tune();
    return answer;
  }

  /** Takes a PSDU without FCS; `onSent` follows exactly once when the answer is 0. */
  send(psdu: Uint8Array, handle: number, interfaceNumber = 0): number {
    const identity = this.identities[interfaceNumber];
    if (identity === undefined) return Err.NotFound;
    if (psdu.length < SIZE_MIN || psdu.length > SIZE_MAX) return Err.BadLength;
    if (identity.sending) return Err.Busy;
    identity.sending = true;
    this.enqueue(psdu, {}, (result) => {
      identity.sending = false;
      this.onSent(handle, result.status, result.pending, interfaceNumber);
    });
    return Err.Ok;
  }

  /** `send` for a co-processor: with the frame's own limits, and the acknowledgement in the result. */
  transmit(body: Uint8Array, options: SendOptions, done: (result: SendResult) => void): void {
    if (this.busy) throw new Error(`The radio of ${this.id} sends one frame at a time.`);
    this.enqueue(body, options, done);
  }

  private enqueue(body: Uint8Array, options: SendOptions, done: (result: SendResult) => void): void {
    const psdu = withFcs(body);
    this.jobs.push({
      psdu,
      ackRequest: (options.awaitAck ?? true) && asksForAck(psdu),
      backoffs: options.backoffs ?? BACKOFFS_MAX,
      retries: options.retries ?? RETRIES_MAX,
      csma: options.csma ?? true,
      done,
      tries: 0,
      assessed: 0,
      exponent: MIN_BE,
    });
    this.begin();
  }

  /** The frames of several interfaces leave one after the other. */
  private begin(): void {
    if (this.job !== undefined) return;
    this.job = this.jobs.shift();
    if (this.job === undefined) return;
    if (this.channel === 0 || !this.port.attached)
      this.timer = this.medium.clock.after(0, () => this.finish({ status: Err.ChannelBusy, pending: false }));
    else this.contend();
  }

  /** For good: a device that returns makes a new radio. */
  powerOff(): void {
    this.cancelTimers();
    this.job = undefined;
    this.jobs.length = 0;
    this.state = IDLE;
    this.channel = 0;
    this.medium.detach(this.port);
  }

  private setChannel(channel: number): number {
    if (channel !== 0 && !(channel >= CHANNEL_FIRST && channel <= CHANNEL_LAST)) return Err.Reserved;
    this.channel = channel;
    if (channel === 0) this.stop();
    this.tune();
    return Err.Ok;
  }

  /** The channel went off: what was being sent ends, and its sender is told. */
  private stop(): void {
    this.medium.abort(this.port);
    this.cancelTimers();
    this.acking = false;
    this.state = IDLE;
    if (this.job !== undefined) this.timer = this.medium.clock.after(0, () => this.finish({ status: Err.ChannelBusy, pending: false }));
  }

  private cancelTimers(): void {
    this.medium.clock.cancel(this.timer);
    this.medium.clock.cancel(this.ackTimer);
    this.closeWindow();
  }

  private closeWindow(): void {
    this.medium.clock.cancel(this.windowTimer);
    this.windowTimer = undefined;
  }

  private tune(): void {
    const sending = this.acking || this.state === TURNAROUND || this.state === TRANSMITTING;
    const wanted = this.receive || this.state === AWAITING_ACK || this.windowTimer !== undefined;
    this.port.tune(this.channel, this.channel !== 0 && wanted && !sending);
  }

  private contend(): void {
    const job = this.job as Job;
    const clock = this.medium.clock;
    this.state = BACKOFF;
    this.tune();
    if (!job.csma) {
      this.timer = clock.at(this.acking ? this.quietUntilUs : clock.nowUs, () => this.launch());
      return;
    }
    const start = Math.max(clock.nowUs, this.quietUntilUs);
    const periods = this.random.below(2 ** job.exponent);
    this.timer = clock.at(start + periods * BACKOFF_US + CCA_US, () => this.assess());
  }

  private assess(): void {
    const job = this.job as Job;
    const { clock } = this.medium;
    if (!this.acking && !this.medium.busy(this.port, this.channel, clock.nowUs - CCA_US)) {
      this.state = TURNAROUND;
      this.tune();
      this.timer = clock.after(TURNAROUND_US, () => this.launch());
      return;
    }
    job.assessed++;
    job.exponent = Math.min(job.exponent + 1, MAX_BE);
    if (job.assessed > job.backoffs) this.finish({ status: Err.ChannelBusy, pending: false });
    else this.contend();
  }

  private launch(): void {
    const job = this.job as Job;
    this.state = TRANSMITTING;
    this.tune();
    this.counters.sent++;
    if (job.tries > 0) this.counters.retried++;
    this.medium.transmit(this.port, job.psdu, this.channel, () => this.launched(job));
  }

  private launched(job: Job): void {
    if (job !== this.job || this.state !== TRANSMITTING) return;
    this.rest(job.psdu.length);
    if (!job.ackRequest) {
      this.finish({ status: Err.Ok, pending: false });
      return;
    }
    this.state = AWAITING_ACK;
    this.tune();
    this.timer = this.medium.clock.after(ACK_WAIT_US + this.medium.ackGraceUs, () => this.unanswered());
  }

  private unanswered(): void {
    const job = this.job as Job;
    job.tries++;
    job.assessed = 0;
    job.exponent = MIN_BE;
    if (job.tries > job.retries) this.finish({ status: Err.NoAck, pending: false });
    else this.contend();
  }

  private finish(result: SendResult): void {
    const job = this.job as Job;
    this.medium.clock.cancel(this.timer);
    this.job = undefined;
    this.state = IDLE;
    if (result.status === Err.NoAck) this.counters.noAck++;
    if (result.status === Err.ChannelBusy) this.counters.channelBusy++;
    this.tune();
    job.done(result);
    this.begin();
  }

  /** The spacing that follows a frame of ours or its acknowledgement, clause 7.5.1.3. */
  private rest(size: number): void {
    this.quietUntilUs = this.medium.clock.nowUs + spacingUs(size);
  }

  private heard(psdu: Uint8Array, reception: Reception): void {
    const size = psdu.length - FCS_SIZE;
    const head = readAddressing(psdu, size);
    if (head?.type === FRAME_ACK) this.heardAck(head, psdu, reception);
    const takers = head === undefined ? 0 : this.takers(head);
    if (takers === 0 && !this.promiscuous) {
      this.counters.filtered++;
      return;
    }
    const pending = takers !== 0 && this.acknowledge(head as Addressing, psdu.length, takers);
    this.counters.received++;
    const body = psdu.subarray(0, size);
    for (const delayUs of reception.delaysUs) {
      for (let number = 0, left = takers || 1; left !== 0; number++, left >>>= 1) {
        if ((left & 1) === 0) continue;
        const detail: ReceivedDetail = { psdu, reception, acknowledgedPending: pending, interfaceNumber: number };
        if (delayUs === 0) this.onReceived(body, reception.lqi, reception.rssi, detail);
        else this.medium.clock.after(delayUs, () => this.handOn(body, detail));
      }
    }
  }

  /** A bit for each interface whose filter lets the frame through. */
  private takers(head: Addressing): number {
    let mask = 0;
    for (let number = 0; number < this.identities.length; number++) if (this.identities[number].accepts(head)) mask |= 1 << number;
    return mask;
  }

  private handOn(body: Uint8Array, detail: ReceivedDetail): void {
    if (this.channel === detail.reception.channel) this.onReceived(body, detail.reception.lqi, detail.reception.rssi, detail);
  }

  private heardAck(head: Addressing, psdu: Uint8Array, reception: Reception): void {
    const job = this.job;
    if (job === undefined || this.state !== AWAITING_ACK || head.sequence !== job.psdu[2]) return;
    this.rest(job.psdu.length);
    if (head.pending) {
      this.closeWindow();
      this.windowTimer = this.medium.clock.after(FRAME_TOTAL_WAIT_US, () => {
        this.windowTimer = undefined;
        this.tune();
      });
    }
    this.finish({ status: Err.Ok, pending: head.pending, ack: { psdu, reception } });
  }

  /** Answers whether the acknowledgement tells of a frame pending. */
  private acknowledge(head: Addressing, size: number, takers: number): boolean {
    const wanted = head.ackRequest && (head.type === FRAME_DATA || head.type === FRAME_COMMAND) && head.targetShort !== BROADCAST;
    if (!wanted || this.acking) return false;
    const pending =
      head.command === COMMAND_DATA_REQUEST &&
      (this.pendingForAll || this.identities.some((each, number) => takers & (1 << number) && each.awaits(head)));
    const { clock } = this.medium;
    this.acking = true;
    this.tune();
    this.counters.acknowledged++;
    this.quietUntilUs = Math.max(this.quietUntilUs, clock.nowUs + TURNAROUND_US + ACK_US + spacingUs(size));
    this.ackTimer = clock.after(TURNAROUND_US, () => {
      this.medium.transmit(this.port, ackFrame(head.sequence, pending), this.channel, () => {
        this.acking = false;
        this.tune();
      });
    });
    return pending;
  }
}
