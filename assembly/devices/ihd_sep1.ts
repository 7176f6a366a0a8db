// An in-home display in phase 1: sleepy ZigBee end device, Smart Energy 1.x display (0x0502).
//
//   next -> radio: stackInput -> commissioning, partners, OTA client, mirror, establishment
//   due  -> stack, one slice of key establishment, commissioning, partners, errands, update, screen
import { ihdDeadline, ihdReset, ihdTick } from "../application/ihd/ihd";
import { ABI_VERSION, EVENT_HEAD, EVENT_KIND, EventKind, next } from "../core/host";
import { apsHeard } from "../zigbee/aps/aps";
import { nwkExpect, nwkPollEager } from "../zigbee/nwk/end_device";
import { joinerTrustCentre } from "../zigbee/security/joiner";
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_end_device";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { CommissioningHeard, commissioningDeadline, commissioningExpecting, commissioningKey, commissioningKeyLost, commissioningStack, commissioningStart, commissioningTick } from "../sep1/commissioning";
import { errandsDeadline, errandsExpecting, errandsTick, errandsUnheard } from "../sep1/errands";
import { establishDeadline, establishExpecting, establishInput, establishTick } from "../sep1/establishment";
import { MirrorHeard } from "../sep1/mirror";
import { ihdMirrorInput } from "../sep1/mirror_ihd";
import { noteStarted } from "../sep1/notes";
import { otaClientExpecting, otaClientLoads } from "../sep1/ota/client";
import { transferWrote } from "../sep1/ota/transfer";
import { partnersDeadline, partnersExpecting, partnersKeyLost, partnersStack, partnersStart, partnersStop, partnersTick, partnersUnheard } from "../sep1/partners";
import { memberUpgradeDeadline, memberUpgradeRejoin, memberUpgradeReset, memberUpgradeStack, memberUpgradeTick } from "../upgrade/member";

const EVENTS_PER_POLL: u32 = 8;
const TURNS_PER_POLL: u32 = 8;
const EVENT_CAPACITY: u32 = EVENT_HEAD + 128;
const event = memory.data(16 + 128, 8);

const description = memory.data<u8>([
  // node: end device, 2.4 GHz, asleep between polls, largest frame 82, largest message 256, revision 21
  0x02, 0x40, 0x80, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
  1,
  // endpoint 1: Basic, Key Establishment; client of Key Establishment, Time, Price, Metering, OTA Upgrade
  22, 1, 0x09, 0x01, 0x02, 0x05, 0, 2, 0x00, 0x00, 0x00, 0x08, 5, 0x00, 0x08, 0x0a, 0x00, 0x00, 0x07, 0x02, 0x07, 0x19, 0x00,
]);

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  noteStarted(reason);
  zdoDescribe(description);
  let resumed = stackReset(now, reason);
  ihdReset(now);
  memberUpgradeReset(now);
  partnersStop();
  commissioned(commissioningStart(resumed, now), now);
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
  if (establishDeadline() <= now) commissioned(commissioningKey(establishTick(now), now), now);
  commissioned(commissioningTick(now), now);
  partnersTick(now);
  errandsTick(now);
  if (errandsUnheard()) partnersUnheard(now);
  memberUpgradeTick(now);
  ihdTick(now);
  expect(now);
  return budget > 0 && !wrote ? deadline(now) : now;
}

function take(now: i64): void {
  switch (<i32>load<u8>(event + EVENT_KIND)) {
    case EventKind.RadioReceived:
    case EventKind.RadioSent: return heard(stackInput(event, now), now);
    default: return;
  }
}

function heard(what: i32, now: i64): void {
  switch (what) {
    case StackHeard.None: return;
    case StackHeard.Message: return message(now);
    default: {
      commissioned(commissioningStack(what, now), now);
      partnersStack(what, now);
      memberUpgradeStack(what, now);
    }
  }
}

function message(now: i64): void {
  switch (ihdMirrorInput(now)) {
    case MirrorHeard.KeyEstablishment: return commissioned(commissioningKey(establishInput(now), now), now);
    case MirrorHeard.KeyLost: {
      let partner = apsHeard.sourceExtended;
      if (partner == joinerTrustCentre()) commissioningKeyLost(now);
      else partnersKeyLost(partner, now);
      return;
    }
    default: return;
  }
}

function commissioned(what: i32, now: i64): void {
  if (what == CommissioningHeard.Ready) partnersStart(now);
  else if (what == CommissioningHeard.Lost) partnersStop();
}

/** While something is to come, the parent is asked for it often. */
function expect(now: i64): void {
  let until = max<i64>(max<i64>(commissioningExpecting(), establishExpecting()), max<i64>(partnersExpecting(), errandsExpecting()));
  until = max<i64>(until, otaClientExpecting());
  nwkPollEager(otaClientLoads());
  if (until > now) nwkExpect(until);
}

function deadline(now: i64): i64 {
  let earliest = min<i64>(stackDeadline(), min<i64>(establishDeadline(), commissioningDeadline()));
  earliest = min<i64>(earliest, memberUpgradeDeadline(now));
  return min<i64>(earliest, min<i64>(partnersDeadline(), min<i64>(errandsDeadline(), ihdDeadline())));
}
