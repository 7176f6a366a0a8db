// What the agent knows of each device that it admitted.  With the volatile keys of the board it is gone at a reset: devices then ask, hear
// nothing, and are authenticated anew.
import { KeyName } from "../../core/host";
import { ADDRESS_SIZE } from "../address";
import { AUTHENTICATIONS_MAX, SESSIONS_MAX } from "../limits";

@unmanaged @final
export class Session {
  extended: u64;
  expires: i64;
  /** The number in every message; 0 is a free row. */
  id: u32;
  keyId: u32;
  /** Sequence numbers: of our last request, and of the device's. */
  sent: u32;
  heard: u32;
  /** The first of the two secrets. */
  keys: u16;
  hasHeard: bool;
  /** The index of the network key that the last answer held, 0 for none. */
  answered: u8;
  /** The index of the last network key that the device has, as far as we know. */
  keyIndex: u8;
  /** Whether it has shown the address at which it can be told things. */
  hasAddress: bool;
  get address(): usize { return changetype<usize>(this) + offsetof<Session>(); }
}
const ROW: u32 = offsetof<Session>() + ADDRESS_SIZE;
const rows = memory.data(SESSIONS_MAX * ROW, 8);

/** One that others are made of, and the one of the agent's own. */
const SECRETS_OWN: u32 = 2;
export const SECRET_INITIATION: u32 = KeyName.Secret + 1;
/** Of each session, and of each authentication that is under way. */
const SECRETS: u32 = 2;
const BOARD_SECRETS: u32 = 64;
if (SECRETS_OWN + SECRETS * (SESSIONS_MAX + AUTHENTICATIONS_MAX) > BOARD_SECRETS) ERROR("the board keeps 64 secrets: docs/abi.md");
/** How many the module has to ask the board for. */
export const AGENT_SECRETS: u32 = SECRETS_OWN + SECRETS * (SESSIONS_MAX + AUTHENTICATIONS_MAX);

/** The two secrets of a row; a session takes over those of the authentication that it comes from, which gets the row's. */
export function secretsOf(index: u32): u32 { return KeyName.Secret + SECRETS_OWN + SECRETS * index; }

export function sessionsReset(): void {
  memory.fill(rows, 0, SESSIONS_MAX * ROW);
  for (let index: u32 = 0; index < SESSIONS_MAX; index++) sessionAt(index).keys = <u16>secretsOf(index);
}

export function sessionAt(index: u32): Session { return changetype<Session>(rows + index * ROW); }

/** The session with this number; null when there is none. */
export function sessionFind(id: u32, now: i64): Session {
  for (let index: u32 = 0; index < SESSIONS_MAX; index++) {
    let row = sessionAt(index);
    if (id != 0 && row.id == id && now < row.expires) return row;
  }
  return changetype<Session>(0);
}

/** The row that a device has or would get; null when all are in use. */
export function sessionRow(extended: u64, now: i64): Session {
  let free = changetype<Session>(0);
  for (let index: u32 = 0; index < SESSIONS_MAX; index++) {
    let row = sessionAt(index);
    let isFree = row.id == 0 || now >= row.expires;
    if (!isFree && row.extended == extended) return row;
    if (isFree && !free) free = row;
  }
  return free;
}
