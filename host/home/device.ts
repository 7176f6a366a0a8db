// A device of the home as the simulation handles it: a module under an engine in this process, or an emulated board.
import type { Dropped } from "../drops.ts";
import type { Engine, Surroundings } from "../engine.ts";
import type { DeviceId, Phase } from "./plan.ts";

/** What image slots have chosen. */
export interface RunningModule {
  /** File version; 0 for the module of last resort. */
  version: number;
  onTrial: boolean;
  /** "a", "b" or "factory". */
  slot: string;
  phase: Phase;
}

/** An engine, and what is known of its module where slots have chosen it. */
export type BootedEngine = Engine & { module?: RunningModule };

/** What a reset does; throws when nothing can run. */
export type Boot = (surroundings: Surroundings) => BootedEngine;

/** What a device tells its surroundings. */
export interface DeviceEdge {
  log(code: number, octets: Uint8Array): void;
  display(line: number, text: Uint8Array): void;
  uplink(octets: Uint8Array): void;
  /** An Ethernet frame, to be sent on a link: 0 or an `Err`; a device without this has no link. */
  link?(number: number, frame: Uint8Array): number;
  /** A measuring element starts, or ends with 0; false when the device has none. */
  sense(quantity: number, periodMs: number): boolean;
  /** A key was put in a slot; boards keep theirs to themselves. */
  key(slot: number, key: Uint8Array): void;
  /** The secrets of a TLS session, a line of an NSS key log: likewise. */
  tlsKey?(line: string): void;
  /** A module of image slots starts.  Boards say it in their log only. */
  booted?(module: RunningModule): void;
  /** The module asked for a reset; without this, that is trouble too. */
  reboots?(): void;
  /** The module or its engine had to be stopped. */
  trouble(sentence: string): void;
}

export interface HomeDevice {
  readonly id: DeviceId;
  powerOn(): void;
  /** An event of the contract: a kind of `EventKind` and its octets after the head. */
  push(kind: number, octets: Uint8Array): boolean;
  /** What its module dropped since its start; nothing for one that is off.  A board tells it at its console. */
  drops?(): Dropped[];
  close(): void;
}
