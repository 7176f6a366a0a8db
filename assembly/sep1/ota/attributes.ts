// OTA Upgrade cluster, the client's attributes: ZigBee OTA 095264 section 6.7, 075123 section 11.10.  Those that are in the model as they
// travel are read there; nothing activates but the server's word, which policy and timeout in clusters/instances.json say.
import { FileStatus, ImageReason } from "../../core/host";
import { UPDATE_WHEN_TOLD, update, updateActivation, updateIsPlanned } from "../../model/update";
import { otaServer } from "./requests";
import { transferPeriod } from "./transfer";

// Image upgrade status, 075123 table 11-9
const NORMAL: u32 = 0;
const IN_PROGRESS: u32 = 1;
const COMPLETE: u32 = 2;
const WAITING: u32 = 3;
const COUNT_DOWN: u32 = 4;
const WAIT_FOR_MORE: u32 = 5;

const UNKNOWN: u32 = 0xffff_ffff;
const NO_STACK: u32 = 0xffff;

/** What is not in the model as it travels. */
@unmanaged @final
export class OtaNow {
  server: u64;
  offset: u32;
  heldVersion: u32;
  stack: u16;
  heldStack: u16;
  /** Milliseconds. */
  period: u16;
  status: u8;
}
export const otaNow = changetype<OtaNow>(memory.data(offsetof<OtaNow>(), 8));

export function otaRefresh(now: i64): void {
  let held = isHeld();
  otaNow.server = otaServer.extended == 0 ? u64.MAX_VALUE : otaServer.extended;
  otaNow.offset = update.status == FileStatus.None ? UNKNOWN : update.offset;
  otaNow.stack = update.phase;
  otaNow.heldVersion = held ? update.version : UNKNOWN;
  otaNow.heldStack = held ? update.phase : <u16>NO_STACK;
  otaNow.status = <u8>otaStatus();
  otaNow.period = <u16>transferPeriod();
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

/** Whether a whole file is here that does not run yet. */
function isHeld(): bool {
  return update.status == FileStatus.Waiting || update.status == FileStatus.Activating;
}
