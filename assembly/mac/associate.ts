// Association as the joining device sees it: IEEE 802.15.4-2006 section 7.5.3.1.
//
//   Idle -> Request (wanted) -> Requested (in flight) -> Waiting (macResponseWaitTime) -> Poll (data request wanted) -> Polled -> Listening -> ...
//   a response ends it at any time; no response after ASSOCIATE_POLLS data requests ends it with a timeout
//
import { Err } from "../core/err";
import { NEVER } from "../core/timers";
import { MAC_ASSOCIATED, MAC_ASSOCIATION_REQUEST, MacCommand } from "./command";
import { MAC_BROADCAST, MAC_COMMAND, MAC_EXTENDED, MAC_SHORT, macControl, macEmitTarget } from "./frame";
import {
  MAC_NO_ADDRESS, MacPurpose, mac, macAir, macDataRequest, macDeadline, macHeard, macIdle, macNextSequence, macOpen, macReceive, macTransmit,
} from "./mac";

enum State { Idle = 0, Request, Requested, Waiting, Poll, Polled, Listening }

/** macResponseWaitTime: 32 * 960 symbols of 16 us, table 86. */
const RESPONSE_WAIT_MS: i64 = 492;
/** A frame follows its announcement within macMaxFrameTotalWaitTime, 20 ms; busy coordinators take longer. */
const LISTEN_MS: i64 = 100;
const ASSOCIATE_POLLS: u32 = 3;

@unmanaged @final
class Association {
  deadline: i64;
  state: i32;
  coordinator: u32;
  capability: u32;
  polls: u32;
}

const association = changetype<Association>(memory.data(offsetof<Association>(), 8));

export function associateStart(channel: u32, panId: u32, coordinator: u32, capability: u32): void {
  macOpen(channel, panId, MAC_NO_ADDRESS);
  macReceive(true);
  association.state = State.Request;
  association.coordinator = coordinator;
  association.capability = capability;
  association.polls = ASSOCIATE_POLLS;
}

export function associateStop(): void {
  association.state = State.Idle;
}

export function associateDeadline(): i64 {
  switch (association.state) {
    case State.Request:
    case State.Poll: return macDeadline();
    case State.Waiting:
    case State.Listening: return association.deadline;
    case State.Requested:
    case State.Polled: return mac.guard;
    default: return NEVER;
  }
}

/** Answers `Busy` while it goes on, or why it ended without a response. */
export function associateTick(now: i64): i32 {
  switch (association.state) {
    case State.Request:
      if (macIdle(now) && sendRequest(now) == Err.Ok) association.state = State.Requested;
      return Err.Busy;
    case State.Poll:
      if (macIdle(now) && macDataRequest(association.coordinator, now) == Err.Ok) association.state = State.Polled;
      return Err.Busy;
    case State.Waiting:
      if (association.deadline <= now) association.state = State.Poll;
      return Err.Busy;
    case State.Listening: return association.deadline <= now ? pollAgain() : <i32>Err.Busy;
    case State.Requested:
    case State.Polled: return macIdle(now) ? pollAgain() : <i32>Err.Busy; // the end of the frame was lost
    default: return Err.Busy;
  }
}

/** A frame of ours has left; answers as `associateTick`. */
export function associateSent(now: i64): i32 {
  if (association.state == State.Requested && macHeard.purpose == MacPurpose.AssociationRequest) {
    if (macHeard.status != Err.Ok) return associateEnd(macHeard.status);
    return waitUntil(State.Waiting, now + RESPONSE_WAIT_MS);
  }
  if (association.state != State.Polled || macHeard.purpose != MacPurpose.DataRequest) return Err.Busy;
  if (macHeard.status == Err.Ok && macHeard.pending) return waitUntil(State.Listening, now + LISTEN_MS);
  return pollAgainAt(now + LISTEN_MS);
}

/** Takes an association response that was heard; answers our short address, `Refused`, or `BadState` for one we did not ask for. */
export function associateResponse(command: MacCommand): i32 {
  let frame = macHeard.frame;
  if (association.state < State.Waiting) return Err.BadState;
  if (frame.targetMode != MAC_EXTENDED || frame.sourceMode != MAC_EXTENDED || frame.sourcePan != mac.panId) return Err.BadState;
  associateStop();
  if (command.status != MAC_ASSOCIATED || command.address >= 0xfff8) return Err.Refused;
  return <i32>command.address;
}

function sendRequest(now: i64): i32 {
  // The source is not yet of the PAN: its identifier is the broadcast one, section 7.3.1.1.
  let control = macControl(MAC_COMMAND, MAC_SHORT, MAC_EXTENDED, true, false);
  let at = macEmitTarget(macAir, control, macNextSequence(), mac.panId, association.coordinator);
  store<u16>(at, MAC_BROADCAST);
  store<u64>(at, mac.extended, 2);
  store<u8>(at, MAC_ASSOCIATION_REQUEST, 10);
  store<u8>(at, association.capability, 11);
  return macTransmit(<u32>(at + 12 - macAir), MacPurpose.AssociationRequest, now);
}

function waitUntil(state: i32, deadline: i64): i32 {
  association.state = state;
  association.deadline = deadline;
  return Err.Busy;
}

function pollAgainAt(deadline: i64): i32 {
  if (--association.polls == 0) return associateEnd(Err.Timeout);
  return waitUntil(State.Waiting, deadline);
}

function pollAgain(): i32 {
  return pollAgainAt(0);
}

function associateEnd(status: i32): i32 {
  associateStop();
  return status;
}
