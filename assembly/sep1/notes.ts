// What the procedures of this layer tell those who watch: the payloads of docs/abi.md "Log".
import { Log, log } from "../core/host";
import { nwkAddress, nwkChannel, nwkPanId, nwkParent } from "../zigbee/nwk/nwk";

/** `Log.Failed`, procedure. */
export enum Procedure { Join = 1, Establish = 2, Partner = 3 }

const note = memory.data(16, 8);

export function noteJoined(): void {
  store<u16>(note, nwkAddress());
  store<u16>(note, nwkPanId(), 2);
  store<u16>(note, nwkParent(), 4);
  store<u8>(note, nwkChannel(), 6);
  log(Log.Joined, note, 7);
}

export function noteFormed(): void {
  store<u16>(note, nwkPanId());
  store<u8>(note, nwkChannel(), 2);
  log(Log.Formed, note, 3);
}

export function noteAdmitted(extended: u64, short: u32): void {
  store<u64>(note, extended);
  store<u16>(note, short, 8);
  log(Log.Admitted, note, 10);
}

export function noteKey(suite: u32, partner: u64): void {
  store<u8>(note, suite);
  store<u64>(note, partner, 1);
  log(Log.Key, note, 9);
}

export function noteBound(cluster: u32, partner: u32): void {
  store<u16>(note, cluster);
  store<u16>(note, partner, 2);
  log(Log.Bound, note, 4);
}

export function noteLeft(reason: u32): void {
  store<u8>(note, reason);
  log(Log.Left, note, 1);
}

export function noteFailed(procedure: u32, reason: i32): void {
  store<u8>(note, procedure);
  store<i8>(note, <i8>reason, 1);
  log(Log.Failed, note, 2);
}
