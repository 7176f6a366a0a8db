// An electricity meter in phase 1: ZigBee router, Smart Energy 1.x metering device (0x0501).
//
//   next -> radio: stackInput -> commissioning, OTA client, mirror, establishment        measured: meterInput
//   due  -> stack, one slice of key establishment, commissioning, reports, update
import { meterInput, meterReset } from "../application/meter/meter";
import { ABI_VERSION, EVENT_HEAD, EVENT_KIND, EventKind, next } from "../core/host";
import { clockReset } from "../model/clock";
import { apsHeard } from "../zigbee/aps/aps";
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_router";
import { reportingReset } from "../zigbee/zcl/reporting";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { commissioningDeadline, commissioningKey, commissioningKeyLost, commissioningStack, commissioningStart, commissioningTick } from "../sep1/commissioning";
import { establishDeadline, establishInput, establishTick } from "../sep1/establishment";
import { meteringConfirm, meteringDeadline, meteringReset, meteringTick } from "../sep1/metering/server";
import { MirrorHeard } from "../sep1/mirror";
import { meterMirrorInput } from "../sep1/mirror_meter";
import { noteStarted } from "../sep1/notes";
import { transferWrote } from "../sep1/ota/transfer";
import { memberUpgradeDeadline, memberUpgradeRejoin, memberUpgradeReset, memberUpgradeStack, memberUpgradeTick } from "../upgrade/member";

const EVENTS_PER_POLL: u32 = 8;
const TURNS_PER_POLL: u32 = 8;
const EVENT_CAPACITY: u32 = EVENT_HEAD + 128;
const event = memory.data(16 + 128, 8);

const description = memory.data<u8>([
  // node: router, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21
  0x01, 0x40, 0x8e, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
  1,
  // endpoint 1: Basic, Key Establishment, Metering; client of Key Establishment, OTA Upgrade
  18, 1, 0x09, 0x01, 0x01, 0x05, 0, 3, 0x00, 0x00, 0x00, 0x08, 0x02, 0x07, 2, 0x00, 0x08, 0x19, 0x00,
]);

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  noteStarted(reason);
  zdoDescribe(description);
  let resumed = stackReset(now, reason);
  clockReset(); // nobody tells a meter the time but the server of updates
  memberUpgradeReset(now);
  reportingReset();
  meteringReset();
  meterReset(now);
  commissioningStart(resumed, now);
  memberUpgradeRejoin(resumed, now);
}

export function poll(now: i64): i64 {
  let budget = EVENTS_PER_POLL;
  let wrote = false;
  for (; budget > 0 && !wrote; budget--) {
    let size = next(event, EVENT_CAPACITY);
    if (size == 0) break;
    if (size > 0) take(now);
    wrote = transferWrote(); // the flash took its time: what else waits has another turn
  }
  for (let turns = TURNS_PER_POLL; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  if (establishDeadline() <= now) commissioningKey(establishTick(now), now);
  commissioningTick(now);
  meteringTick(now);
  memberUpgradeTick(now);
  return budget > 0 && !wrote ? deadline(now) : now;
}

function take(now: i64): void {
  switch (<i32>load<u8>(event + EVENT_KIND)) {
    case EventKind.RadioReceived:
    case EventKind.RadioSent: return heard(stackInput(event, now), now);
    case EventKind.Measured: return meterInput(event, now);
    default: return;
  }
}

function heard(what: i32, now: i64): void {
  switch (what) {
    case StackHeard.None: return;
    case StackHeard.Message: return message(now);
    case StackHeard.Confirm: return meteringConfirm(apsHeard.handle);
    default: {
      commissioningStack(what, now);
      memberUpgradeStack(what, now);
    }
  }
}

function message(now: i64): void {
  switch (meterMirrorInput(now)) {
    case MirrorHeard.KeyEstablishment: {
      commissioningKey(establishInput(now), now);
      return;
    }
    case MirrorHeard.KeyLost: return commissioningKeyLost(now);
    default: return;
  }
}

function deadline(now: i64): i64 {
  let earliest = min<i64>(stackDeadline(), establishDeadline());
  earliest = min<i64>(earliest, memberUpgradeDeadline(now));
  return min<i64>(min<i64>(earliest, commissioningDeadline()), meteringDeadline());
}
