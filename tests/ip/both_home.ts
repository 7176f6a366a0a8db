// A home in the middle of its change: one hub of both phases, a meter and a display of each, the supplier, on one air.
import { readFileSync } from "node:fs";
import { EventKind, Quantity, Record } from "../../host/abi.ts";
import { admitRecord, clockRecord, PERMIT_S, permitRecord, tariffRecord } from "../../host/home/head_end.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { type DeviceRole, planRow } from "../../host/home/plan.ts";
import { type Factory, provision } from "../../host/home/provision.ts";
import { Sensor } from "../../host/home/sensor.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { loadParse } from "../../host/load/file.ts";
import { type LogEntry, readLog } from "../../host/log.ts";
import { builtPath } from "../../host/modules.ts";
import { makeDevice } from "../../host/tls/authority.ts";
import { BRISK } from "../scenarios/house.ts";
import { manufactured } from "../tls/party.ts";
import { authority, roots } from "../tls/peers.ts";
import { type EngineName, Home } from "./home.ts";

/** Names and roles of who is in phase 1; `meter` and `ihd` are the same in phase 2. */
export const FIRST_PHASE = { hub: "hub", meter1: "meter", ihd1: "ihd" } as const satisfies { [id: string]: DeviceRole };
const ORIGIN_MS = Date.UTC(2025, 2, 24, 16, 0);
const PERMIT_EACH_S = 200;

/** What the hub's radio handed to its module. */
export interface Taken {
  interfaceNumber: number;
  psdu: Buffer;
}

export class BothHome extends Home {
  readonly taken: Taken[] = [];
  readonly stores = new Map<string, Map<number, Uint8Array>>();
  private readonly factories: Map<string, Factory>;
  private readonly sensors = new Map<string, Sensor>();
  private permits = 0;

  /** `hub` runs in the place of hub_both. */
  constructor(
    seed: number,
    engine: EngineName = "V8",
    private readonly hub?: Uint8Array,
  ) {
    super(seed, engine);
    const rows = Object.entries(FIRST_PHASE).map(([id, role]) => planRow(id, role, "hub"));
    this.factories = provision(seed, 2, rows);
    this.addFirst("hub", "hub_both");
    this.addFirst("meter1", "meter_sep1");
    this.addFirst("ihd1", "ihd_sep1");
    this.add("meter", "meter");
    this.add("ihd", "ihd");
  }

  /** A device with all that its factory writes for phase 1, and for phase 2. */
  private addFirst(id: string, module: string): void {
    const { records, seed } = this.factory(id);
    const serial = Buffer.of(this.devices.size + 100);
    const store = new Map([...records, ...manufactured(roots, makeDevice(authority, { serial }), serial)]);
    this.stores.set(id, store);
    const wasm = (id === "hub" ? this.hub : undefined) ?? readFileSync(builtPath(module));
    const boot = this.boot(id, wasm, seed, store);
    const listening: typeof boot = (surroundings) => {
      const engine = boot(surroundings);
      if (id !== "hub") return engine;
      const push = engine.push.bind(engine);
      engine.push = (event) => {
        this.note(event);
        return push(event);
      };
      return engine;
    };
    this.devices.set(id, new ModuleDevice(id, this.medium, listening, this.edge(id)));
    if (FIRST_PHASE[id as keyof typeof FIRST_PHASE] === "meter")
      this.sensors.set(id, new Sensor(this.clock, loadParse("brisk", BRISK), 20_000, (kind, octets) => this.device(id).push(kind, octets)));
  }

  private note(event: Uint8Array): void {
    if (event[0] === EventKind.RadioReceived) this.taken.push({ interfaceNumber: event[4], psdu: Buffer.from(event.subarray(16)) });
  }

  protected override sense(id: string, periodMs: number): boolean {
    this.sensors.get(id)?.start(Quantity.ElectricityImport, periodMs);
    return this.sensors.has(id);
  }

  device(id: string): ModuleDevice {
    return this.devices.get(id) as ModuleDevice;
  }

  factory(id: string): Factory {
    return this.factories.get(id) as Factory;
  }

  /** The supplier's word to the hub. */
  supply(record: Buffer): void {
    this.device("hub").push(EventKind.Uplink, record);
  }

  /** Power for the hub and the supplier's first words, then for everyone. */
  override start(ids: readonly string[] = [...this.devices.keys()]): void {
    this.device("hub").powerOn();
    this.settle();
    this.run(20);
    for (const id of ids) if (id !== "hub") this.device(id).powerOn();
  }

  /** What the supplier says whenever the hub comes up. */
  settle(): void {
    this.supply(clockRecord(ORIGIN_MS + Math.floor(this.clock.nowUs / 1000)));
    this.supply(tariffRecord(TARIFF));
    for (const id of ["meter1", "ihd1"]) this.supply(admitRecord(this.factory(id).extended, this.factory(id).installCode));
  }

  /** Joining stays open. */
  override run(seconds: number): void {
    const end = this.clock.nowUs + seconds * 1_000_000;
    while (this.clock.nowUs < end) {
      const next = this.permits * PERMIT_EACH_S * 1_000_000;
      if (this.clock.nowUs >= next) {
        this.permits++;
        this.supply(permitRecord(PERMIT_S));
      }
      this.clock.runUntil(Math.min(end, Math.max(next, this.clock.nowUs)));
    }
  }

  cut(id: string, forSeconds: number): void {
    this.device(id).close();
    this.run(forSeconds);
    this.device(id).powerOn();
    if (id === "hub") this.settle();
  }

  /** What a device told since a moment, of one kind. */
  told<Name extends LogEntry["log"]>(id: string, name: Name, fromMs = 0): (Extract<LogEntry, { log: Name }> & { atMs: number })[] {
    const entries = (this.logs.get(id) ?? [])
      .filter(({ atMs }) => atMs >= fromMs)
      .map(({ atMs, code, octets }) => ({ ...readLog(code, octets), atMs }));
    return entries.filter((entry): entry is Extract<LogEntry, { log: Name }> & { atMs: number } => "log" in entry && entry.log === name);
  }

  get nowMs(): number {
    return this.clock.nowUs / 1000;
  }

  /** The display of phase 1 shows what its meter told in the last minute, at the supplier's price. */
  get firstServed(): boolean {
    const reading = this.told("ihd1", "Reading", this.nowMs - 60_000).at(-1);
    const registers = this.told("meter1", "Register", this.nowMs - 90_000).map(({ importWh }) => importWh);
    return reading !== undefined && reading.flags === 0 && reading.price === TARIFF.price && registers.includes(reading.importWh);
  }

  /** Both devices of phase 2 have had an answer over TLS in the last two minutes, and know the time. */
  get secondServed(): boolean {
    return ["meter", "ihd"].every((id) =>
      this.told(id, "Answer", this.nowMs - 120_000).some(({ status, utc }) => status === 200 && utc > 1),
    );
  }

  get served(): boolean {
    return this.firstServed && this.secondServed;
  }

  /** Runs until everyone is served; answers whether that came within the seconds. */
  until(isReached: () => boolean, seconds: number): boolean {
    for (let waited = 0; waited < seconds && !isReached(); waited += 5) this.run(5);
    return isReached();
  }

  /** The last word of each, for a message. */
  tail(): string {
    const last = [...this.logs].map(([id, lines]) => {
      const words = lines.slice(-4).map(({ atMs, code, octets }) => `${atMs} ${JSON.stringify(readLog(code, octets), bigints)}`);
      return `${id}: ${words.join("  ")}`;
    });
    return `seed ${this.seed}, now ${this.nowMs}\n${[...last, ...this.troubles].join("\n")}`;
  }

  get extended(): bigint {
    return Buffer.from(this.stores.get("hub")?.get(Record.Address) ?? []).readBigUInt64LE();
  }
}

const bigints = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
