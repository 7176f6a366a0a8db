// A device's request for a certificate, on its way through the hub to the head-end: our maker's own command of the OTA cluster, whose
// pieces certificate.ts sends.  docs/identity.md.
//
//   taken ─▶ `requested`, SUCCESS        another maker's, or without the link key ─▶ as any hub answers        too many ─▶ NO_SPACE
import { libraryFile } from "../../model/library";
import { ApsKeyKind, apsHeard } from "../../zigbee/aps/aps";
import { deviceOf } from "../../zigbee/aps/devices";
import { DEVICES_MAX } from "../../zigbee/limits";
import { ZCL_MALFORMED, ZCL_NO_SPACE, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_HEADER_SIZE_MAX, ZCL_MANUFACTURER, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER, ZCL_TYPE_MASK } from "../../zigbee/zcl/frame";
import { ZclHeard, zclDefault, zclHeard, zclInput } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import { OTA_OWN_REQUEST, OTA_REQUEST_HEAD, OTA_REQUEST_MAX, OTA_REQUEST_PIECE } from "./command";

/** Pieces of a device in an hour: seven requests, which is more than a device sends that gets no answer. */
const PIECES_MAX: u32 = 64;
const PERIOD_MS: i64 = 3_600_000;
const KIND: u32 = ZCL_TYPE_MASK | ZCL_MANUFACTURER | ZCL_TO_CLIENT;

/** The piece that was heard last; in the message. */
@unmanaged @final
export class Requested {
  extended: u64;
  /** | offset u16 | size u16 | octets |; size 0: none. */
  payload: usize;
  size: u32;
}
export const requested = changetype<Requested>(memory.data(offsetof<Requested>(), 8));

@unmanaged @final class State { until: i64; }
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const heard = memory.data(DEVICES_MAX);

/** Looks at the message in `apsHeard`; true when it was a request and has been answered. */
export function requestedInput(now: i64): bool {
  if (apsHeard.cluster != CLUSTER_OTA || apsHeard.keyKind != ApsKeyKind.Established || apsHeard.size < ZCL_HEADER_SIZE_MAX) return false;
  if ((load<u8>(apsHeard.payload) & KIND) != (ZCL_TYPE_CLUSTER | ZCL_MANUFACTURER)) return false;
  if (zclInput() == ZclHeard.None) return false;
  if (zclHeard.manufacturer != libraryFile(0).manufacturer || zclHeard.command != OTA_OWN_REQUEST) return false;
  let status = taken(now);
  if (status == ZCL_SUCCESS) {
    requested.extended = apsHeard.sourceExtended;
    requested.payload = zclHeard.payload;
    requested.size = zclHeard.size;
  }
  zclDefault(status, now);
  return true;
}

function taken(now: i64): u32 {
  let count = zclHeard.size - OTA_REQUEST_HEAD;
  if (zclHeard.size < OTA_REQUEST_HEAD || count > OTA_REQUEST_PIECE) return ZCL_MALFORMED;
  let offset = load<u16>(zclHeard.payload);
  let size = load<u16>(zclHeard.payload, 2);
  if (size > OTA_REQUEST_MAX || (size == 0 ? count != 0 : count == 0 || offset + count > size)) return ZCL_MALFORMED;
  if (state.until <= now) {
    state.until = now + PERIOD_MS;
    memory.fill(heard, 0, DEVICES_MAX);
  }
  let device = deviceOf(apsHeard.sourceExtended);
  if (device < 0 || load<u8>(heard + device) >= PIECES_MAX) return ZCL_NO_SPACE;
  store<u8>(heard + device, load<u8>(heard + device) + 1);
  return ZCL_SUCCESS;
}
