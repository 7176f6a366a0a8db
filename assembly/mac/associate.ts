// Association as the joining device sees it: IEEE 802.15.4-2006 section 7.5.3.1.
//
//   Idle -> Request -> (macResponseWaitTime) Poll -> (a frame's time) Poll ... -> out of polls: Timeout
//   a response ends it at any time after the request
//
import { Err } from "../core/err";
import { NEVER } from "../core/timers";
import { MAC_ASSOCIATED, MacCommand, macAssociationRequestEmit } from "./command";
import { MAC_COMMAND, MAC_EXTENDED, MAC_NO_ADDRESS, MAC_SHORT, macControl } from "./frame";
import { MacPurpose, macBegin, macDataRequest, macHeard, macIdle, macNextSequence, macOpen, macReceive, macTransmit, macWhen } from "./mac";

enum State { Idle = 0, Request, Poll }

/** macResponseWaitTime: 32 * 960 symbols of 16 us, table 86. */
const RESPONSE_WAIT_MS: i64 = 492;
/** A frame follows its announcement within macMaxFrameTotalWaitTime, 20 ms; busy coordinators take longer. */
const LISTEN_MS: i64 = 100;
const POLLS: u32 = 3;

@unmanaged @final
class Association {
  due: i64;
  state: u32;
  coordinator: u32;
  capability: u32;
  polls: u32;
}

const association = changetype<Association>(memory.data(offsetof<Association>(), 8));

export function associateStart(channel: u32, panId: u32, coordinator: u32, capability: u32): void {
  macOpen(channel, panId, MAC_NO_ADDRESS);
  macReceive(true);
  association.due = 0;
  association.state = State.Request;
  association.coordinator = coordinator;
  association.capability = capability;
  association.polls = POLLS;
}

export function associateStop(): void {
  association.state = State.Idle;
}

export function associateDeadline(): i64 {
  return association.state == State.Idle ? NEVER : macWhen(association.due);
}

/** Answers `Busy` while it goes on, or why it ended without a response. */
export function associateTick(now: i64): i32 {
  if (association.due > now || !macIdle(now)) return Err.Busy;
  if (association.state == State.Request) {
    if (sendRequest(now) < 0) return Err.Busy;
    association.state = State.Poll;
    association.due = now + RESPONSE_WAIT_MS;
    return Err.Busy;
  }
  if (association.polls-- == 0) return Err.Timeout;
  association.due = now + LISTEN_MS;
  macDataRequest(association.coordinator, now); // one that the radio does not take counts like one that was lost
  return Err.Busy;
}

/** A request has left; answers as `associateTick`. */
export function associateSent(): i32 {
  return macHeard.purpose == MacPurpose.AssociationRequest && macHeard.status != Err.Ok ? macHeard.status : <i32>Err.Busy;
}

/** Takes an association response that was heard; answers our short address, `Refused`, or `BadState` for one we did not ask for. */
export function associateResponse(command: MacCommand): i32 {
  let frame = macHeard.frame;
  if (association.state != State.Poll || frame.targetMode != MAC_EXTENDED || frame.sourceMode != MAC_EXTENDED) return Err.BadState;
  return command.status == MAC_ASSOCIATED ? <i32>command.address : Err.Refused;
}

function sendRequest(now: i64): i32 {
  let at = macBegin(macControl(MAC_COMMAND, MAC_SHORT, MAC_EXTENDED, true, false), macNextSequence(), association.coordinator);
  return macTransmit(at + macAssociationRequestEmit(at, association.capability), MacPurpose.AssociationRequest, now);
}
