// The home: the devices of a plan on one air and one clock, a supplier behind each hub, a household behind each meter.
import { Log, Quantity } from "../abi.ts";
import { Clock } from "../air/clock.ts";
import { Medium } from "../air/medium.ts";
import type { Place } from "../air/space.ts";
import type { Dropped } from "../drops.ts";
import { Err } from "../err.ts";
import type { Load } from "../load/load.ts";
import type { ChangePace } from "./change.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import type { EventFields, EventName } from "./event_table.ts";
import { type EventOf, eventOfLog, extendedName, type HomeEvent } from "./events.ts";
import { happenAll } from "./happenings.ts";
import { declined, removed } from "./head_end.ts";
import type { Keyring } from "./keyring.ts";
import { Network } from "./network.ts";
import type { Paced } from "./pacer.ts";
import { changesPhase, DEFAULT_PLAN, type DeviceId, type DeviceRole, membersOf, type Phase, type Plan, type PlanRow } from "./plan.ts";
import { Progresses } from "./progress.ts";
import { type Factory, provision } from "./provision.ts";
import { provision2, provisionBoth } from "./provision2.ts";
import { Sensor } from "./sensor.ts";
import type { Site } from "./site.ts";
import { Status } from "./status.ts";
import { SupplierAuthority } from "./supplier_authority.ts";
import type { UpdateFile } from "./update_file.ts";
import { versionName } from "./update_words.ts";

/** The load begins this long after power-on, so that the first report comes before it and the register's rise is the load's sum. */
export const LOAD_START_MS = 20_000;
/** Where the clock stands when a load without dates begins: 24 March 2025, 16:00 in London. */
export const ORIGIN_MS = Date.UTC(2025, 2, 24, 16, 0);

export interface HomeOptions {
  /** `DEFAULT_PLAN` when absent. */
  plan?: Plan;
  seed: number;
  suite: 1 | 2 | null;
  /** What meters without a load of their own measure. */
  load: Load;
  /** Makes a device of what the factory wrote. */
  build(row: PlanRow, factory: Factory, edge: DeviceEdge, site: Site): HomeDevice;
  /** `Pacer.enter`. */
  enter(action: () => void): void;
  keyring: Keyring;
  tell(event: HomeEvent): void;
  /** Packages for devices, and when they go out; see `Updates`. */
  updates?: readonly UpdateFile[];
  /** Those that the plan's events name. */
  packages?: readonly UpdateFile[];
  updateAtMs?: number | null;
  /** Packages of phase 2 for a home that changes. */
  changePack?(role: DeviceRole, attempt: number): Buffer;
  changePace?: ChangePace;
  /** A frame of a hub's Ethernet; an `Err` where there is none. */
  link?(hub: DeviceId, frame: Uint8Array): number;
  /** Ports of meters that are open to it. */
  opened?: readonly number[];
  /** Devices of phase 1 that are no hub are sold with a root to believe and without a certificate, and get one over the air. */
  enrols?: boolean;
  /** In the place of the supplier's authority. */
  certify?(extended: bigint, request: Uint8Array): Uint8Array[];
  /** Added to the wait for acknowledgements, for partners behind a UDP port. */
  ackGraceUs?: number;
}

export class Home implements Paced {
  readonly clock = new Clock();
  readonly medium: Medium;
  readonly plan: Plan;
  readonly status: Status;
  readonly originMs: number;
  private readonly rows: ReadonlyMap<DeviceId, PlanRow>;
  private readonly devices = new Map<DeviceId, HomeDevice>();
  private readonly factories: Map<DeviceId, Factory>;
  private readonly sensors = new Map<DeviceId, Sensor>();
  private readonly networks: Map<DeviceId, Network>;
  private readonly progress = new Progresses();

  constructor(private readonly options: HomeOptions) {
    const { clock } = this;
    this.plan = options.plan ?? DEFAULT_PLAN;
    const { rows } = this.plan;
    this.rows = new Map(rows.map((row) => [row.id, row]));
    const { walls, rangeMetres } = this.plan;
    this.medium = new Medium({ seed: options.seed, clock, ackGraceUs: options.ackGraceUs, walls, rangeMetres });
    this.originMs = (options.load.originMs ?? ORIGIN_MS) - LOAD_START_MS;
    this.status = new Status(rows, this.plan.phase);
    this.status.originMs = this.originMs;
    for (const { id, role, load } of rows) if (role === "meter") this.sensors.set(id, this.sensorOf(id, load ?? options.load));
    this.factories = this.provision();
    for (const { id } of rows) this.status.device(id).extended = extendedName(this.factory(id).extended);
    this.medium.onFrame(() => {
      this.status.frames++;
    });
    this.networks = new Map(rows.filter(({ role }) => role === "hub").map((hub) => [hub.id, this.network(hub)]));
    const site = { medium: this.medium, enter: options.enter };
    for (const row of rows) {
      if (row.place) this.medium.setPosition(row.id, row.place.x, row.place.y);
      this.devices.set(row.id, options.build(row, this.factory(row.id), this.edge(row), site));
    }
  }

  /** What hears of the run's keys. */
  get keyring(): Keyring {
    return this.options.keyring;
  }

  get nowMs(): number {
    return Math.floor(this.clock.nowUs / 1000);
  }

  start(): void {
    for (const network of this.networks.values()) network.start();
    happenAll(this, this.options.packages ?? []);
  }

  /** Somebody pulls or puts a plug. */
  power(id: DeviceId, on: boolean): void {
    const { hub } = found(this.rows, id);
    this.tell(id, on ? "plugged" : "unplugged", {});
    found(this.networks, hub).power(id, on);
  }

  /** Somebody carries a device elsewhere. */
  move(id: DeviceId, { x, y }: Place): void {
    this.tell(id, "moved", { x, y });
    this.medium.setPosition(id, x, y);
  }

  /** The supplier takes a device off its hub's network for good. */
  remove(id: DeviceId): void {
    found(this.networks, found(this.rows, id).hub).remove(id);
  }

  /** The supplier admits a device anew. */
  admit(id: DeviceId): void {
    found(this.networks, found(this.rows, id).hub).admit(id);
  }

  /** The supplier has the key of a hub's network changed. */
  rekey(hub: DeviceId): void {
    this.tell(hub, "rekey", {});
    found(this.networks, hub).rekey();
  }

  /** Noise on a channel, from a place or everywhere. */
  jam(id: string, { channel, forMs, place }: { channel: number; forMs: number; place: Place | null }): void {
    this.tell("home", "jammed", { channel, seconds: forMs / 1000 });
    if (place) this.medium.setPosition(id, place.x, place.y);
    this.medium.noise(id, channel, forMs * 1000);
  }

  /** The supplier is to bring a hub and its devices to phase 2 from now on. */
  change(hub: DeviceId, activateAtMs: number | null): void {
    found(this.networks, hub).change(activateAtMs);
  }

  /** Who of the homes that were to change has not. */
  get unchanged(): DeviceId[] {
    return [...this.networks.values()].flatMap((network) => network.unchanged);
  }

  /** Every change that was asked for is over, well or not. */
  get changesOver(): boolean {
    return [...this.networks.values()].every((network) => network.changeOver);
  }

  /** The supplier is to update a device from now on. */
  update(id: DeviceId, file: UpdateFile): void {
    const { hub } = found(this.rows, id);
    found(this.networks, hub).updates.begin([file]);
  }

  get nowUs(): number {
    return this.clock.nowUs;
  }

  get nextUs(): number | undefined {
    return this.clock.nextUs;
  }

  advance(timeUs: number): void {
    this.clock.runUntil(timeUs);
    this.status.nowMs = this.nowMs;
    const [first] = this.sensors.values();
    if (first) this.status.takePower(this.nowMs, first.watts);
  }

  close(): void {
    for (const device of this.devices.values()) device.close();
  }

  device(id: DeviceId): HomeDevice {
    return found(this.devices, id);
  }

  /** Of the module that a device runs; null of what is no device. */
  phaseOf(id: DeviceId | "home"): Phase | null {
    return this.rows.has(id) ? this.status.device(id).phase : null;
  }

  /** What a device dropped since its start. */
  drops(id: DeviceId): Dropped[] {
    return this.device(id).drops?.() ?? [];
  }

  /** Tells what each device dropped: at the end, before it is closed. */
  tellDrops(): void {
    for (const { id } of this.plan.rows) for (const dropped of this.drops(id)) this.tell(id, "dropped", { ...dropped });
  }

  /** The measuring element of a meter. */
  sensor(id: DeviceId): Sensor {
    return found(this.sensors, id);
  }

  private factory(id: DeviceId): Factory {
    return found(this.factories, id);
  }

  private provision(): Map<DeviceId, Factory> {
    const { plan, options } = this;
    const { seed, suite } = options;
    if (plan.phase === 2) return provision2(seed, plan.rows);
    if (options.enrols) return provisionBoth(seed, suite, plan.rows, (role) => role === "hub");
    return changesPhase(plan) ? provisionBoth(seed, suite, plan.rows) : provision(seed, suite, plan.rows);
  }

  private sensorOf(id: DeviceId, load: Load): Sensor {
    return new Sensor(this.clock, load, LOAD_START_MS, (kind, octets) => this.device(id).push(kind, octets));
  }

  private network(hub: PlanRow): Network {
    const { clock, status, options, originMs } = this;
    const authority = new SupplierAuthority(options.seed);
    const members = membersOf(this.plan, hub.id);
    const inside = new Set([hub.id, ...members.map(({ id }) => id)]);
    const displays = members.filter(({ role }) => role === "ihd").map(({ id }) => status.device(id));
    const { phase } = this.plan;
    return new Network({
      clock,
      phase,
      hub,
      members,
      opened: options.opened,
      device: (id) => this.device(id),
      factory: (id) => this.factory(id),
      ready: (id) => (status.device(id).phase === 2 ? status.device(id).joined : status.device(id).suite > 0),
      shown: () => displays.every(({ reading }) => reading !== null),
      originMs,
      tariff: this.plan.tariff,
      updates: (options.updates ?? []).filter(({ device }) => inside.has(device)),
      updateAtMs: options.updateAtMs ?? null,
      changePack: options.changePack,
      changePace: options.changePace,
      changed: (id) => status.changed(id),
      tellChange: (state) => this.tell(hub.id, "change", state),
      ...(options.enrols ? { certify: options.certify ?? ((extended, request) => authority.certify(extended, request)) } : {}),
      enrolled: (id, step, reason) => this.tell(id, "certificate", { step, reason }),
    });
  }

  private tell<N extends EventName>(device: DeviceId | "home", event: N, fields: EventFields<N>): void {
    this.take({ t: this.nowMs, device, event, ...fields } as EventOf<N> as HomeEvent);
  }

  private take(event: HomeEvent): void {
    this.status.take(event);
    this.options.tell(event);
  }

  private edge(row: PlanRow): DeviceEdge {
    const { id, role } = row;
    return {
      log: (code, octets) => this.logged(row, code, octets),
      display: (line, text) => this.status.showLine(id, line, text),
      uplink: (octets) => {
        if (role !== "hub") return;
        const refusal = declined(octets);
        const gone = removed(octets);
        if (refusal) this.tell(id, "declined", refusal);
        else if (gone) this.tell(id, "removed", gone);
        else found(this.networks, id).take(octets);
      },
      link: (_, frame) => (role === "hub" ? this.options.link?.(id, frame) : undefined) ?? Err.NotFound,
      sense: (quantity, periodMs) => {
        const sensor = this.sensors.get(id);
        if (!sensor || quantity !== Quantity.ElectricityImport) return false;
        sensor.start(quantity, periodMs);
        return true;
      },
      key: (slot, key) => this.options.keyring.add(id, slot, key),
      tlsKey: (line) => this.options.keyring.tls(line),
      booted: ({ version, onTrial, slot, phase }) => {
        this.status.runs(id, phase);
        this.tell(id, "boot", { version: versionName(version), slot, trial: onTrial });
      },
      reboots: () => this.tell(id, "reboot", {}),
      trouble: (sentence) => this.tell(id, "trouble", { sentence }),
    };
  }

  private logged({ id, hub }: PlanRow, code: number, octets: Uint8Array): void {
    const at = Buffer.from(octets);
    if (code === Log.Formed && at.length >= 2) {
      this.options.keyring.formed(id, at.readUInt16LE(0));
      this.networks.get(id)?.formed();
    }
    if (code === Log.Started && id === hub) this.networks.get(id)?.hubStarted();
    if (code === Log.Joined && at.length >= 2) this.options.keyring.addressed(id, at.readUInt16LE(0));
    if (code === Log.Admitted && at.length >= 10) this.admitted(at.readBigUInt64LE(0), at.readUInt16LE(8));
    const event = eventOfLog(this.nowMs, id, code, octets);
    if (event?.event === "update" || event?.event === "library") this.progress.of(id, event.event).take(event);
    if (event) this.take(event);
    if (id !== hub && event && this.isReady(id, event)) this.networks.get(hub)?.established(id);
  }

  /** The next device may be plugged in: this one has its key with the hub, or in phase 2 its place in the network. */
  private isReady(id: DeviceId, event: HomeEvent): boolean {
    if (this.status.device(id).phase === 2) return event.event === "joined";
    return event.event === "key" && event.suite !== 0;
  }

  private admitted(extended: bigint, short: number): void {
    for (const [id, factory] of this.factories) if (factory.extended === extended) this.options.keyring.addressed(id, short);
  }
}

function found<T>(things: ReadonlyMap<DeviceId, T>, id: DeviceId): T {
  const thing = things.get(id);
  if (thing === undefined) throw new Error(`the plan has no ${id} for that`);
  return thing;
}
