// For tests only: a router that does what a test tells it.
import { ABI_VERSION, EVENT_HEAD, EVENT_KIND, EventKind, log, next } from "../../../assembly/core/host";
import { nwkJoinNext, nwkJoinStart, nwkLeave, nwkRejoinStart } from "../../../assembly/zigbee/nwk/router";
import { joinerRequestKey } from "../../../assembly/zigbee/security/joiner";
import { stackDeadline, stackInput, stackReset, stackTick } from "../../../assembly/zigbee/stack_router";
import { zdoDescribe } from "../../../assembly/zigbee/zdo/zdo";
import { event, EVENT_CAPACITY, labAnswer, labCommand, report } from "./node";

const EVENTS_PER_POLL: u32 = 8;
const TICKS_PER_POLL: u32 = 32;
const LOG_STARTED: u32 = 98;
const resumed = memory.data(1);
// a router, endpoints 1 and 7: profile 0x0109
const node = memory.data<u8>([1, 64, 142, 0, 0, 82, 0, 1, 0, 0x2a, 0, 1, 0]);
// As assembly/zigbee/zcl/instances.ts has it: servers, then clients.
const instances = memory.data<u16>([
  0x0801, 0x0501, 0, 0,
  0x0101, 0x0000, 0, 0, 0x0101, 0x0702, 0, 0, 0x0101, 0x0800, 0, 0,
  0x0201, 0x000a, 0, 0, 0x0201, 0x0700, 0, 0, 0x0201, 0x0800, 0, 0,
  0x0807, 0x0502, 0, 0,
  0x0107, 0x0b04, 0, 0, 0x0207, 0x0700, 0, 0,
  0,
]);

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  zdoDescribe(node, instances);
  store<u8>(resumed, stackReset(now, reason) ? 1 : 0);
  log(LOG_STARTED, resumed, 1);
}

export function poll(now: i64): i64 {
  for (let budget = EVENTS_PER_POLL; budget > 0 && next(event, EVENT_CAPACITY) > 0; budget--) {
    if (load<u8>(event, EVENT_KIND) != EventKind.Uplink) report(stackInput(event, now));
    else if (!labCommand(now)) command(now);
  }
  for (let budget = TICKS_PER_POLL; budget > 0 && stackDeadline() <= now; budget--) report(stackTick(now));
  return stackDeadline();
}

function command(now: i64): void {
  let at = event + EVENT_HEAD;
  switch (<u32>load<u8>(at)) {
    case 1: labAnswer(nwkJoinStart(load<u32>(at, 1), 0, now)); break;
    case 2: labAnswer(nwkRejoinStart(load<u8>(at, 1) != 0, 0, now)); break;
    case 3: labAnswer(joinerRequestKey(load<u64>(at, 1), now)); break;
    case 4: nwkLeave(); labAnswer(0); break;
    case 5: labAnswer(nwkJoinNext(now)); break;
    default: unreachable();
  }
}
