// For tests only: the ZCL parsers within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the parser answers; emit_NAME(from, size, to) gives an accepted input back.
import { Err } from "../../../assembly/core/err";
import { ZCL_TYPE_MASK, ZCL_TYPE_PROFILE, ZclFrame, zclEmit, zclParse } from "../../../assembly/zigbee/zcl/frame";
import {
  ZCL_CONFIGURE, ZCL_CONFIGURE_ANSWER, ZCL_DEFAULT, ZCL_DISCOVER, ZCL_DISCOVER_ANSWER, ZCL_READ, ZCL_READ_ANSWER, ZCL_READ_CONFIGURATION,
  ZCL_READ_CONFIGURATION_ANSWER, ZCL_WRITE_ANSWER, zclConfigureEmit, zclGeneralParse, zclRecordSize,
} from "../../../assembly/zigbee/zcl/foundation";
import { zclNumber, zclPutNumber, zclTypeIsAnalog, zclValueSize } from "../../../assembly/zigbee/zcl/types";

export function parse_zcl_header(at: usize, size: u32): i32 { return zclParse(at, size); }

export function emit_zcl_header(from: usize, size: u32, to: usize): i32 {
  let head = zclParse(from, size);
  if (head < 0) return head;
  let view = changetype<ZclFrame>(from);
  return zclEmit(to, view.control, view.manufacturer, view.sequence, view.command);
}

/** | type | value | */
export function parse_zcl_value(at: usize, size: u32): i32 {
  if (size < 1) return Err.Truncated;
  let value = zclValueSize(load<u8>(at), at + 1, size - 1);
  return value < 0 ? value : value + 1;
}

export function emit_zcl_value(from: usize, size: u32, to: usize): i32 {
  let whole = parse_zcl_value(from, size);
  if (whole < 0) return whole;
  store<u8>(to, load<u8>(from));
  return 1 + value(load<u8>(from), from + 1, whole - 1, to + 1);
}

/** A whole frame with a general command. */
export function parse_zcl_general(at: usize, size: u32): i32 {
  let head = zclParse(at, size);
  if (head < 0) return head;
  let view = changetype<ZclFrame>(at);
  if ((view.control & ZCL_TYPE_MASK) != ZCL_TYPE_PROFILE) return Err.Reserved;
  let payload = zclGeneralParse(view.command, view.payload, size - head);
  return payload < 0 ? payload : head + payload;
}

export function emit_zcl_general(from: usize, size: u32, to: usize): i32 {
  let whole = parse_zcl_general(from, size);
  if (whole < 0) return whole;
  let head = emit_zcl_header(from, size, to);
  return head + payload(load<u8>(from + head - 1), from + head, whole - head, to + head);
}

function payload(command: u32, from: usize, size: u32, to: usize): u32 {
  let used: u32 = 0;
  switch (command) {
    case ZCL_DEFAULT: {
      store<u8>(to, load<u8>(from));
      store<u8>(to, load<u8>(from, 1), 1);
      return 2;
    }
    case ZCL_DISCOVER: {
      store<u16>(to, load<u16>(from));
      store<u8>(to, load<u8>(from, 2), 2);
      return 3;
    }
    case ZCL_DISCOVER_ANSWER: {
      store<u8>(to, load<u8>(from));
      used = 1;
      break;
    }
    case ZCL_WRITE_ANSWER: case ZCL_CONFIGURE_ANSWER: {
      if (size > 1) break;
      store<u8>(to, 0);
      return 1;
    }
  }
  while (used < size) used += record(command, from + used, size - used, to + used);
  return used;
}

function record(command: u32, from: usize, size: u32, to: usize): u32 {
  let octets = zclRecordSize(command, from, size);
  switch (command) {
    case ZCL_READ: {
      store<u16>(to, load<u16>(from));
      return 2;
    }
    case ZCL_READ_ANSWER: {
      store<u16>(to, load<u16>(from));
      store<u8>(to, load<u8>(from, 2), 2);
      return octets == 3 ? 3 : 3 + emit_zcl_value(from + 3, octets - 3, to + 3);
    }
    case ZCL_WRITE_ANSWER: case ZCL_READ_CONFIGURATION: {
      store<u8>(to, load<u8>(from));
      store<u16>(to, load<u16>(from, 1), 1);
      return 3;
    }
    case ZCL_DISCOVER_ANSWER: {
      store<u16>(to, load<u16>(from));
      store<u8>(to, load<u8>(from, 2), 2);
      return 3;
    }
    case ZCL_CONFIGURE_ANSWER: {
      store<u16>(to, load<u16>(from));
      store<u16>(to, load<u16>(from, 2), 2);
      return 4;
    }
    case ZCL_CONFIGURE: return configuration(from, to);
    case ZCL_READ_CONFIGURATION_ANSWER: {
      store<u8>(to, load<u8>(from));
      if (load<u8>(from) == 0) return 1 + configuration(from + 1, to + 1);
      store<u8>(to, load<u8>(from, 1), 1);
      store<u16>(to, load<u16>(from, 2), 2);
      return 4;
    }
  }
  store<u16>(to, load<u16>(from));
  return 2 + emit_zcl_value(from + 2, octets - 2, to + 2);
}

function configuration(from: usize, to: usize): u32 {
  let direction: u32 = load<u8>(from);
  if (direction) {
    store<u8>(to, direction);
    store<u32>(to, load<u32>(from, 1), 1);
    return 5;
  }
  let type: u32 = load<u8>(from, 3);
  let change = zclTypeIsAnalog(type) ? zclNumber(type, from + 8) : 0;
  return zclConfigureEmit(to, load<u16>(from, 1), type, load<u16>(from, 4), load<u16>(from, 6), change);
}

/** Numbers travel through the device's own codec; strings and collections are copied. */
function value(type: u32, from: usize, size: u32, to: usize): u32 {
  if (type >= 0x08 && type < 0x30 && type != 0x10) return zclPutNumber(type, to, zclNumber(type, from));
  memory.copy(to, from, size);
  return size;
}
