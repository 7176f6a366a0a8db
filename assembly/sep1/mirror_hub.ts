// The hub's clusters: servers of Basic, Time, Price and OTA Upgrade.
import { constantText } from "../core/constants";
import { ATTRIBUTES_END } from "../zigbee/zcl/attributes";
import { ZCL_NO_CLUSTER, ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { zclReadAt, zclReadFirst, zclReadNext, zclReadPut, zclReadSend } from "../zigbee/zcl/serve";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { BASIC_ATTRIBUTES, KEY_ESTABLISHMENT_ATTRIBUTES, POWER_MAINS, basicValue, keyEstablishmentValue } from "./basic";
import { MirrorHeard, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { CLUSTER_BASIC, CLUSTER_KEY_ESTABLISHMENT, CLUSTER_OTA, CLUSTER_PRICE, CLUSTER_TIME } from "./clusters";
import { otaServe } from "./ota/server";
import { policyInput } from "./policy";
import { priceServe } from "./price/server";
import { TIME_ATTRIBUTES, timeValue } from "./time/server";

const model = constantText("kilowasm hub");
const none = memory.data<u32>([ATTRIBUTES_END]);

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function hubMirrorInput(now: i64): i32 {
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) serve(kind, now);
  else if (kind == ZclHeard.Cluster) return command(now);
  else if (kind == ZclHeard.Default) return mirrorDefault();
  else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
  return MirrorHeard.None;
}

function command(now: i64): i32 {
  switch (zclHeard.cluster) {
    case CLUSTER_KEY_ESTABLISHMENT: return MirrorHeard.KeyEstablishment;
    case CLUSTER_PRICE: {
      if (zclHeard.toClient) break;
      priceServe(now);
      return MirrorHeard.None;
    }
    case CLUSTER_OTA: {
      if (zclHeard.toClient) break;
      otaServe(now);
      return MirrorHeard.None;
    }
  }
  zclDefault(attributesOf() ? ZCL_NO_CLUSTER_COMMAND : ZCL_NO_CLUSTER, now);
  return MirrorHeard.None;
}

function serve(kind: i32, now: i64): void {
  let table = attributesOf();
  if (!mirrorServe(kind, table, now)) return;
  for (let id = zclReadFirst(table); id >= 0; id = zclReadNext()) zclReadPut(value(id, zclReadAt(), now));
  zclReadSend(now);
}

function attributesOf(): usize {
  if (zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) return KEY_ESTABLISHMENT_ATTRIBUTES;
  if (zclHeard.toClient) return 0;
  switch (zclHeard.cluster) {
    case CLUSTER_BASIC: return BASIC_ATTRIBUTES;
    case CLUSTER_TIME: return TIME_ATTRIBUTES;
    case CLUSTER_PRICE: return none;
    case CLUSTER_OTA: return none; // all its attributes are the client's
  }
  return 0;
}

function value(id: u32, at: usize, now: i64): u32 {
  switch (zclHeard.cluster) {
    case CLUSTER_BASIC: return basicValue(id, at, model, POWER_MAINS);
    case CLUSTER_TIME: return timeValue(id, at, now);
  }
  return keyEstablishmentValue(at);
}
