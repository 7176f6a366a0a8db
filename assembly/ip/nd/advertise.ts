// Router advertisements: RFC 4861 section 6.2 as RFC 6775 section 6.3 changes it.  Three when a router begins or learns something new, then
// only to whom asks.
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, GROUP_NODES, SCOPE_LINK, addressCopy, addressEqual, addressMulticast } from "../address";
import { controlBegin, controlEnd, controlMessage } from "../control";
import { HOPS_DEFAULT, HOPS_MAX } from "../ipv6/header";
import { CONTEXTS_MAX } from "../limits";
import { OWN_GLOBAL, OWN_LINK, ownAddress, ownExtended } from "../own";
import { randomBelow } from "../random";
import { ND_ADVERTISEMENT_SIZE, ndAdvertisementEmit } from "./message";
import { networkEmit } from "./network";
import { ND_BORDER_SIZE, ND_CONTEXT_LONG_SIZE, ND_LINK_SIZE, ND_PREFIX_SIZE, ND_SOURCE_LINK, ndLinkEmit } from "./option";

/** Seconds that we are a router for: section 9 of the notes on ZigBee IP. */
export const ROUTER_LIFETIME_S: u32 = 1024;
const FIRST_MS: i64 = 16_000;
const INITIAL: u32 = 3;
/** MAX_RA_DELAY_TIME. */
const ANSWER_MS: u32 = 500;
const SIZE_MAX: u32 = ND_ADVERTISEMENT_SIZE + ND_BORDER_SIZE + ND_PREFIX_SIZE + CONTEXTS_MAX * ND_CONTEXT_LONG_SIZE + ND_LINK_SIZE;

@unmanaged @final
class Advertiser {
  /** When the next to all is due, and how many are to follow it. */
  due: i64;
  interval: i64;
  left: u32;
  /** 1: one is asked for, and due then. */
  asked: u32;
  answerDue: i64;
}
const advertiser = changetype<Advertiser>(memory.data(offsetof<Advertiser>(), 8));
const target = memory.data(ADDRESS_SIZE, 8);
const everyone = memory.data(ADDRESS_SIZE, 8);

export function advertiseReset(): void { memory.fill(changetype<usize>(advertiser), 0, offsetof<Advertiser>()); }

/** There is something to tell. */
export function advertiseStart(now: i64): void {
  advertiser.left = INITIAL;
  advertiser.interval = FIRST_MS;
  advertiser.due = now + randomBelow(<u32>FIRST_MS);
}

/** A neighbour asks; where two ask at a time, everyone hears it. */
export function advertiseAsked(address: usize, now: i64): void {
  if (!advertiser.asked) {
    addressCopy(target, address);
    advertiser.answerDue = now + randomBelow(ANSWER_MS);
  } else if (!addressEqual(target, address)) {
    addressMulticast(target, SCOPE_LINK, GROUP_NODES);
  }
  advertiser.asked = 1;
}

export function advertiseDeadline(): i64 {
  let deadline = advertiser.left ? advertiser.due : NEVER;
  return advertiser.asked ? min(deadline, advertiser.answerDue) : deadline;
}

export function advertiseTick(now: i64): void {
  if (advertiser.asked && advertiser.answerDue <= now) {
    advertiser.asked = 0;
    advertise(target, now);
  }
  if (!advertiser.left || advertiser.due > now) return;
  advertiser.left--;
  advertiser.interval *= 2;
  advertiser.due = now + advertiser.interval + randomBelow(ANSWER_MS);
  addressMulticast(everyone, SCOPE_LINK, GROUP_NODES);
  advertise(everyone, now);
}

function advertise(to: usize, now: i64): void {
  let packet = controlBegin(SIZE_MAX);
  if (!packet) return;
  let at = controlMessage(packet);
  let size = ndAdvertisementEmit(at, HOPS_DEFAULT, ROUTER_LIFETIME_S);
  size += networkEmit(at + size, ownAddress(OWN_GLOBAL));
  size += ndLinkEmit(at + size, ND_SOURCE_LINK, ownExtended());
  controlEnd(packet, size, ownAddress(OWN_LINK), to, HOPS_MAX, now);
}
