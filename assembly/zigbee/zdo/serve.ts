// Answers to what other devices ask: 05-3474 section 2.4.4.
import { Err } from "../../core/err";
import { UNICAST_END } from "../address";
import { bindingAdd, bindingRemove } from "../aps/binding";
import { ApsKeyKind, apsKeyKind } from "../aps/keys";
import { apsHeard } from "../aps/types";
import { JOINING_MAX, NEIGHBOURS_MAX } from "../limits";
import { nwkAddress, nwkExtended, nwkExtendedOf, nwkIsSleepyChild, nwkShortOf } from "../nwk/nwk";
import { nwkChildrenPut } from "../nwk/told";
import { INSTANCE_ENDPOINT, instanceEndpoint, instanceFind, instanceFlags, instanceNext } from "../zcl/instances";
import {
  describedMatches, describedNode, describedPower, describedPut, describedServers, describedType, NODE_END_DEVICE,
} from "./describe";
import {
  ACTIVE_ENDPOINTS, ADDRESS_OF_EXTENDED, ADDRESS_OF_SHORT, BIND, BINDING_EXTENDED, LEAVE, MATCH_DESCRIPTOR, NODE_DESCRIPTOR,
  NODE_DESCRIPTOR_SIZE, PERMIT_JOINING, POWER_DESCRIPTOR, SERVER_DISCOVERY, SIMPLE_DESCRIPTOR, UNBIND,
  ZDO_DEVICE_NOT_FOUND, ZDO_INVALID_ENDPOINT, ZDO_INVALID_REQUEST, ZDO_NO_ENTRY, ZDO_NOT_ACTIVE,
  ZDO_NOT_AUTHORIZED, ZDO_NOT_SUPPORTED, ZDO_ROOM, ZDO_SUCCESS, ZDO_TABLE_FULL,
} from "./message";

const CLAIM_MS: i64 = 450_000;
const CLAIMS_AT_ONCE: i64 = 7;
@unmanaged @final
class Claims {
  /** When the next would be due if they came evenly. */
  due: i64;
}
const claims = changetype<Claims>(memory.data(offsetof<Claims>(), 8));
/** Where an address answer lists children. */
const CHILDREN: u32 = 13;
if (CHILDREN + 2 * NEIGHBOURS_MAX > ZDO_ROOM) ERROR("all children are told in one answer");

/** Writes the answer's fields behind its sequence number, at `out`; answers their size, 0 for no answer. */
export function zdoAnswer(cluster: u32, at: usize, out: usize, now: i64): u32 {
  switch (cluster) {
    case ADDRESS_OF_EXTENDED: return answerAddress(nwkShortOf(load<u64>(at)), load<u64>(at), at + 8, out);
    case ADDRESS_OF_SHORT: return answerAddress(load<u16>(at), nwkExtendedOf(load<u16>(at)), at + 2, out);
    case NODE_DESCRIPTOR:
    case POWER_DESCRIPTOR:
    case SIMPLE_DESCRIPTOR:
    case ACTIVE_ENDPOINTS:
    case MATCH_DESCRIPTOR: return answerOfInterest(cluster, at, out);
    case SERVER_DISCOVERY: return answerServers(load<u16>(at) & describedServers(), out);
    case BIND:
    case UNBIND: return status(out, changeBinding(cluster, at, now));
    case LEAVE: return status(out, ZDO_NOT_AUTHORIZED); // 07-5356: only the trust centre's Remove Device sends us away
    case PERMIT_JOINING: return status(out, describedType() == NODE_END_DEVICE ? ZDO_NOT_SUPPORTED : ZDO_SUCCESS);
    default: return status(out, ZDO_NOT_SUPPORTED);
  }
}

function status(out: usize, value: u32): u32 {
  if (apsHeard.broadcast) return 0;
  store<u8>(out, value);
  return 1;
}

/**
 * | status | extended (8) | short (2) | and, for an extended response, | children 1 | first 1 | their short addresses (2 each) |, without
 * the two where there are none.  A parent answers for its children that sleep: the question is broadcast to who is awake.
 */
function answerAddress(short: u32, extended: u64, at: usize, out: usize): u32 {
  let isOurs = short == nwkAddress();
  let known = (isOurs || nwkIsSleepyChild(short)) && nwkExtendedOf(short) == extended;
  if (!known && apsHeard.broadcast) return 0;
  let type: u32 = load<u8>(at);
  store<u8>(out, !known ? ZDO_DEVICE_NOT_FOUND : type > 1 ? ZDO_INVALID_REQUEST : ZDO_SUCCESS);
  store<u64>(out, extended, 1);
  store<u16>(out, short, 9);
  if (type != 1) return 11;
  let first: u32 = load<u8>(at, 1);
  let size = JOINING_MAX > 0 && isOurs ? <u32>(nwkChildrenPut(first, out + CHILDREN) - out) : CHILDREN;
  store<u8>(out, (size - CHILDREN) >>> 1, 11);
  store<u8>(out, first, 12);
  return size == CHILDREN ? CHILDREN - 1 : size;
}

/** | status | servers (2) | of those asked for that we are; without one there is no answer, section 2.4.4.1.10. */
function answerServers(servers: u32, out: usize): u32 {
  if (servers == 0) return 0;
  store<u8>(out, ZDO_SUCCESS);
  store<u16>(out, servers, 1);
  return 3;
}

/** | status | short (2) | ... | for a question about the device whose short address it names: we know only ourselves. */
function answerOfInterest(cluster: u32, at: usize, out: usize): u32 {
  let short: u32 = load<u16>(at);
  let isOurs = short == nwkAddress() || (cluster == MATCH_DESCRIPTOR && short >= UNICAST_END);
  store<u16>(out, isOurs ? nwkAddress() : short, 1);
  store<u8>(out, 0, 3);
  if (!isOurs) {
    if (apsHeard.broadcast) return 0;
    store<u8>(out, ZDO_DEVICE_NOT_FOUND);
    return cluster < SIMPLE_DESCRIPTOR ? 3 : 4;
  }
  store<u8>(out, ZDO_SUCCESS);
  switch (cluster) {
    case NODE_DESCRIPTOR: {
      memory.copy(out + 3, describedNode(), NODE_DESCRIPTOR_SIZE);
      return 3 + NODE_DESCRIPTOR_SIZE;
    }
    case POWER_DESCRIPTOR: {
      store<u16>(out, describedPower(), 3);
      return 5;
    }
    case SIMPLE_DESCRIPTOR: return answerSimple(load<u8>(at, 2), out);
    case ACTIVE_ENDPOINTS: return answerList(0, out);
    default: return answerList(at + 2, out);
  }
}

function answerSimple(endpoint: u32, out: usize): u32 {
  let head = instanceFind(endpoint, 0, INSTANCE_ENDPOINT);
  if (head == 0 || endpoint > 240) {
    store<u8>(out, endpoint == 0 || endpoint > 240 ? ZDO_INVALID_ENDPOINT : ZDO_NOT_ACTIVE);
    return 4;
  }
  return 3 + describedPut(head, out + 3);
}

/** The endpoints that match, or all with `wanted` 0. */
function answerList(wanted: usize, out: usize): u32 {
  let count: u32 = 0;
  for (let row = instanceNext(0); row; row = instanceNext(row)) {
    if (!(instanceFlags(row) & INSTANCE_ENDPOINT) || (wanted != 0 && !describedMatches(row, wanted))) continue;
    store<u8>(out + count++, instanceEndpoint(row), 4);
  }
  if (count == 0 && apsHeard.broadcast) return 0; // who has no match keeps silent, section 2.4.4.1.7.1
  store<u8>(out, count, 3);
  return 4 + count;
}

/**
 * Under a link key, what its owner wants.  Under the network key a member may be anyone: what it claims for itself, while we share a key
 * with whom it says it is, touches no binding of another kind, and so often only, for it is written to the store.
 */
function changeBinding(cluster: u32, at: usize, now: i64): u32 {
  if (load<u64>(at) != nwkExtended()) return ZDO_NOT_SUPPORTED;
  if (load<u8>(at, 11) != BINDING_EXTENDED) return ZDO_NOT_SUPPORTED;
  let endpoint: u32 = load<u8>(at, 8);
  if (endpoint > 240 || !instanceFind(endpoint, 0, INSTANCE_ENDPOINT)) return ZDO_INVALID_ENDPOINT;
  let number: u32 = load<u16>(at, 9);
  let target = load<u64>(at, 12);
  let targetEndpoint: u32 = load<u8>(at, 20);
  let claimed = apsHeard.keyKind != ApsKeyKind.Established;
  if (claimed && (target != apsHeard.sourceExtended || apsKeyKind(target) != ApsKeyKind.Established || !mayClaim(now))) {
    return ZDO_NOT_AUTHORIZED;
  }
  let done = cluster == BIND
    ? bindingAdd(endpoint, number, target, targetEndpoint, claimed)
    : bindingRemove(endpoint, number, target, targetEndpoint, claimed);
  switch (done) {
    case Err.Ok: return ZDO_SUCCESS;
    case Err.NotFound: return ZDO_NO_ENTRY;
    case Err.Refused: return ZDO_NOT_AUTHORIZED;
    default: return ZDO_TABLE_FULL;
  }
}

/** Whether the store may be written for a claim: eight times at once, and once in 7.5 minutes. */
function mayClaim(now: i64): bool {
  if (claims.due > now + CLAIM_MS * CLAIMS_AT_ONCE) return false;
  claims.due = max<i64>(claims.due, now) + CLAIM_MS;
  return true;
}
