// The display's clusters: server of Basic; client of Time, Price, Metering and OTA Upgrade.
import { constantText } from "../core/constants";
import { ZCL_NO_CLUSTER, ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { zclReadAt, zclReadFirst, zclReadNext, zclReadPut, zclReadSend } from "../zigbee/zcl/serve";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { BASIC_ATTRIBUTES, KEY_ESTABLISHMENT_ATTRIBUTES, POWER_BATTERY, basicValue, keyEstablishmentValue } from "./basic";
import { Errand, errandAnswered, errandIsAnswer, errandIsFrom, errandRefused, errandsReported } from "./errands";
import { meteringTake } from "./metering/client";
import { MirrorHeard, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { CLUSTER_BASIC, CLUSTER_KEY_ESTABLISHMENT, CLUSTER_METERING, CLUSTER_OTA, CLUSTER_PRICE, CLUSTER_TIME } from "./clusters";
import { OTA_ATTRIBUTES } from "./ota/attributes";
import { otaMirrorCommand, otaMirrorOther, otaMirrorValue } from "./ota/mirror";
import { policyInput } from "./policy";
import { priceTake } from "./price/client";
import { timeTake } from "./time/client";

const model = constantText("kilowasm ihd");

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function ihdMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) serve(kind, now);
  else if (!otaMirrorOther(kind, now)) switch (kind) {
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

function command(now: i64): i32 {
  switch (zclHeard.cluster) {
    case CLUSTER_KEY_ESTABLISHMENT: return MirrorHeard.KeyEstablishment;
    case CLUSTER_PRICE: {
      if (!zclHeard.toClient || !errandIsFrom(CLUSTER_PRICE)) break;
      if (priceTake(now) && errandIsAnswer(Errand.Price)) errandAnswered(now);
      return MirrorHeard.None;
    }
  }
  if (otaMirrorCommand(now)) return MirrorHeard.None;
  let known = zclHeard.cluster == CLUSTER_BASIC || (zclHeard.toClient && isClient(zclHeard.cluster));
  zclDefault(known ? ZCL_NO_CLUSTER_COMMAND : ZCL_NO_CLUSTER, now);
  return MirrorHeard.None;
}

function isClient(cluster: u32): bool {
  return cluster == CLUSTER_METERING || cluster == CLUSTER_PRICE || cluster == CLUSTER_TIME;
}

function serve(kind: i32, now: i64): void {
  let table = attributesOf();
  if (!mirrorServe(kind, table, now)) return;
  for (let id = zclReadFirst(table); id >= 0; id = zclReadNext()) {
    let at = zclReadAt();
    zclReadPut(value(id, at));
  }
  zclReadSend(now);
}

function value(id: u32, at: usize): u32 {
  switch (zclHeard.cluster) {
    case CLUSTER_BASIC: return basicValue(id, at, model, POWER_BATTERY);
    case CLUSTER_OTA: return otaMirrorValue(id, at);
  }
  return keyEstablishmentValue(at);
}

function attributesOf(): usize {
  if (zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) return KEY_ESTABLISHMENT_ATTRIBUTES;
  if (zclHeard.toClient) return zclHeard.cluster == CLUSTER_OTA ? OTA_ATTRIBUTES : 0;
  return zclHeard.cluster == CLUSTER_BASIC ? BASIC_ATTRIBUTES : 0;
}
