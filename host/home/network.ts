// One hub's network: the supplier who speaks to the hub, and the installer who plugs its devices in one after the other.
import { EventKind } from "../abi.ts";
import type { Clock } from "../air/clock.ts";
import { MANUFACTURER_TEST } from "../image/keys.ts";
import { Change, type ChangePace, type ChangeState } from "./change.ts";
import type { HomeDevice } from "./device.ts";
import { Enrolment, type EnrolmentOptions, type EnrolmentStep } from "./enrolment.ts";
import {
  admitRecord,
  CLOCK_PERIOD_MS,
  clockRecord,
  memberRecord,
  openRecord,
  PERMIT_PERIOD_MS,
  PERMIT_S,
  permitRecord,
  rekeyRecord,
  removeRecord,
  tariffRecord,
} from "./head_end.ts";
import type { DeviceId, DeviceRole, Phase, PlanRow } from "./plan.ts";
import type { Factory } from "./provision.ts";
import { lfdiOfFactory } from "./provision2.ts";
import type { Tariff } from "./tariff.ts";
import type { UpdateFile } from "./update_file.ts";
import { Updates } from "./updates.ts";

/** The installer plugs the next device in a moment after the one before is ready, and does not wait for ever. */
const PLUG_IN_MS = 1000;
const PATIENCE_MS = 60_000;
/** A hub takes so many records at once and no more: what it has no room for is lost. */
const ADMITTED_AT_ONCE = 8;
const BATCH_MS = 1000;
/** From a hub's start to the supplier's first words. */
const GREETING_MS = 20;
/** A device that has no certificate by then stays in phase 1. */
const CERTIFY_PATIENCE_MS = 3_600_000;
/** From telling a new key to its use: a display that sleeps has heard of it. */
const REKEY_S = 60;

export interface NetworkOptions {
  clock: Clock;
  phase: Phase;
  hub: PlanRow;
  /** In the order in which they are plugged in and admitted. */
  members: readonly PlanRow[];
  device(id: DeviceId): HomeDevice;
  factory(id: DeviceId): Factory;
  /** Has a key with the hub, or in phase 2 a place in its network. */
  ready(id: DeviceId): boolean;
  /** A display shows something, or there is none. */
  shown(): boolean;
  /** Milliseconds since 1970 at simulated time 0. */
  originMs: number;
  tariff: Tariff;
  /** Ports of meters that are reached from the hub's Ethernet. */
  opened?: readonly number[];
  updates: readonly UpdateFile[];
  updateAtMs: number | null;
  changePace?: ChangePace;
  /** Makes packages of phase 2. */
  changePack?(role: DeviceRole, attempt: number): Buffer;
  /** A device runs a module of phase 2 for good. */
  changed(id: DeviceId): boolean;
  tellChange(state: ChangeState): void;
  /** Certifies devices that were sold without a certificate; absent where nobody does. */
  certify?(extended: bigint, request: Uint8Array): Uint8Array[];
  enrolled(id: DeviceId, step: EnrolmentStep, reason: string | null): void;
}

export class Network {
  readonly updates: Updates;
  readonly enrolment: Enrolment | undefined;
  /** Whose turn the installer had, whom a person took from him, and who has power. */
  private readonly powered = new Set<DeviceId>();
  private readonly touched = new Set<DeviceId>();
  private readonly on = new Set<DeviceId>();
  private changing: Change | null = null;
  /** A change was asked for; it begins with the certificates. */
  private isToChange = false;
  private toldCertificates = false;

  constructor(private readonly options: NetworkOptions) {
    const { clock, members, hub, updates, updateAtMs } = options;
    this.updates = new Updates({
      clock,
      hub: hub.id,
      members: members.map(({ id }) => id),
      files: updates,
      atMs: updateAtMs,
      settled: () => this.commissioned && options.shown(),
      send: (record) => this.uplink(record),
      address: (id) => options.factory(id).extended,
    });
    const { certify } = options;
    this.enrolment = certify && this.enrol(certify);
  }

  /** Power for the hub; the others follow when it has a network. */
  start(): void {
    const { clock, hub, members } = this.options;
    this.plugIn(hub.id, 0);
    clock.at(clock.nowUs, () => this.supply());
    this.updates.start();
    members.forEach(({ id }, index) => {
      clock.after((index + 1) * PATIENCE_MS * 1000, () => this.plugIn(id, 0));
    });
  }

  /** A person's hand at the plug, whatever the installer has done so far. */
  power(id: DeviceId, on: boolean): void {
    this.powered.add(id);
    this.touched.add(id);
    if (this.on.has(id) === on) return;
    const device = this.options.device(id);
    if (on) this.on.add(id);
    else this.on.delete(id);
    if (on) device.powerOn();
    else device.close();
  }

  /** The hub has a network. */
  formed(): void {
    this.plugInNext(undefined);
  }

  /** A device is ready. */
  established(id: DeviceId): void {
    // A repeater came after the permission, and lets nobody in behind it before it has heard one.
    if (this.options.phase === 1 && this.options.members.find((each) => each.id === id)?.role === "repeater")
      this.uplink(permitRecord(PERMIT_S));
    this.plugInNext(id);
  }

  /** The supplier brings the hub and its devices to phase 2, when those that it certifies have their certificates. */
  change(activateAtMs: number | null): void {
    if (!this.options.changePack) throw new Error("nobody makes packages of phase 2 here");
    this.isToChange = true;
    if (this.enrolment) this.whenCertified(activateAtMs, this.options.clock.nowUs + CERTIFY_PATIENCE_MS * 1000);
    else this.beginChange(activateAtMs);
  }

  /** Who has none in time is not changed. */
  private whenCertified(activateAtMs: number | null, untilUs: number): void {
    const { clock, members, tellChange } = this.options;
    if (clock.nowUs >= untilUs || members.every(({ id }) => this.enrolment?.has(id))) {
      this.beginChange(activateAtMs);
      return;
    }
    const state = { stage: "certificates" as const, changed: 0, devices: members.length + 1, leftMs: null };
    if (!this.toldCertificates) tellChange(state);
    this.toldCertificates = true;
    clock.after(1_000_000, () => this.whenCertified(activateAtMs, untilUs));
  }

  private beginChange(activateAtMs: number | null): void {
    const { clock, hub, members, originMs, factory, changed, changePack, changePace, tellChange } = this.options;
    this.changing = new Change({
      clock,
      hub: hub.id,
      members: members.filter(({ id }) => this.lfdiOf(id)),
      pack: changePack as NonNullable<typeof changePack>,
      activateAtMs,
      pace: changePace,
      originMs,
      send: (record) => this.uplink(record),
      address: (id) => factory(id).extended,
      changed,
      remind: () => {
        this.tellTime();
        for (const { id } of [hub, ...members]) this.tellMember(id);
      },
      tell: tellChange,
    });
    this.changing.start();
  }

  /** Of one that changes: it does not know the time. */
  hubStarted(): void {
    if (this.changing) this.options.clock.after(GREETING_MS * 1000, () => this.tellTime());
  }

  /** Of a change that was asked for. */
  get unchanged(): DeviceId[] {
    const { hub, members, changed } = this.options;
    return this.isToChange ? [hub, ...members].map(({ id }) => id).filter((id) => !changed(id)) : [];
  }

  get changeOver(): boolean {
    return this.changing?.isOver ?? !this.isToChange;
  }

  /** A record from the hub that is about certificates or updates; its numbers of files are of the change, where there is one. */
  take(octets: Uint8Array): void {
    if (this.enrolment?.take(octets)) return;
    if (this.changing) this.changing.take(octets);
    else this.updates.take(octets);
  }

  /** The supplier takes a device off the network for good. */
  remove(id: DeviceId): void {
    this.uplink(removeRecord(this.options.factory(id).extended));
  }

  /** The supplier has the network key changed. */
  rekey(): void {
    this.uplink(rekeyRecord(REKEY_S));
  }

  /** The supplier admits a device, and opens the network for it. */
  admit(id: DeviceId): void {
    const { extended, installCode } = this.options.factory(id);
    this.uplink(admitRecord(extended, installCode));
    this.uplink(permitRecord(PERMIT_S));
  }

  get commissioned(): boolean {
    return this.options.members.every(({ id }) => this.options.ready(id));
  }

  uplink(record: Buffer): boolean {
    this.options.device(this.options.hub.id).push(EventKind.Uplink, record);
    return true;
  }

  private tellTime(): boolean {
    const { clock, originMs } = this.options;
    return this.uplink(clockRecord(originMs + Math.floor(clock.nowUs / 1000)));
  }

  private tellMember(id: DeviceId): void {
    const factory = this.options.factory(id);
    const lfdi = this.lfdiOf(id);
    if (lfdi) this.uplink(memberRecord(factory.extended, lfdi));
  }

  private lfdiOf(id: DeviceId): Buffer | undefined {
    return lfdiOfFactory(this.options.factory(id)) ?? this.enrolment?.lfdiOf(id);
  }

  private inBatches(rows: readonly PlanRow[], act: (id: DeviceId) => void): void {
    rows.forEach(({ id }, index) => {
      const batch = Math.floor(index / ADMITTED_AT_ONCE);
      if (batch === 0) act(id);
      else this.options.clock.after(batch * BATCH_MS * 1000, () => act(id));
    });
  }

  /** The meters' services, for the hub's Ethernet. */
  private open(): void {
    const { members, factory, opened = [] } = this.options;
    const meters = members.filter(({ role }) => role === "meter");
    for (const { id } of meters) for (const port of opened) this.uplink(openRecord(factory(id).extended, port));
  }

  private enrol(certify: EnrolmentOptions["certify"]): Enrolment {
    const { members, factory, clock, originMs, enrolled } = this.options;
    return new Enrolment({
      certify,
      device: (extended) => members.find(({ id }) => factory(id).extended === extended)?.id,
      manufacturer: MANUFACTURER_TEST,
      utcMs: () => originMs + Math.floor(clock.nowUs / 1000),
      offer: (id, file) => this.updates.offerPersonal(id, file),
      over: (id) => this.updates.personalOver(id),
      tell: enrolled,
    });
  }

  private plugInNext(before: DeviceId | undefined): void {
    const { members } = this.options;
    const next = members[members.findIndex(({ id }) => id === before) + 1];
    if (next) this.plugIn(next.id, PLUG_IN_MS);
  }

  private plugIn(id: DeviceId, inMs: number): void {
    if (this.powered.has(id)) return;
    this.powered.add(id);
    this.options.clock.after(inMs * 1000, () => {
      if (this.touched.has(id)) return;
      this.on.add(id);
      this.options.device(id).powerOn();
    });
  }

  /** The supplier's first words, and those that it repeats. */
  private supply(): void {
    const { clock, phase, hub, members, factory, tariff } = this.options;
    const every = (periodMs: number, action: () => boolean): void => {
      if (action()) clock.after(periodMs * 1000, () => every(periodMs, action));
    };
    every(CLOCK_PERIOD_MS, () => this.tellTime());
    // A device that proves who it is may join, and tariffs come with the function sets.
    if (phase === 2) {
      this.inBatches([hub, ...members], (id) => this.tellMember(id));
      this.open();
      return;
    }
    this.uplink(tariffRecord(tariff));
    this.inBatches(members, (id) => this.uplink(admitRecord(factory(id).extended, factory(id).installCode)));
    every(PERMIT_PERIOD_MS, () => {
      if (this.commissioned) return false;
      this.uplink(permitRecord(PERMIT_S));
      return true;
    });
  }
}
