// RPL of a router that is not the root: RFC 6550 sections 8 and 9.
//
//   Away (DIS, each later) <-> In (rank, trickle, DAO)
//   a way is found: In; none is left: poison, twice, and Away; nobody answers: Lost
//
import { NEVER } from "../../core/timers";
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { addressEqual, addressExtended, addressIsMulticast, addressShort, NO_SHORT } from "../address";
import { Ipv6 } from "../ipv6/header";
import { networkBorder, networkHas } from "../nd/network";
import { ndProbe } from "../nd/probe";
import { ndSender } from "../nd/sender";
import { Neighbour, neighbourFind } from "../neighbours";
import { OWN_GLOBAL, ownAddress } from "../own";
import { Packet } from "../packet";
import { daoAnswered, daoChanged, daoDeadline, daoReset, daoStop, daoTick } from "./dao";
import {
  RANK_INFINITE, dagRank, dioSend, disSend, dodag, dodagConfigure, dodagReset, dodagTell,
} from "./dodag";
import { RPL_DAO_ACK, RPL_DIO, RPL_DIS, RPL_MODE, RPL_NON_STORING, RplMessage, rplParse } from "./message";
import { RPL_CONFIGURATION, RPL_PREFIX, RplOption, rplOption } from "./option";
import { Parent, parentFree, parentOf, parentTake, parents, parentsChoose, parentsReset } from "./parents";
import { sequenceNewer, sequenceNext } from "./sequence";
import { trickleDeadline, trickleHeard, trickleReset, trickleStop, trickleTick } from "./trickle";
import { RplHeard } from "./types";

const LOCAL_INSTANCE: u32 = 0x80;
/** After poison: so that those behind us hear it before we look for a way. */
const AWAY_MS: i64 = 2_000;
const POISONS: u32 = 2;
const SOLICITATIONS: u32 = 6;
/** Links change without a message. */
const CHOOSE_MS: i64 = 15_000;
/** Two advertisements of MLE, and what a busy air takes: who is silent for longer is asked whether it lives. */
const SILENT_MS: i64 = 70_000;
/** A new version tears down everything: not more often. */
const VERSION_MS: i64 = 60_000;
const CONFIGURATION_MS: i64 = 2_000;

@unmanaged @final
class Router {
  /** While away: when poison or a solicitation is due. */
  due: i64;
  wait: i64;
  /** When the parents are looked at again. */
  chooseAt: i64;
  versionAt: i64;
  configurationAt: i64;
  tries: u8;
  poisons: u8;
  /** 1: between `rplStart` and the loss of all ways. */
  runs: u8;
  /** 1: a version is known. */
  versioned: u8;
}
const router = changetype<Router>(memory.data(offsetof<Router>(), 8));

export function rplReset(): void {
  memory.fill(changetype<usize>(router), 0, offsetof<Router>());
  dodagReset();
  parentsReset();
  daoReset();
}

/** We have an address and want a way: the parent that we joined through is asked first. */
export function rplStart(first: usize, now: i64): void {
  router.runs = 1;
  away(now);
  router.poisons = 0;
  disSend(first, now);
}

/** The EUI-64 of the next hop to the root, 0 when there is none. */
export function rplParent(): u64 { return parents.preferred ? parents.preferred.extended : 0; }
export function rplIsIn(): bool { return dodag.rank != RANK_INFINITE; }

/** Children came or went. */
export function rplChildren(now: i64): void {
  if (rplIsIn()) daoChanged(now);
}

/** A neighbour does not answer any more. */
export function rplUnreachable(extended: u64, now: i64): void {
  let row = parentOf(extended);
  if (!row) return;
  parentFree(row);
  choose(now);
}

/** A frame to a neighbour was not acknowledged: if it is the way, it is asked whether it lives. */
export function rplUnsent(extended: u64, now: i64): void {
  if (rplParent() == extended) ndProbe(extended, now);
}

/** An ICMPv6 message of type 155 at `at`, its checksum right. */
export function rplInput(packet: Packet, at: usize, size: u32, now: i64): i32 {
  if (rplParse(at, size) < 0) {
    dropped(Layer.Control, Drop.Malformed);
    return RplHeard.None;
  }
  let message = changetype<RplMessage>(at);
  if (message.code == RPL_DAO_ACK) return answered(message, packet, now);
  let from = ndSender(packet);
  if (!from || !router.runs) {
    dropped(Layer.Control, Drop.Foreign);
    return RplHeard.None;
  }
  if (message.code == RPL_DIO) dio(message, at + size, from, packet, now);
  else if (message.code == RPL_DIS) dis(packet, now);
  else dropped(Layer.Control, Drop.Refused); // a DAO of storing mode
  return RplHeard.None;
}

export function rplTick(now: i64): i32 {
  if (!router.runs) return RplHeard.None;
  daoTick(now);
  if (!rplIsIn()) return awayTick(now);
  if (trickleTick(dodag.trickle, now)) dioSend(0, dodag.rank, now);
  if (router.chooseAt <= now) {
    choose(now);
    router.chooseAt = now + CHOOSE_MS;
    let link = neighbourFind(rplParent());
    if (link && link.heard + SILENT_MS <= now) ndProbe(link.extended, now);
  }
  return RplHeard.None;
}

export function rplDeadline(): i64 {
  if (!router.runs) return NEVER;
  return min(daoDeadline(), rplIsIn() ? min(trickleDeadline(dodag.trickle), router.chooseAt) : router.due);
}

/** A packet met a rank that it should not have met, twice: there is a loop. */
export function rplLoop(now: i64): void {
  if (rplIsIn()) trickleReset(dodag.trickle, now);
}

function answered(message: RplMessage, packet: Packet, now: i64): i32 {
  let ip = changetype<Ipv6>(packet.at);
  if (message.instance != dodag.instance || !addressEqual(ip.source, networkBorder()) || !addressEqual(ip.target, ownAddress(OWN_GLOBAL))) {
    dropped(Layer.Control, Drop.Refused);
    return RplHeard.None;
  }
  return daoAnswered(message, now) ? RplHeard.Ready : RplHeard.None;
}

function dis(packet: Packet, now: i64): void {
  if (!rplIsIn()) return;
  let ip = changetype<Ipv6>(packet.at);
  if (addressIsMulticast(ip.target)) trickleReset(dodag.trickle, now);
  else dioSend(ip.source, dodag.rank, now);
}

function dio(message: RplMessage, end: usize, from: Neighbour, packet: Packet, now: i64): void {
  if (!isOfGraph(message)) return dropped(Layer.Control, Drop.Refused);
  if (!rplIsIn() && router.poisons) return; // those behind us may not know yet
  if (message.rank == RANK_INFINITE) {
    let left = parentOf(from.extended);
    if (left) parentFree(left);
    return choose(now);
  }
  let prefix = changetype<RplOption>(rplOption(RPL_PREFIX, message.options, end));
  if (!isRankSound(message.rank, prefix, from)) return dropped(Layer.Control, Drop.Refused);
  if (!takeVersion(message, now)) return dropped(Layer.Control, Drop.Replayed);
  let configuration = rplOption(RPL_CONFIGURATION, message.options, end);
  if (configuration && !dodag.configured) dodagConfigure(changetype<RplOption>(configuration));
  if (!dodag.configured) {
    if (router.configurationAt > now) return;
    router.configurationAt = now + CONFIGURATION_MS;
    return disSend(changetype<Ipv6>(packet.at).source, now);
  }
  let row = parentOf(from.extended);
  if (!row) row = parentTake(from.extended, message.rank);
  if (!row) return;
  if (row == parents.preferred && row.trigger != message.trigger) askedAgain(now);
  row.identifier = load<u64>(prefix.address, 8);
  row.rank = <u16>message.rank;
  row.trigger = <u8>message.trigger;
  dodag.mode = <u8>message.mode;
  trickleHeard(dodag.trickle);
  choose(now);
}

/** The root wants to know the ways anew: those behind us hear it from us, RFC 6550 section 9.6. */
function askedAgain(now: i64): void {
  daoChanged(now);
  dodag.trigger = <u8>sequenceNext(dodag.trigger);
  trickleReset(dodag.trickle, now);
}

/** Of the one graph of this network: its root is the border router. */
function isOfGraph(message: RplMessage): bool {
  if ((message.mode & RPL_MODE) != RPL_NON_STORING || message.instance & LOCAL_INSTANCE) return false;
  if (dodag.configured && message.instance != dodag.instance) return false;
  return addressEqual(message.dodag, networkBorder());
}

/** A rank as only the root has it is the root's; a router tells its own address. */
function isRankSound(rank: u32, prefix: RplOption, from: Neighbour): bool {
  let least = dodag.hopRankIncrease;
  if (!prefix || !networkHas(prefix.address)) return false;
  let short = addressShort(prefix.address);
  if (short != NO_SHORT ? short != from.short : addressExtended(prefix.address) != from.extended) return false;
  return addressEqual(prefix.address, networkBorder()) ? rank == least : rank >= 2 * least;
}

/** False for what is of another version that we do not follow. */
function takeVersion(message: RplMessage, now: i64): bool {
  if (router.versioned && message.version == dodag.version) return true;
  if (router.versioned && (!sequenceNewer(message.version, dodag.version) || router.versionAt > now)) return false;
  if (router.versioned) {
    parentsReset();
    dodag.rank = RANK_INFINITE;
    away(now);
    router.poisons = 0;
  }
  router.versioned = 1;
  router.versionAt = now + VERSION_MS;
  dodag.version = <u8>message.version;
  dodag.instance = <u8>message.instance;
  return true;
}

/** Chooses the way anew, and tells what follows. */
function choose(now: i64): void {
  let was = parents.preferred;
  let second = parents.second;
  let before = dodag.rank;
  let rank = parentsChoose();
  if (rank == RANK_INFINITE) {
    if (before == RANK_INFINITE) return;
    return away(now);
  }
  dodag.rank = rank;
  if (before == RANK_INFINITE) {
    router.chooseAt = now + CHOOSE_MS;
    dodagTell(now);
  } else if (parents.preferred != was || dagRank(rank) != dagRank(before)) trickleReset(dodag.trickle, now);
  if (before == RANK_INFINITE || parents.preferred != was || parents.second != second) daoChanged(now);
}

/** No way is left: those behind us are told. */
function away(now: i64): void {
  let wasIn = rplIsIn();
  dodag.rank = RANK_INFINITE;
  parentsReset();
  daoStop();
  trickleStop(dodag.trickle);
  router.tries = 0;
  router.wait = AWAY_MS;
  router.poisons = <u8>POISONS;
  router.due = wasIn ? now : now + AWAY_MS;
}

function awayTick(now: i64): i32 {
  if (router.due > now) return RplHeard.None;
  if (router.poisons) {
    router.poisons--;
    dioSend(0, RANK_INFINITE, now);
    router.due = now + AWAY_MS / 2;
    return RplHeard.None;
  }
  if (router.tries == SOLICITATIONS) {
    router.runs = 0;
    return RplHeard.Lost;
  }
  router.tries++;
  disSend(0, now);
  router.due = now + router.wait;
  router.wait *= 2;
  return RplHeard.None;
}
