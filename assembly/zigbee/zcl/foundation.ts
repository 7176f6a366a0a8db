// ZCL general commands: 075123, section 2.5.  A payload is a list of records of one form.
//
//   read              | id u16 | ...                                  read answer | id u16 | status | type | value | ...
//   write, report     | id u16 | type | value | ...                   write answer | status | id u16 | ... or | 0 |
//   configure         | 0 | id u16 | type | min u16 | max u16 | change | ... or | 1 | id u16 | timeout u16 |
//   configure answer  | status | direction | id u16 | ... or | 0 |
//   read configuration | direction | id u16 | ...                     its answer | status | as configure, when the status is 0 |
//   default response  | command | status |
//   discover          | start u16 | count |                           its answer | complete | id u16 | type | ...
import { Err } from "../../core/err";
import { zclPutNumber, zclTypeIsAnalog, zclValueSize } from "./types";

// Commands, table 2-3
export const ZCL_READ: u32 = 0x00;
export const ZCL_READ_ANSWER: u32 = 0x01;
export const ZCL_WRITE: u32 = 0x02;
export const ZCL_WRITE_UNDIVIDED: u32 = 0x03;
export const ZCL_WRITE_ANSWER: u32 = 0x04;
export const ZCL_WRITE_QUIETLY: u32 = 0x05;
export const ZCL_CONFIGURE: u32 = 0x06;
export const ZCL_CONFIGURE_ANSWER: u32 = 0x07;
export const ZCL_READ_CONFIGURATION: u32 = 0x08;
export const ZCL_READ_CONFIGURATION_ANSWER: u32 = 0x09;
export const ZCL_REPORT: u32 = 0x0a;
export const ZCL_DEFAULT: u32 = 0x0b;
export const ZCL_DISCOVER: u32 = 0x0c;
export const ZCL_DISCOVER_ANSWER: u32 = 0x0d;

// Statuses, table 2-12
export const ZCL_SUCCESS: u32 = 0x00;
export const ZCL_FAILURE: u32 = 0x01;
export const ZCL_MALFORMED: u32 = 0x80;
export const ZCL_NO_CLUSTER_COMMAND: u32 = 0x81;
export const ZCL_NO_GENERAL_COMMAND: u32 = 0x82;
export const ZCL_NO_MANUFACTURER_CLUSTER_COMMAND: u32 = 0x83;
export const ZCL_NO_MANUFACTURER_GENERAL_COMMAND: u32 = 0x84;
export const ZCL_INVALID_FIELD: u32 = 0x85;
export const ZCL_NO_ATTRIBUTE: u32 = 0x86;
export const ZCL_INVALID_VALUE: u32 = 0x87;
export const ZCL_READ_ONLY: u32 = 0x88;
export const ZCL_NO_SPACE: u32 = 0x89;
export const ZCL_NOT_FOUND: u32 = 0x8b;
export const ZCL_INSUFFICIENT_SPACE: u32 = 0x89;
export const ZCL_UNREPORTABLE: u32 = 0x8c;
export const ZCL_INVALID_TYPE: u32 = 0x8d;
export const ZCL_NO_CLUSTER: u32 = 0xc3;

/** Reports are sent by the attribute's server; the other direction announces a timeout to a client. */
export const ZCL_DIRECTION_SENT: u32 = 0;
/** Maximum interval that ends reporting, section 2.5.7.1.6. */
export const ZCL_NO_REPORTS: u32 = 0xffff;

const CONFIGURE_HEAD: u32 = 8; // up to the reportable change
const CONFIGURE_TIMEOUT: u32 = 5;

/** Accepts the whole payload of a general command; answers its size or an `Err`. */
export function zclGeneralParse(command: u32, at: usize, have: u32): i32 {
  let used: u32 = 0;
  switch (command) {
    case ZCL_DEFAULT: return have < 2 ? Err.Truncated : have > 2 ? Err.BadLength : 2;
    case ZCL_DISCOVER: return have < 3 ? Err.Truncated : have > 3 ? Err.BadLength : 3;
    case ZCL_WRITE_ANSWER: case ZCL_CONFIGURE_ANSWER: {
      if (have == 1) return load<u8>(at) == ZCL_SUCCESS ? 1 : Err.BadLength;
      break;
    }
    case ZCL_DISCOVER_ANSWER: {
      if (have == 1) return 1; // nothing discovered
      used = 1;
      break;
    }
  }
  do {
    let size = zclRecordSize(command, at + used, have < used ? 0 : have - used);
    if (size < 0) return size;
    used += size;
  } while (used < have);
  return <i32>used;
}

/** The size of one record of a general command, or an `Err`. */
export function zclRecordSize(command: u32, at: usize, have: u32): i32 {
  switch (command) {
    case ZCL_READ: return fixed(2, have);
    case ZCL_READ_ANSWER: {
      if (have < 3) return Err.Truncated;
      return load<u8>(at, 2) == ZCL_SUCCESS ? typed(3, at, have) : 3;
    }
    case ZCL_WRITE: case ZCL_WRITE_UNDIVIDED: case ZCL_WRITE_QUIETLY: case ZCL_REPORT: return typed(2, at, have);
    case ZCL_WRITE_ANSWER: case ZCL_READ_CONFIGURATION: case ZCL_DISCOVER_ANSWER: return fixed(3, have);
    case ZCL_CONFIGURE_ANSWER: return fixed(4, have);
    case ZCL_CONFIGURE: return configuration(at, have);
    case ZCL_READ_CONFIGURATION_ANSWER: {
      if (have < 4) return Err.Truncated;
      if (load<u8>(at) != ZCL_SUCCESS) return 4;
      let size = configuration(at + 1, have - 1);
      return size < 0 ? size : size + 1;
    }
  }
  return Err.Reserved;
}

/** Writes a configure record with a reportable change where the type has one; answers its size. */
export function zclConfigureEmit(at: usize, id: u32, type: u32, minimum: u32, maximum: u32, change: i64): u32 {
  store<u8>(at, ZCL_DIRECTION_SENT);
  store<u16>(at, id, 1);
  store<u8>(at, type, 3);
  store<u16>(at, minimum, 4);
  store<u16>(at, maximum, 6);
  return zclTypeIsAnalog(type) ? CONFIGURE_HEAD + zclPutNumber(type, at + CONFIGURE_HEAD, change) : CONFIGURE_HEAD;
}

function fixed(size: i32, have: u32): i32 {
  return have < <u32>size ? Err.Truncated : size;
}

/** A type and a value after `head` octets. */
function typed(head: u32, at: usize, have: u32): i32 {
  head += 1;
  if (have < head) return Err.Truncated;
  let size = zclValueSize(load<u8>(at + head - 1), at + head, have - head);
  return size < 0 ? size : <i32>head + size;
}

function configuration(at: usize, have: u32): i32 {
  if (have < CONFIGURE_TIMEOUT) return Err.Truncated;
  let direction: u32 = load<u8>(at);
  if (direction != ZCL_DIRECTION_SENT) return direction == 1 ? CONFIGURE_TIMEOUT : Err.Reserved;
  if (have < CONFIGURE_HEAD) return Err.Truncated;
  let type: u32 = load<u8>(at, 3);
  let size = zclTypeIsAnalog(type) ? zclValueSize(type, at + CONFIGURE_HEAD, have - CONFIGURE_HEAD) : 0;
  return size < 0 ? size : <i32>CONFIGURE_HEAD + size;
}
