// What an OTA client asks its server, and what both speak of: the server, the file.
import { update } from "../../model/update";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TYPE_CLUSTER, ZCL_TYPE_PROFILE } from "../../zigbee/zcl/frame";
import { ZCL_READ } from "../../zigbee/zcl/foundation";
import { nwkExtended } from "../../zigbee/nwk/nwk";
import { zclBegin, zclSend, zclSequence } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import {
  OTA_ANY_MANUFACTURER, OTA_ANY_TYPE, OTA_ANY_VERSION, OTA_BLOCK, OTA_END, OTA_PAGE, OTA_QUERY, OTA_SPECIFIC, OtaFile, otaBlockEmit,
  otaEndEmit, otaPageEmit, otaQueryEmit, otaSpecificEmit,
} from "./command";

/** ClusterRevision, 075123 section 2.3.5.1: attribute of every cluster's server since revision 6 of the library. */
export const OTA_REVISION: u32 = 0xfffd;
/** ZigBee PRO. */
const STACK: u32 = 2;

@unmanaged @final
export class OtaServer {
  /** 0: none is known. */
  extended: u64;
  endpoint: u32;
  /** Number of the last question. */
  sequence: u32;
}
export const otaServer = changetype<OtaServer>(memory.data(offsetof<OtaServer>(), 8));

/** The file that the server offers. */
@unmanaged @final
export class OtaOffer {
  manufacturer: u32;
  type: u32;
  version: u32;
  size: u32;
}
export const otaOffer = changetype<OtaOffer>(memory.data(offsetof<OtaOffer>(), 4));

/** Whether a file is the offered one. */
export function otaIsOffered(file: OtaFile): bool {
  return file.manufacturer == otaOffer.manufacturer && file.type == otaOffer.type && file.version == otaOffer.version;
}

/** The same where an answer may mean any file. */
export function otaMeansOffered(file: OtaFile): bool {
  if (file.manufacturer != otaOffer.manufacturer && file.manufacturer != OTA_ANY_MANUFACTURER) return false;
  if (file.type != otaOffer.type && file.type != OTA_ANY_TYPE) return false;
  return file.version == otaOffer.version || file.version == OTA_ANY_VERSION;
}

export function otaAskRevision(now: i64): i32 {
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_READ);
  store<u16>(at, OTA_REVISION);
  return send(at + 2, now);
}

export function otaAskQuery(now: i64): i32 {
  let at = begin(OTA_QUERY);
  return send(at + otaQueryEmit(at, update.manufacturer, update.type, update.running, update.hardware), now);
}

/** A file for this device alone. */
export function otaAskSpecific(now: i64): i32 {
  let at = begin(OTA_SPECIFIC);
  return send(at + otaSpecificEmit(at, nwkExtended(), update.manufacturer, update.type, OTA_ANY_VERSION, STACK), now);
}

export function otaAskBlock(offset: u32, dataMax: u32, period: u32, now: i64): i32 {
  let at = begin(OTA_BLOCK);
  return send(at + otaBlockEmit(at, otaOffer.manufacturer, otaOffer.type, otaOffer.version, offset, dataMax, 0, period), now);
}

export function otaAskPage(offset: u32, dataMax: u32, pageSize: u32, spacing: u32, now: i64): i32 {
  let at = begin(OTA_PAGE);
  return send(at + otaPageEmit(at, otaOffer.manufacturer, otaOffer.type, otaOffer.version, offset, dataMax, pageSize, spacing, 0), now);
}

export function otaSayEnd(status: u32, now: i64): i32 {
  let at = begin(OTA_END);
  return send(at + otaEndEmit(at, status, otaOffer.manufacturer, otaOffer.type, otaOffer.version), now);
}

function begin(command: u32): usize {
  return zclBegin(ZCL_TYPE_CLUSTER | ZCL_NO_DEFAULT_RESPONSE, command);
}

function send(end: usize, now: i64): i32 {
  otaServer.sequence = zclSequence();
  return zclSend(otaServer.extended, otaServer.endpoint, CLUSTER_OTA, end, now);
}
