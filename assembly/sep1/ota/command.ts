// OTA Upgrade cluster: values of its commands' fields, ZigBee OTA 095264 section 6, ZCL revision 8 (075123) section 11.13.  The formats are
// in descriptors/ota.ts.
import { ImageBlock, imageBlockResponseStatus0Emit } from "../descriptors/ota";

// Statuses, 095264 table 13 and 075123 table 2-12
export const OTA_SUCCESS: u32 = 0x00;
export const OTA_NOT_AUTHORIZED: u32 = 0x7e;
export const OTA_ABORT: u32 = 0x95;
export const OTA_INVALID_IMAGE: u32 = 0x96;
export const OTA_WAIT_FOR_DATA: u32 = 0x97;
export const OTA_NO_IMAGE: u32 = 0x98;
export const OTA_REQUIRE_MORE_IMAGE: u32 = 0x99;

/** Type of a file that is a certificate, 075123 table 11-4: client security credentials. */
export const OTA_CERTIFICATE: u32 = 0xffc0;
/** Our maker's own command to the server: docs/identity.md. */
export const OTA_OWN_REQUEST: u32 = 0x00;
/** Octets of the request behind | offset u16 | size u16 |. */
export const OTA_REQUEST_HEAD: u32 = 4;
export const OTA_REQUEST_PIECE: u32 = 56;
export const OTA_REQUEST_MAX: u32 = 512;

// Payload types of a notification
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

/** A block's answer without its octets. */
export const OTA_BLOCK_ANSWER_HEAD: u32 = 14;
/** A wait with its block period, which the first edition did not have. */
export const OTA_WAIT_SIZE: u32 = 11;
const BLOCK_SIZE: u32 = 14;
const NODE_SIZE: u32 = 8;

/** The block period that the client works with, or -1 without one, announced or not; `known` octets are known. */
export function otaBlockPeriod(block: ImageBlock, known: u32): i32 {
  let before = BLOCK_SIZE + (block.control & OTA_HAS_NODE ? NODE_SIZE : 0);
  return known == before ? -1 : <i32>load<u16>(changetype<usize>(block) + before);
}

/** Writes an answer that is its status alone. */
export function otaRefusalEmit(at: usize, status: u32): u32 {
  store<u8>(at, status);
  return 1;
}

/** Writes a block's answer around the octets that are at `at + OTA_BLOCK_ANSWER_HEAD` already; answers its size. */
export function otaBlockAnswerEmit(at: usize, manufacturer: u32, type: u32, version: u32, offset: u32, count: u32): u32 {
  return imageBlockResponseStatus0Emit(at, manufacturer, type, version, offset, at + OTA_BLOCK_ANSWER_HEAD, count);
}
