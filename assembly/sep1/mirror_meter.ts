// The meter's clusters: the rows of assembly/sep1/instances/meter.ts.
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { INSTANCE_REPORTS, instanceFlags } from "../zigbee/zcl/instances";
import { ApsKeyKind, apsHeard } from "../zigbee/aps/aps";
import { reportingConfirm, reportingDeadline, reportingHeard, reportingServe, reportingTick } from "../zigbee/zcl/reporting";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { CLUSTER_METERING } from "./clusters";
import { METERING_SUMMATION_DELIVERED } from "./descriptors/metering";
import { meterCommand, meterRefresh, meterRefreshReports, meterWritten } from "./instances/meter";
import { meteringNote } from "./metering/server";
import { MirrorHeard, mirrorCommand, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { memberMirrorOther } from "./mirror_member";
import { policyInput } from "./policy";

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function meterMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (apsHeard.keyKind == ApsKeyKind.Established) reportingHeard(apsHeard.sourceExtended);
  if (mirrorIsRequest(kind)) serve(kind, now);
  else if (kind == ZclHeard.Cluster) return meterCommand(now) ? <i32>MirrorHeard.None : mirrorCommand(now);
  else if (memberMirrorOther(kind, now)) return MirrorHeard.None;
  else if (kind == ZclHeard.Default) return mirrorDefault();
  else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
  return MirrorHeard.None;
}

/** Sends the report that is due, if one is. */
export function meterMirrorTick(now: i64): void {
  meterRefreshReports(now);
  if (reportingTick(now) == CLUSTER_METERING) meteringNote();
}

/** When that has work next, by the values of the last tick. */
export function meterMirrorDeadline(): i64 { return reportingDeadline(); }

export function meterMirrorConfirm(now: i64): void { reportingConfirm(apsHeard.handle, apsHeard.status, now); }

function serve(kind: i32, now: i64): void {
  meterRefresh(now);
  if (kind == ZclHeard.Reporting && zclHeard.instance && instanceFlags(zclHeard.instance) & INSTANCE_REPORTS) return reportingServe(now);
  if (mirrorServe(kind, now)) meterWritten(now);
  if (kind == ZclHeard.Read && zclHeard.cluster == CLUSTER_METERING && asksForSummation()) meteringNote();
}

function asksForSummation(): bool {
  if (zclHeard.toClient) return false;
  let at = zclHeard.payload;
  let end = at + zclHeard.size;
  while (at < end && load<u16>(at) != METERING_SUMMATION_DELIVERED) at += 2;
  return at < end;
}
