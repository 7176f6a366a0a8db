// The state of an image as `image_state` answers it, docs/abi.md.
import {
  FileStatus,
  IMAGE_CAPACITY,
  IMAGE_COUNTER,
  IMAGE_DETAIL,
  IMAGE_EPOCH,
  IMAGE_FILES,
  IMAGE_FLAGS,
  IMAGE_HARDWARE,
  IMAGE_MANUFACTURER,
  IMAGE_NOT_BEFORE,
  IMAGE_OFFSET,
  IMAGE_PHASE,
  IMAGE_REASON,
  IMAGE_ROLE,
  IMAGE_RUNNING,
  IMAGE_SIZE,
  IMAGE_STATE,
  IMAGE_STATUS,
  IMAGE_TRIES,
  IMAGE_TYPE,
  IMAGE_VERSION,
} from "../abi.ts";
import type { Identity } from "./keys.ts";
import type { SlotRecord } from "./slot_record.ts";
import type { Running } from "./slots_boot.ts";

const FLAG_TRIAL = 1;
const FLAG_FACTORY = 2;

export interface StateSource {
  image: number;
  identity: Identity;
  running: Running;
  record: SlotRecord;
  /** Octets of the package that are here. */
  offset: number;
  capacity: number;
}

export function stateOctets({ image, identity, running, record, offset, capacity }: StateSource): Buffer {
  const entry = record.entries[image];
  const out = Buffer.alloc(IMAGE_STATE);
  out[IMAGE_STATUS] = entry.status === FileStatus.Loading && offset === entry.key.size ? FileStatus.Verifying : entry.status;
  out[IMAGE_REASON] = entry.reason;
  out.writeUInt16LE(image === 0 ? identity.manufacturer : entry.key.manufacturer, IMAGE_MANUFACTURER);
  out.writeUInt16LE(image === 0 ? identity.type : entry.key.type, IMAGE_TYPE);
  out.writeUInt16LE(identity.hardware, IMAGE_HARDWARE);
  out.writeUInt32LE(entry.key.version, IMAGE_VERSION);
  out.writeUInt32LE(entry.key.size, IMAGE_SIZE);
  out.writeUInt32LE(offset, IMAGE_OFFSET);
  out.writeUInt32LE(running.version, IMAGE_RUNNING);
  out[IMAGE_FLAGS] = (running.onTrial ? FLAG_TRIAL : 0) | (running.source === "factory" ? FLAG_FACTORY : 0);
  out[IMAGE_TRIES] = record.tries;
  out.writeUInt16LE(entry.detail, IMAGE_DETAIL);
  out[IMAGE_ROLE] = identity.role;
  out[IMAGE_FILES] = record.entries.length - 1;
  out[IMAGE_PHASE] = running.phase;
  out.writeUInt32LE(entry.notBefore, IMAGE_NOT_BEFORE);
  out.writeUInt32LE(capacity, IMAGE_CAPACITY);
  out.writeUInt32LE(record.counter, IMAGE_COUNTER);
  out.writeUInt32LE(record.epoch, IMAGE_EPOCH);
  return out;
}
