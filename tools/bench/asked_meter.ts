// Round trips of ours: the shipped meter under V8 on the simulated air, joined and with a key of key establishment, answers a hub's ZCL reads.
//
// The hub that it joined is then replaced by a partner of a few lines with the same identity and keys, which asks again as soon as it has its answer.

import { RadioParameter } from "../../host/abi.ts";
import { Radio } from "../../host/air/radio.ts";
import { deviceBuilder } from "../../host/home/devices.ts";
import type { EventLine } from "../../host/home/events.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { DEFAULT_PLAN } from "../../host/home/plan.ts";
import { provision } from "../../host/home/provision.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { cpuUs } from "./cpu.ts";
import { APS_ACKNOWLEDGEMENT, APS_DATA, type Link, Partner } from "./frames.ts";

const SEED = 1;
/** In one home: the meter misses the link status of the hub that has left after some 20 s, and its routes. */
const ROUNDS = 1000;
/** Joined, keys made, first reports sent. */
const SETTLED_US = 180e6;
const PATIENCE_US = 5e6;
const SLOT_NETWORK = 0;
const SLOT_LINK = 3;
/** Ahead of what the hub has used, whose counters begin with the time of day in seconds. */
const COUNTER = 0xc000_0000;
/** Frames of the asker in one round, at the most. */
const COUNTERS = 8;
const CLUSTER = 0x0702;
const PROFILE = 0x0109;
/** Read Attributes: CurrentSummationDelivered, Status, UnitOfMeasure, Multiplier, Divisor, InstantaneousDemand. */
const READ_RESPONSE = 0x01;
/** Head 3, and for each attribute id 2, status 1, type 1 and a value of 6, 1, 1, 3, 3 and 3 octets. */
const RESPONSE_SIZE = 3 + 6 * 4 + 17;
const NOTHING = new Uint8Array(0);
const ATTRIBUTES = [0x0000, 0x0200, 0x0300, 0x0301, 0x0302, 0x0400];

class KeysOfMeter extends Keyring {
  readonly keys = new Map<number, Buffer>();

  override add(device: string, slot: number, key: Uint8Array): void {
    if (device === "meter") this.keys.set(slot, Buffer.from(key));
    super.add(device, slot, key);
  }
}

function zclRead(sequence: number): Buffer {
  return Buffer.from([0x00, sequence & 0xff, 0x00, ...ATTRIBUTES.flatMap((id) => [id & 0xff, id >>> 8])]);
}

/** A settled home whose hub and display have left. */
async function settled(): Promise<{ home: Home; link: Link; channel: number }> {
  const keyring = new KeysOfMeter();
  const events: EventLine[] = [];
  const builder = await deviceBuilder({ engine: "v8" }, DEFAULT_PLAN, () => undefined);
  const home = new Home({
    seed: SEED,
    suite: null,
    load: loadRead(DEFAULT_HOUSEHOLD),
    build: builder.build,
    enter: (action) => action(),
    keyring,
    tell: (event) => events.push(event),
  });
  home.start();
  home.advance(SETTLED_US);
  home.device("hub").close();
  home.device("ihd").close();
  const joined = events.find(({ device, event }) => device === "meter" && event === "joined");
  const factories = provision(SEED, null, DEFAULT_PLAN.rows);
  const [networkKey, linkKey] = [keyring.keys.get(SLOT_NETWORK), keyring.keys.get(SLOT_LINK)];
  if (!joined || !networkKey || !linkKey) throw new Error("the meter did not join in three minutes; look at the home first");
  const extended = (id: string): bigint => factories.get(id)?.extended ?? 0n;
  const link: Link = {
    pan: Number(joined.pan),
    source: { short: 0, extended: extended("hub") },
    target: { short: Number(joined.address), extended: extended("meter") },
    networkKey,
    linkKey,
  };
  return { home, link, channel: Number(joined.channel) };
}

/** Microseconds of the processor for a round trip; throws when an answer is not the one to its question. */
export async function askedMeter(homes: number, warmUp: number, rounds = ROUNDS): Promise<number> {
  let us = 0;
  for (let count = 0; count < homes; count++) {
    const { home, link, channel } = await settled();
    const asker = new Asker(home, link, channel, rounds);
    const begun = cpuUs();
    for (let round = 0; round < rounds; round++) asker.round(round);
    if (count >= warmUp) us += cpuUs() - begun;
    asker.check();
    home.close();
  }
  return us / (rounds * (homes - warmUp));
}

class Asker {
  private readonly radio: Radio;
  private readonly partner: Partner;
  private readonly questions: Buffer[];
  /** What came as answers, to be looked into when the clock has stopped. */
  private readonly answers: Uint8Array[] = [];
  /** Octets of an answer's PSDU; 0 while that is not known. */
  private size = 0;
  /** APS counter of the meter's newest message, and whether it waits for its acknowledgement. */
  private apsCounter = 0;
  private owed = false;
  private cluster = CLUSTER;
  private answered = false;
  private sent = true;

  constructor(
    private readonly home: Home,
    link: Link,
    channel: number,
    rounds: number,
  ) {
    this.partner = new Partner(link, COUNTER, PROFILE);
    this.radio = new Radio(home.medium, { id: "asker" });
    const set = (parameter: number, value: number | bigint): number => this.radio.set(parameter, BigInt(value));
    set(RadioParameter.PanId, link.pan);
    set(RadioParameter.ShortAddress, link.source.short);
    set(RadioParameter.ExtendedAddress, link.source.extended);
    set(RadioParameter.Channel, channel);
    set(RadioParameter.Receive, 1);
    this.radio.onReceived = (psdu) => this.take(psdu);
    this.radio.onSent = (_handle, status) => {
      if (status !== 0) throw new Error(`the meter does not acknowledge: ${status}`);
      this.sent = true;
    };
    this.questions = Array.from({ length: rounds }, (_, round) => {
      this.partner.counter = COUNTER + round * COUNTERS;
      return Buffer.from(this.partner.frame(APS_DATA, CLUSTER, round, zclRead(round)));
    });
  }

  /** One question, its answer, and the acknowledgement that the answer asks for; the meter's reports in between are acknowledged too. */
  round(round: number): void {
    this.answered = false;
    this.partner.counter = COUNTER + round * COUNTERS + 1;
    this.send(this.questions[round]);
    const { clock } = this.home;
    const end = clock.nowUs + PATIENCE_US;
    while (!this.answered || !this.sent || this.owed) {
      if (this.sent && this.owed) this.acknowledge();
      if (!clock.step() || clock.nowUs > end) throw new Error(`the meter does not answer question ${round}`);
    }
  }

  /** Throws when an answer is not the one to its question, under both keys. */
  check(): void {
    for (const [round, psdu] of this.answers.entries()) {
      const zcl = this.partner.heard(psdu)?.zcl;
      if (!zcl || zcl[1] !== (round & 0xff) || zcl[2] !== READ_RESPONSE || zcl.length !== RESPONSE_SIZE)
        throw new Error(`the meter's answer to question ${round} is another one: ${zcl?.toString("hex")}`);
    }
  }

  /** An answer is known by its size, and its APS counter follows from the one before; whatever else comes is opened. */
  private take(psdu: Uint8Array): void {
    if (psdu.length === this.size) this.apsCounter = (this.apsCounter + 1) & 0xff;
    else {
      const heard = this.partner.heard(psdu);
      if (!heard) return;
      this.apsCounter = heard.apsCounter;
      this.cluster = heard.cluster;
      if (heard.zcl[2] === READ_RESPONSE && this.size === 0) this.size = psdu.length;
    }
    this.owed = true;
    if (psdu.length !== this.size) return;
    this.answers.push(psdu.slice());
    this.cluster = CLUSTER;
    this.answered = true;
  }

  private acknowledge(): void {
    this.owed = false;
    this.send(this.partner.frame(APS_ACKNOWLEDGEMENT, this.cluster, this.apsCounter, NOTHING));
  }

  private send(psdu: Uint8Array): void {
    this.sent = false;
    if (this.radio.send(psdu, 0) !== 0) throw new Error("the asker's radio refuses a frame");
  }
}
