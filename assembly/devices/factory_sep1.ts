// The module of last resort in the native firmware of meter and display: joins or rejoins, agrees on a key, loads an update and
// activates it; nothing else.  It is a sleepy end device whatever the board is: the smallest node that can do this.
//
//   next -> radio: stackInput -> commissioning, OTA client, establishment
//   due  -> stack, one slice of key establishment, commissioning, update
import { ABI_VERSION, EVENT_HEAD, EVENT_KIND, EventKind, display, next } from "../core/host";
import { clockReset } from "../model/clock";
import { nwkExpect, nwkPollEager } from "../zigbee/nwk/end_device";
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_end_device";
import { ZCL_NO_CLUSTER } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { CLUSTER_KEY_ESTABLISHMENT } from "../sep1/clusters";
import { commissioningDeadline, commissioningExpecting, commissioningKey, commissioningKeyLost, commissioningStack, commissioningStart, commissioningTick } from "../sep1/commissioning";
import { establishDeadline, establishExpecting, establishInput, establishTick } from "../sep1/establishment";
import { MirrorHeard, mirrorDefault } from "../sep1/mirror";
import { noteStarted } from "../sep1/notes";
import { otaClientExpecting } from "../sep1/ota/client";
import { otaMirrorCommand, otaMirrorOther } from "../sep1/ota/mirror";
import { transferWrote } from "../sep1/ota/transfer";
import { policyInput } from "../sep1/policy";
import { memberUpgradeDeadline, memberUpgradeReset, memberUpgradeStack, memberUpgradeTick } from "../upgrade/member";

const EVENTS_PER_POLL: u32 = 8;
const TURNS_PER_POLL: u32 = 8;
const EVENT_CAPACITY: u32 = EVENT_HEAD + 128;
const event = memory.data(16 + 128, 8);

const description = memory.data<u8>([
  // node: end device, 2.4 GHz, asleep between polls, largest frame 82, largest message 256, revision 21
  0x02, 0x40, 0x80, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
  1,
  // endpoint 1, SE range extender: Key Establishment; client of Key Establishment, OTA Upgrade
  14, 1, 0x09, 0x01, 0x08, 0x00, 0, 1, 0x00, 0x08, 2, 0x00, 0x08, 0x19, 0x00,
]);
// "Updating...     "
const line = memory.data<u8>([0x55, 0x70, 0x64, 0x61, 0x74, 0x69, 0x6e, 0x67, 0x2e, 0x2e, 0x2e, 0x20, 0x20, 0x20, 0x20, 0x20]);
const LINE_SIZE: u32 = 16;

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  noteStarted(reason);
  zdoDescribe(description);
  let resumed = stackReset(now, reason);
  clockReset();
  memberUpgradeReset(now);
  display(0, line, LINE_SIZE); // a meter has no display, and answers so
  commissioningStart(resumed, now);
  // The board was perhaps a router in that network: its parent learns that it sleeps now.
  if (resumed) commissioningStack(StackHeard.ParentLost, now);
}

export function poll(now: i64): i64 {
  let budget = EVENTS_PER_POLL;
  let wrote = false;
  for (; budget > 0 && !wrote; budget--) {
    let size = next(event, EVENT_CAPACITY);
    if (size == 0) break;
    if (size > 0) take(now);
    wrote = transferWrote();
  }
  for (let turns = TURNS_PER_POLL; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  if (establishDeadline() <= now) commissioningKey(establishTick(now), now);
  commissioningTick(now);
  memberUpgradeTick(now);
  let until = max<i64>(otaClientExpecting(), max<i64>(commissioningExpecting(), establishExpecting()));
  nwkPollEager(true); // nothing else is to be done
  if (until > now) nwkExpect(until);
  return budget > 0 && !wrote ? deadline(now) : now;
}

function take(now: i64): void {
  let kind = <i32>load<u8>(event + EVENT_KIND);
  if (kind == EventKind.RadioReceived || kind == EventKind.RadioSent) heard(stackInput(event, now), now);
}

function heard(what: i32, now: i64): void {
  if (what == StackHeard.None) return;
  if (what == StackHeard.Message) return message(now);
  commissioningStack(what, now);
  memberUpgradeStack(what, now);
}

function message(now: i64): void {
  let kind = policyInput(now);
  if (kind == ZclHeard.None || otaMirrorOther(kind, now)) return;
  if (kind == ZclHeard.Default) {
    if (mirrorDefault() == MirrorHeard.KeyLost) commissioningKeyLost(now);
  } else if (kind == ZclHeard.Cluster && zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) commissioningKey(establishInput(now), now);
  else if (kind != ZclHeard.Cluster || !otaMirrorCommand(now)) zclDefault(ZCL_NO_CLUSTER, now);
}

function deadline(now: i64): i64 {
  let earliest = min<i64>(memberUpgradeDeadline(now), commissioningDeadline());
  return min<i64>(earliest, min<i64>(stackDeadline(), establishDeadline()));
}
