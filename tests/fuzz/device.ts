// Whole devices under fire: the shipped modules, joined, take mutated frames with and without the right keys, uplink records, measurements and garbage.
// No trap, no poll without end, no device that asks to be polled at once for ever.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EVENT_HANDLE, EVENT_HEAD, EVENT_KIND, EVENT_LQI, EVENT_SIZE, EVENT_TIME, EventKind } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import type { Surroundings } from "../../host/engine.ts";
import { Err } from "../../host/err.ts";
import { admitRecord, clockRecord, permitRecord, tariffRecord } from "../../host/home/head_end.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { cpuMs } from "../support/cpu.ts";
import type { Enough } from "./enough.ts";
import type { HomeAir, Station } from "./home_air.ts";
import { mutate } from "./mutate.ts";
import { mutateSecured, openFrame, sealFrame } from "./reseal.ts";

/** The longest poll computes a slice of an elliptic curve; under a loaded machine some multiple of that. */
const POLL_MS_MAX = 1000;
/** Polls that a device may want at one moment: events, frames to send, slices. */
const TURNS_MAX = 400;
/** Inputs after which a device begins again at its joined state; a hostile Leave ends its membership before. */
const LIFE = 300;
const STEP_MS = [1, 3, 10, 60, 250, 1500, 8000];
const QUEUE = 4;

export interface DeviceResult {
  name: string;
  inputs: number;
  polls: number;
  lives: number;
  longestMs: number;
  /** Frames that the device sent in answer or on its own. */
  sent: number;
}

interface Input {
  kind: number;
  octets: Uint8Array;
}

/** One life of a device, from its joined state. */
class Life {
  readonly history: string[] = [];
  polls = 0;
  sent = 0;
  longestMs = 0;
  private now = 1000n;
  private readonly engine: V8Engine;
  private sending = -1;

  constructor(station: Station, wasm: Uint8Array, seed: Uint8Array) {
    const keys = new KeySlots();
    for (const [slot, key] of station.keys) keys.set(slot, key);
    const surroundings: Surroundings = {
      radioSend: (_number, _psdu, handle) => {
        this.sending = handle;
        this.sent++;
        return Err.Ok;
      },
      radioSet: () => Err.Ok,
      sense: () => Err.Ok,
      display: () => undefined,
      uplinkSend: () => Err.Ok,
      log: () => undefined,
      keySet: () => undefined,
    };
    this.engine = new V8Engine({ wasm, seed, surroundings, store: new Map(station.records), keys });
    this.engine.start(this.now, 0);
    this.settle();
  }

  give(inputs: readonly Input[], stepMs: number): void {
    this.now += BigInt(stepMs);
    for (const { kind, octets } of inputs) {
      this.history.push(`${this.now} ${kind} ${Buffer.from(octets).toString("hex")}`);
      this.engine.push(event(kind, octets, this.now));
    }
    this.settle();
  }

  /** Polls until the device has nothing to do at this moment; what it sends has left at once. */
  private settle(): void {
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const begun = cpuMs();
      const deadline = this.engine.poll(this.now);
      const took = cpuMs() - begun;
      this.polls++;
      this.longestMs = Math.max(this.longestMs, took);
      if (took > POLL_MS_MAX) throw new Error(`a poll took ${took.toFixed(0)} ms`);
      if (this.sending >= 0) {
        this.engine.push(event(EventKind.RadioSent, new Uint8Array(0), this.now, this.sending));
        this.sending = -1;
      } else if (deadline > this.now && this.engine.waiting === 0) return;
    }
    throw new Error(`wants to be polled again and again at ${this.now}`);
  }
}

function event(kind: number, octets: Uint8Array, now: bigint, handle = 0): Uint8Array {
  const record = new Uint8Array(EVENT_HEAD + octets.length);
  const view = new DataView(record.buffer);
  record[EVENT_KIND] = kind;
  if (kind === EventKind.RadioSent) record[EVENT_HANDLE] = handle;
  else record[EVENT_LQI] = 200;
  view.setUint16(EVENT_SIZE, octets.length, true);
  view.setBigInt64(EVENT_TIME, now, true);
  record.set(octets, EVENT_HEAD);
  return record;
}

/** Makes inputs for one device. */
class Gun {
  private counter = 50_000;
  private readonly uplinks: Uint8Array[];

  constructor(
    private readonly station: Station,
    private readonly air: HomeAir,
    private readonly random: Random,
  ) {
    const address = Buffer.from(station.records.get(1) as Uint8Array).readBigUInt64LE();
    const code = Buffer.from("83fed3407a939723a5c639b26916d505c3b5", "hex");
    this.uplinks = [clockRecord(Date.UTC(2025, 2, 24)), tariffRecord(TARIFF), admitRecord(address, code), permitRecord(60)];
  }

  next(): Input {
    switch (this.random.below(10)) {
      case 0:
        return this.frame(mutate(this.station.frames, this.random));
      case 1:
        return this.frame(this.pick());
      case 2:
        return { kind: EventKind.Uplink, octets: mutate(this.uplinks, this.random) };
      case 3:
        return {
          kind: EventKind.Measured,
          octets: mutate([Buffer.from("00e1f505000000002c01000001", "hex")], this.random).subarray(0, 200),
        };
      case 4:
        return { kind: this.random.below(256), octets: this.noise() };
      default:
        return this.frame(this.insider() ?? mutate(this.station.frames, this.random));
    }
  }

  private frame(psdu: Uint8Array): Input {
    return { kind: EventKind.RadioReceived, octets: psdu.subarray(0, 125) };
  }

  private pick(): Uint8Array {
    return this.station.frames[this.random.below(this.station.frames.length)];
  }

  private noise(): Uint8Array {
    const octets = new Uint8Array(this.random.below(180));
    this.random.fill(octets);
    return octets;
  }

  /** A frame with valid integrity codes and something else inside; the APS layer's payload where it can be opened. */
  private insider(): Uint8Array | undefined {
    const { random } = this;
    const networkKey = this.station.keys.find(([slot]) => slot === 0)?.[1];
    const opened = networkKey && openFrame(this.pick(), networkKey);
    if (!networkKey || !opened) return undefined;
    const inside = random.below(3) > 0 ? mutateSecured(opened.payload, opened.extended, this.air.keys, random) : undefined;
    const payload = inside ?? Buffer.from(mutate([opened.payload], random));
    const header = Buffer.from(opened.header);
    if (random.below(8) === 0) header[random.below(header.length)] ^= 1 << random.below(8);
    if (random.below(16) === 0) header.writeUInt16LE(0xfffd, 2);
    this.counter += 1 + random.below(3);
    return sealFrame({ ...opened, header, payload }, networkKey, this.counter);
  }
}

/** Fuzzes one device for a while; throws with the life's inputs kept in a file at the first complaint. */
export function fuzzDevice(air: HomeAir, name: DeviceId, enough: Enough, seed: number): DeviceResult {
  const station = air.stations.get(name) as Station;
  const wasm = moduleBytes(`${name}_sep1`);
  const random = new Random(seed, `fuzz device ${name}`);
  const result: DeviceResult = { name: `device_${name}`, inputs: 0, polls: 0, lives: 0, longestMs: 0, sent: 0 };
  for (; !enough(result.inputs); result.lives++) {
    const entropy = new Uint8Array(32);
    random.fill(entropy);
    const life = new Life(station, wasm, entropy);
    const gun = new Gun(station, air, random);
    try {
      for (let input = 0; input < LIFE && !enough(result.inputs); input++) {
        const batch = Array.from({ length: 1 + random.below(QUEUE) }, () => gun.next());
        result.inputs += batch.length;
        life.give(batch, STEP_MS[random.below(STEP_MS.length)]);
      }
    } catch (error) {
      const path = join(ROOT, `build/fuzz/device_${name}-${seed}.txt`);
      mkdirSync(join(ROOT, "build/fuzz"), { recursive: true });
      writeFileSync(path, `entropy ${Buffer.from(entropy).toString("hex")}\n${life.history.join("\n")}\n`);
      throw new Error(`device_${name}: ${(error as Error).message}, seed ${seed}, life ${result.lives}, inputs in ${path}`, {
        cause: error,
      });
    }
    result.polls += life.polls;
    result.sent += life.sent;
    result.longestMs = Math.max(result.longestMs, life.longestMs);
  }
  return result;
}
