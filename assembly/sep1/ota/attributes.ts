// OTA Upgrade cluster, the client's attributes: ZigBee OTA 095264 section 6.7, 075123 section 11.10.
import { FileStatus, ImageReason } from "../../core/host";
import { UPDATE_WHEN_TOLD, update, updateActivation, updateIsPlanned } from "../../model/update";
import { ATTRIBUTES_END } from "../../zigbee/zcl/attributes";
import { ZCL_ENUM8, ZCL_UINT16, ZCL_UINT32 } from "../../zigbee/zcl/types";

const SERVER: u32 = 0x0000;
const FILE_OFFSET: u32 = 0x0001;
const CURRENT_VERSION: u32 = 0x0002;
const CURRENT_STACK: u32 = 0x0003;
const DOWNLOADED_VERSION: u32 = 0x0004;
const DOWNLOADED_STACK: u32 = 0x0005;
const STATUS: u32 = 0x0006;
const MANUFACTURER: u32 = 0x0007;
const TYPE: u32 = 0x0008;
const BLOCK_PERIOD: u32 = 0x0009;
const STAMP: u32 = 0x000a;
const ACTIVATION_POLICY: u32 = 0x000b;
const TIMEOUT_POLICY: u32 = 0x000c;
const ZCL_IEEE: u32 = 0xf0;

// Image upgrade status, 075123 table 11-9
const NORMAL: u32 = 0;
const IN_PROGRESS: u32 = 1;
const COMPLETE: u32 = 2;
const WAITING: u32 = 3;
const COUNT_DOWN: u32 = 4;
const WAIT_FOR_MORE: u32 = 5;

const UNKNOWN: u32 = 0xffff_ffff;
/** Only the server's word activates. */
const SERVER_ACTIVATES: u32 = 0;
/** Without that word nothing is activated, however long it is missing. */
const NO_TIMEOUT: u32 = 1;

export const OTA_ATTRIBUTES = memory.data<u32>([
  SERVER | ZCL_IEEE << 16,
  FILE_OFFSET | ZCL_UINT32 << 16,
  CURRENT_VERSION | ZCL_UINT32 << 16,
  CURRENT_STACK | ZCL_UINT16 << 16,
  DOWNLOADED_VERSION | ZCL_UINT32 << 16,
  DOWNLOADED_STACK | ZCL_UINT16 << 16,
  STATUS | ZCL_ENUM8 << 16,
  MANUFACTURER | ZCL_UINT16 << 16,
  TYPE | ZCL_UINT16 << 16,
  BLOCK_PERIOD | ZCL_UINT16 << 16,
  STAMP | ZCL_UINT32 << 16,
  ACTIVATION_POLICY | ZCL_ENUM8 << 16,
  TIMEOUT_POLICY | ZCL_ENUM8 << 16,
  ATTRIBUTES_END,
]);

/** Writes a value; `server` is 0 when there is none, `period` in milliseconds. */
export function otaValue(id: u32, at: usize, server: u64, period: u32): u32 {
  switch (id) {
    case SERVER: {
      store<u64>(at, server == 0 ? u64.MAX_VALUE : server);
      return 8;
    }
    case CURRENT_STACK: return half(at, update.phase);
    case DOWNLOADED_STACK: return half(at, isHeld() ? update.phase : 0xffff);
    case STATUS: return octet(at, otaStatus());
    case MANUFACTURER: return half(at, update.manufacturer);
    case TYPE: return half(at, update.type);
    case BLOCK_PERIOD: return half(at, period);
    case ACTIVATION_POLICY: return octet(at, SERVER_ACTIVATES);
    case TIMEOUT_POLICY: return octet(at, NO_TIMEOUT);
  }
  store<u32>(at, word(id));
  return 4;
}

/** The device's state in the cluster's terms. */
export function otaStatus(): u32 {
  switch (<i32>update.status) {
    case FileStatus.Loading: return IN_PROGRESS;
    case FileStatus.Verifying: return COMPLETE;
    case FileStatus.Waiting: {
      if (!updateIsPlanned()) return updateActivation() == UPDATE_WHEN_TOLD ? WAITING : COMPLETE;
      return COUNT_DOWN;
    }
    case FileStatus.Activating: return COUNT_DOWN;
    case FileStatus.SignatureFailed:
    case FileStatus.Failed: return update.reason == ImageReason.Base ? WAIT_FOR_MORE : NORMAL;
  }
  return NORMAL;
}

function word(id: u32): u32 {
  switch (id) {
    case FILE_OFFSET: return update.status == FileStatus.None ? UNKNOWN : update.offset;
    case CURRENT_VERSION: return update.running;
    case DOWNLOADED_VERSION: return isHeld() ? update.version : UNKNOWN;
  }
  return update.size; // the stamp: what tells two files of one version apart
}

/** Whether a whole file is here that does not run yet. */
function isHeld(): bool {
  return update.status == FileStatus.Waiting || update.status == FileStatus.Activating;
}

function octet(at: usize, value: u32): u32 {
  store<u8>(at, value);
  return 1;
}

function half(at: usize, value: u32): u32 {
  store<u16>(at, value);
  return 2;
}
