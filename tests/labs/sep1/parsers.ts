// For tests only: Smart Energy frames within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the walker answers; emit_NAME(from, size, to) gives an accepted input back through view and emitter.
import { Err } from "../../../assembly/core/err";
import { ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER, ZCL_TYPE_MASK, ZclFrame, zclParse } from "../../../assembly/zigbee/zcl/frame";
import { zclWalk } from "../../../assembly/zigbee/zcl/walk";
import { CLUSTER_METERING, CLUSTER_PRICE } from "../../../assembly/sep1/clusters";
import { PRICE_PUBLISH_PRICE, PublishPrice, publishPriceEmit } from "../../../assembly/sep1/descriptors/price";
import { emit_zcl_general, parse_zcl_general } from "../zcl/parsers";
import { tokensOf } from "./commands";

export function parse_se_publish_price(at: usize, size: u32): i32 {
  return zclWalk(tokensOf(CLUSTER_PRICE, true, PRICE_PUBLISH_PRICE), at, size);
}

export function emit_se_publish_price(from: usize, size: u32, to: usize): i32 {
  let known = parse_se_publish_price(from, size);
  if (known < 0) return known;
  let view = changetype<PublishPrice>(from);
  let behind = view.behind;
  let end = from + known;
  let head = publishPriceEmit(to, view.providerId, view.rateLabel, view.rateLabelSize, behind.issuerEventId, behind.currentTime, behind.unit,
    behind.currency, behind.digitsTier, behind.tiersRegister, behind.startTime, behind.minutes, behind.price);
  store<u8>(to, load<u8>(from, 4), 4); // a length of 0xff stays one
  let at = to + head;
  if (behind.hasPriceRatio(end)) at = octet(at, behind.priceRatio);
  if (behind.hasGenerationPrice(end)) at = word(at, behind.generationPrice);
  if (behind.hasGenerationPriceRatio(end)) at = octet(at, behind.generationPriceRatio);
  if (behind.hasAlternateCost(end)) at = word(at, behind.alternateCost);
  if (behind.hasAlternateCostUnit(end)) at = octet(at, behind.alternateCostUnit);
  if (behind.hasAlternateCostDigits(end)) at = octet(at, behind.alternateCostDigits);
  if (behind.hasBlockThresholds(end)) at = octet(at, behind.blockThresholds);
  if (behind.hasControl(end)) at = octet(at, behind.control);
  if (behind.hasGenerationTiers(end)) at = octet(at, behind.generationTiers);
  if (behind.hasGenerationTier(end)) at = octet(at, behind.generationTier);
  if (behind.hasExtendedTiers(end)) at = octet(at, behind.extendedTiers);
  if (behind.hasExtendedTier(end)) at = octet(at, behind.extendedTier);
  if (behind.hasExtendedRegisterTier(end)) at = octet(at, behind.extendedRegisterTier);
  return <i32>(at - to);
}

function octet(at: usize, value: u32): usize {
  store<u8>(at, value);
  return at + 1;
}

function word(at: usize, value: u32): usize {
  store<u32>(at, value);
  return at + 4;
}

/** | frame of the cluster |, and nothing behind it */
export function parse_se_metering(at: usize, size: u32): i32 { return whole(CLUSTER_METERING, at, size); }
export function parse_se_price(at: usize, size: u32): i32 { return whole(CLUSTER_PRICE, at, size); }

/** | cluster u16 | frame | */
export function parse_se_frame(at: usize, size: u32): i32 {
  if (size < 2) return Err.Truncated;
  let known = walk(load<u16>(at), at + 2, size - 2);
  return known < 0 ? known : known + 2;
}

/** The octets of a frame that are known; `NotFound` for a command that no descriptor has. */
export function walk(cluster: u32, at: usize, size: u32): i32 {
  let head = zclParse(at, size);
  if (head < 0) return head;
  let view = changetype<ZclFrame>(at);
  if ((view.control & ZCL_TYPE_MASK) != ZCL_TYPE_CLUSTER) return parse_zcl_general(at, size);
  let tokens = view.manufacturer == 0 ? tokensOf(cluster, (view.control & ZCL_TO_CLIENT) != 0, view.command) : 0;
  let known = tokens ? zclWalk(tokens, view.payload, size - head) : <i32>Err.NotFound;
  return known < 0 ? known : head + known;
}

/** Gives a frame with a general command back. */
export function rewrite(from: usize, size: u32, to: usize): i32 { return emit_zcl_general(from, size, to); }

function whole(cluster: u32, at: usize, size: u32): i32 {
  let known = walk(cluster, at, size);
  return known >= 0 && <u32>known < size ? <i32>Err.BadLength : known;
}
