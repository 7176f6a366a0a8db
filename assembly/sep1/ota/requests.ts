// What an OTA client asks its server, and what both speak of: the server, the file.
import { UPDATE_IMAGE, update } from "../../model/update";
import { ZCL_HEADER_SIZE_MAX, ZCL_MANUFACTURER, ZCL_NO_DEFAULT_RESPONSE, ZCL_TYPE_CLUSTER, ZCL_TYPE_PROFILE } from "../../zigbee/zcl/frame";
import { ZCL_READ } from "../../zigbee/zcl/foundation";
import { nwkExtended } from "../../zigbee/nwk/nwk";
import { zclBegin, zclSend, zclSequence } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import {
  OTA_IMAGE_BLOCK, OTA_IMAGE_PAGE, OTA_QUERY_NEXT_IMAGE, OTA_QUERY_SPECIFIC_FILE, OTA_UPGRADE_END, imageBlockEmit, imagePageEmit,
  queryNextImageEmit, querySpecificFileEmit, upgradeEndEmit,
} from "../descriptors/ota";
import {
  OTA_ANY_MANUFACTURER, OTA_ANY_TYPE, OTA_ANY_VERSION, OTA_CERTIFICATE, OTA_HAS_HARDWARE, OTA_HAS_PERIOD, OTA_OWN_REQUEST,
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

/** The file that the server offers: as `image_begin` is told of it, and the image that it is for. */
@unmanaged @final
export class OtaOffer {
  manufacturer: u16;
  type: u16;
  version: u32;
  size: u32;
  image: u32;
}
export const otaOffer = changetype<OtaOffer>(memory.data(offsetof<OtaOffer>(), 4));

/** A module of ours, or with `Certificate` that, is what is spoken of from now on. */
export function otaSpeakOf(image: u32, version: u32, size: u32): void {
  otaOffer.manufacturer = update.manufacturer;
  otaOffer.type = image == UPDATE_IMAGE ? update.type : <u16>OTA_CERTIFICATE;
  otaOffer.version = version;
  otaOffer.size = size;
  otaOffer.image = image;
}

/** Whether a file is the offered one. */
export function otaIsOffered(manufacturer: u32, type: u32, version: u32): bool {
  return manufacturer == otaOffer.manufacturer && type == otaOffer.type && version == otaOffer.version;
}

/** The same where an answer may mean any file. */
export function otaMeansOffered(manufacturer: u32, type: u32, version: u32): bool {
  if (manufacturer != otaOffer.manufacturer && manufacturer != OTA_ANY_MANUFACTURER) return false;
  if (type != otaOffer.type && type != OTA_ANY_TYPE) return false;
  return version == otaOffer.version || version == OTA_ANY_VERSION;
}

export function otaAskRevision(now: i64): i32 {
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_READ);
  store<u16>(at, OTA_REVISION);
  return otaSend(at + 2, now);
}

export function otaAskQuery(now: i64): i32 {
  let at = begin(OTA_QUERY_NEXT_IMAGE);
  return otaSend(at + queryNextImageEmit(at, OTA_HAS_HARDWARE, update.manufacturer, update.type, update.running, update.hardware), now);
}

/** Asks for the newest certificate that is there for us alone. */
export function otaAskSpecific(now: i64): i32 {
  let at = begin(OTA_QUERY_SPECIFIC_FILE);
  return otaSend(at + querySpecificFileEmit(at, nwkExtended(), update.manufacturer, OTA_CERTIFICATE, OTA_ANY_VERSION, STACK), now);
}

/** The next of our maker's own command: docs/identity.md.  Its octets come behind what this answers, and it leaves by `otaSend`. */
export function otaBeginOwn(): usize {
  let at = zclBegin(ZCL_TYPE_CLUSTER | ZCL_MANUFACTURER, OTA_OWN_REQUEST);
  store<u16>(at - ZCL_HEADER_SIZE_MAX + 1, update.manufacturer);
  return at;
}

export function otaAskBlock(offset: u32, dataMax: u32, period: u32, now: i64): i32 {
  let at = begin(OTA_IMAGE_BLOCK);
  let offer = otaOffer;
  return otaSend(at + imageBlockEmit(at, OTA_HAS_PERIOD, offer.manufacturer, offer.type, offer.version, offset, dataMax, 0, period), now);
}

export function otaAskPage(offset: u32, dataMax: u32, pageSize: u32, spacing: u32, now: i64): i32 {
  let at = begin(OTA_IMAGE_PAGE);
  let offer = otaOffer;
  return otaSend(at + imagePageEmit(at, 0, offer.manufacturer, offer.type, offer.version, offset, dataMax, pageSize, spacing, 0), now);
}

export function otaSayEnd(status: u32, now: i64): i32 {
  let at = begin(OTA_UPGRADE_END);
  return otaSend(at + upgradeEndEmit(at, status, otaOffer.manufacturer, otaOffer.type, otaOffer.version), now);
}

function begin(command: u32): usize {
  return zclBegin(ZCL_TYPE_CLUSTER | ZCL_NO_DEFAULT_RESPONSE, command);
}

export function otaSend(end: usize, now: i64): i32 {
  otaServer.sequence = zclSequence();
  return zclSend(otaServer.extended, otaServer.endpoint, CLUSTER_OTA, end, now);
}
