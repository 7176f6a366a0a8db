// For tests only: Smart Energy frames within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the parser answers; emit_NAME(from, size, to) gives an accepted input back.
import { SUITE_1, SUITE_2 } from "../../../assembly/crypto/curve";
import { Err } from "../../../assembly/core/err";
import { ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER, ZCL_TYPE_MASK, ZclFrame, zclParse } from "../../../assembly/zigbee/zcl/frame";
import { emit_zcl_general, emit_zcl_header, parse_zcl_general } from "../zcl/parsers";
import { confirmEmit, confirmParse } from "../../../assembly/sep1/key_establishment/confirm";
import { ephemeralEmit, ephemeralParse, ephemeralSize } from "../../../assembly/sep1/key_establishment/ephemeral";
import { Initiate, initiateEmit, initiateParse } from "../../../assembly/sep1/key_establishment/initiate";
import { Terminate, terminateEmit, terminateParse } from "../../../assembly/sep1/key_establishment/terminate";
import { layoutOf, layoutWalk } from "./layout";
import { CLUSTER_KEY_ESTABLISHMENT, CLUSTER_PRICE } from "../../../assembly/sep1/clusters";
import { PRICE_PUBLISH, PricePublish, pricePublishHead, pricePublishParse } from "../../../assembly/sep1/price/message";

const INITIATE: u32 = 0;
const EPHEMERAL: u32 = 1;
const CONFIRM: u32 = 2;
const TERMINATE: u32 = 3;

export function parse_se_publish_price(at: usize, size: u32): i32 { return pricePublishParse(at, size); }

export function emit_se_publish_price(from: usize, size: u32, to: usize): i32 {
  let known = pricePublishParse(from, size);
  if (known < 0) return known;
  let view = changetype<PricePublish>(from);
  let head = pricePublishHead(to, view.provider, view.label, view.labelSize, view.eventId, view.now, view.unit, view.currency,
    view.digitsTier, view.tiersRegister, view.start, view.minutes, view.price);
  store<u8>(to, load<u8>(from, 4), 4); // a length of 0xff stays one
  memory.copy(to + head, view.rest, known - head);
  return known;
}

/** | frame of the Metering cluster | */
export function parse_se_metering(at: usize, size: u32): i32 { return frame(0x0702, at, size, 0); }
export function emit_se_metering(from: usize, size: u32, to: usize): i32 { return frame(0x0702, from, size, to); }
/** | frame of the Price cluster | */
export function parse_se_price(at: usize, size: u32): i32 { return frame(CLUSTER_PRICE, at, size, 0); }
export function emit_se_price(from: usize, size: u32, to: usize): i32 { return frame(CLUSTER_PRICE, from, size, to); }

/** Parses a frame of a cluster and writes it again at `to`.  `NotFound` for a command that there is no parser for. */
export function rewrite(cluster: u32, from: usize, size: u32, to: usize): i32 { return frame(cluster, from, size, to); }

function frame(cluster: u32, from: usize, size: u32, to: usize): i32 {
  let head = zclParse(from, size);
  if (head < 0) return head;
  let view = changetype<ZclFrame>(from);
  if ((view.control & ZCL_TYPE_MASK) != ZCL_TYPE_CLUSTER) {
    return to ? emit_zcl_general(from, size, to) : parse_zcl_general(from, size);
  }
  if (view.manufacturer != 0) return Err.NotFound;
  if (to) emit_zcl_header(from, size, to);
  let toClient = (view.control & ZCL_TO_CLIENT) != 0;
  let payload = command(cluster, toClient, view.command, view.payload, size - head, to ? to + head : 0);
  return payload < 0 ? payload : head + payload;
}

function command(cluster: u32, toClient: bool, id: u32, from: usize, size: u32, to: usize): i32 {
  if (cluster == CLUSTER_KEY_ESTABLISHMENT) return keyEstablishment(id, from, size, to);
  if (cluster == CLUSTER_PRICE && toClient && id == PRICE_PUBLISH) {
    return to ? emit_se_publish_price(from, size, to) : pricePublishParse(from, size);
  }
  let layout = layoutOf(cluster, toClient, id);
  return layout ? layoutWalk(layout, from, size, to) : Err.NotFound;
}

function keyEstablishment(id: u32, from: usize, size: u32, to: usize): i32 {
  let parsed: i32 = Err.NotFound;
  switch (id) {
    case INITIATE: {
      parsed = initiateParse(from, size);
      if (parsed == Err.NotFound) return Err.Reserved; // an unknown suite, not an unknown command
      let view = changetype<Initiate>(from);
      if (parsed >= 0 && to) initiateEmit(to, view.suite, view.ephemeralTime, view.confirmTime, view.certificate);
      break;
    }
    case EPHEMERAL: {
      let suite: u32 = size == ephemeralSize(SUITE_1) ? SUITE_1 : SUITE_2;
      parsed = ephemeralParse(suite, from, size);
      if (parsed >= 0 && to) ephemeralEmit(to, suite, from);
      break;
    }
    case CONFIRM: {
      parsed = confirmParse(size);
      if (parsed >= 0 && to) confirmEmit(to, from);
      break;
    }
    case TERMINATE: {
      parsed = terminateParse(size);
      let view = changetype<Terminate>(from);
      if (parsed >= 0 && to) terminateEmit(to, view.status, view.wait, view.suites);
      break;
    }
  }
  return parsed;
}
