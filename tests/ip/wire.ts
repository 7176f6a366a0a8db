// The transport's lab on a wire: a module under V8 whose packets go to a test, to another one, or to Linux through a TUN interface.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EVENT_TIME, EventKind, ResetReason } from "../../host/abi.ts";
import { lab } from "../../host/build/labs.ts";
import type { Surroundings } from "../../host/engine.ts";
import { Tap } from "../../host/ip/tap.ts";
import { HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { BoardIdentity } from "../../host/v8/identity.ts";
import { device, roots } from "../tls/peers.ts";

/** The module's address, and that of whoever is at the other end. */
export const OURS = "fd4b:574d::2";
export const THEIRS = "fd4b:574d::1";
const WANTED = 100;
const CLEAR = 101;

/** A lab that has no radio and is not looked into. */
export const noRadio: Surroundings = {
  radioSend: () => -7,
  radioSet: () => 0,
  sense: () => 0,
  display: () => undefined,
  uplinkSend: () => 0,
  log: () => undefined,
  keySet: () => undefined,
};

export interface Wanted {
  port: number;
  secure: boolean;
  octets: number;
  /** Of the target, 16 octets. */
  address?: Uint8Array;
}

/** One module, its packets and its clock. */
export class Wire {
  onPacket: (packet: Buffer) => void = () => undefined;
  readonly engine: V8Engine;
  now = 0n;
  deadline = 0n;
  private polling = false;
  private waiting: Uint8Array[] = [];

  constructor(seed = 1, wanted?: Wanted, clear = false, records: ReadonlyMap<number, Uint8Array> = new Map()) {
    const store = new Map<number, Uint8Array>(records);
    if (wanted) {
      const record = Buffer.alloc(23);
      record.set(wanted.address ?? Buffer.from("fd4b574d000000000000000000000001", "hex"));
      record.writeUInt16LE(wanted.port, 16);
      record[18] = wanted.secure ? 1 : 0;
      record.writeUInt32LE(wanted.octets, 19);
      store.set(WANTED, record);
    }
    if (clear) store.set(CLEAR, Buffer.of(1));
    this.engine = new V8Engine({
      wasm: lab("ip/transport"),
      seed: Buffer.alloc(32, seed),
      store,
      identity: new BoardIdentity(roots, HARDWARE_TYPE, Buffer.of(seed), device({ serial: Buffer.of(seed) })),
      surroundings: {
        ...noRadio,
        linkSend: (_, packet) => {
          this.waiting.push(Buffer.from(packet));
          return 0;
        },
      },
    });
    this.engine.start(0n, ResetReason.PowerOn);
    this.poll();
  }

  /** Runs the module at `now`, and hands out what it sent. */
  poll(): void {
    if (this.polling) return;
    this.polling = true;
    do {
      this.deadline = this.engine.poll(this.now);
      const packets = this.waiting;
      this.waiting = [];
      for (const packet of packets) this.onPacket(Buffer.from(packet));
    } while (this.deadline <= this.now);
    this.polling = false;
  }

  /** A packet arrives. */
  give(packet: Uint8Array): void {
    const event = Buffer.alloc(EVENT_HEAD + packet.length);
    event[EVENT_KIND] = EventKind.LinkReceived;
    event.writeUInt16LE(packet.length, EVENT_SIZE);
    event.writeBigInt64LE(this.now, EVENT_TIME);
    event.set(packet, EVENT_HEAD);
    this.engine.push(event);
  }

  /** Lets time pass up to `until`, and what is due in it happen. */
  pass(until: bigint): void {
    while (this.deadline < until) {
      this.now = this.deadline > this.now ? this.deadline : this.now;
      this.poll();
    }
    this.now = until;
    this.poll();
  }
}

/** Whether this machine lets us make an interface: tried, because a container's root often may not. */
export function tunPossible(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !existsSync("/dev/net/tun")) return false;
  try {
    execFileSync("ip", ["-V"], { stdio: "ignore" });
    Tap.open("kwtry", "tun").close();
    return true;
  } catch {
    return false;
  }
}

/** A wire whose other end is this machine's own IPv6; `lose` says which packets are lost on the way. */
export function tunWire(name: string, wanted?: Wanted, lose: () => boolean = () => false): { wire: Wire; close: () => void } {
  const tap = Tap.open(name, "tun");
  execFileSync("ip", ["link", "set", name, "up", "mtu", "1280"]);
  execFileSync("ip", ["-6", "addr", "add", `${THEIRS}/64`, "dev", name, "nodad"]);
  const wire = new Wire(1, wanted);
  const begun = performance.now();
  const run = (): void => {
    wire.now = BigInt(Math.floor(performance.now() - begun));
    wire.poll();
  };
  wire.onPacket = (packet) => {
    if (!lose()) tap.send(packet);
  };
  tap.onFrame = (packet) => {
    if (!lose()) wire.give(packet);
    run();
  };
  wire.poll();
  const ticks = setInterval(run, 10);
  return {
    wire,
    close: () => {
      clearInterval(ticks);
      tap.close();
    },
  };
}
