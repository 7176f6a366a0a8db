// OTA Upgrade cluster, the ten commands: ZigBee OTA 095264 section 6, ZCL revision 8 (075123) section 11.13.  Little-endian.
//
//   file               | manufacturer u16 | image type u16 | file version u32 |                       in all but short answers
//
//   00 notify          | payload type | jitter | then as the payload type says: nothing, manufacturer, and type, and version |
//   01 query next      | control | file | hardware u16, control bit 0 |
//   02 its answer      | status | file | size u32 |                                       after a status other than 0: nothing
//   03 block           | control | file | offset u32 | data at most u8 | node u64, bit 0 | block period u16, bit 1 |
//   04 page            | control | file | offset u32 | data at most u8 | page size u16 | spacing u16 | node u64, bit 0 |
//   05 their answer    | 0 | file | offset u32 | count u8 | octets ... |
//                      | 0x97 | current time u32 | request time u32 | block period u16 |        or another status and nothing
//   06 upgrade end     | status | file |
//   07 its answer      | file | current time u32 | upgrade time u32 |
//   08 query specific  | node u64 | file | stack version u16 |
//   09 its answer      as 02
import { Err } from "../../core/err";

// Commands to the client
export const OTA_NOTIFY: u32 = 0x00;
export const OTA_QUERY_ANSWER: u32 = 0x02;
export const OTA_BLOCK_ANSWER: u32 = 0x05;
export const OTA_END_ANSWER: u32 = 0x07;
export const OTA_SPECIFIC_ANSWER: u32 = 0x09;
// Commands to the server
export const OTA_QUERY: u32 = 0x01;
export const OTA_BLOCK: u32 = 0x03;
export const OTA_PAGE: u32 = 0x04;
export const OTA_END: u32 = 0x06;
export const OTA_SPECIFIC: u32 = 0x08;

// Statuses, 095264 table 13 and 075123 table 2-12
export const OTA_SUCCESS: u32 = 0x00;
export const OTA_NOT_AUTHORIZED: u32 = 0x7e;
export const OTA_MALFORMED: u32 = 0x80;
export const OTA_ABORT: u32 = 0x95;
export const OTA_INVALID_IMAGE: u32 = 0x96;
export const OTA_WAIT_FOR_DATA: u32 = 0x97;
export const OTA_NO_IMAGE: u32 = 0x98;
export const OTA_REQUIRE_MORE_IMAGE: u32 = 0x99;

// Payload types of a notification
export const OTA_NOTIFY_ALL: u32 = 0;
export const OTA_NOTIFY_MANUFACTURER: u32 = 1;
export const OTA_NOTIFY_TYPE: u32 = 2;
export const OTA_NOTIFY_VERSION: u32 = 3;
export const OTA_JITTER_MAX: u32 = 100;

/** Control of a query: the hardware version follows. */
export const OTA_HAS_HARDWARE: u32 = 1;
/** Control of a block or page request: the requester's IEEE address follows. */
export const OTA_HAS_NODE: u32 = 1;
/** Control of a block request: the client has attribute 0x0009, and its value follows; some clients leave it out. */
export const OTA_HAS_PERIOD: u32 = 2;

// In place of a manufacturer, a type or a version: any
export const OTA_ANY_MANUFACTURER: u32 = 0xffff;
export const OTA_ANY_TYPE: u32 = 0xffff;
export const OTA_ANY_VERSION: u32 = 0xffff_ffff;
/** Upgrade time: wait until told, and ask again within the hour. */
export const OTA_TIME_WAIT: u32 = 0xffff_ffff;

export const OTA_FILE_SIZE: u32 = 8;
export const OTA_QUERY_SIZE: u32 = 9;
export const OTA_QUERY_SIZE_MAX: u32 = 11;
export const OTA_QUERY_ANSWER_SIZE: u32 = 13;
export const OTA_BLOCK_SIZE: u32 = 14;
export const OTA_BLOCK_SIZE_MAX: u32 = 24;
export const OTA_PAGE_SIZE: u32 = 18;
export const OTA_PAGE_SIZE_MAX: u32 = 26;
/** A block's answer without its octets. */
export const OTA_BLOCK_ANSWER_HEAD: u32 = 14;
export const OTA_WAIT_SIZE: u32 = 11;
export const OTA_END_SIZE: u32 = 9;
export const OTA_END_ANSWER_SIZE: u32 = 16;
export const OTA_SPECIFIC_SIZE: u32 = 18;
const NODE_SIZE: u32 = 8;
const PERIOD_SIZE: u32 = 2;
/** A wait without its block period, as the first edition had it. */
const WAIT_SIZE_MIN: u32 = 9;

/** Which file: where a command carries one. */
@unmanaged @final
export class OtaFile {
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this)); }
  get type(): u32 { return load<u16>(changetype<usize>(this), 2); }
  get version(): u32 { return load<u32>(changetype<usize>(this), 4); }
}

/** 00; fields beyond the payload type are wildcards. */
@unmanaged @final
export class OtaNotify {
  get payloadType(): u32 { return load<u8>(changetype<usize>(this)); }
  get jitter(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get manufacturer(): u32 { return this.payloadType > OTA_NOTIFY_ALL ? <u32>load<u16>(changetype<usize>(this), 2) : OTA_ANY_MANUFACTURER; }
  get type(): u32 { return this.payloadType > OTA_NOTIFY_MANUFACTURER ? <u32>load<u16>(changetype<usize>(this), 4) : OTA_ANY_TYPE; }
  get version(): u32 { return this.payloadType > OTA_NOTIFY_TYPE ? load<u32>(changetype<usize>(this), 6) : OTA_ANY_VERSION; }
}

/** 01 */
@unmanaged @final
export class OtaQuery {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 1); }
  get hasHardware(): bool { return (this.control & OTA_HAS_HARDWARE) != 0; }
  get hardware(): u32 { return load<u16>(changetype<usize>(this), 9); }
}

/** 02 and 09; `file` and `size` only with `OTA_SUCCESS`. */
@unmanaged @final
export class OtaQueryAnswer {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 1); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 9); }
}

/** 03, and the first fields of 04. */
@unmanaged @final
export class OtaBlock {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 1); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 9); }
  get dataMax(): u32 { return load<u8>(changetype<usize>(this), 13); }
}

/** 04 */
@unmanaged @final
export class OtaPage {
  get block(): OtaBlock { return changetype<OtaBlock>(this); }
  get pageSize(): u32 { return load<u16>(changetype<usize>(this), 14); }
  /** Milliseconds between two answers. */
  get spacing(): u32 { return load<u16>(changetype<usize>(this), 16); }
}

/** 05; after `OTA_SUCCESS` the first four fields, after `OTA_WAIT_FOR_DATA` the times. */
@unmanaged @final
export class OtaBlockAnswer {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 1); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 9); }
  get count(): u32 { return load<u8>(changetype<usize>(this), 13); }
  get octets(): usize { return changetype<usize>(this) + OTA_BLOCK_ANSWER_HEAD; }
  get currentTime(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get requestTime(): u32 { return load<u32>(changetype<usize>(this), 5); }
  /** Only where `otaBlockAnswerParse` answered `OTA_WAIT_SIZE`. */
  get period(): u32 { return load<u16>(changetype<usize>(this), 9); }
}

/** 06 */
@unmanaged @final
export class OtaEnd {
  get status(): u32 { return load<u8>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 1); }
}

/** 07 */
@unmanaged @final
export class OtaEndAnswer {
  get file(): OtaFile { return changetype<OtaFile>(this); }
  get currentTime(): u32 { return load<u32>(changetype<usize>(this), 8); }
  get upgradeTime(): u32 { return load<u32>(changetype<usize>(this), 12); }
}

/** 08 */
@unmanaged @final
export class OtaSpecific {
  get node(): u64 { return load<u64>(changetype<usize>(this)); }
  get file(): OtaFile { return changetype<OtaFile>(changetype<usize>(this) + 8); }
  get stack(): u32 { return load<u16>(changetype<usize>(this), 16); }
}

// Every parser answers the size of the part that it knows, or an `Err`: later editions may add fields, 075123 section 2.3.3.

export function otaNotifyParse(at: usize, have: u32): i32 {
  if (have < 2) return Err.Truncated;
  let type: u32 = load<u8>(at);
  if (type > OTA_NOTIFY_VERSION) return Err.Reserved;
  if (load<u8>(at, 1) > OTA_JITTER_MAX) return Err.Reserved;
  return enough(notifySize(type), have);
}

export function otaQueryParse(at: usize, have: u32): i32 {
  if (have < OTA_QUERY_SIZE) return Err.Truncated;
  return enough(load<u8>(at) & OTA_HAS_HARDWARE ? OTA_QUERY_SIZE_MAX : OTA_QUERY_SIZE, have);
}

/** 02 and 09 */
export function otaQueryAnswerParse(at: usize, have: u32): i32 {
  if (have < 1) return Err.Truncated;
  return enough(load<u8>(at) == OTA_SUCCESS ? OTA_QUERY_ANSWER_SIZE : 1, have);
}

/** A block period that is announced and left out is accepted; `otaBlockPeriod` tells. */
export function otaBlockParse(at: usize, have: u32): i32 {
  if (have < OTA_BLOCK_SIZE) return Err.Truncated;
  let control: u32 = load<u8>(at);
  let size = OTA_BLOCK_SIZE + (control & OTA_HAS_NODE ? NODE_SIZE : 0);
  if (control & OTA_HAS_PERIOD && have != size) size += PERIOD_SIZE;
  return enough(size, have);
}

/** The block period that the client works with, or -1 without one; `size` is what the parser answered. */
export function otaBlockPeriod(at: usize, size: u32): i32 {
  let before = OTA_BLOCK_SIZE + (load<u8>(at) & OTA_HAS_NODE ? NODE_SIZE : 0);
  return size == before ? -1 : <i32>load<u16>(at + before);
}

export function otaPageParse(at: usize, have: u32): i32 {
  if (have < OTA_PAGE_SIZE) return Err.Truncated;
  return enough(load<u8>(at) & OTA_HAS_NODE ? OTA_PAGE_SIZE_MAX : OTA_PAGE_SIZE, have);
}

/** A wait may lack its block period. */
export function otaBlockAnswerParse(at: usize, have: u32): i32 {
  if (have < 1) return Err.Truncated;
  switch (<u32>load<u8>(at)) {
    case OTA_SUCCESS: {
      if (have < OTA_BLOCK_ANSWER_HEAD) return Err.Truncated;
      return enough(OTA_BLOCK_ANSWER_HEAD + load<u8>(at, 13), have);
    }
    case OTA_WAIT_FOR_DATA: return enough(have == WAIT_SIZE_MIN ? WAIT_SIZE_MIN : OTA_WAIT_SIZE, have);
  }
  return 1;
}

export function otaEndParse(have: u32): i32 { return enough(OTA_END_SIZE, have); }
export function otaEndAnswerParse(have: u32): i32 { return enough(OTA_END_ANSWER_SIZE, have); }
export function otaSpecificParse(have: u32): i32 { return enough(OTA_SPECIFIC_SIZE, have); }

// Every emitter answers the size.

export function otaFileEmit(at: usize, manufacturer: u32, type: u32, version: u32): u32 {
  store<u16>(at, manufacturer);
  store<u16>(at, type, 2);
  store<u32>(at, version, 4);
  return OTA_FILE_SIZE;
}

/** Fields beyond the payload type do not travel. */
export function otaNotifyEmit(at: usize, payloadType: u32, jitter: u32, manufacturer: u32, type: u32, version: u32): u32 {
  store<u8>(at, payloadType);
  store<u8>(at, jitter, 1);
  if (payloadType > OTA_NOTIFY_ALL) store<u16>(at, manufacturer, 2);
  if (payloadType > OTA_NOTIFY_MANUFACTURER) store<u16>(at, type, 4);
  if (payloadType > OTA_NOTIFY_TYPE) store<u32>(at, version, 6);
  return notifySize(payloadType);
}

/** `hardware` below 0: none. */
export function otaQueryEmit(at: usize, manufacturer: u32, type: u32, version: u32, hardware: i32): u32 {
  store<u8>(at, hardware < 0 ? 0 : OTA_HAS_HARDWARE);
  otaFileEmit(at + 1, manufacturer, type, version);
  if (hardware < 0) return OTA_QUERY_SIZE;
  store<u16>(at, hardware, 9);
  return OTA_QUERY_SIZE_MAX;
}

/** 02 and 09 with a file; a refusal is its status alone. */
export function otaQueryAnswerEmit(at: usize, manufacturer: u32, type: u32, version: u32, size: u32): u32 {
  store<u8>(at, OTA_SUCCESS);
  otaFileEmit(at + 1, manufacturer, type, version);
  store<u32>(at, size, 9);
  return OTA_QUERY_ANSWER_SIZE;
}

/** `node` 0: none; `period` below 0: none. */
export function otaBlockEmit(
  at: usize, manufacturer: u32, type: u32, version: u32, offset: u32, dataMax: u32, node: u64, period: i32,
): u32 {
  blockHead(at, (node != 0 ? OTA_HAS_NODE : 0) | (period < 0 ? 0 : OTA_HAS_PERIOD), manufacturer, type, version, offset, dataMax);
  let size = OTA_BLOCK_SIZE;
  if (node != 0) {
    store<u64>(at + size, node);
    size += NODE_SIZE;
  }
  if (period < 0) return size;
  store<u16>(at + size, period);
  return size + PERIOD_SIZE;
}

/** `node` 0: none. */
export function otaPageEmit(
  at: usize, manufacturer: u32, type: u32, version: u32, offset: u32, dataMax: u32, pageSize: u32, spacing: u32, node: u64,
): u32 {
  blockHead(at, node != 0 ? OTA_HAS_NODE : 0, manufacturer, type, version, offset, dataMax);
  store<u16>(at, pageSize, 14);
  store<u16>(at, spacing, 16);
  if (node == 0) return OTA_PAGE_SIZE;
  store<u64>(at, node, OTA_PAGE_SIZE);
  return OTA_PAGE_SIZE_MAX;
}

/** A block's answer up to its octets, which the caller puts at `at + OTA_BLOCK_ANSWER_HEAD`. */
export function otaBlockAnswerHead(at: usize, manufacturer: u32, type: u32, version: u32, offset: u32, count: u32): u32 {
  store<u8>(at, OTA_SUCCESS);
  otaFileEmit(at + 1, manufacturer, type, version);
  store<u32>(at, offset, 9);
  store<u8>(at, count, 13);
  return OTA_BLOCK_ANSWER_HEAD;
}

export function otaWaitEmit(at: usize, currentTime: u32, requestTime: u32, period: u32): u32 {
  store<u8>(at, OTA_WAIT_FOR_DATA);
  store<u32>(at, currentTime, 1);
  store<u32>(at, requestTime, 5);
  store<u16>(at, period, 9);
  return OTA_WAIT_SIZE;
}

/** 02, 05 and 09 without anything behind their status. */
export function otaStatusEmit(at: usize, status: u32): u32 {
  store<u8>(at, status);
  return 1;
}

export function otaEndEmit(at: usize, status: u32, manufacturer: u32, type: u32, version: u32): u32 {
  store<u8>(at, status);
  return 1 + otaFileEmit(at + 1, manufacturer, type, version);
}

export function otaEndAnswerEmit(at: usize, manufacturer: u32, type: u32, version: u32, currentTime: u32, upgradeTime: u32): u32 {
  otaFileEmit(at, manufacturer, type, version);
  store<u32>(at, currentTime, 8);
  store<u32>(at, upgradeTime, 12);
  return OTA_END_ANSWER_SIZE;
}

export function otaSpecificEmit(at: usize, node: u64, manufacturer: u32, type: u32, version: u32, stack: u32): u32 {
  store<u64>(at, node);
  otaFileEmit(at + 8, manufacturer, type, version);
  store<u16>(at, stack, 16);
  return OTA_SPECIFIC_SIZE;
}

function blockHead(at: usize, control: u32, manufacturer: u32, type: u32, version: u32, offset: u32, dataMax: u32): void {
  store<u8>(at, control);
  otaFileEmit(at + 1, manufacturer, type, version);
  store<u32>(at, offset, 9);
  store<u8>(at, dataMax, 13);
}

function notifySize(payloadType: u32): u32 {
  switch (payloadType) {
    case OTA_NOTIFY_ALL: return 2;
    case OTA_NOTIFY_MANUFACTURER: return 4;
    case OTA_NOTIFY_TYPE: return 6;
  }
  return 10;
}

function enough(size: u32, have: u32): i32 { return have < size ? Err.Truncated : <i32>size; }
