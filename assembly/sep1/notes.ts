// What the procedures of this layer tell those who watch: the payloads of docs/abi.md "Log".
import { Log, log } from "../core/host";
import {
  LOG_ADMITTED_SIZE, LOG_BOUND_SIZE, LOG_FAILED_SIZE, LOG_FORMED_SIZE, LOG_JOINED_SIZE, LOG_KEY_SIZE, LOG_LEFT_SIZE, LogAdmitted, LogBound,
  LogFailed, LogFormed, LogJoined, LogKey, LogLeft,
} from "../core/log";
import { nwkAddress, nwkChannel, nwkPanId, nwkParent } from "../zigbee/nwk/nwk";

/** `Log.Failed`, procedure. */
export enum Procedure { Join = 1, Establish = 2, Partner = 3 }

const note = memory.data(16, 8);

export function noteJoined(): void {
  let payload = changetype<LogJoined>(note);
  payload.address = nwkAddress();
  payload.pan = nwkPanId();
  payload.parent = nwkParent();
  payload.channel = nwkChannel();
  log(Log.Joined, note, LOG_JOINED_SIZE);
}

export function noteFormed(): void {
  let payload = changetype<LogFormed>(note);
  payload.pan = nwkPanId();
  payload.channel = nwkChannel();
  log(Log.Formed, note, LOG_FORMED_SIZE);
}

export function noteAdmitted(extended: u64, short: u32): void {
  let payload = changetype<LogAdmitted>(note);
  payload.partner = extended;
  payload.address = short;
  log(Log.Admitted, note, LOG_ADMITTED_SIZE);
}

export function noteKey(suite: u32, partner: u64): void {
  let payload = changetype<LogKey>(note);
  payload.suite = suite;
  payload.partner = partner;
  log(Log.Key, note, LOG_KEY_SIZE);
}

export function noteBound(cluster: u32, partner: u32): void {
  let payload = changetype<LogBound>(note);
  payload.cluster = cluster;
  payload.partner = partner;
  log(Log.Bound, note, LOG_BOUND_SIZE);
}

export function noteLeft(reason: u32): void {
  let payload = changetype<LogLeft>(note);
  payload.reason = reason;
  log(Log.Left, note, LOG_LEFT_SIZE);
}

export function noteFailed(procedure: u32, reason: i32): void {
  let payload = changetype<LogFailed>(note);
  payload.procedure = procedure;
  payload.reason = reason;
  log(Log.Failed, note, LOG_FAILED_SIZE);
}
