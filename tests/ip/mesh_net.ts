// A mesh of labs on a medium: a frame goes from one to another by a matrix of losses, in five milliseconds.  What MLE does, links and signs
// of life, is the medium's here.
import assert from "node:assert/strict";
import { Random } from "../../host/air/random.ts";
import { type LabName, labModule } from "../../host/build/labs.ts";

export type Role = "border" | "router" | "host";

const LABS: Record<Role, LabName> = { border: "ip/mesh_border", router: "ip/mesh_router", host: "ip/mesh_host" };
const FLIGHT_MS = 5;
/** Four of the MAC, three of the link. */
const TRIES = 12;
/** MLE: advertisements, and when a silent neighbour is forgotten. */
const ADVERTISEMENT_MS = 32_000;
const LINK_MS = 128_000;
const MODE: Record<Role, number> = { border: 0x0a, router: 0x0a, host: 0x08 };
const NEVER = 0x7fffffffffffffffn;
const ICMP = 58;

type Call = (...values: (number | bigint)[]) => number | bigint;
export const PREFIX = Buffer.from("fd000db800000001", "hex");

/** The EUI-64 of node `index`; an interface identifier has its universal bit inverted. */
export const extendedOf = (index: number): bigint => 0x0000_1234_0000_0000n + BigInt(index + 1);
export function addressOf(index: number): Buffer {
  const address = Buffer.alloc(16);
  PREFIX.copy(address);
  address.writeBigUInt64BE(extendedOf(index) ^ 0x0200_0000_0000_0000n, 8);
  return address;
}

export interface Heard {
  at: number;
  packet: Buffer;
}

export interface Sent {
  from: number;
  to: number | undefined;
  packet: Buffer;
  now: number;
}

class Device {
  readonly calls: Record<string, Call>;
  readonly memory: Buffer;
  readonly heard: Heard[] = [];
  due = NEVER;
  lost = 0;
  lives = true;
  /** When each neighbour was heard last. */
  readonly lastHeard = new Map<number, number>();

  constructor(
    readonly index: number,
    readonly role: Role,
    net: Net,
  ) {
    const view = (at: number, size: number): Buffer => Buffer.from(this.memory.subarray(at, at + size));
    const instance = new WebAssembly.Instance(labModule(LABS[role]), {
      han: new Proxy({} as Record<string, WebAssembly.ImportValue>, {
        get: (_, name) =>
          name === "entropy" ? (at: number, size: number) => net.random.fill(this.memory.subarray(at, at + size)) : () => 0,
      }),
      medium: {
        send: (at: number, size: number, mode: number, hop: bigint) => net.send(this, view(at, size), mode === 0 ? undefined : hop),
        heard: (at: number, size: number) => this.heard.push({ at: net.now, packet: view(at, size) }),
      },
    });
    this.calls = instance.exports as Record<string, Call>;
    this.memory = Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer);
  }

  get buffer(): Buffer {
    return this.memory.subarray(Number(this.calls.bufferAt()));
  }

  counts(): number[] {
    const at = Number(this.calls.countsAt());
    return [0, 4, 8, 12].map((offset) => this.memory.readUInt32LE(at + offset));
  }

  drops(layer: number, reason: number): number {
    return this.memory.readUInt32LE(Number(this.calls.drops()) + 64 * layer + 4 * reason);
  }
}

export class Net {
  readonly random: Random;
  readonly devices: Device[] = [];
  now = 0;
  /** Packets on the air, by kind; unicast is counted once, whatever its tries. */
  readonly sent: Record<string, number> = {};
  watch: ((sent: Sent) => void) | undefined;
  private readonly flights: { at: number; to: Device; from: number; packet: Buffer }[] = [];
  private readonly events: { at: number; run: () => void }[] = [];
  private nextMle = 0;

  constructor(
    seed: string,
    /** How many of a hundred frames arrive, 0 out of range. */
    readonly quality: (from: number, to: number) => number,
  ) {
    this.random = new Random(seed, "mesh");
  }

  add(role: Role, parent?: number): Device {
    const device = new Device(this.devices.length, role, this);
    this.devices.push(device);
    this.start(device, parent);
    return device;
  }

  /** Starts a device, or starts it anew. */
  start(device: Device, parent?: number, epoch = 0): void {
    device.lives = true;
    device.lastHeard.clear();
    device.lost = 0;
    const { index, role } = device;
    for (let at = this.flights.length - 1; at >= 0; at--) if (this.flights[at].to === device) this.flights.splice(at, 1);
    if (role === "border") {
      PREFIX.copy(device.buffer);
      device.buffer.fill(0, 8, 16);
      device.calls.begin(extendedOf(index), epoch, BigInt(this.now));
    } else {
      assert.ok(parent !== undefined);
      device.calls.begin(extendedOf(index), extendedOf(parent), BigInt(this.now));
    }
    this.links(device);
    device.due = BigInt(this.now);
  }

  stop(index: number): void {
    this.devices[index].lives = false;
    this.devices[index].due = NEVER;
  }

  /** Runs something later. */
  at(ms: number, run: () => void): void {
    this.events.push({ at: ms, run });
  }

  /** The medium takes a packet of `from`; whether it arrived. */
  send(from: Device, packet: Buffer, hop: bigint | undefined): number {
    this.count(packet);
    const to = hop === undefined ? undefined : this.devices.findIndex(({ index }) => extendedOf(index) === hop);
    this.watch?.({ from: from.index, to, packet, now: this.now });
    if (to !== undefined) return to >= 0 && this.arrives(from, this.devices[to], TRIES) ? this.fly(from, this.devices[to], packet) : 0;
    for (const device of this.devices) if (device !== from && this.arrives(from, device, 1)) this.fly(from, device, packet);
    return 1;
  }

  private arrives(from: Device, to: Device, tries: number): boolean {
    const quality = to.lives && from.lives ? this.quality(from.index, to.index) : 0;
    for (; tries > 0; tries--) if (this.random.chance(quality / 100)) return true;
    return false;
  }

  private fly(from: Device, to: Device, packet: Buffer): number {
    this.flights.push({ at: this.now + FLIGHT_MS, to, from: from.index, packet });
    return 1;
  }

  /** Puts a packet before a device, as if `from` had sent it. */
  put(to: number, from: number, packet: Buffer): void {
    this.deliver(this.devices[to], from, packet);
  }

  private deliver(to: Device, from: number, packet: Buffer): void {
    if (!to.lives) return;
    to.lastHeard.set(from, this.now);
    packet.copy(to.buffer);
    to.calls.arrived(packet.length, extendedOf(from), BigInt(this.now));
    to.due = BigInt(this.now);
  }

  private count(packet: Buffer): void {
    let kind = "data";
    let [next, at] = [packet[6], 40];
    while (next === 0 || next === 43 || next === 41) {
      if (next === 41) [next, at] = [packet[at + 6], at + 40];
      else [next, at] = [packet[at], at + 8 * (packet[at + 1] + 1)];
    }
    if (next === ICMP) {
      const [type, code] = packet.subarray(at);
      const nd: Record<number, string> = { 133: "RS", 134: "RA", 135: "NS", 136: "NA", 157: "DAR", 158: "DAC" };
      kind = type === 155 ? ["DIS", "DIO", "DAO", "DAO-ACK"][code] : (nd[type] ?? (type >= 128 ? "echo" : "error"));
    }
    this.sent[kind] = (this.sent[kind] ?? 0) + 1;
  }

  /** MLE made or confirmed a link; its quality is what the radio says at first. */
  private link(device: Device, other: Device): void {
    const etx = Math.round(12800 / this.quality(other.index, device.index));
    device.calls.link(extendedOf(other.index), MODE[other.role], etx, BigInt(this.now));
  }

  /** Links with everyone in range. */
  private links(device: Device): void {
    for (const other of this.devices) {
      if (other === device || !other.lives || this.quality(device.index, other.index) < 40) continue;
      this.link(device, other);
      this.link(other, device);
      device.lastHeard.set(other.index, this.now);
      other.lastHeard.set(device.index, this.now);
    }
  }

  /** What MLE would do: new links, signs of life, and the end of links. */
  private mle(): void {
    for (const device of this.devices) {
      if (!device.lives) continue;
      for (const other of this.devices) {
        if (other === device) continue;
        if (
          other.lives &&
          device.role !== "host" &&
          other.role !== "host" &&
          this.arrives(other, device, 1) &&
          this.quality(other.index, device.index) >= 40
        ) {
          this.link(device, other);
          device.lastHeard.set(other.index, this.now);
        } else if (other.lives && (device.role === "host" || other.role === "host") && this.arrives(other, device, TRIES)) {
          this.link(device, other);
          device.lastHeard.set(other.index, this.now);
        } else if (this.now - (device.lastHeard.get(other.index) ?? this.now) > LINK_MS) {
          device.calls.unlink(extendedOf(other.index));
          if (device.role === "host" && device.calls.parentNow() === extendedOf(other.index)) this.choose(device);
          device.lastHeard.delete(other.index);
        }
      }
      device.due = BigInt(this.now);
    }
  }

  /** Runs until a time. */
  run(until: number): void {
    for (;;) {
      let at = this.nextMle;
      let step = (): void => {
        this.mle();
        this.nextMle = this.now + ADVERTISEMENT_MS;
      };
      const flight = this.flights[0];
      if (flight && flight.at <= at) {
        at = flight.at;
        step = (): void => {
          this.flights.shift();
          this.deliver(flight.to, flight.from, flight.packet);
        };
      }
      for (const event of this.events) {
        if (event.at >= at) continue;
        at = event.at;
        step = (): void => {
          this.events.splice(this.events.indexOf(event), 1);
          event.run();
        };
      }
      for (const device of this.devices) {
        if (!device.lives || device.due >= BigInt(at)) continue;
        at = Math.max(Number(device.due), this.now);
        step = (): void => {
          const due = device.calls.tick(BigInt(this.now)) as bigint;
          device.due = due <= BigInt(this.now) ? BigInt(this.now + 1) : due;
          this.parentOf(device);
        };
      }
      if (at > until) break;
      this.now = Math.max(at, this.now);
      step();
    }
    this.now = until;
  }

  /** A host that lost its parent, or was full there, takes the best one in range after a while, as a stack does. */
  private parentOf(device: Device): void {
    if (device.role !== "host") return;
    const lost = device.counts()[1];
    if (lost === device.lost) return;
    device.lost = lost;
    this.choose(device);
  }

  private choose(device: Device): void {
    this.at(this.now + 3000, () => {
      const others = this.devices.filter(({ index, lives, role }) => lives && role !== "host" && this.quality(index, device.index) > 60);
      if (!device.lives || others.length === 0) return;
      const parent = others[this.random.below(others.length)];
      this.links(device);
      device.calls.choose(extendedOf(parent.index), BigInt(this.now));
      device.due = BigInt(this.now);
    });
  }

  /** Sends an echo request; the reply is heard within a second or not at all. */
  ping(from: number, to: number, sequence: number, octets = 8): boolean {
    addressOf(to).copy(this.devices[from].buffer);
    const sent = this.devices[from].calls.echo(to, sequence, octets, BigInt(this.now)) === 1;
    this.devices[from].due = BigInt(this.now);
    return sent;
  }

  /** Whether a reply of `to` with the sequence was heard. */
  ponged(from: number, to: number, sequence: number): boolean {
    return this.devices[from].heard.some(
      ({ packet }) =>
        packet.subarray(8, 24).equals(addressOf(to)) && packet.length >= 48 && packet.readUInt16LE(echoAt(packet) + 6) === sequence,
    );
  }
}

export function linkLocalOf(index: number): Buffer {
  const address = addressOf(index);
  address.fill(0, 0, 8);
  address.set([0xfe, 0x80]);
  return address;
}

/** A packet with a payload of `next`; an ICMPv6 message gets its checksum. */
export function packetOf(source: Buffer, target: Buffer, hops: number, next: number, ...payload: Buffer[]): Buffer {
  const body = Buffer.concat(payload);
  const head = Buffer.from([0x60, 0, 0, 0, body.length >> 8, body.length & 0xff, next, hops]);
  if (next === ICMP) {
    body.fill(0, 2, 4);
    const pseudo = Buffer.concat([
      source,
      target,
      Buffer.from([0, 0, body.length >> 8, body.length & 0xff, 0, 0, 0, ICMP]),
      body,
      Buffer.alloc(body.length & 1),
    ]);
    let sum = 0;
    for (let at = 0; at < pseudo.length; at += 2) sum += pseudo.readUInt16BE(at);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    body.writeUInt16BE(~sum & 0xffff, 2);
  }
  return Buffer.concat([head, source, target, body]);
}

/** Where the ICMPv6 message of a packet begins. */
export function echoAt(packet: Buffer): number {
  let [next, at] = [packet[6], 40];
  while (next === 0 || next === 43) [next, at] = [packet[at], at + 8 * (packet[at + 1] + 1)];
  return at;
}
