// Whether a module on trial is well: it must reach every step within the deadline, else the board goes back to the one before.
//
//   Started ─self-test─▶ Joined ─▶ Key ─▶ Server ─▶ Confirmed          the deadline, or a test that fails ─▶ GivenUp: halt
//
// A trap, an endless loop and a reset end a try without our help: the board counts them.
import { equalOctets } from "../core/bytes";
import { Log, Record, ResetReason, halt, hashMmo, imageConfirm, log, storeRead } from "../core/host";
import { LOG_HEALTH_SIZE, LogHealth } from "../core/log";
import { NEVER } from "../core/timers";
import { update, updateNote, updateRefresh } from "../model/update";

/** In the order in which they are reached; numbers of docs/abi.md, Log.Health. */
export enum Health { Started = 1, Joined = 2, Key = 3, Server = 4, Confirmed = 5, GivenUp = 6 }

/** A rejoin and an agreement with all their repetitions take three minutes; who joins by its certificate waits for its turn at the hub. */
const DEADLINE_MS: i64 = isDefined(LIMIT_TRIAL_MS) ? LIMIT_TRIAL_MS : 600_000;
const HASH_SIZE: u32 = 16;

@unmanaged @final
class State {
  deadline: i64;
  begun: i64;
  /** The last step reached; 0: not on trial. */
  step: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const note = changetype<LogHealth>(memory.data(LOG_HEALTH_SIZE, 2));
const digest = memory.data(HASH_SIZE);
/** 05-3474 annex C.5.1: one octet 0xc0 and its hash. */
const message = memory.data<u8>([0xc0]);
const expected = memory.data<u8>([0xae, 0x3a, 0x10, 0x2a, 0x28, 0xd4, 0x3e, 0xe0, 0xd4, 0xa0, 0x9e, 0x22, 0x78, 0x8b, 0x20, 0x6c]);

/** After `updateReset`; a module that is not on trial is well. */
export function healthReset(now: i64): void {
  state.step = 0;
  state.deadline = NEVER;
  if (!update.onTrial) return;
  state.begun = now;
  state.deadline = now + DEADLINE_MS;
  updateNote(now);
  step(Health.Started, now);
  if (!selfTest()) giveUp(now);
}

export function healthDeadline(): i64 { return state.deadline; }
export function healthOnTrial(): bool { return state.step != 0; }

/** The device is in its network, and has an established key with its hub or has asked the devices for theirs; its server has answered. */
export function healthTick(joined: bool, key: bool, server: bool, now: i64): void {
  if (state.step == 0) return;
  if (state.step == Health.Started && joined) step(Health.Joined, now);
  if (state.step == Health.Joined && key) step(Health.Key, now);
  if (state.step == Health.Key && server) step(Health.Server, now);
  if (state.step == Health.Server) return confirm(now);
  if (state.deadline <= now) giveUp(now);
}

function confirm(now: i64): void {
  let confirmed = imageConfirm(1);
  if (confirmed < 0) return giveUp(now);
  step(Health.Confirmed, now);
  end(now);
}

function giveUp(now: i64): void {
  step(Health.GivenUp, now);
  imageConfirm(0); // refused or not: the reboot costs a try
  end(now);
  halt(ResetReason.Halt);
}

function end(now: i64): void {
  state.step = 0;
  state.deadline = NEVER;
  updateRefresh();
  updateNote(now);
}

/** The board's cryptography gives a known answer, and its store the record that every device has. */
function selfTest(): bool {
  if (hashMmo(message, 1, digest) != 0 || !equalOctets(digest, expected, HASH_SIZE)) return false;
  return storeRead(Record.Address, digest, 8) == 8;
}

function step(to: u32, now: i64): void {
  state.step = to;
  note.step = to;
  note.reserved = 0;
  note.seconds = <u32>((now - state.begun) / 1000);
  log(Log.Health, changetype<usize>(note), LOG_HEALTH_SIZE);
}
