// The clusters of a hub that speaks for a meter of another network: the rows of assembly/sep1/instances/proxy.ts.
//
//   no reading: the row of Metering is not there, and who asks for it hears nothing      a reading: it is there, and reports
//
// Who was bound to the meter hears nothing of it any more, looks for another one after a while, and finds the hub.
import { NEVER } from "../core/timers";
import { meterIsMirrored } from "../model/mirror";
import { ApsKeyKind, apsHeard } from "../zigbee/aps/aps";
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { INSTANCE_REPORTS, instanceFind, instanceFlags } from "../zigbee/zcl/instances";
import { reportingConfirm, reportingDeadline, reportingHeard, reportingServe, reportingTick } from "../zigbee/zcl/reporting";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { CLUSTER_METERING } from "./clusters";
import { proxyCommand, proxyRefresh, proxyRefreshReports, proxyWritten } from "./instances/proxy";
import { MirrorHeard, mirrorCommand, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { policyInput } from "./policy";

/** Of clusters/instances.json. */
const ENDPOINT: u32 = 2;

@unmanaged @final
class State {
  /** The row of Metering, and its flags while it is there. */
  row: usize;
  flags: u32;
  isShown: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 4));

/** After the reports have been taken up. */
export function proxyMirrorReset(): void {
  state.row = instanceFind(ENDPOINT, CLUSTER_METERING, 0);
  state.flags = instanceFlags(state.row);
  show(false);
}

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function proxyMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (zclHeard.endpoint == ENDPOINT && !state.isShown) return MirrorHeard.None;
  if (apsHeard.keyKind == ApsKeyKind.Established) reportingHeard(apsHeard.sourceExtended);
  if (mirrorIsRequest(kind)) serve(kind, now);
  else if (kind == ZclHeard.Cluster) return proxyCommand(now) ? <i32>MirrorHeard.None : mirrorCommand(now);
  else if (kind == ZclHeard.Default) return mirrorDefault();
  else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
  return MirrorHeard.None;
}

/** Shows what is known, and sends the report that is due. */
export function proxyMirrorTick(now: i64): void {
  let isKnown = meterIsMirrored(now);
  if (isKnown != (state.isShown != 0)) show(isKnown);
  if (!isKnown) return;
  proxyRefreshReports(now);
  reportingTick(now);
}

export function proxyMirrorDeadline(): i64 { return state.isShown ? reportingDeadline() : NEVER; }

export function proxyMirrorConfirm(now: i64): void { reportingConfirm(apsHeard.handle, apsHeard.status, now); }

function serve(kind: i32, now: i64): void {
  proxyRefresh(now);
  if (kind == ZclHeard.Reporting && zclHeard.instance && instanceFlags(zclHeard.instance) & INSTANCE_REPORTS) return reportingServe(now);
  if (mirrorServe(kind, now)) proxyWritten(now);
}

function show(isShown: bool): void {
  state.isShown = u32(isShown);
  store<u8>(state.row, isShown ? state.flags : 0, 1);
}
