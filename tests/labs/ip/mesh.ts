// The parsers of ND, RPL and MPL and their counterparts for tests and fuzzing.  Not shipped.
// emit_NAME(from, size, to) gives an accepted input back field by field, or answers 0 for a form that we take but never send.
// read_NAME(from, size, to) writes what the accessors say as a list of u64, an address as two, and answers how many.
import { be64, equalOctets } from "../../../assembly/core/bytes";
import { Err } from "../../../assembly/core/err";
import { MplOption, mplOptionEmit, mplOptionParse } from "../../../assembly/ip/mpl/option";
import {
  ND_DUPLICATE_CONFIRMATION, ND_DUPLICATE_REQUEST, ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SOLICITATION, ND_ROUTER_ADVERTISEMENT,
  ND_ROUTER_SOLICITATION, NdMessage, ndAdvertisementEmit, ndDuplicateEmit, ndNeighbourEmit, ndParse, ndSolicitationEmit,
} from "../../../assembly/ip/nd/message";
import {
  ND_BORDER, ND_CONTEXT, ND_LINK_SHORT_SIZE, ND_PREFIX, ND_REGISTRATION, ND_SOURCE_LINK, ND_TARGET_LINK, NdOption, ndBorderEmit,
  ndContextEmit, ndLinkEmit, ndLinkShortEmit, ndOption, ndPrefixEmit, ndRegistrationEmit,
} from "../../../assembly/ip/nd/option";
import {
  ROUTING_FIXED, RoutingHeader, RplOptionHeader, routingEmit, routingParse, rplOptionHeaderEmit, rplOptionHeaderParse,
} from "../../../assembly/ip/rpl/header";
import {
  RPL_DAO, RPL_DAO_ACK, RPL_DIO, RPL_DIS, RplMessage, rplDaoAckEmit, rplDaoEmit, rplDioEmit, rplDisEmit, rplParse,
} from "../../../assembly/ip/rpl/message";
import {
  RPL_CONFIGURATION, RPL_PREFIX, RPL_ROUTE, RPL_TARGET, RPL_TRANSIT, RplOption, rplConfigurationEmit, rplObjectiveEmit, rplOption,
  rplPrefixEmit, rplRouteEmit, rplTargetEmit, rplTransitEmit,
} from "../../../assembly/ip/rpl/option";

export function parse_nd_message(at: usize, size: u32): i32 { return ndParse(at, size); }
export function parse_rpl_message(at: usize, size: u32): i32 { return rplParse(at, size); }
export function parse_rpl_option(at: usize, size: u32): i32 { return rplOptionHeaderParse(at, size); }
export function parse_rpl_routing(at: usize, size: u32): i32 { return routingParse(at, size); }
export function parse_mpl_option(at: usize, size: u32): i32 { return mplOptionParse(at, size); }

/** Accepts what was emitted with the sum of the input, which is its sender's. */
function same(from: usize, size: u32, to: usize, emitted: u32): i32 {
  store<u16>(to, load<u16>(from, 2), 2);
  return emitted == size && equalOctets(from, to, size) ? <i32>size : 0;
}

export function emit_nd_message(from: usize, size: u32, to: usize): i32 {
  if (ndParse(from, size) < 0) return Err.Reserved;
  let message = changetype<NdMessage>(from);
  let at = to + ndHead(message, to);
  let option = message.options;
  while (option < from + size) {
    let emitted = ndOptionEmit(changetype<NdOption>(option), at);
    if (emitted == 0) return 0;
    at += emitted;
    option += changetype<NdOption>(option).size;
  }
  return same(from, size, to, <u32>(at - to));
}

function ndHead(message: NdMessage, to: usize): u32 {
  switch (message.type) {
    case ND_ROUTER_SOLICITATION: return ndSolicitationEmit(to);
    case ND_ROUTER_ADVERTISEMENT: return ndAdvertisementEmit(to, message.hopLimit, message.routerLifetime);
    case ND_NEIGHBOUR_SOLICITATION:
    case ND_NEIGHBOUR_ADVERTISEMENT: return ndNeighbourEmit(to, message.type, message.flags, message.target);
    default: return ndDuplicateEmit(to, message.type, message.status, message.lifetime, message.extended, message.address);
  }
}

function ndOptionEmit(option: NdOption, at: usize): u32 {
  switch (option.type) {
    case ND_SOURCE_LINK:
    case ND_TARGET_LINK:
      return option.size == ND_LINK_SHORT_SIZE
        ? ndLinkShortEmit(at, option.type, option.linkShort) : ndLinkEmit(at, option.type, option.linkExtended);
    case ND_PREFIX: return ndPrefixEmit(at, option.bits, option.flags, option.valid, option.preferred, option.address);
    case ND_REGISTRATION: return ndRegistrationEmit(at, option.status, option.lifetime, option.extended);
    case ND_CONTEXT: return ndContextEmit(at, option.bits, option.flags, option.lifetime, option.contextPrefix);
    case ND_BORDER: return ndBorderEmit(at, option.version, option.lifetime, option.borderAddress);
    default: return 0;
  }
}

export function emit_rpl_message(from: usize, size: u32, to: usize): i32 {
  if (rplParse(from, size) < 0) return Err.Reserved;
  let message = changetype<RplMessage>(from);
  let at = to + rplHead(message, to);
  let option = message.options;
  while (option < from + size) {
    let emitted = rplOptionEmit(changetype<RplOption>(option), at);
    if (emitted == 0) return 0;
    at += emitted;
    option += changetype<RplOption>(option).size;
  }
  return same(from, size, to, <u32>(at - to));
}

function rplHead(message: RplMessage, to: usize): u32 {
  switch (message.code) {
    case RPL_DIS: return rplDisEmit(to);
    case RPL_DIO:
      return rplDioEmit(to, message.instance, message.version, message.rank, message.mode, message.trigger, message.dodag);
    case RPL_DAO: return rplDaoEmit(to, message.instance, message.daoSequence);
    default: return rplDaoAckEmit(to, message.instance, message.ackSequence, message.status);
  }
}

function rplOptionEmit(option: RplOption, at: usize): u32 {
  switch (option.type) {
    case RPL_ROUTE: return rplRouteEmit(at);
    case RPL_CONFIGURATION: {
      let size = rplConfigurationEmit(at, option.pathControlSize, option.doublings, option.interval, option.redundancy);
      rplObjectiveEmit(at, option.rankIncreaseMax, option.hopRankIncreaseMin, option.objective, option.lifetime, option.lifetimeUnit);
      return size;
    }
    case RPL_TARGET: return option.bits == 128 ? rplTargetEmit(at, option.target) : 0;
    case RPL_TRANSIT: {
      if (option.parent == 0) return 0;
      return rplTransitEmit(at, option.isExternal ? 0x80 : 0, option.pathControl, option.pathSequence, option.pathLifetime, option.parent);
    }
    case RPL_PREFIX: return rplPrefixEmit(at, option.bits, option.flags, option.valid, option.preferred, option.address);
    default: return 0;
  }
}

export function emit_rpl_option(from: usize, size: u32, to: usize): i32 {
  let accepted = rplOptionHeaderParse(from, size);
  if (accepted < 0) return Err.Reserved;
  let option = changetype<RplOptionHeader>(from);
  let emitted = <i32>rplOptionHeaderEmit(to, option.flags, option.instance, option.rank);
  return emitted == accepted ? emitted : 0; // with more behind
}

export function emit_rpl_routing(from: usize, size: u32, to: usize): i32 {
  let accepted = routingParse(from, size);
  if (accepted < 0) return Err.Reserved;
  let header = changetype<RoutingHeader>(from);
  let count = header.count;
  let emitted = routingEmit(to, load<u8>(from), header.left, count, header.last);
  let ours = changetype<RoutingHeader>(to);
  for (let index: u32 = 0; index < count; index++) memory.copy(ours.address(index), header.address(index), 16 - header.elided(index));
  assert(ours.size == emitted);
  return <i32>emitted == accepted && equalOctets(from, to, emitted) ? accepted : 0;
}

export function emit_mpl_option(from: usize, size: u32, to: usize): i32 {
  let accepted = mplOptionParse(from, size);
  if (accepted < 0) return Err.Reserved;
  let option = changetype<MplOption>(from);
  let emitted = <i32>mplOptionEmit(to, option.flags, option.sequence);
  return emitted == accepted ? emitted : 0; // with a seed
}

let list: usize = 0;
function put(value: u64): void {
  store<u64>(list, value);
  list += 8;
}
function putAddress(at: usize): void {
  put(be64(at));
  put(be64(at + 8));
}

export function read_nd_message(from: usize, size: u32, to: usize): u32 {
  list = to;
  let message = changetype<NdMessage>(from);
  put(message.type);
  switch (message.type) {
    case ND_ROUTER_SOLICITATION: break;
    case ND_ROUTER_ADVERTISEMENT: {
      put(message.hopLimit);
      put(message.routerFlags);
      put(message.routerLifetime);
      put(message.reachable);
      put(message.repeat);
      break;
    }
    case ND_NEIGHBOUR_SOLICITATION:
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      put(message.flags);
      putAddress(message.target);
      break;
    }
    case ND_DUPLICATE_REQUEST:
    case ND_DUPLICATE_CONFIRMATION: {
      put(message.status);
      put(message.lifetime);
      put(message.extended);
      putAddress(message.address);
      break;
    }
    default: unreachable();
  }
  for (let at = message.options; at < from + size; at += changetype<NdOption>(at).size) readNdOption(changetype<NdOption>(at));
  return <u32>(list - to) >>> 3;
}

function readNdOption(option: NdOption): void {
  let at = changetype<usize>(option);
  assert(ndOption(option.type, at, at + option.size) == at);
  put(option.type);
  switch (option.type) {
    case ND_SOURCE_LINK:
    case ND_TARGET_LINK: {
      put(option.size);
      return put(option.size == ND_LINK_SHORT_SIZE ? option.linkShort : option.linkExtended);
    }
    case ND_PREFIX: {
      put(option.bits);
      put(option.flags);
      put(option.valid);
      put(option.preferred);
      return putAddress(option.address);
    }
    case ND_REGISTRATION: {
      put(option.status);
      put(option.lifetime);
      return put(option.extended);
    }
    case ND_CONTEXT: {
      put(option.bits);
      put(option.flags);
      put(option.contextNumber);
      put(option.lifetime);
      return put(be64(option.contextPrefix));
    }
    case ND_BORDER: {
      put(option.version);
      put(option.lifetime);
      return putAddress(option.borderAddress);
    }
    default:
  }
}

export function read_rpl_message(from: usize, size: u32, to: usize): u32 {
  list = to;
  let message = changetype<RplMessage>(from);
  put(message.code);
  switch (message.code) {
    case RPL_DIS: break;
    case RPL_DIO: {
      put(message.instance);
      put(message.version);
      put(message.rank);
      put(message.mode);
      put(message.trigger);
      putAddress(message.dodag);
      break;
    }
    case RPL_DAO: {
      put(message.instance);
      put(u64(message.isAcknowledged));
      put(message.daoSequence);
      if (message.namedDodag) putAddress(message.namedDodag);
      break;
    }
    case RPL_DAO_ACK: {
      put(message.instance);
      put(message.ackSequence);
      put(message.status);
      if (message.namedDodag) putAddress(message.namedDodag);
      break;
    }
    default: unreachable();
  }
  for (let at = message.options; at < from + size; at += changetype<RplOption>(at).size) readRplOption(changetype<RplOption>(at));
  return <u32>(list - to) >>> 3;
}

function readRplOption(option: RplOption): void {
  let at = changetype<usize>(option);
  assert(rplOption(option.type, at, at + option.size) == at);
  put(option.type);
  switch (option.type) {
    case RPL_CONFIGURATION: {
      put(option.pathControlSize);
      put(option.doublings);
      put(option.interval);
      put(option.redundancy);
      put(option.rankIncreaseMax);
      put(option.hopRankIncreaseMin);
      put(option.objective);
      put(option.lifetime);
      return put(option.lifetimeUnit);
    }
    case RPL_ROUTE: {
      put(option.bits);
      put(option.flags);
      return put(option.valid);
    }
    case RPL_TARGET: {
      put(option.bits);
      if (option.bits == 128) putAddress(option.target);
      return;
    }
    case RPL_TRANSIT: {
      put(u64(option.isExternal));
      put(option.pathControl);
      put(option.pathSequence);
      put(option.pathLifetime);
      if (option.parent) putAddress(option.parent);
      return;
    }
    case RPL_PREFIX: {
      put(option.bits);
      put(option.flags);
      put(option.valid);
      put(option.preferred);
      return putAddress(option.address);
    }
    default:
  }
}

export function read_rpl_option(from: usize, size: u32, to: usize): u32 {
  list = to;
  let option = changetype<RplOptionHeader>(from);
  put(option.flags);
  put(option.instance);
  put(option.rank);
  return 3;
}

/** Each address with the octets that it shares with `target` at `to`. */
export function read_rpl_routing(from: usize, size: u32, to: usize): u32 {
  list = to + 16;
  let header = changetype<RoutingHeader>(from);
  put(header.left);
  put(header.inner);
  put(header.last);
  put(header.pad);
  for (let index: u32 = 0; index < header.count; index++) {
    memory.copy(list, to, 16);
    memory.copy(list + header.elided(index), header.address(index), 16 - header.elided(index));
    putAddress(list);
  }
  memory.copy(to, to + 16, list - to - 16);
  assert(header.size >= ROUTING_FIXED);
  return <u32>(list - to - 16) >>> 3;
}

export function read_mpl_option(from: usize, size: u32, to: usize): u32 {
  list = to;
  let option = changetype<MplOption>(from);
  put(option.flags);
  put(option.sequence);
  put(option.seedSize);
  for (let index: u32 = 0; index < option.seedSize; index++) put(load<u8>(option.seed + index));
  return 3 + option.seedSize;
}
