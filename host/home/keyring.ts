// The keys of a run, for whoever decrypts its capture.  Devices hand them over slot by slot (see the key slots in docs/abi.md).

import { createHmac } from "node:crypto";
import type { KeysFile } from "../air/keys.ts";
import type { CaptureKey } from "../air/pcapng.ts";
import { DEFAULT_PLAN, type DeviceId, membersOf, type Plan } from "./plan.ts";

const SLOT_PRECONFIGURED = 2;
const SLOT_LINK = 3;
const SLOT_PARTNERS = 4;
const SLOT_DEVICES = 8;
const COORDINATOR = 0x0000;
/** Of a network of phase 1: 05-3474 section 3.6.1.1.  A hub's network of phase 2 beside it has one above. */
const PAN_MAX = 0x3fff;
/** Of a device of phase 1; in phase 2 a device is known by its EUI-64 alone. */
const SHORT_MAX = 0xfff7;
/** From here on slots are phase 2's; in one of them a network key is while the board derives of it (assembly/ip/limits.ts). */
const SLOT_FIRST_2 = 72;
const SLOT_NETWORK_2 = 78;
/** How many indices network keys of phase 2 have. */
const INDICES = 255;

/** Hears of keys. */
export interface KeySink {
  /** As a capture wants them: their PAN and their owners' addresses are known. */
  key(key: CaptureKey): void;
  /** A line of a TLS key log. */
  tlsKey(line: string): void;
  /** A key of phase 1, as soon as a device has it. */
  told?(device: DeviceId, slot: number, key: Uint8Array): void;
}

interface Waiting {
  device: DeviceId;
  slot: number;
  key: Buffer;
}

/** Files get a key as soon as its PAN and its owners' short addresses are known, so before the frames that it opens. */
export class Keyring {
  /** Of hubs' networks. */
  private readonly pans = new Map<DeviceId, number>();
  private readonly shorts = new Map<DeviceId, number>();
  private readonly hubs: ReadonlyMap<DeviceId, DeviceId>;
  /** A hub's devices in the order in which the supplier admits them, which is that of its slots.  Of boards, its copies are all there is. */
  private readonly admitted: ReadonlyMap<DeviceId, readonly DeviceId[]>;
  private waiting: Waiting[] = [];
  /** Of hubs in phase 2: the network keys that they made, one after the other. */
  private readonly made = new Map<DeviceId, Set<string>>();
  private readonly sinks: KeySink[] = [];
  private file: KeysFile | null = null;

  constructor(plan: Plan = DEFAULT_PLAN) {
    this.hubs = new Map(plan.rows.map(({ id, hub }) => [id, hub]));
    const hubs = [...new Set(this.hubs.values())];
    this.admitted = new Map(hubs.map((hub) => [hub, membersOf(plan, hub).map(({ id }) => id)]));
    for (const hub of hubs) this.shorts.set(hub, COORDINATOR);
  }

  /** To be called before the first key comes. */
  open(capture: KeySink | null, file: KeysFile | null): void {
    if (capture) this.listen(capture);
    this.file = file;
  }

  /** Likewise. */
  listen(sink: KeySink): void {
    this.sinks.push(sink);
  }

  add(device: DeviceId, slot: number, key: Uint8Array): void {
    if (slot >= SLOT_FIRST_2) this.add2(device, slot, key);
    else this.add1(device, slot, key);
  }

  private add1(device: DeviceId, slot: number, key: Uint8Array): void {
    this.file?.add({ key, label: this.label(device, slot) });
    for (const sink of this.sinks) sink.told?.(device, slot, key);
    this.waiting.push({ device, slot, key: Buffer.from(key) });
    this.settle();
  }

  /** A line of a TLS key log. */
  tls(line: string): void {
    for (const sink of this.sinks) sink.tlsKey(line);
  }

  /** Members have the keys of their hub, which counts them from 1 on. */
  private add2(device: DeviceId, slot: number, key: Uint8Array): void {
    if (!this.isHub(device) || slot !== SLOT_NETWORK_2) return;
    const made = this.made.get(device) ?? new Set();
    this.made.set(device, made);
    const hex = Buffer.from(key).toString("hex");
    if (made.has(hex)) return;
    const index = (made.size % INDICES) + 1;
    this.file?.add({ key, index, isNetworkKey: true });
    // Wireshark up to 4.0 makes the key of the MAC of it, and not that of MLE.
    const mle = createHmac("sha256", key).update("ZigBeeIP").digest().subarray(0, key.length);
    this.file?.add({ key: mle, index, isNetworkKey: false });
    made.add(hex);
  }

  /** A hub may have two networks: the keys of phase 2's are of no PAN. */
  formed(hub: DeviceId, panId: number): void {
    if (panId > PAN_MAX) return;
    this.pans.set(hub, panId);
    this.settle();
  }

  addressed(device: DeviceId, short: number): void {
    if (short > SHORT_MAX) return;
    this.shorts.set(device, short);
    this.settle();
  }

  private settle(): void {
    this.waiting = this.waiting.filter((item) => !this.write(item));
  }

  /** False while something is still unknown. */
  private write(item: Waiting): boolean {
    const { device, slot, key } = item;
    const hub = this.hubs.get(device) ?? device;
    const panId = this.pans.get(hub);
    if (panId === undefined) return false;
    if (slot < SLOT_PRECONFIGURED) {
      for (const sink of this.sinks) sink.key({ kind: "network", key, panId });
      return true;
    }
    const [own, partner] = this.owners(item, hub);
    if (own === undefined || partner === undefined) return false;
    for (const sink of this.sinks) sink.key({ kind: "link", key, panId, between: [own, partner] });
    return true;
  }

  /** Short addresses of the two that share a link key, as far as they are known. */
  private owners(item: Waiting, hub: DeviceId): [number | undefined, number | undefined] {
    const { device, slot } = item;
    const short = (id: DeviceId | undefined): number | undefined => (id === undefined ? undefined : this.shorts.get(id));
    if (this.isHub(device) && slot >= SLOT_DEVICES) return [COORDINATOR, short(this.admitted.get(hub)?.[(slot - SLOT_DEVICES) >> 1])];
    if (slot < SLOT_PARTNERS) return [short(device), COORDINATOR];
    return [short(device), short(this.partner(item, hub))];
  }

  /** Of two devices of a hub each is the other's partner; of more, the one that holds the same key. */
  private partner({ device, key }: Waiting, hub: DeviceId): DeviceId | undefined {
    const others = (this.admitted.get(hub) ?? []).filter((id) => id !== device);
    if (others.length === 1) return others[0];
    return this.partners.find((other) => other.device !== device && this.hubs.get(other.device) === hub && other.key.equals(key))?.device;
  }

  private get partners(): Waiting[] {
    return this.waiting.filter(({ device, slot }) => slot >= SLOT_PARTNERS && !this.isHub(device));
  }

  private isHub(device: DeviceId): boolean {
    return this.hubs.get(device) === device;
  }

  private label(device: DeviceId, slot: number): string {
    if (slot < SLOT_PRECONFIGURED) return "network";
    if (slot === SLOT_PRECONFIGURED) return `${device}-preconfigured`;
    if (slot === SLOT_LINK) return `${device}-trust-centre`;
    if (!this.isHub(device) || slot < SLOT_DEVICES) return `${device}-application`;
    const index = (slot - SLOT_DEVICES) >> 1;
    return `${device}-device-${index}-${(slot & 1) === 0 ? "preconfigured" : "link"}`;
  }
}
