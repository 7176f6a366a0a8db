// Link status: 05-3474 sections 3.4.8 and 3.6.3.4.  Routers tell their neighbours which of them they hear, and how well.
import { NEVER } from "../../core/timers";
import { BROADCAST_ROUTERS, UNICAST_END } from "../address";
import { NEIGHBOURS_MAX } from "../limits";
import { NWK_LINK_FIRST, NWK_LINK_LAST, NwkCommand, nwkLinkEmit, nwkLinkStatusEmit } from "./command";
import { costOf, linkAt, routerMask } from "./neighbours";
import { randomBelow } from "./random";
import { receivedFrom } from "./receive";
import { commandOut, sendCommand } from "./send";
import { neighbourAt, network, nwkHeard } from "./state";

@unmanaged @final
class LinkStatus {
  /** When the next one is due. */
  due: i64;
}

const linkStatus = changetype<LinkStatus>(memory.data(offsetof<LinkStatus>(), 8));

/** nwkLinkStatusPeriod, table 3.44. */
const PERIOD_MS: i64 = 15_000;
const JITTER_MS: u32 = 1000;

export function linkStatusReset(now: i64): void {
  linkStatus.due = now + randomBelow(JITTER_MS);
}

export function linkStatusDeadline(): i64 { return network.keys ? linkStatus.due : NEVER; }

export function linkStatusTick(now: i64): void {
  if (linkStatus.due > now || network.keys == 0) return;
  linkStatus.due = now + PERIOD_MS + randomBelow(JITTER_MS);
  sendLinkStatus();
}

/** What a neighbour hears of others, and of us: section 3.6.3.4.2. */
export function linkStatusHeard(command: NwkCommand): void {
  let index = receivedFrom();
  if (index < 0 || neighbourAt(index).short != nwkHeard.source) return;
  let link = linkAt(index);
  link.age = 0;
  if (isAbout(command, network.address)) {
    link.outgoingCost = 0;
    link.told = 1;
  }
  for (let entry: u32 = 0; entry < command.linkCount; entry++) {
    let told = command.link(entry);
    if (told.neighbour == network.address) link.outgoingCost = <u8>told.incomingCost;
  }
}

/** Whether a device would stand in this one of several frames, whose entries are in the order of addresses. */
function isAbout(command: NwkCommand, short: u32): bool {
  let count = command.linkCount;
  let begins = (command.options & NWK_LINK_FIRST) != 0 || (count > 0 && command.link(0).neighbour <= short);
  return begins && ((command.options & NWK_LINK_LAST) != 0 || (count > 0 && command.link(count - 1).neighbour >= short));
}

/** The neighbours in the order of their addresses. */
function sendLinkStatus(): void {
  let routers = routerMask();
  let count: u32 = 0;
  for (let next = nextRouter(routers, 0); next >= 0; next = nextRouter(routers, <u32>neighbourAt(next).short + 1)) {
    nwkLinkEmit(commandOut, count++, neighbourAt(next).short, costOf(linkAt(next).lqi), linkAt(next).outgoingCost);
  }
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (linkAt(index).age < 0xff) linkAt(index).age++;
  }
  sendCommand(BROADCAST_ROUTERS, 1, true, nwkLinkStatusEmit(commandOut, count));
}

/** The router with the lowest address from `first` on, or -1. */
function nextRouter(routers: u32, first: u32): i32 {
  let best = -1;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let short: u32 = neighbourAt(index).short;
    if ((routers & (1 << index)) == 0 || short < first || short >= UNICAST_END) continue;
    if (best < 0 || short < neighbourAt(best).short) best = index;
  }
  return best;
}
