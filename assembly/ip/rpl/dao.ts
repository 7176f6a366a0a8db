// How a router tells the root the way to it and to its hosts: RFC 6550 section 9, non-storing mode.  All of them live as long as our own
// way is said to, not as long as their registrations: it is told anew before that, and a packet for a host that left is answered for.
//
//   change -> due soon -> DAO sent, again each time later until it is acknowledged -> due before its lifetime ends
//
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_DEFAULT } from "../ipv6/header";
import { REGISTRATIONS_MAX } from "../limits";
import { networkBorder, networkPrefix } from "../nd/network";
import { ndProbe } from "../nd/probe";
import { Registration, RegistrationState, registrationAddress, registrationAt } from "../nd/registrations";
import { MODE_ROUTER, neighbourFind } from "../neighbours";
import { OWN_GLOBAL, OwnState, ownAddress, ownState } from "../own";
import { randomBelow } from "../random";
import { dodag } from "./dodag";
import { RPL_DAO_SIZE, RplMessage, rplDaoEmit } from "./message";
import { RPL_EXTERNAL, RPL_TARGET_SIZE, RPL_TRANSIT_SIZE, rplTargetEmit, rplTransitEmit } from "./option";
import { Parent, parents } from "./parents";
import { SEQUENCE_FIRST, sequenceNext } from "./sequence";

const DELAY_MS: u32 = 500;
/** DEFAULT_DAO_DELAY's place: the first wait for an acknowledgement, doubled each time, half of it more or less. */
const WAIT_MS: u32 = 2_000;
const DOUBLINGS_MAX: u32 = 6;
/** After so many the parent is doubted. */
const DOUBT: u32 = 2;
/** Rejected: the root has no room. */
const REJECTED: u32 = 128;
const REJECTED_MS: i64 = 300_000;
const SECOND_MS: i64 = 1_000;
/** Path control of the first and of the second parent, and of all. */
const FIRST_PARENT: u32 = 0xc0;
const SECOND_PARENT: u32 = 0x30;
const ALL_PARENTS: u32 = 0xff;

@unmanaged @final
class Dao {
  due: i64;
  sequence: u8;
  pathSequence: u8;
  /** Sent without an answer. */
  tries: u8;
  /** 1: the root knows what is. */
  known: u8;
}
const dao = changetype<Dao>(memory.data(offsetof<Dao>(), 8));
const parent = memory.data(ADDRESS_SIZE, 8);

export function daoReset(): void {
  memory.fill(changetype<usize>(dao), 0, offsetof<Dao>());
  dao.due = NEVER;
  dao.sequence = dao.pathSequence = <u8>SEQUENCE_FIRST;
}

/** The way changed, or who is behind us. */
export function daoChanged(now: i64): void {
  dao.tries = 0;
  dao.known = 0;
  dao.pathSequence = <u8>sequenceNext(dao.pathSequence);
  dao.due = now + DELAY_MS + randomBelow(DELAY_MS);
}

export function daoStop(): void {
  dao.due = NEVER;
  dao.known = 0;
}

export function daoDeadline(): i64 { return dao.due; }

export function daoTick(now: i64): void {
  if (dao.due > now) return;
  if (!parents.preferred || ownState(OWN_GLOBAL) != OwnState.Valid) {
    dao.due = now + WAIT_MS;
    return;
  }
  if (dao.known) daoChanged(now); // a refresh is news, too
  if (dao.tries >= DOUBT) ndProbe(parents.preferred.extended, now);
  let wait = WAIT_MS << min<u32>(dao.tries, DOUBLINGS_MAX);
  dao.tries = <u8>min<u32>(dao.tries + 1, DOUBLINGS_MAX);
  dao.due = now + wait / 2 + randomBelow(wait);
  send(now);
}

/** The root's answer; whether it is the first after a change. */
export function daoAnswered(message: RplMessage, now: i64): bool {
  if (message.ackSequence != dao.sequence || dao.known || dao.tries == 0) return false;
  dao.tries = 0;
  if (message.status >= REJECTED) {
    dao.due = now + REJECTED_MS;
    return false;
  }
  dao.known = 1;
  dao.due = now + (<i64>dodag.lifetime * dodag.lifetimeUnit * SECOND_MS >> 1) + randomBelow(WAIT_MS);
  return true;
}

function send(now: i64): void {
  let hosts: u32 = 0;
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) hosts += u32(isHost(registrationAt(index)));
  let size = RPL_DAO_SIZE + RPL_TARGET_SIZE + 2 * RPL_TRANSIT_SIZE + hosts * (RPL_TARGET_SIZE + RPL_TRANSIT_SIZE);
  let packet = controlBegin(size);
  if (!packet) return;
  dao.sequence = <u8>sequenceNext(dao.sequence);
  let message = controlMessage(packet);
  let at = message + rplDaoEmit(message, dodag.instance, dao.sequence);
  at += rplTargetEmit(at, ownAddress(OWN_GLOBAL));
  at += transit(at, parents.preferred, FIRST_PARENT);
  if (parents.second) at += transit(at, parents.second, SECOND_PARENT);
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (!isHost(row)) continue;
    at += rplTargetEmit(at, registrationAddress(row));
    at += rplTransitEmit(at, RPL_EXTERNAL, ALL_PARENTS, dao.pathSequence, dodag.lifetime, ownAddress(OWN_GLOBAL));
  }
  controlEnd(packet, <u32>(at - message), ownAddress(OWN_GLOBAL), networkBorder(), HOPS_DEFAULT, now);
}

function transit(at: usize, way: Parent, control: u32): u32 {
  store<u64>(parent, load<u64>(networkPrefix()));
  store<u64>(parent, way.identifier, 8);
  return rplTransitEmit(at, 0, control, dao.pathSequence, dodag.lifetime, parent);
}

/** A child that routes nothing: of routers the root hears from themselves. */
function isHost(row: Registration): bool {
  if (row.state != RegistrationState.Registered || !row.near) return false;
  let link = neighbourFind(row.extended);
  return link && !(link.mode & MODE_ROUTER);
}
