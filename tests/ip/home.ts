// A small home of phase 2 on the simulated air: modules under V8 or wasm3, their radios, their certificates, a capture.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Log, Record } from "../../host/abi.ts";
import { Clock } from "../../host/air/clock.ts";
import { Medium } from "../../host/air/medium.ts";
import { Err } from "../../host/err.ts";
import { BoardDevice } from "../../host/home/board_device.ts";
import type { Boot, DeviceEdge, HomeDevice } from "../../host/home/device.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { planRow } from "../../host/home/plan.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { builtPath } from "../../host/modules.ts";
import { Wasm3Engine } from "../../host/native/index.ts";
import { makeDevice } from "../../host/tls/authority.ts";
import { KeySlots } from "../../host/v8/crypto.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { flashOf, manufactured } from "../tls/party.ts";
import { authority, roots } from "../tls/peers.ts";

export type Kind = "hub" | "meter" | "ihd";
/** What runs the modules. */
export type EngineName = "V8" | "wasm3";

/** Of assembly/ip/limits.ts: the slot of the network key, from which the others are derived. */
const KEY_SLOT_NETWORK = 78;

export interface LogLine {
  atMs: number;
  code: number;
  octets: Buffer;
}

export class Home {
  readonly clock = new Clock();
  readonly medium: Medium;
  readonly devices = new Map<string, HomeDevice>();
  readonly logs = new Map<string, LogLine[]>();
  readonly troubles: string[] = [];
  /** What displays show, by line. */
  readonly screens = new Map<string, string[]>();
  /** What hubs told their head-end. */
  readonly uplinked: Buffer[] = [];
  readonly keyLog: string[] = [];
  readonly networkKeys: Buffer[] = [];
  /** What the capture was told: device, slot and key. */
  readonly keys: string[] = [];
  readonly frames: { timeUs: number; psdu: Uint8Array; source: string }[] = [];

  /** A frame of a device's Ethernet: 0 or an `Err`.  Without this nobody has any. */
  onLink: ((id: string, frame: Buffer) => number) | undefined;

  /** By name, of a home that records: what went into a device's first engine, and what it did. */
  readonly recorded = new Map<string, V8Engine>();

  constructor(
    protected readonly seed: number,
    private readonly engine: EngineName = "V8",
    private readonly record = false,
  ) {
    this.medium = new Medium({ seed, clock: this.clock });
    this.medium.onFrame((frame) => this.frames.push({ timeUs: frame.timeUs, psdu: Buffer.from(frame.psdu), source: frame.source }));
  }

  add(id: string, kind: Kind): void {
    const { number, store } = this.made();
    const boot = this.boot(id, readFileSync(builtPath(`${kind}_sep2`)), Buffer.alloc(32, this.seed * 16 + number), store);
    this.devices.set(id, new ModuleDevice(id, this.medium, boot, this.edge(id)));
  }

  /** A device that goes on over what it kept, under V8, whichever phase it was in. */
  adopt(id: string, module: string, store: Map<number, Uint8Array>, keys: KeySlots): void {
    const wasm = readFileSync(builtPath(module));
    const seed = Buffer.alloc(32, this.seed * 16 + this.devices.size + 1);
    const boot: Boot = (surroundings) => new V8Engine({ wasm, seed, store, keys, surroundings });
    this.devices.set(id, new ModuleDevice(id, this.medium, boot, this.edge(id)));
  }

  /** A device on an emulated board, in real time: `enter` is `Pacer.enter`. */
  addBoard(role: "meter" | "ihd", firmware: string, enter: (action: () => void) => void): BoardDevice {
    const { extended, store } = this.made();
    const factory = { extended, records: store, installCode: Buffer.alloc(0), seed: Buffer.alloc(0) };
    const board = new BoardDevice({
      row: planRow(role, role, "hub"),
      firmware,
      factory,
      medium: this.medium,
      edge: this.edge(role),
      enter,
    });
    this.devices.set(role, board);
    return board;
  }

  /** What the factory writes into the next device. */
  protected made(): { number: number; extended: bigint; store: Map<number, Uint8Array> } {
    const number = this.devices.size + 1;
    const extended = 0x026b_7700_0000_0000n | BigInt(number);
    const serial = Buffer.of(number);
    const store = manufactured(roots, makeDevice(authority, { serial }), serial).set(Record.Address, addressOctets(extended));
    return { number, extended, store };
  }

  protected edge(id: string): DeviceEdge {
    const lines: LogLine[] = [];
    this.logs.set(id, lines);
    return {
      log: (code, octets) => lines.push({ atMs: this.clock.nowUs / 1000, code, octets: Buffer.from(octets) }),
      display: (line, octets) => {
        const screen = this.screens.get(id) ?? [];
        screen[line] = Buffer.from(octets).toString("latin1");
        this.screens.set(id, screen);
      },
      uplink: (octets) => this.uplinked.push(Buffer.from(octets)),
      link: (_, frame) => this.onLink?.(id, Buffer.from(frame)) ?? Err.NotFound,
      sense: (_, periodMs) => this.sense(id, periodMs),
      key: (slot, key) => {
        this.keys.push(`${id} ${slot} ${Buffer.from(key).toString("hex")}`);
        if (slot === KEY_SLOT_NETWORK) this.networkKeys.push(Buffer.from(key));
      },
      tlsKey: (line) => this.keyLog.push(line),
      trouble: (sentence) => this.troubles.push(`${id}: ${sentence}`),
    };
  }

  /** Whether a device has a meter's sensor, which it wants to hear of so often. */
  protected sense(_id: string, _periodMs: number): boolean {
    return false;
  }

  /** What a device runs at each of its starts, over what it kept. */
  protected boot(id: string, wasm: Uint8Array, seed: Uint8Array, store: Map<number, Uint8Array>): Boot {
    if (this.engine === "wasm3") {
      const nor = flashOf(store);
      return (surroundings) => new Wasm3Engine({ wasm, seed, nor, surroundings });
    }
    const keys = new KeySlots();
    return (surroundings) => {
      const record = this.record && !this.recorded.has(id);
      const engine = new V8Engine({ wasm, seed, store, keys, surroundings, record });
      if (record) this.recorded.set(id, engine);
      return engine;
    };
  }

  start(): void {
    for (const device of this.devices.values()) device.powerOn();
  }

  run(seconds: number): void {
    this.clock.runUntil(this.clock.nowUs + seconds * 1_000_000);
  }

  joined(id: string): boolean {
    return this.logs.get(id)?.some(({ code }) => code === Log.Joined) ?? false;
  }

  /** Frames as a classic pcap of 802.15.4 with FCS. */
  pcap(path: string): void {
    const head = Buffer.alloc(24);
    head.writeUInt32LE(0xa1b2c3d4, 0);
    head.writeUInt16LE(2, 4);
    head.writeUInt16LE(4, 6);
    head.writeUInt32LE(65_535, 16);
    head.writeUInt32LE(195, 20);
    const parts = this.frames.map(({ timeUs, psdu }) => {
      const record = Buffer.alloc(16);
      record.writeUInt32LE(Math.floor(timeUs / 1_000_000), 0);
      record.writeUInt32LE(timeUs % 1_000_000, 4);
      record.writeUInt32LE(psdu.length, 8);
      record.writeUInt32LE(psdu.length, 12);
      return Buffer.concat([record, psdu]);
    });
    writeFileSync(path, Buffer.concat([head, ...parts]));
  }
}

/** Fields of the frames that a filter of tshark finds, a row each. */
export function tshark(context: TestContext, home: Home, filter: string, fields: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-phase-2-"));
  context.after(() => rmSync(folder, { recursive: true }));
  home.pcap(join(folder, "air.pcap"));
  writeFileSync(join(folder, "tls.keys"), `${home.keyLog.join("\n")}\n`);
  const [key] = home.networkKeys;
  const secret = key ? ["-o", `uat:ieee802154_keys:"${key.toString("hex")}","1","ZigBee IP hash"`] : [];
  const options = [...secret, "-o", `tls.keylog_file:${join(folder, "tls.keys")}`];
  const columns = fields.flatMap((field) => ["-e", field]);
  const words = ["-r", join(folder, "air.pcap"), ...options, "-Y", filter, "-T", "fields", ...columns];
  return execFileSync("tshark", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    .split("\n")
    .filter(Boolean);
}
