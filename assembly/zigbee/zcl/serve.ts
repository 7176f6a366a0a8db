// Serving attributes: read, write and discover, 075123, sections 2.5.1 to 2.5.6, 2.5.13, 2.5.14.  Values lie where their rows say.
import {
  ATTRIBUTES_END, ATTRIBUTE_SIZE, ATTRIBUTE_VALUE_MAX, ATTRIBUTE_WRITE, attributeFind, attributeFlags, attributeId, attributePut,
  attributeType, attributeWhere,
} from "./attributes";
import { ZCL_TYPE_PROFILE } from "./frame";
import {
  ZCL_DISCOVER_ANSWER, ZCL_INVALID_TYPE, ZCL_NO_ATTRIBUTE, ZCL_READ_ANSWER, ZCL_READ_ONLY, ZCL_SUCCESS, ZCL_WRITE_ANSWER, ZCL_WRITE_QUIETLY,
  ZCL_WRITE_UNDIVIDED, zclRecordSize,
} from "./foundation";
import { ZCL_END, ZCL_VALUE_MAX, ZclHeard, zclHeard, zclReply, zclSendReply } from "./zcl";

const RECORD_HEAD: u32 = 4; // id, status, type
const RECORD_REFUSED: u32 = 3; // id, status
if (RECORD_HEAD + ATTRIBUTE_VALUE_MAX > ZCL_VALUE_MAX) ERROR("a value does not fit behind the frame");

/** Answers a read, a write or a discovery of the attributes in `table`, 0 = none; true when one was written. */
export function zclServe(kind: i32, table: usize, now: i64): bool {
  if (kind == ZclHeard.Write) return write(table, now);
  if (kind == ZclHeard.Discover) discover(table, now);
  else read(table, now);
  return false;
}

/** What does not fit ends the answer, section 2.5.2.3. */
function read(table: usize, now: i64): void {
  let out = zclReply(ZCL_TYPE_PROFILE, ZCL_READ_ANSWER);
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + RECORD_REFUSED <= ZCL_END; at += 2) {
    let id: u32 = load<u16>(at);
    let row = attributeFind(table, id);
    let size = RECORD_REFUSED;
    store<u16>(out, id);
    store<u8>(out, row ? ZCL_SUCCESS : ZCL_NO_ATTRIBUTE, 2);
    if (row) {
      store<u8>(out, attributeType(row), 3);
      size = RECORD_HEAD + attributePut(row, out + RECORD_HEAD);
      if (out + size > ZCL_END) break;
    }
    out += size;
  }
  zclSendReply(out, now);
}

/** Only what was refused is named; one octet says that nothing was, section 2.5.5.1.2.  An undivided write is looked at before. */
function write(table: usize, now: i64): bool {
  let head = zclReply(ZCL_TYPE_PROFILE, ZCL_WRITE_ANSWER);
  let out = head;
  let end = zclHeard.payload + zclHeard.size;
  let written = false;
  for (let puts = zclHeard.command != ZCL_WRITE_UNDIVIDED; !written && out == head; puts = true) {
    let size: u32 = 0;
    for (let at = zclHeard.payload; at < end; at += size) {
      size = zclRecordSize(zclHeard.command, at, <u32>(end - at));
      let row = attributeFind(table, load<u16>(at));
      let status = mayWrite(row, at);
      if (status != ZCL_SUCCESS) {
        if (out + RECORD_REFUSED > ZCL_END) break;
        store<u8>(out, status);
        store<u16>(out, load<u16>(at), 1);
        out += RECORD_REFUSED;
      } else if (puts) {
        memory.copy(attributeWhere(row), at + RECORD_REFUSED, size - RECORD_REFUSED); // no string can be written, so the size is the same
        written = true;
      }
    }
  }
  if (out == head) store<u8>(out++, ZCL_SUCCESS);
  if (zclHeard.command != ZCL_WRITE_QUIETLY) zclSendReply(out, now);
  return written;
}

function mayWrite(row: usize, record: usize): u32 {
  if (!row) return ZCL_NO_ATTRIBUTE;
  if (!(attributeFlags(row) & ATTRIBUTE_WRITE)) return ZCL_READ_ONLY;
  return attributeType(row) == load<u8>(record, 2) ? ZCL_SUCCESS : ZCL_INVALID_TYPE;
}

function discover(table: usize, now: i64): void {
  let from: u32 = load<u16>(zclHeard.payload);
  let count: u32 = load<u8>(zclHeard.payload, 2);
  let head = zclReply(ZCL_TYPE_PROFILE, ZCL_DISCOVER_ANSWER);
  let out = head + 1;
  for (; table && attributeId(table) != ATTRIBUTES_END; table += ATTRIBUTE_SIZE) {
    if (attributeId(table) < from) continue;
    if (count-- == 0 || out + RECORD_REFUSED > ZCL_END) break;
    store<u16>(out, attributeId(table));
    store<u8>(out, attributeType(table), 2);
    out += RECORD_REFUSED;
  }
  store<u8>(head, !table || attributeId(table) == ATTRIBUTES_END);
  zclSendReply(out, now);
}
