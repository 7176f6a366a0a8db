// A home of phase 2 whose hub has an Ethernet, and a host on it that is the test.
import assert from "node:assert/strict";
import { EventKind } from "../../host/abi.ts";
import { type EngineName, Home, type Kind } from "./home.ts";
import {
  ALL_NODES,
  advertisement,
  frame,
  groupMac,
  type Heard,
  HOST_MAC,
  identifierOf,
  inPrefix,
  isIcmp,
  ND,
  NEXT,
  nearOf,
  type Sent,
  take,
} from "./outside.ts";

/** The first device of tests/ip/home.ts has 026b7700:00000001. */
export const HUB_MAC = Buffer.from("026b77000001", "hex");
export const HUB_NEAR = nearOf(HUB_MAC);
/** By the place that they were added at, from 1 on: the EUI-64, and the identifier that is made of it. */
export const extendedOf = (place: number): bigint => 0x026b_7700_0000_0000n | BigInt(place);
export function deviceIdentifier(place: number): Buffer {
  const identifier = Buffer.alloc(8);
  identifier.writeBigUInt64BE(extendedOf(place) ^ 0x0200_0000_0000_0000n);
  return identifier;
}

const PLACE = { hub: 1, meter: 2, far: 3 } as const;
const DOWN_OPEN = 11;

export class Street {
  readonly home: Home;
  readonly heard: Heard[] = [];
  /** Who answers solicitations for this host; off: it is silent. */
  answers = true;
  busy = false;

  constructor(seed: number, engine: EngineName = "V8", kinds: Record<string, Kind> = { hub: "hub", meter: "meter" }) {
    this.home = new Home(seed, engine);
    for (const [id, kind] of Object.entries(kinds)) this.home.add(id, kind);
    this.home.onLink = (id, octets) => {
      if (id !== "hub") return -7;
      if (this.busy) return -6;
      this.hears(take(octets));
      return 0;
    };
    this.home.start();
  }

  /** Prefixes of Ethernet and of the network, and addresses in them. */
  get prefix(): Buffer {
    return this.advertised().subarray(16 + 16, 16 + 24);
  }
  get network(): Buffer {
    return this.advertised().subarray(16 + 32 + 8, 16 + 32 + 16);
  }
  get self(): Buffer {
    return inPrefix(this.prefix, identifierOf(HOST_MAC));
  }
  get hub(): Buffer {
    return inPrefix(this.prefix, identifierOf(HUB_MAC));
  }
  device(id: keyof typeof PLACE): Buffer {
    return inPrefix(this.network, deviceIdentifier(PLACE[id]));
  }

  /** The first router advertisement that was heard. */
  private advertised(): Buffer {
    const found = this.heard.find((heard) => isIcmp(heard, ND.routerAdvertisement));
    assert.ok(found, "an advertisement came");
    return found.payload;
  }

  say(sent: Omit<Sent, "toMac"> & { toMac?: Uint8Array }): void {
    this.give(frame({ toMac: HUB_MAC, ...sent }));
  }

  give(octets: Uint8Array): boolean {
    return this.home.devices.get("hub")?.push(EventKind.LinkReceived, octets) ?? false;
  }

  /** What is heard while time passes, but for advertisements. */
  listen(seconds: number): Heard[] {
    const from = this.heard.length;
    this.home.run(seconds);
    return this.heard.slice(from).filter((heard) => !isIcmp(heard, ND.routerAdvertisement) && !isIcmp(heard, ND.solicitation));
  }

  open(id: keyof typeof PLACE, port: number, isOpen = true): void {
    const record = Buffer.alloc(12);
    record[0] = DOWN_OPEN;
    record.writeBigUInt64LE(extendedOf(PLACE[id]), 1);
    record.writeUInt16LE(port, 9);
    record[11] = isOpen ? 1 : 0;
    assert.ok(this.home.devices.get("hub")?.push(EventKind.Uplink, record));
    this.home.run(0.01);
  }

  dropped(layer: string, reason: string): number {
    const drops = this.home.devices.get("hub")?.drops?.() ?? [];
    return drops.find((drop) => drop.layer === layer && drop.reason === reason)?.count ?? 0;
  }

  private hears(heard: Heard): void {
    this.heard.push(heard);
    if (!this.answers || !isIcmp(heard, ND.solicitation) || heard.source.equals(Buffer.alloc(16))) return;
    const target = heard.payload.subarray(8, 24);
    if (!target.subarray(8).equals(identifierOf(HOST_MAC))) return;
    const answer = advertisement(target, heard.source, target, 3);
    this.home.clock.after(1_000, () => this.say({ source: target, target: heard.source, next: NEXT.icmp, payload: answer, hops: 255 }));
  }
}

export { ALL_NODES, groupMac };
