// What the imports `image_...` of docs/abi.md ask: slots, a recording of their answers, or a board that has none.
import { Err } from "../err.ts";

export interface Images {
  /** `key` is the 12 octets that a package is announced with. */
  begin(image: number, key: Uint8Array): number;
  write(image: number, offset: number, octets: Uint8Array): number;
  read(image: number, offset: number, to: Uint8Array): number;
  finish(image: number): number;
  activate(image: number): number;
  confirm(healthy: boolean): number;
  state(image: number, to: Uint8Array): number;
  /** Whether the module on trial has run too long without a confirmation; `now` is its time since boot. */
  overdue(now: bigint): boolean;
}

/** A board without slots. */
export const NO_IMAGES: Images = {
  begin: () => Err.NotFound,
  write: () => Err.NotFound,
  read: () => Err.NotFound,
  finish: () => Err.NotFound,
  activate: () => Err.NotFound,
  confirm: () => Err.NotFound,
  state: () => Err.NotFound,
  overdue: () => false,
};
