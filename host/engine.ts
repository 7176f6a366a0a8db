// What runs a device's module: V8, wasm3 in Node, or an emulated board.  The contract is docs/abi.md.

import type { Dropped } from "./drops.ts";

/** One call of the module that reaches the world outside, in the order in which it happened. */
export interface Effect {
  /** Import id, docs/abi.md. */
  id: number;
  answer: number;
  /** Scalar arguments without addresses and sizes. */
  scalars: bigint[];
  /** Octets read; empty where the import reads none, and for `key_set`. */
  octets: Uint8Array;
}

/** What an engine asks of its surroundings while the module runs.  Answers go back into the module. */
export interface Surroundings {
  /** 0 or a negative `Err`; called only when the interface has no frame under way. */
  radioSend(interfaceNumber: number, psdu: Uint8Array, handle: number): number;
  radioSet(interfaceNumber: number, parameter: number, value: bigint): number;
  sense(quantity: number, periodMs: number): number;
  display(line: number, text: Uint8Array): void;
  uplinkSend(octets: Uint8Array): number;
  /** An Ethernet frame without FCS; absent where there are no links. */
  linkSend?(interfaceNumber: number, frame: Uint8Array): number;
  log(code: number, octets: Uint8Array): void;
  /** A key was put in a slot: the simulator hands it to the capture; a board has no such door. */
  keySet(slot: number, key: Uint8Array): void;
  /** The secrets of a TLS session, a line of an NSS key log: likewise. */
  tlsKey?(line: string): void;
}

/**
 * What one start or poll may take before it counts as running on for ever: a unit for each loop turn and call, for 64 octets that are
 * filled or copied, and for each octet that an import is given.  A key establishment takes some millions.
 */
export const FUEL = 50_000_000;
/** What an import that may write to flash takes beside. */
export const FLASH_WORK = 4096;

/** A module in its machine. */
export interface Engine {
  start(now: bigint, reason: number): void;
  /** Runs one poll; answers the module's deadline.  A trap or `halt` throws `EngineStopped`. */
  poll(now: bigint): bigint;
  /** Queues an event record (head and octets); false when the queue is full. */
  push(event: Uint8Array): boolean;
  /** What the module dropped since its start; empty where it does not count. */
  drops?(): Dropped[];
  close(): void;
}

/** The module ended itself or trapped; the surroundings decide about a reboot. */
export class EngineStopped extends Error {
  constructor(
    /** ResetReason of docs/abi.md that the next start is given. */
    readonly reason: number,
    message: string,
    /** Which function of the module ran, for a sentence: its name, or its number where the build knows no name. */
    where?: string,
  ) {
    super(where ? `${message}, in ${where}` : message);
  }
}

/** A device's radio: a station of the simulated air, or a co-processor on real air. */
export interface DeviceRadio {
  /** A PSDU without FCS, read only. */
  onReceived: (psdu: Uint8Array, lqi: number, rssi: number, about?: { interfaceNumber: number }) => void;
  onSent: (handle: number, status: number, pending: boolean, interfaceNumber?: number) => void;
  /** As `radio_set` and `radio_send` of docs/abi.md; interface 0 where none is named. */
  set(parameter: number, value: bigint, interfaceNumber?: number): number;
  send(psdu: Uint8Array, handle: number, interfaceNumber?: number): number;
  powerOff(): void;
}
