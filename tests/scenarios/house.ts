// The shipped home in a test's hands: hub, meter and display as the simulator builds them, with their plugs, links and clock.
// The air is captured with its keys; the capture stays in build/captures when the test fails.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ResetReason } from "../../host/abi.ts";
import type { AirFrame } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { EngineStopped } from "../../host/engine.ts";
import type { HomeDevice } from "../../host/home/device.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { DEFAULT_PLAN, type DeviceId, type Plan, type PlanRow } from "../../host/home/plan.ts";
import type { Factory } from "../../host/home/provision.ts";
import { loadParse, loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { moduleBytes, ROOT } from "../../host/modules.ts";
import { clean, clearPayloads, judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { cpuMs } from "../support/cpu.ts";
import { Watch } from "./watch.ts";

/** A poll that takes longer on this machine is no bounded work; the longest slice of key establishment takes a few milliseconds. */
export const POLL_MS_MAX = 500;
/** Each way through the air of a house, and an air on which nothing happens to a frame. */
export const PAIRS = [
  ["hub", "meter"],
  ["hub", "ihd"],
  ["meter", "ihd"],
] as const;
export const CALM = { loss: 0, duplicate: 0, delayUs: 0, jitterUs: 0 };

/** A watt-hour a second: every report tells another reading. */
export const BRISK = "time,watts\n0,3600\n";

export interface HouseOptions {
  seed?: number;
  /** The default plan otherwise. */
  plan?: Plan;
  suite?: 1 | 2 | null;
  /** A CSV; the default household otherwise. */
  load?: string;
  /** Changes what the factory wrote. */
  tamper?: (id: DeviceId, factory: Factory) => void;
  /** Runs in the place of a device's own module. */
  modules?: Partial<Record<DeviceId, Uint8Array>>;
}

/** What survives a power cut. */
export class Flash {
  store = new Map<number, Uint8Array>();
  keys = new KeySlots();
  /** Writes so far, of records and keys. */
  writes = 0;
  /** The device dies at this write, before or after it took effect; 0: never. */
  cutAt = 0;
  cutAfter = false;

  constructor(records: Map<number, Uint8Array>) {
    for (const [record, octets] of records) this.store.set(record, octets);
    const { store, keys } = this;
    const [set, setKey] = [store.set.bind(store), keys.set.bind(keys)];
    store.set = (record, octets) => this.write(() => set(record, octets));
    keys.set = (slot, key) => this.write(() => setKey(slot, key));
  }

  private write<T>(action: () => T): T {
    const dies = ++this.writes === this.cutAt;
    if (dies && !this.cutAfter) throw new EngineStopped(ResetReason.PowerOn, "power cut before a write");
    const answer = action();
    if (dies) throw new EngineStopped(ResetReason.PowerOn, "power cut after a write");
    return answer;
  }
}

/** A device and its mains plug. */
export class Plug implements HomeDevice {
  readonly id: DeviceId;
  on = false;
  boots = 0;
  engine: V8Engine | undefined;
  readonly troubles: string[] = [];
  readonly flash: Flash;
  readonly device: ModuleDevice;

  constructor(
    row: PlanRow,
    readonly factory: Factory,
    wasm: Uint8Array,
    ...[medium, edge]: [ConstructorParameters<typeof ModuleDevice>[1], ConstructorParameters<typeof ModuleDevice>[3]]
  ) {
    const { id } = row;
    this.id = id;
    this.flash = new Flash(factory.records);
    const watched = { ...edge, trouble: (sentence: string) => void this.troubles.push(sentence) };
    this.device = new ModuleDevice(
      id,
      medium,
      (surroundings) => {
        const seed = createHash("sha256")
          .update(factory.seed)
          .update(String(this.boots++))
          .digest();
        this.engine = timed(new V8Engine({ wasm, seed, surroundings, store: this.flash.store, keys: this.flash.keys }));
        return this.engine;
      },
      watched,
    );
  }

  powerOn(): void {
    this.on = true;
    this.device.powerOn();
  }

  push(kind: number, octets: Uint8Array): boolean {
    return this.device.push(kind, octets);
  }

  cut(): void {
    this.on = false;
    this.device.close();
  }

  close(): void {
    this.cut();
  }
}

function timed(engine: V8Engine): V8Engine {
  const poll = engine.poll.bind(engine);
  engine.poll = (now) => {
    const begun = cpuMs();
    const deadline = poll(now);
    const took = cpuMs() - begun;
    assert.ok(took < POLL_MS_MAX, `a poll took ${took.toFixed(0)} ms of processor time`);
    return deadline;
  };
  return engine;
}

export class House extends Watch {
  readonly home: Home;
  readonly path: string;
  readonly plugs = new Map<DeviceId, Plug>();
  /** Called for every frame on the air. */
  onFrame: (frame: AirFrame) => void = () => {};
  readonly seed: number;
  readonly counters = new CounterWatch();
  private readonly capture: CaptureWriter;

  constructor(
    readonly name: string,
    options: HouseOptions = {},
  ) {
    super();
    const { seed = 1, plan = DEFAULT_PLAN, suite = null, load, tamper, modules = {} } = options;
    this.seed = seed;
    const folder = join(ROOT, "build/captures");
    mkdirSync(folder, { recursive: true });
    this.path = join(folder, `${name}-${seed}.pcapng`);
    this.capture = new CaptureWriter(this.path);
    const keyring = new Keyring(plan);
    keyring.open(this.capture, null);
    this.home = new Home({
      plan,
      seed,
      suite,
      load: load === undefined ? loadRead(DEFAULT_HOUSEHOLD) : loadParse("the scenario's load", load),
      build: (row, factory, edge, site) => {
        tamper?.(row.id, factory);
        const plug = new Plug(row, factory, modules[row.id] ?? moduleBytes(row.module), site.medium, edge);
        this.plugs.set(row.id, plug);
        return plug;
      },
      enter: (action) => action(),
      keyring,
      tell: (event) => void this.events.push(event),
    });
    this.home.medium.onFrame((frame) => {
      this.capture.frame(frame.timeUs, frame.psdu);
      this.counters.take(frame.psdu);
      this.onFrame(frame);
    });
    this.home.start();
  }

  plug(name: DeviceId): Plug {
    return this.plugs.get(name) as Plug;
  }

  get meter(): Plug {
    return this.plug("meter");
  }

  get hub(): Plug {
    return this.plug("hub");
  }

  get ihd(): Plug {
    return this.plug("ihd");
  }

  /** Runs the join to its end: all keys, the binding, and a reading that is the register's. */
  join(patienceMs = 180_000): void {
    const done = this.until(() => this.of("ihd", "bound").length > 0 && this.agrees(), patienceMs);
    assert.ok(done, `the home is not complete after ${patienceMs} ms; ${this.tail()}`);
  }

  /** Waits for the home to be right again; every random or hostile stretch ends with this. */
  heals(patienceMs: number, what: string): number {
    const from = this.nowMs;
    assert.ok(
      this.until(() => this.agrees(from), patienceMs),
      `${what}: not healed after ${patienceMs} ms; ${this.tail()}`,
    );
    this.exact();
    return this.nowMs - from;
  }

  /** The register is the energy of the load, to the watt-hour, as of a measurement in the last half minute. */
  exact(): void {
    const told = this.last("meter", "register");
    assert.ok(told, "the meter has told nothing");
    const { load } = this.home.sensor("meter") as unknown as { load: { energyJoules(ms: number): bigint } };
    const measured = Math.floor(Number(load.energyJoules(told.t)) / 3600);
    const earlier = Math.floor(Number(load.energyJoules(Math.max(0, told.t - 30_000))) / 3600);
    const wh = Number(told.importWh);
    assert.ok(
      wh >= earlier && wh <= measured,
      `at ${told.t} ms the register tells ${wh} Wh; the load is between ${earlier} and ${measured}`,
    );
  }

  cut(name: DeviceId, offMs: number): void {
    this.plug(name).cut();
    this.run(offMs);
    this.plug(name).powerOn();
  }

  /** The last events, for a message. */
  tail(count = 14): string {
    const lines = this.events.filter(({ event }) => event !== "register" && event !== "reading").slice(-count);
    return `seed ${this.seed}, now ${this.nowMs}, ${this.path}\n${lines.map((each) => JSON.stringify(each)).join("\n")}\n${JSON.stringify(this.last("meter", "register"))}\n${JSON.stringify(this.last("ihd", "reading"))}`;
  }

  /** No module trapped or asked for a reboot. */
  sound(): void {
    const troubles = [...this.plugs.values()].flatMap(({ id, troubles: told }) => told.map((sentence) => `${id}: ${sentence}`));
    assert.deepEqual(troubles, [], `seed ${this.seed}`);
  }

  close(): void {
    this.home.close();
    this.capture.close();
  }

  /** What tshark says of the capture with its keys: nothing malformed, nothing left encrypted, no complaint; and nothing protected without keys. */
  async verdict(): Promise<void> {
    this.close();
    const verdict = await judge(this.path);
    assert.ok(verdict.frames > 0);
    assert.ok(clean(verdict), `${this.path}: ${JSON.stringify(verdict, undefined, 1).slice(0, 3000)}`);
    assert.deepEqual(await clearPayloads(this.path), [], `${this.path}: payloads that anybody can read`);
  }

  /** Every NWK frame counter of a source and key is higher than the one before; answers how many were looked at. */
  async countersRise(): Promise<number> {
    this.close();
    return networkCountersRise(this.path);
  }
}

const NWK_SECURE = 0x0200;
const NWK_EXTENDED = [0x0800, 0x1000] as const;
const MAC_SHORT_ADDRESSES = 0x88;
const MAC_HEADER = 9;

/** The same judgement while the home runs, for sweeps in which tshark would take most of the time. */
export class CounterWatch {
  readonly wrong: string[] = [];
  private readonly highest = new Map<string, { counter: number; psdu: Buffer }>();

  take(octets: Uint8Array): void {
    const psdu = Buffer.from(octets);
    if ((psdu[0] & 0x47) !== 0x41 || psdu[1] !== MAC_SHORT_ADDRESSES || psdu.length < MAC_HEADER + 8 + 14) return;
    const control = psdu.readUInt16LE(MAC_HEADER);
    if ((control & NWK_SECURE) === 0) return;
    const at = MAC_HEADER + 8 + NWK_EXTENDED.reduce((size, bit) => size + ((control & bit) !== 0 ? 8 : 0), 0);
    const counter = psdu.readUInt32LE(at + 1);
    const owner = psdu.toString("hex", at + 5, at + 14);
    const before = this.highest.get(owner);
    if (before?.psdu.equals(psdu)) return; // the radio's own repetition
    if (before && counter <= before.counter) this.wrong.push(`${owner}: counter ${counter} after ${before.counter}`);
    this.highest.set(owner, { counter, psdu });
  }
}

const FIELDS = ["frame.number", "zbee_nwk.security", "zbee.sec.src64", "zbee.sec.counter", "zbee.sec.key_seqno", "wpan.seq_no", "wpan.fcs"];

export async function networkCountersRise(path: string): Promise<number> {
  const highest = new Map<string, { counter: number; frame: string }>();
  const wrong: string[] = [];
  let count = 0;
  await tsharkFields(path, "inside", FIELDS, ([number, security = "", source = "", counters = "", sequence = "", mac = "", fcs = ""]) => {
    if (!/^(1|true)/i.test(security)) return;
    const counter = Number(counters.split("|")[0]);
    const owner = `${source.split("|")[0]} key ${sequence.split("|")[0]}`;
    const before = highest.get(owner);
    const frame = `${mac} ${fcs}`;
    count++;
    // The radio's own repetition of a frame is the frame.
    if (before?.counter === counter && before.frame === frame) return;
    if (before && counter <= before.counter) wrong.push(`frame ${number}: ${owner} counter ${counter} after ${before.counter}`);
    highest.set(owner, { counter, frame });
  });
  assert.deepEqual(wrong.slice(0, 20), [], `${path}: ${wrong.length} counters do not rise`);
  return count;
}

/** Runs a scenario; its capture is kept only when it fails. */
export async function scenario(t: TestContext, house: House, body: (house: House) => Promise<void> | void): Promise<void> {
  t.diagnostic(`seed ${house.seed}`);
  try {
    await body(house);
    house.close();
    rmSync(house.path, { force: true });
  } catch (error) {
    house.close();
    throw error;
  }
}
