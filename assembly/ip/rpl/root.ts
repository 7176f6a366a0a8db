// RPL of the root: it tells the graph, and learns from DAOs who is whose child; RFC 6550 sections 8 and 9.
import { NEVER } from "../../core/timers";
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { addressEqual, addressIsMulticast } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_DEFAULT, Ipv6 } from "../ipv6/header";
import { networkBorder, networkHas } from "../nd/network";
import { ndSender } from "../nd/sender";
import { OWN_GLOBAL, ownAddress, ownIs } from "../own";
import { Packet } from "../packet";
import { dioSend, dodag, dodagForm, dodagReset, dodagTell } from "./dodag";
import { Node, graphReset, nodeFree, nodeOf, nodeTake } from "./graph";
import { RPL_DAO, RPL_DAO_SIZE, RPL_DIO, RPL_DIS, RplMessage, rplDaoAckEmit, rplParse } from "./message";
import { RPL_TARGET, RPL_TRANSIT, RplOption } from "./option";
import { sequenceNewer, sequenceNext } from "./sequence";
import { trickleDeadline, trickleHeard, trickleReset, trickleTick } from "./trickle";

/** Bits of an address. */
const WHOLE: u32 = 128;
/** A sequence of the line is that of a router that began anew. */
const LINE: u32 = 128;
const FOREVER: u32 = 255;
const SECOND_MS: i64 = 1_000;
const ACCEPTED: u32 = 0;
/** Rejected, RFC 6550 section 6.5.1: no room, and what contradicts itself. */
const NO_ROOM: u32 = 129;
const REFUSED: u32 = 130;
/** A newer version than ours is from before we began anew; who makes them up makes us tear down the graph once in so long. */
const VERSION_MS: i64 = 300_000;

@unmanaged @final
class Root {
  versionAt: i64;
}
const root = changetype<Root>(memory.data(offsetof<Root>(), 8));

export function rplReset(): void {
  dodagReset();
  graphReset();
  root.versionAt = 0;
}

/** Forms the graph of the network that ND formed, of the same epoch. */
export function rplForm(epoch: u32, now: i64): void {
  dodagForm(epoch);
  dodagTell(now);
}

/** Everyone tells the way to it anew. */
export function rplAskAll(now: i64): void {
  dodag.trigger = <u8>sequenceNext(dodag.trigger);
  trickleReset(dodag.trickle, now);
}

/** An ICMPv6 message of type 155 at `at`, its checksum right. */
export function rplInput(packet: Packet, at: usize, size: u32, now: i64): void {
  if (rplParse(at, size) < 0) return dropped(Layer.Control, Drop.Malformed);
  let message = changetype<RplMessage>(at);
  if (message.code == RPL_DAO) return dao(message, at + size, packet, now);
  if (!ndSender(packet)) return dropped(Layer.Control, Drop.Foreign);
  if (message.code == RPL_DIS) dis(packet, now);
  else if (message.code == RPL_DIO) dio(message, now);
  else dropped(Layer.Control, Drop.Refused);
}

export function rplTick(now: i64): void {
  if (trickleTick(dodag.trickle, now)) dioSend(0, dodag.rank, now);
}

export function rplDeadline(): i64 { return dodag.configured ? trickleDeadline(dodag.trickle) : NEVER; }

/** As of a router: a packet met a rank that it should not have met. */
export function rplLoop(now: i64): void { trickleReset(dodag.trickle, now); }

function dis(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  if (addressIsMulticast(ip.target)) trickleReset(dodag.trickle, now);
  else dioSend(ip.source, dodag.rank, now);
}

/** Others tell our graph; a version ahead of ours is one that we forgot. */
function dio(message: RplMessage, now: i64): void {
  if (!addressEqual(message.dodag, networkBorder()) || message.instance != dodag.instance) return dropped(Layer.Control, Drop.Refused);
  if (sequenceNewer(message.version, dodag.version)) {
    if (root.versionAt > now) return dropped(Layer.Control, Drop.Replayed);
    root.versionAt = now + VERSION_MS;
    dodag.version = <u8>sequenceNext(message.version);
    return trickleReset(dodag.trickle, now);
  }
  if (message.version == dodag.version) trickleHeard(dodag.trickle);
}

function dao(message: RplMessage, end: usize, packet: Packet, now: i64): void {
  let source = changetype<Ipv6>(packet.at).source;
  let isOurs = message.instance == dodag.instance && networkHas(source) && !ownIs(source)
    && (!message.namedDodag || addressEqual(message.namedDodag, networkBorder()));
  if (!isOurs) return dropped(Layer.Control, Drop.Refused);
  let status = takeAll(message.options, end, source, now);
  if (status != ACCEPTED) dropped(Layer.Control, status == NO_ROOM ? Drop.NoBuffer : Drop.Refused);
  if (!message.isAcknowledged) return;
  let answer = controlBegin(RPL_DAO_SIZE);
  if (!answer) return;
  let size = rplDaoAckEmit(controlMessage(answer), dodag.instance, message.daoSequence, status);
  controlEnd(answer, size, ownAddress(OWN_GLOBAL), source, HOPS_DEFAULT, now);
}

/** Each run of targets with the run of transits behind it: RFC 6550 section 6.7.8. */
function takeAll(options: usize, end: usize, source: usize, now: i64): u32 {
  let status = ACCEPTED;
  let at = options;
  while (at < end) {
    let targets = at;
    while (at < end && changetype<RplOption>(at).type != RPL_TRANSIT) at += changetype<RplOption>(at).size;
    if (at >= end) break;
    let transits = at;
    while (at < end && changetype<RplOption>(at).type == RPL_TRANSIT) at += changetype<RplOption>(at).size;
    if (!isSound(targets, transits, at, source)) return REFUSED;
    for (let target = targets; target < transits; target += changetype<RplOption>(target).size) {
      if (changetype<RplOption>(target).type != RPL_TARGET) continue;
      if (!take(load<u64>(changetype<RplOption>(target).target, 8), transits, at, now)) status = NO_ROOM;
    }
  }
  return status;
}

/**
 * Whether a router may say this: of itself, by one of its addresses from which it comes, or of hosts behind it, whose parent it is.
 * Nothing is its own parent, and nobody is ours.
 */
function isSound(targets: usize, transits: usize, end: usize, source: usize): bool {
  let isExternal = changetype<RplOption>(transits).isExternal;
  let isItself = false;
  for (let at = targets; at < transits; at += changetype<RplOption>(at).size) {
    let option = changetype<RplOption>(at);
    if (option.type != RPL_TARGET) continue;
    let target = option.target;
    if (option.bits != WHOLE || !networkHas(target) || ownIs(target) || load<u64>(target, 8) == 0) return false;
    isItself = isItself || addressEqual(target, source);
    for (let transit = transits; transit < end; transit += changetype<RplOption>(transit).size) {
      let parent = changetype<RplOption>(transit).parent;
      if (parent && addressEqual(parent, target)) return false;
    }
  }
  for (let transit = transits; transit < end; transit += changetype<RplOption>(transit).size) {
    let option = changetype<RplOption>(transit);
    if (!option.parent || !networkHas(option.parent) || option.isExternal != isExternal) return false;
    if (isExternal && !addressEqual(option.parent, source)) return false;
  }
  return isExternal != isItself;
}

/** One target with its transits; false when there is no room. */
function take(identifier: u64, transits: usize, end: usize, now: i64): bool {
  let transit = changetype<RplOption>(transits);
  let known = nodeOf(identifier, now);
  if (known) {
    // A router is no host as long as it tells of itself; what is told late is no news.
    if (transit.isExternal && !known.external) return true;
    let isLate = !transit.isExternal && !known.external && transit.pathSequence < LINE && transit.pathSequence != known.sequence
      && !sequenceNewer(transit.pathSequence, known.sequence);
    if (isLate) return true;
    if (transit.pathLifetime == 0) {
      nodeFree(known);
      return true;
    }
  }
  if (transit.pathLifetime == 0) return true;
  let row = nodeTake(identifier, now);
  if (!row) return false;
  row.identifier = identifier;
  row.sequence = <u8>transit.pathSequence;
  row.external = u8(transit.isExternal);
  row.deadline = transit.pathLifetime == FOREVER ? NEVER : now + <i64>transit.pathLifetime * dodag.lifetimeUnit * SECOND_MS;
  wayOf(row, transits, end);
  return true;
}

/** The parents by their path control, of which the higher bits are the more preferred: RFC 6550 section 6.7.8. */
function wayOf(row: Node, transits: usize, end: usize): void {
  let best: u32 = 0;
  row.first = row.second = 0;
  for (let at = transits; at < end; at += changetype<RplOption>(at).size) {
    let option = changetype<RplOption>(at);
    let parent = load<u64>(option.parent, 8);
    if (row.first == 0 || option.pathControl > best) {
      row.second = row.first;
      row.first = parent;
      best = option.pathControl;
    } else if (row.second == 0) row.second = parent;
  }
}
