// Serving attributes: read, write and discover, 075123, sections 2.5.1 to 2.5.6, 2.5.13, 2.5.14.
//
// Values are pulled by the caller, because only it knows the clusters:
//
//   for (let id = zclReadFirst(table); id >= 0; id = zclReadNext()) zclReadPut(value(cluster, id, zclReadAt()));
//   zclReadSend(now);
import { ATTRIBUTES_END, attributeRow, attributeType } from "./attributes";
import { ZCL_TYPE_PROFILE } from "./frame";
import {
  ZCL_DISCOVER_ANSWER, ZCL_NO_ATTRIBUTE, ZCL_READ_ANSWER, ZCL_READ_ONLY, ZCL_SUCCESS, ZCL_WRITE_ANSWER, ZCL_WRITE_QUIETLY, zclRecordSize,
} from "./foundation";
import { ZCL_END, ZCL_VALUE_MAX, ZclHeard, zclHeard, zclReply, zclSendReply } from "./zcl";

@unmanaged @final
class Reading {
  table: usize;
  /** Next identifier asked for. */
  at: usize;
  /** The end of the answer so far. */
  out: usize;
}
const reading = changetype<Reading>(memory.data(offsetof<Reading>()));

const RECORD_HEAD: u32 = 4; // id, status, type
const RECORD_REFUSED: u32 = 3; // id, status

/** Begins the answer to a read; answers the first attribute whose value is wanted, or -1. */
export function zclReadFirst(table: usize): i32 {
  reading.table = table;
  reading.at = zclHeard.payload;
  reading.out = zclReply(ZCL_TYPE_PROFILE, ZCL_READ_ANSWER);
  return zclReadNext();
}

/** The next attribute whose value is wanted, or -1 when the answer is complete or full. */
export function zclReadNext(): i32 {
  for (; reading.at < zclHeard.payload + zclHeard.size; reading.at += 2) {
    let out = reading.out;
    if (out + RECORD_REFUSED > ZCL_END) return -1;
    let id: u32 = load<u16>(reading.at);
    let row = attributeRow(reading.table, id);
    store<u16>(out, id);
    store<u8>(out, row == ATTRIBUTES_END ? ZCL_NO_ATTRIBUTE : ZCL_SUCCESS, 2);
    if (row != ATTRIBUTES_END) {
      store<u8>(out, attributeType(row), 3);
      return <i32>id;
    }
    reading.out = out + RECORD_REFUSED;
  }
  return -1;
}

/** Where the wanted value goes. */
export function zclReadAt(): usize { return reading.out + RECORD_HEAD; }

/** Takes the `size` octets written there.  What does not fit ends the answer, section 2.5.2.3. */
export function zclReadPut(size: u32): void {
  assert(size <= ZCL_VALUE_MAX - RECORD_HEAD);
  let end = reading.out + RECORD_HEAD + size;
  if (end > ZCL_END) {
    reading.at = zclHeard.payload + zclHeard.size;
    return;
  }
  reading.out = end;
  reading.at += 2;
}

export function zclReadSend(now: i64): void {
  zclSendReply(reading.out, now);
}

/** Answers a write or a discovery.  Every attribute we serve is read only. */
export function zclServe(kind: i32, table: usize, now: i64): void {
  if (kind == ZclHeard.Discover) discover(table, now);
  else if (zclHeard.command != ZCL_WRITE_QUIETLY) refuseWrites(table, now);
}

function refuseWrites(table: usize, now: i64): void {
  let out = zclReply(ZCL_TYPE_PROFILE, ZCL_WRITE_ANSWER);
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + RECORD_REFUSED <= ZCL_END;) {
    let id: u32 = load<u16>(at);
    store<u8>(out, attributeRow(table, id) == ATTRIBUTES_END ? ZCL_NO_ATTRIBUTE : ZCL_READ_ONLY);
    store<u16>(out, id, 1);
    out += RECORD_REFUSED;
    at += zclRecordSize(zclHeard.command, at, <u32>(end - at));
  }
  zclSendReply(out, now);
}

function discover(table: usize, now: i64): void {
  let from: u32 = load<u16>(zclHeard.payload);
  let count: u32 = load<u8>(zclHeard.payload, 2);
  let head = zclReply(ZCL_TYPE_PROFILE, ZCL_DISCOVER_ANSWER);
  let out = head + 1;
  let row = table ? load<u32>(table) : ATTRIBUTES_END;
  for (; row != ATTRIBUTES_END; row = load<u32>(table)) {
    if ((row & 0xffff) >= from) {
      if (count-- == 0 || out + RECORD_REFUSED > ZCL_END) break;
      store<u16>(out, row);
      store<u8>(out, attributeType(row), 2);
      out += RECORD_REFUSED;
    }
    table += 4;
  }
  store<u8>(head, row == ATTRIBUTES_END);
  zclSendReply(out, now);
}
