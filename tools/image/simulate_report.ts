// What the power-cut sweep is asked for, and what it reports.
import type { Identity } from "../../host/image/keys.ts";

export interface SweepOptions {
  identity: Identity;
  /** IEEE address of the device, as on the air; one that no package is for, when absent. */
  address?: Uint8Array;
  /** The modules that the packages make. */
  modules: { before: Uint8Array; after: Uint8Array };
  sectorSize?: number;
  /** Of the whole sweep, 0 to 1. */
  sample?: number;
  seed?: number;
  /** Operations of the recovery in which the power fails again. */
  secondCuts?: number;
  /** Called now and then; the sweep waits for nothing else. */
  onProgress?: (done: number, total: number) => void;
  /** Asked now and then: true ends the sweep where it is. */
  stop?: () => boolean;
}

export interface SweepReport {
  /** Programs and erases of the update and of the revert. */
  updateOperations: number;
  revertOperations: number;
  firstCuts: number;
  secondCuts: number;
  /** Boots with one bit of the state, of a slot's head or of a module flipped. */
  flips: number;
  /** Of the runs, those whose cut left other octets than any run before; the others end as that one did. */
  distinct: number;
  /** What the first boot after the last cut ran. */
  ranBefore: number;
  ranAfter: number;
  /** Runs that ended wrong. */
  failed: number;
  /** A sentence each for the first of them; empty when all is well. */
  failures: string[];
  /** Somebody ended the sweep: this share of it was done. */
  stoppedAt?: number;
  milliseconds: number;
}
