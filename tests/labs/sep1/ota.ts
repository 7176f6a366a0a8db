// For tests only: the commands of the OTA Upgrade cluster within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the walker answers; emit_NAME(from, size, to) gives an accepted input back through view and emitter.
import { CLUSTER_OTA } from "../../../assembly/sep1/clusters";
import {
  ImageBlock, ImageBlockResponse, ImageNotify, ImagePage, OTA_IMAGE_BLOCK, OTA_IMAGE_BLOCK_RESPONSE, OTA_IMAGE_NOTIFY, OTA_IMAGE_PAGE,
  OTA_QUERY_NEXT_IMAGE, OTA_QUERY_NEXT_IMAGE_RESPONSE, OTA_QUERY_SPECIFIC_FILE, OTA_UPGRADE_END, OTA_UPGRADE_END_RESPONSE, QueryNextImage,
  QueryNextImageResponse, QuerySpecificFile, UpgradeEnd, UpgradeEndResponse, imageBlockEmit, imageBlockResponseStatus0Emit, imageBlockResponseStatus97Emit, imageNotifyEmit,
  imagePageEmit, queryNextImageEmit, queryNextImageResponseStatus0Emit, querySpecificFileEmit, upgradeEndEmit, upgradeEndResponseEmit,
} from "../../../assembly/sep1/descriptors/ota";
import { OTA_HAS_HARDWARE, OTA_HAS_NODE, OTA_HAS_PERIOD, OTA_WAIT_FOR_DATA, OTA_WAIT_SIZE, otaBlockPeriod, otaRefusalEmit } from "../../../assembly/sep1/ota/command";
import { zclWalk } from "../../../assembly/zigbee/zcl/walk";
import { tokensOf } from "./commands";

const COUNT: u32 = 13;

function walk(toClient: bool, command: u32, at: usize, size: u32): i32 {
  return zclWalk(tokensOf(CLUSTER_OTA, toClient, command), at, size);
}

export function parse_ota_notify(at: usize, size: u32): i32 { return walk(true, OTA_IMAGE_NOTIFY, at, size); }
export function emit_ota_notify(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_notify(from, size);
  if (known < 0) return known;
  let view = changetype<ImageNotify>(from);
  return imageNotifyEmit(to, view.payloadType, view.jitter, view.payloadType > 0 ? view.manufacturer : 0,
    view.payloadType > 1 ? view.imageType : 0, view.payloadType > 2 ? view.fileVersion : 0);
}

export function parse_ota_query(at: usize, size: u32): i32 { return walk(false, OTA_QUERY_NEXT_IMAGE, at, size); }
export function emit_ota_query(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_query(from, size);
  if (known < 0) return known;
  let view = changetype<QueryNextImage>(from);
  return queryNextImageEmit(to, view.control, view.manufacturer, view.imageType, view.fileVersion,
    view.control & OTA_HAS_HARDWARE ? view.hardware : 0);
}

export function parse_ota_query_answer(at: usize, size: u32): i32 { return walk(true, OTA_QUERY_NEXT_IMAGE_RESPONSE, at, size); }
export function emit_ota_query_answer(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_query_answer(from, size);
  if (known < 0) return known;
  let view = changetype<QueryNextImageResponse>(from);
  if (view.status != 0) return otaRefusalEmit(to, view.status);
  return queryNextImageResponseStatus0Emit(to, view.manufacturer, view.imageType, view.fileVersion, view.size);
}

export function parse_ota_block(at: usize, size: u32): i32 { return walk(false, OTA_IMAGE_BLOCK, at, size); }
export function emit_ota_block(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_block(from, size);
  if (known < 0) return known;
  let view = changetype<ImageBlock>(from);
  let period = otaBlockPeriod(view, known);
  let control = period < 0 ? view.control & ~OTA_HAS_PERIOD : view.control; // announced, and left out
  let node = control & OTA_HAS_NODE ? view.node : 0;
  let written = imageBlockEmit(to, control, view.manufacturer, view.imageType, view.fileVersion, view.offset, view.dataMax, node, period);
  store<u8>(to, view.control);
  return written;
}

export function parse_ota_page(at: usize, size: u32): i32 { return walk(false, OTA_IMAGE_PAGE, at, size); }
export function emit_ota_page(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_page(from, size);
  if (known < 0) return known;
  let view = changetype<ImagePage>(from);
  return imagePageEmit(to, view.control, view.manufacturer, view.imageType, view.fileVersion, view.offset, view.dataMax,
    view.pageSize, view.spacing, view.control & OTA_HAS_NODE ? view.node : 0);
}

export function parse_ota_block_answer(at: usize, size: u32): i32 { return walk(true, OTA_IMAGE_BLOCK_RESPONSE, at, size); }
export function emit_ota_block_answer(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_block_answer(from, size);
  if (known < 0) return known;
  let view = changetype<ImageBlockResponse>(from);
  let status = view.status;
  if (status == OTA_WAIT_FOR_DATA) {
    if (known == OTA_WAIT_SIZE) {
      return imageBlockResponseStatus97Emit(to, view.currentTime, view.requestTime, view.blockPeriod);
    }
    memory.copy(to, from, known); // no emitter leaves the period out
    return known;
  }
  if (status != 0) return otaRefusalEmit(to, status);
  let written = imageBlockResponseStatus0Emit(to, view.manufacturer, view.imageType, view.fileVersion, view.offset, view.data, view.dataSize);
  store<u8>(to, load<u8>(from, COUNT), COUNT); // a count of 0xff stays one
  return written;
}

export function parse_ota_end(at: usize, size: u32): i32 { return walk(false, OTA_UPGRADE_END, at, size); }
export function emit_ota_end(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_end(from, size);
  if (known < 0) return known;
  let view = changetype<UpgradeEnd>(from);
  return upgradeEndEmit(to, view.status, view.manufacturer, view.imageType, view.fileVersion);
}

export function parse_ota_end_answer(at: usize, size: u32): i32 { return walk(true, OTA_UPGRADE_END_RESPONSE, at, size); }
export function emit_ota_end_answer(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_end_answer(from, size);
  if (known < 0) return known;
  let view = changetype<UpgradeEndResponse>(from);
  return upgradeEndResponseEmit(to, view.manufacturer, view.imageType, view.fileVersion, view.currentTime, view.upgradeTime);
}

export function parse_ota_specific(at: usize, size: u32): i32 { return walk(false, OTA_QUERY_SPECIFIC_FILE, at, size); }
export function emit_ota_specific(from: usize, size: u32, to: usize): i32 {
  let known = parse_ota_specific(from, size);
  if (known < 0) return known;
  let view = changetype<QuerySpecificFile>(from);
  return querySpecificFileEmit(to, view.node, view.manufacturer, view.imageType, view.fileVersion, view.stackVersion);
}
