// For tests only: the parsers of the OTA Upgrade cluster within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the parser answers; emit_NAME(from, size, to) gives an accepted input back.
import {
  OTA_BLOCK_ANSWER_HEAD, OTA_HAS_HARDWARE, OTA_HAS_NODE, OTA_BLOCK_SIZE, OTA_PAGE_SIZE, OTA_SUCCESS, OTA_WAIT_FOR_DATA,
  OTA_WAIT_SIZE, OtaBlock, OtaBlockAnswer, OtaEnd, OtaEndAnswer, OtaNotify, OtaPage, OtaQuery, OtaQueryAnswer, OtaSpecific,
  otaBlockAnswerHead, otaBlockAnswerParse, otaBlockEmit, otaBlockParse, otaBlockPeriod, otaEndAnswerEmit, otaEndAnswerParse, otaEndEmit,
  otaEndParse, otaNotifyEmit, otaNotifyParse, otaPageEmit, otaPageParse, otaQueryAnswerEmit, otaQueryAnswerParse, otaQueryEmit,
  otaQueryParse, otaSpecificEmit, otaSpecificParse, otaStatusEmit, otaWaitEmit,
} from "../../../assembly/sep1/ota/command";

export function parse_ota_notify(at: usize, size: u32): i32 { return otaNotifyParse(at, size); }
export function emit_ota_notify(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaNotify>(from);
  let known = otaNotifyParse(from, size);
  return known < 0 ? known : otaNotifyEmit(to, view.payloadType, view.jitter, view.manufacturer, view.type, view.version);
}

export function parse_ota_query(at: usize, size: u32): i32 { return otaQueryParse(at, size); }
export function emit_ota_query(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaQuery>(from);
  let known = otaQueryParse(from, size);
  if (known < 0) return known;
  let hardware: i32 = view.hasHardware ? <i32>view.hardware : -1;
  let written = otaQueryEmit(to, view.file.manufacturer, view.file.type, view.file.version, hardware);
  store<u8>(to, <u8>(load<u8>(to) | (view.control & ~OTA_HAS_HARDWARE))); // bits that the specification reserves
  return written;
}

export function parse_ota_query_answer(at: usize, size: u32): i32 { return otaQueryAnswerParse(at, size); }
export function emit_ota_query_answer(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaQueryAnswer>(from);
  let known = otaQueryAnswerParse(from, size);
  if (known < 0) return known;
  if (view.status != OTA_SUCCESS) return otaStatusEmit(to, view.status);
  return otaQueryAnswerEmit(to, view.file.manufacturer, view.file.type, view.file.version, view.size);
}

export function parse_ota_block(at: usize, size: u32): i32 { return otaBlockParse(at, size); }
export function emit_ota_block(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaBlock>(from);
  let known = otaBlockParse(from, size);
  if (known < 0) return known;
  let node: u64 = view.control & OTA_HAS_NODE ? load<u64>(from, OTA_BLOCK_SIZE) : 0;
  let period = otaBlockPeriod(from, known);
  let file = view.file;
  let written = otaBlockEmit(to, file.manufacturer, file.type, file.version, view.offset, view.dataMax, node, period);
  if (node == 0 && view.control & OTA_HAS_NODE) { // an address of zeros, which no emitter writes
    memory.copy(to + OTA_BLOCK_SIZE, from + OTA_BLOCK_SIZE, known - OTA_BLOCK_SIZE);
    written = known;
  }
  store<u8>(to, <u8>view.control); // with the bit of a period that is missing
  return written;
}

export function parse_ota_page(at: usize, size: u32): i32 { return otaPageParse(at, size); }
export function emit_ota_page(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaPage>(from);
  let known = otaPageParse(from, size);
  if (known < 0) return known;
  let head = view.block;
  let node: u64 = head.control & OTA_HAS_NODE ? load<u64>(from, OTA_PAGE_SIZE) : 0;
  let file = head.file;
  let written = otaPageEmit(to, file.manufacturer, file.type, file.version, head.offset, head.dataMax, view.pageSize, view.spacing, node);
  if (node == 0 && head.control & OTA_HAS_NODE) {
    store<u64>(to, 0, OTA_PAGE_SIZE);
    written = known;
  }
  store<u8>(to, <u8>head.control);
  return written;
}

export function parse_ota_block_answer(at: usize, size: u32): i32 { return otaBlockAnswerParse(at, size); }
export function emit_ota_block_answer(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaBlockAnswer>(from);
  let known = otaBlockAnswerParse(from, size);
  if (known < 0) return known;
  if (view.status == OTA_SUCCESS) {
    let file = view.file;
    otaBlockAnswerHead(to, file.manufacturer, file.type, file.version, view.offset, view.count);
    memory.copy(to + OTA_BLOCK_ANSWER_HEAD, view.octets, view.count);
    return known;
  }
  if (view.status != OTA_WAIT_FOR_DATA) return otaStatusEmit(to, view.status);
  if (known == OTA_WAIT_SIZE) return otaWaitEmit(to, view.currentTime, view.requestTime, view.period);
  memory.copy(to, from, known); // no emitter leaves the period out
  return known;
}

export function parse_ota_end(at: usize, size: u32): i32 { return otaEndParse(size); }
export function emit_ota_end(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaEnd>(from);
  let known = otaEndParse(size);
  return known < 0 ? known : otaEndEmit(to, view.status, view.file.manufacturer, view.file.type, view.file.version);
}

export function parse_ota_end_answer(at: usize, size: u32): i32 { return otaEndAnswerParse(size); }
export function emit_ota_end_answer(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaEndAnswer>(from);
  let known = otaEndAnswerParse(size);
  if (known < 0) return known;
  let file = view.file;
  return otaEndAnswerEmit(to, file.manufacturer, file.type, file.version, view.currentTime, view.upgradeTime);
}

export function parse_ota_specific(at: usize, size: u32): i32 { return otaSpecificParse(size); }
export function emit_ota_specific(from: usize, size: u32, to: usize): i32 {
  let view = changetype<OtaSpecific>(from);
  let known = otaSpecificParse(size);
  if (known < 0) return known;
  let file = view.file;
  return otaSpecificEmit(to, view.node, file.manufacturer, file.type, file.version, view.stack);
}
