// How a node gets its address and keeps it: RFC 6775 section 5.
//
//   Idle -> Soliciting (RS) -> Registering (NS with ARO) -> Registered -> Soliciting again before the registration ends
//           |                  |
//           unanswered: Lost   unanswered: Lost; no room: Full; address taken: Duplicate; in each case it is Idle again
//
import { NEVER } from "../../core/timers";
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { ADDRESS_SIZE, GROUP_ROUTERS, SCOPE_LINK, addressLinkLocal, addressMulticast } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_MAX } from "../ipv6/header";
import { Neighbour } from "../neighbours";
import { OWN_GLOBAL, OWN_LINK, OwnState, ownAddress, ownExtended, ownMark, ownState } from "../own";
import { randomBelow } from "../random";
import {
  ND_NEIGHBOUR_SIZE, ND_NEIGHBOUR_SOLICITATION, ND_SOLICITATION_SIZE, NdMessage, ndNeighbourEmit, ndSolicitationEmit,
} from "./message";
import { Learned, networkLearn } from "./network";
import {
  ND_DUPLICATE, ND_LINK_SIZE, ND_REGISTERED, ND_REGISTRATION, ND_REGISTRATION_SIZE, ND_SOURCE_LINK, NdOption, ndLinkEmit, ndOption,
  ndRegistrationEmit,
} from "./option";
import { NdHeard } from "./types";

export namespace MemberStep {
  export const Idle: u8 = 0;
  export const Soliciting: u8 = 1;
  export const Registering: u8 = 2;
  export const Registered: u8 = 3;
}

const SOLICITATIONS: u32 = 3;
const SOLICITATION_MS: u32 = 3_000;
const REGISTRATIONS: u32 = 5;
/** Before the first, so that those who heard the same advertisement do not answer at once; a try later so much more each time. */
const REGISTRATION_DELAY_MS: u32 = 1_500;
const REGISTRATION_MS: u32 = 4_000;
const JITTER_MS: u32 = 1_000;
const MINUTE_MS: i64 = 60_000;
/** 4/5 of a router's lifetime after it was heard, in milliseconds for each of its seconds. */
const RENEW_MS: u32 = 800;

@unmanaged @final
class Member {
  parent: u64;
  due: i64;
  /** When the registration ends. */
  until: i64;
  /** Seconds that the parent says it is a router for. */
  routerLifetime: u32;
  step: u8;
  tries: u8;
}
export const member = changetype<Member>(memory.data(offsetof<Member>(), 8));
const target = memory.data(ADDRESS_SIZE, 8);

export function memberReset(): void {
  memory.fill(changetype<usize>(member), 0, offsetof<Member>());
}

/** Asks a parent for the network and registers with it. */
export function memberStart(parent: u64, now: i64): void {
  member.parent = parent;
  begin(MemberStep.Soliciting, now + randomBelow(JITTER_MS));
}

export function memberDeadline(): i64 { return member.step == MemberStep.Idle ? NEVER : member.due; }

export function memberTick(now: i64): i32 {
  if (member.step == MemberStep.Idle || member.due > now) return NdHeard.None;
  switch (member.step) {
    case MemberStep.Soliciting: {
      if (member.tries == SOLICITATIONS) return memberLost();
      solicit(now);
      member.due = now + SOLICITATION_MS + randomBelow(JITTER_MS);
      break;
    }
    case MemberStep.Registering: {
      if (member.tries == REGISTRATIONS) return memberLost();
      register(now);
      member.due = now + <i64>(REGISTRATION_MS * (<u32>member.tries + 1) + randomBelow(JITTER_MS));
      break;
    }
    default:
      if (member.until <= now) ownMark(OWN_GLOBAL, OwnState.Tentative);
      begin(MemberStep.Soliciting, now);
      return NdHeard.None;
  }
  member.tries++;
  return NdHeard.None;
}

/** A router advertisement of a neighbour; whether it said something new. */
export function memberAdvertisement(message: NdMessage, end: usize, from: Neighbour, now: i64): i32 {
  let learned = networkLearn(message.options, end);
  if (learned == Learned.Refused) {
    dropped(Layer.Control, Drop.Refused);
    return learned;
  }
  if (from.extended != member.parent || member.step == MemberStep.Idle) return learned;
  member.routerLifetime = message.routerLifetime;
  if (member.step == MemberStep.Soliciting || learned == Learned.Again) {
    begin(MemberStep.Registering, now + randomBelow(REGISTRATION_DELAY_MS));
  }
  return learned;
}

/** A neighbour advertisement of a neighbour: whether it answers our registration. */
export function memberAnswered(message: NdMessage, end: usize, from: Neighbour, now: i64): i32 {
  let option = changetype<NdOption>(ndOption(ND_REGISTRATION, message.options, end));
  if (!option || member.step != MemberStep.Registering || from.extended != member.parent) return NdHeard.None;
  if (option.extended != ownExtended()) {
    dropped(Layer.Control, Drop.Foreign);
    return NdHeard.None;
  }
  if (option.status == ND_REGISTERED) {
    let was = ownState(OWN_GLOBAL);
    ownMark(OWN_GLOBAL, OwnState.Valid);
    begin(MemberStep.Registered, now + <i64>member.routerLifetime * RENEW_MS);
    member.until = now + <i64>option.lifetime * MINUTE_MS;
    return was == OwnState.Valid ? NdHeard.Renewed : NdHeard.Ready;
  }
  ownMark(OWN_GLOBAL, OwnState.Tentative);
  member.step = MemberStep.Idle;
  return option.status == ND_DUPLICATE ? NdHeard.Duplicate : NdHeard.Full;
}

/** The parent does not answer: the next one is the stack's choice. */
export function memberLost(): i32 {
  member.step = MemberStep.Idle;
  return NdHeard.Lost;
}

/** Minutes that an address is asked for: RFC 6775 section 5.8.1 leaves it open, the running stack takes the router's lifetime. */
export function memberLifetime(): u32 { return member.routerLifetime / 60 + 1; }

function begin(step: u8, due: i64): void {
  member.step = step;
  member.tries = 0;
  member.due = due;
}

/** The parent first; then every router in range, of which another may have become it. */
function solicit(now: i64): void {
  let packet = controlBegin(ND_SOLICITATION_SIZE + ND_LINK_SIZE);
  if (!packet) return;
  let at = controlMessage(packet);
  let size = ndSolicitationEmit(at);
  size += ndLinkEmit(at + size, ND_SOURCE_LINK, ownExtended());
  if (member.tries == 0) addressLinkLocal(target, member.parent);
  else addressMulticast(target, SCOPE_LINK, GROUP_ROUTERS);
  controlEnd(packet, size, ownAddress(OWN_LINK), target, HOPS_MAX, now);
}

function register(now: i64): void {
  let packet = controlBegin(ND_NEIGHBOUR_SIZE + ND_REGISTRATION_SIZE + ND_LINK_SIZE);
  if (!packet) return;
  addressLinkLocal(target, member.parent);
  let at = controlMessage(packet);
  let size = ndNeighbourEmit(at, ND_NEIGHBOUR_SOLICITATION, 0, target);
  size += ndRegistrationEmit(at + size, ND_REGISTERED, memberLifetime(), ownExtended());
  size += ndLinkEmit(at + size, ND_SOURCE_LINK, ownExtended());
  controlEnd(packet, size, ownAddress(OWN_GLOBAL), target, HOPS_MAX, now);
}
