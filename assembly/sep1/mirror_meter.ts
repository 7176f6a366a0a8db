// The meter's clusters: servers of Basic and Metering; client of OTA Upgrade.
import { constantText } from "../core/constants";
import { ZCL_NO_CLUSTER, ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { reportingServe } from "../zigbee/zcl/reporting";
import { zclReadAt, zclReadFirst, zclReadNext, zclReadPut, zclReadSend } from "../zigbee/zcl/serve";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { BASIC_ATTRIBUTES, KEY_ESTABLISHMENT_ATTRIBUTES, POWER_MAINS, basicValue, keyEstablishmentValue } from "./basic";
import { METERING_SUMMATION } from "./metering/attributes";
import { METERING_ATTRIBUTES, meteringNote, meteringValue } from "./metering/server";
import { MirrorHeard, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { CLUSTER_BASIC, CLUSTER_KEY_ESTABLISHMENT, CLUSTER_METERING, CLUSTER_OTA } from "./clusters";
import { OTA_ATTRIBUTES } from "./ota/attributes";
import { otaMirrorCommand, otaMirrorOther, otaMirrorValue } from "./ota/mirror";
import { policyInput } from "./policy";

const model = constantText("kilowasm meter");

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function meterMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) serve(kind, now);
  else if (kind == ZclHeard.Cluster) return command(now);
  else if (otaMirrorOther(kind, now)) return MirrorHeard.None;
  else if (kind == ZclHeard.Default) return mirrorDefault();
  else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
  return MirrorHeard.None;
}

/** No command of Metering is obligatory for a server, annex D.3.2.3, and Basic's one is optional too. */
function command(now: i64): i32 {
  if (zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) return MirrorHeard.KeyEstablishment;
  if (otaMirrorCommand(now)) return MirrorHeard.None;
  zclDefault(attributesOf() ? ZCL_NO_CLUSTER_COMMAND : ZCL_NO_CLUSTER, now);
  return MirrorHeard.None;
}

function serve(kind: i32, now: i64): void {
  let table = attributesOf();
  if (kind == ZclHeard.Reporting && table == METERING_ATTRIBUTES) return reportingServe(table, now);
  if (!mirrorServe(kind, table, now)) return;
  let told = false;
  for (let id = zclReadFirst(table); id >= 0; id = zclReadNext()) {
    if (table == METERING_ATTRIBUTES && id == METERING_SUMMATION) told = true;
    zclReadPut(value(id, zclReadAt()));
  }
  zclReadSend(now);
  if (told) meteringNote();
}

function attributesOf(): usize {
  if (zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) return KEY_ESTABLISHMENT_ATTRIBUTES;
  if (zclHeard.toClient) return zclHeard.cluster == CLUSTER_OTA ? OTA_ATTRIBUTES : 0;
  switch (zclHeard.cluster) {
    case CLUSTER_BASIC: return BASIC_ATTRIBUTES;
    case CLUSTER_METERING: return METERING_ATTRIBUTES;
  }
  return 0;
}

function value(id: u32, at: usize): u32 {
  switch (zclHeard.cluster) {
    case CLUSTER_BASIC: return basicValue(id, at, model, POWER_MAINS);
    case CLUSTER_METERING: return meteringValue(id, at);
    case CLUSTER_OTA: return otaMirrorValue(id, at);
  }
  return keyEstablishmentValue(at);
}
