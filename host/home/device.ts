// A device of the home as the simulation handles it: a module under an engine in this process, or an emulated board.
import type { DeviceName } from "./events.ts";

/** What a device tells its surroundings. */
export interface DeviceEdge {
  log(code: number, octets: Uint8Array): void;
  display(line: number, text: Uint8Array): void;
  uplink(octets: Uint8Array): void;
  /** A measuring element starts, or ends with 0; false when the device has none. */
  sense(quantity: number, periodMs: number): boolean;
  /** A key was put in a slot; boards keep theirs to themselves. */
  key(slot: number, key: Uint8Array): void;
  /** The device reboots, or its engine had to be stopped. */
  trouble(sentence: string): void;
}

export interface HomeDevice {
  readonly name: DeviceName;
  powerOn(): void;
  /** An event of the contract: a kind of `EventKind` and its octets after the head. */
  push(kind: number, octets: Uint8Array): boolean;
  close(): void;
}
