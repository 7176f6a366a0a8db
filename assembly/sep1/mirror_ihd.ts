// The display's clusters: the rows of assembly/sep1/instances/ihd.ts.  What its partners tell goes to errands.ts.
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { CLUSTER_METERING, CLUSTER_PRICE } from "./clusters";
import { Errand, errandAnswered, errandIsAnswer, errandIsFrom, errandRefused, errandsReported, errandsTimed } from "./errands";
import { ihdCommand, ihdRefresh, ihdWritten } from "./instances/ihd";
import { meteringTake } from "./metering/client";
import { MirrorHeard, mirrorCommand, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { memberMirrorOther } from "./mirror_member";
import { policyInput } from "./policy";
import { priceTake } from "./price/client";
import { timeTake } from "./time/client";

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function ihdMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) {
    ihdRefresh(now);
    if (mirrorServe(kind, now)) ihdWritten(now);
  } else if (!memberMirrorOther(kind, now)) switch (kind) {
    case ZclHeard.None: break;
    case ZclHeard.Cluster: return command(now);
    case ZclHeard.Default: {
      errandRefused(now);
      return mirrorDefault();
    }
    default: {
      taken(kind, now);
      zclDefault(ZCL_SUCCESS, now);
    }
  }
  return MirrorHeard.None;
}

/** A report or an answer: only from the partner that it should come from, only what was asked. */
function taken(kind: i32, now: i64): void {
  if (!zclHeard.toClient || !errandIsFrom(zclHeard.cluster)) return;
  switch (kind) {
    case ZclHeard.Report: {
      if (zclHeard.cluster != CLUSTER_METERING) return;
      meteringTake(now);
      errandsReported();
      return;
    }
    case ZclHeard.ReadAnswer: {
      if (errandIsAnswer(Errand.Meter)) meteringTake(now);
      else if (!errandIsAnswer(Errand.Time) || !timeTake(now)) return; // asked again soon
      else errandsTimed(now);
      break;
    }
    case ZclHeard.ConfigureAnswer: {
      if (!errandIsAnswer(Errand.Reports)) return;
      if (load<u8>(zclHeard.payload) != ZCL_SUCCESS) return errandRefused(now);
      break;
    }
    default: return;
  }
  errandAnswered(now);
}

/** A price is taken from the hub only. */
function command(now: i64): i32 {
  if (zclHeard.cluster == CLUSTER_PRICE && zclHeard.toClient && errandIsFrom(CLUSTER_PRICE)) {
    if (priceTake(now) && errandIsAnswer(Errand.Price)) errandAnswered(now);
    return MirrorHeard.None;
  }
  return ihdCommand(now) ? <i32>MirrorHeard.None : mirrorCommand(now);
}
