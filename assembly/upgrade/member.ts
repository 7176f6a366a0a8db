// The update of a member of the network: the OTA client loads it, and the steps of its commissioning show its health.
import { commissioningJoined, commissioningReady, commissioningStack } from "../sep1/commissioning";
import {
  otaClientDeadline, otaClientReached, otaClientReset, otaClientStart, otaClientStop, otaClientTick, otaClientZdo,
} from "../sep1/ota/client";
import { StackHeard } from "../zigbee/stack";
import { healthOnTrial, upgradeDeadline, upgradeReset, upgradeTick } from "./upgrade";

export function memberUpgradeReset(now: i64): void {
  upgradeReset(now);
  otaClientReset(now);
}

/** A module on trial joins its network anew: one that only resumes has not shown that it can, and perhaps was another kind of node before. */
export function memberUpgradeRejoin(resumed: bool, now: i64): void {
  if (resumed && healthOnTrial()) commissioningStack(StackHeard.ParentLost, now);
}

/** Takes what the stack found. */
export function memberUpgradeStack(heard: i32, now: i64): void {
  if (heard == StackHeard.ZdoAnswer) otaClientZdo(now);
}

export function memberUpgradeTick(now: i64): void {
  let ready = commissioningReady();
  if (ready) otaClientStart(now);
  else otaClientStop();
  otaClientTick(now);
  upgradeTick(commissioningJoined(), ready, otaClientReached(), now);
}

export function memberUpgradeDeadline(now: i64): i64 {
  return min<i64>(otaClientDeadline(), upgradeDeadline(now));
}
