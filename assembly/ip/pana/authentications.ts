// Authentications that the agent has under way: few, each for a while, and who does not go on makes room for others.
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE } from "../address";
import { EAP_SERVER_SIZE, EapServer, eapServerClose, eapServerReset } from "../eap/server";
import { EAP_PACKET_MAX } from "../eap/tls";
import { AUTHENTICATIONS_MAX, SESSIONS_MAX } from "../limits";
import { Transcript, TRANSCRIPT_SIZE } from "./keys";
import { secretsOf } from "./sessions";

export enum AuthenticationState {
  Free,
  /** The client is to prove itself. */
  Eap,
  /** It has; whether it may join is asked above. */
  Decide,
  /** It has been told. */
  Told,
}

/** One that has not answered for this long makes room. */
const IDLE_MS: i64 = 10_000;
/** A request with a piece of a flight and a nonce. */
export const REQUEST_MAX: u32 = 64 + EAP_PACKET_MAX;
const ADDRESSES: u32 = 2 * ADDRESS_SIZE;

/** A row; addresses, transcript, the last request and the handshake lie behind. */
@unmanaged @final
export class Authentication {
  /** When the last request is repeated. */
  due: i64;
  until: i64;
  /** When the client answered last. */
  heard: i64;
  id: u32;
  sequence: u32;
  requestSize: u32;
  keys: u16;
  port: u16;
  state: AuthenticationState;
  tries: u8;
  isRelayed: bool;
  /** Told: with keys of its own, and with the network key of this index, 0 for none. */
  isKnown: bool;
  keyIndex: u8;
  get client(): usize { return changetype<usize>(this) + offsetof<Authentication>(); }
  /** Only where `isRelayed`. */
  get relay(): usize { return this.client + ADDRESS_SIZE; }
  get transcript(): Transcript { return changetype<Transcript>(this.client + ADDRESSES); }
  get request(): usize { return this.client + ADDRESSES + TRANSCRIPT_ROOM; }
  get eap(): EapServer { return changetype<EapServer>(this.request + REQUEST_ROOM); }
}
const TRANSCRIPT_ROOM: u32 = (TRANSCRIPT_SIZE + 7) & ~7;
const REQUEST_ROOM: u32 = (REQUEST_MAX + 7) & ~7;
const ROW: u32 = (offsetof<Authentication>() + ADDRESSES + TRANSCRIPT_ROOM + REQUEST_ROOM + EAP_SERVER_SIZE + 7) & ~7;
const rows = memory.data(AUTHENTICATIONS_MAX * ROW, 8);

export function authenticationAt(index: u32): Authentication { return changetype<Authentication>(rows + index * ROW); }

export function authenticationsReset(): void {
  memory.fill(rows, 0, AUTHENTICATIONS_MAX * ROW);
  for (let index: u32 = 0; index < AUTHENTICATIONS_MAX; index++) {
    let row = authenticationAt(index);
    row.keys = <u16>secretsOf(SESSIONS_MAX + index);
    row.due = row.until = NEVER;
    eapServerReset(row.eap);
  }
}

/** The one with this number; null when there is none. */
export function authenticationFind(id: u32): Authentication {
  for (let index: u32 = 0; index < AUTHENTICATIONS_MAX; index++) {
    let row = authenticationAt(index);
    if (row.state != AuthenticationState.Free && row.id == id) return row;
  }
  return changetype<Authentication>(0);
}

/** A free row, or that of the one that has been silent for longest and long enough; null when there is none. */
export function authenticationTake(now: i64): Authentication {
  let oldest = authenticationAt(0);
  for (let index: u32 = 0; index < AUTHENTICATIONS_MAX; index++) {
    let row = authenticationAt(index);
    if (row.state == AuthenticationState.Free) return row;
    if (row.heard < oldest.heard) oldest = row;
  }
  if (now < oldest.heard + IDLE_MS) return changetype<Authentication>(0);
  authenticationFree(oldest);
  return oldest;
}

export function authenticationFree(row: Authentication): void {
  eapServerClose(row.eap);
  row.state = AuthenticationState.Free;
  row.due = row.until = NEVER;
}
