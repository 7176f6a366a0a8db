// A NWK frame on its way in: 05-3474 section 3.6.2.2.  Header, security, duplicates; then what to do with it is the device kind's.
import { Err } from "../../core/err";
import { MAC_CAPABLE_ROUTER } from "../../mac/command";
import { macHeard } from "../../mac/mac";
import { BROADCAST_RESERVED, NO_EXTENDED, UNICAST_END } from "../address";
import { Auxiliary, NWK_AUXILIARY_SIZE } from "../auxiliary";
import { NWK_REJOIN_REQUEST, NWK_REJOIN_RESPONSE, NWK_LINK_STATUS, NWK_ROUTE_REQUEST } from "./command";
import { broadcastNote } from "./broadcast";
import { nwkClaim, nwkExtendedOf } from "./addresses";
import { NWK_COMMAND, NwkFrame, nwkParse } from "./frame";
import { Relation, linkAt, neighbourOf, neighbourOfShort } from "./neighbours";
import { nwkOpen } from "./security";
import { Drop, neighbourAt, network, networkSave, nwkDrop, nwkHeard, nwkState } from "./state";

/** Bits of `nwkReceive`'s answer. */
export const FOR_US: u32 = 1;
export const FOR_OTHERS: u32 = 2;
/** A broadcast that was heard before. */
export const HEARD_AGAIN: u32 = 4;

@unmanaged @final
class Received {
  frame: NwkFrame;
  /** Index of the neighbour that sent it, or -1. */
  neighbour: i32;
}

const received = changetype<Received>(memory.data(offsetof<Received>(), 4));

/** The header of the frame that `nwkReceive` accepted. */
export function receivedFrame(): NwkFrame { return received.frame; }
/** Its last hop. */
export function receivedFrom(): i32 { return received.neighbour; }

/**
 * Takes the data frame in `macHeard`; `groups` is the lowest broadcast address this device belongs to.
 * Answers whom it is for, 0 when it was dropped; `nwkHeard` describes it.
 */
export function nwkReceive(groups: u32, now: i64): u32 {
  let at = macHeard.payload;
  let header = nwkParse(at, macHeard.size);
  if (header < 0) { nwkDrop(Drop.Malformed); return 0; }
  let frame = changetype<NwkFrame>(at);
  received.frame = frame;
  nwkHeard.payload = at + header;
  nwkHeard.size = macHeard.size - header;
  nwkHeard.secured = frame.isSecured;
  nwkHeard.status = Err.Ok;
  if (!(frame.isSecured ? openFrame(frame, header, now) : mayBeClear(frame))) return 0;
  nwkHeard.source = frame.source;
  nwkHeard.target = frame.target;
  nwkHeard.lqi = macHeard.lqi;
  nwkHeard.extended = sourceOf(frame);
  return frame.target < UNICAST_END ? unicastFor(frame) : broadcastFor(frame, groups, now);
}

function openFrame(frame: NwkFrame, header: u32, now: i64): bool {
  let size = nwkOpen(changetype<usize>(frame), header, macHeard.size, now);
  nwkHeard.status = size;
  if (size < 0) return false;
  received.neighbour = neighbourOf(changetype<Auxiliary>(nwkHeard.payload).source);
  nwkHeard.payload += NWK_AUXILIARY_SIZE;
  nwkHeard.size = size;
  updateNeighbour(received.neighbour, macHeard.source);
  return true;
}

/** The neighbour at the other end of the link has proved that it holds the key. */
function updateNeighbour(index: i32, short: u32): void {
  let row = neighbourAt(index);
  linkAt(index).lqi = <u8>macHeard.lqi;
  if (row.relation == Relation.Sibling && short < UNICAST_END) row.short = <u16>short;
  if (row.relation == Relation.Parent && short < UNICAST_END && row.short == network.parent && row.short != <u16>short) {
    // It took another address, conflict.ts.
    row.short = <u16>short;
    network.parent = <u16>short;
    networkSave();
  }
  if (row.relation != Relation.Joining || row.short != <u16>short) return;
  row.relation = row.capability & MAC_CAPABLE_ROUTER ? Relation.Sibling : Relation.Child;
  networkSave();
}

/** In clear we hear a joining child, the parent before we have the key, and rejoining: section 4.3.1.2 and 3.6.1.4.3. */
function mayBeClear(frame: NwkFrame): bool {
  received.neighbour = neighbourOfShort(macHeard.source);
  let relation: u32 = received.neighbour < 0 ? Relation.None : neighbourAt(received.neighbour).relation;
  let known = nwkState.open ? relation == Relation.Parent : relation == Relation.Joining;
  if (frame.type == NWK_COMMAND && nwkHeard.size > 0) {
    let command: u32 = load<u8>(nwkHeard.payload);
    // A leave in clear reaches a device that has not got the key.
    known = command == NWK_REJOIN_REQUEST || (nwkState.open != 0 && (known || command == NWK_REJOIN_RESPONSE));
  }
  if (known && frame.target == network.address) return true;
  nwkDrop(Drop.Unsecured);
  return false;
}

/** IEEE address of the source: in the header, in the auxiliary header of a frame of one hop, or learnt before. */
function sourceOf(frame: NwkFrame): u64 {
  let extended = frame.sourceExtended;
  if (extended == NO_EXTENDED) {
    let oneHop = received.neighbour >= 0 && frame.source == macHeard.source;
    return oneHop ? neighbourAt(received.neighbour).extended : nwkExtendedOf(frame.source);
  }
  if (frame.isSecured) nwkClaim(frame.source, extended);
  return extended;
}

function unicastFor(frame: NwkFrame): u32 {
  if (frame.target != network.address) return FOR_OTHERS;
  let extended = frame.targetExtended;
  return extended == NO_EXTENDED || extended == nwkState.extended ? FOR_US : 0;
}

function broadcastFor(frame: NwkFrame, groups: u32, now: i64): u32 {
  // Route requests come again with a better cost; the route discovery table knows which were heard.  A link status goes no further.
  let command: u32 = frame.type == NWK_COMMAND && nwkHeard.size > 0 ? <u32>load<u8>(nwkHeard.payload) : 0;
  if (command == NWK_ROUTE_REQUEST || (command == NWK_LINK_STATUS && nwkHeard.secured)) return FOR_US;
  switch (broadcastNote(frame.source, frame.sequence, now)) {
    case Err.Ok: break;
    case Err.Duplicate: {
      nwkDrop(Drop.Duplicate);
      return HEARD_AGAIN;
    }
    default: {
      nwkDrop(Drop.NoBuffer);
      return 0;
    }
  }
  return frame.target >= groups && frame.target != BROADCAST_RESERVED ? FOR_US | FOR_OTHERS : FOR_OTHERS;
}
