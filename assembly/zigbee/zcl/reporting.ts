// Attribute reporting: 075123, sections 2.5.7 to 2.5.11.
//
//   configured ──value moved by the change, minimum interval over──▶ report
//              ──maximum interval over───────────────────────────▶ report        (0: no such)
//
// The table survives a power cut in Record.Reporting; when something was last reported does not, so a restart reports at once.
import { Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { ATTRIBUTES_END, ATTRIBUTE_REPORTABLE, attributeRow, attributeType } from "./attributes";
import { ZCL_TYPE_PROFILE } from "./frame";
import {
  ZCL_CONFIGURE, ZCL_CONFIGURE_ANSWER, ZCL_DIRECTION_SENT, ZCL_INVALID_TYPE, ZCL_INVALID_VALUE, ZCL_NOT_FOUND, ZCL_NO_ATTRIBUTE,
  ZCL_NO_REPORTS, ZCL_NO_SPACE, ZCL_READ_CONFIGURATION_ANSWER, ZCL_SUCCESS, ZCL_UNREPORTABLE, zclConfigureEmit, zclRecordSize,
} from "./foundation";
import { zclNumber, zclPutNumber, zclTypeIsAnalog } from "./types";
import { ZCL_END, zclHeard, zclReply, zclSendReply } from "./zcl";

export const REPORTS_MAX: u32 = 8;

@unmanaged @final
export class Report {
  change: i64;
  last: i64;
  lastAt: i64;
  cluster: u16;
  id: u16;
  /** Seconds, as they travel. */
  minimum: u16;
  maximum: u16;
  type: u8;
  used: u8;
}

const ROW: u32 = offsetof<Report>();
const TABLE: u32 = REPORTS_MAX * ROW;
const table = memory.data(TABLE, 8);
if (TABLE > 512) ERROR("a record holds 512 octets");
const PACE_MS: i64 = 1000;
const NEVER_REPORTED: i64 = i64.MIN_VALUE / 2;

/** Loads what was configured. */
export function reportingReset(): void {
  if (storeRead(Record.Reporting, table, TABLE) != TABLE) memory.fill(table, 0, TABLE);
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = reportRow(index);
    row.lastAt = NEVER_REPORTED;
  }
}

/** Every row of the table; those with `used` zero are free. */
export function reportRow(index: u32): Report {
  return changetype<Report>(table + index * ROW);
}

/** When the row has to be reported, if its attribute is `value` now. */
export function reportDeadline(row: Report, value: i64): i64 {
  // Without a minimum interval what cannot be sent would be tried again at once, for ever.
  let minimum: i64 = row.lastAt + max<i64>(<i64>row.minimum * 1000, PACE_MS);
  if (row.lastAt == NEVER_REPORTED) return minimum;
  let moved = value < row.last ? row.last - value : value - row.last;
  if (moved != 0 && moved >= row.change) return minimum;
  return row.maximum == 0 ? NEVER : row.lastAt + <i64>row.maximum * 1000;
}

/** Whether the minimum interval lets the row join a report that another row made due. */
export function reportMayJoin(row: Report, now: i64): bool {
  return now - row.lastAt >= <i64>row.minimum * 1000;
}

/** Writes the row's record of a report; answers its end. */
export function reportPut(row: Report, value: i64, at: usize): usize {
  store<u16>(at, row.id);
  store<u8>(at, row.type, 2);
  return at + 3 + zclPutNumber(row.type, at + 3, value);
}

/** A report went out, or (`sent` false) could not: then the change stays pending until the minimum interval is over again. */
export function reportDone(row: Report, value: i64, sent: bool, now: i64): void {
  row.lastAt = now;
  if (sent) row.last = value;
}

/** Answers Configure Reporting or Read Reporting Configuration for the cluster heard, whose attributes `attributes` lists. */
export function reportingServe(attributes: usize, now: i64): void {
  if (zclHeard.command == ZCL_CONFIGURE) configureAll(attributes, now);
  else readAll(attributes, now);
}

function configureAll(attributes: usize, now: i64): void {
  let head = zclReply(ZCL_TYPE_PROFILE, ZCL_CONFIGURE_ANSWER);
  let out = head;
  let changed = false;
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + 4 <= ZCL_END; at += zclRecordSize(ZCL_CONFIGURE, at, <u32>(end - at))) {
    let status = configureOne(attributes, at);
    if (status == ZCL_SUCCESS) {
      changed = true;
      continue;
    }
    store<u8>(out, status);
    store<u8>(out, load<u8>(at), 1);
    store<u16>(out, load<u16>(at, 1), 2);
    out += 4;
  }
  if (changed && storeWrite(Record.Reporting, table, TABLE) < 0) changed = false; // it holds until the next reset
  if (out == head) store<u8>(out++, ZCL_SUCCESS); // one octet when all went well, section 2.5.8.1.2
  zclSendReply(out, now);
}

function configureOne(attributes: usize, at: usize): u32 {
  if (load<u8>(at) != ZCL_DIRECTION_SENT) return ZCL_UNREPORTABLE;
  let attribute = attributeRow(attributes, load<u16>(at, 1));
  if (attribute == ATTRIBUTES_END) return ZCL_NO_ATTRIBUTE;
  if (!(attribute & ATTRIBUTE_REPORTABLE)) return ZCL_UNREPORTABLE;
  let type: u32 = load<u8>(at, 3);
  if (type != attributeType(attribute)) return ZCL_INVALID_TYPE;
  let minimum: u32 = load<u16>(at, 4);
  let maximum: u32 = load<u16>(at, 6);
  if (maximum != 0 && maximum < minimum) return ZCL_INVALID_VALUE;
  let row = find(load<u16>(at, 1), maximum != ZCL_NO_REPORTS);
  if (maximum == ZCL_NO_REPORTS) {
    if (row) row.used = 0;
    return ZCL_SUCCESS;
  }
  if (!row) return ZCL_NO_SPACE;
  row.used = 1;
  row.cluster = <u16>zclHeard.cluster;
  row.id = <u16>attribute;
  row.type = <u8>type;
  row.minimum = <u16>minimum;
  row.maximum = <u16>maximum;
  row.change = zclTypeIsAnalog(type) ? zclNumber(type, at + 8) : 0;
  row.lastAt = NEVER_REPORTED;
  return ZCL_SUCCESS;
}

/** The row of an attribute of the cluster heard; a free one where there is none and `make` asks for it; null at the end. */
function find(id: u32, make: bool): Report | null {
  let free: Report | null = null;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = reportRow(index);
    if (!row.used) {
      if (!free) free = row;
    } else if (row.cluster == zclHeard.cluster && row.id == id) return row;
  }
  return make ? free : null;
}

function readAll(attributes: usize, now: i64): void {
  let out = zclReply(ZCL_TYPE_PROFILE, ZCL_READ_CONFIGURATION_ANSWER);
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + 1 + 8 + 8 <= ZCL_END; at += 3) {
    let id: u32 = load<u16>(at, 1);
    let row = load<u8>(at) == ZCL_DIRECTION_SENT ? find(id, false) : null;
    if (row) {
      store<u8>(out, ZCL_SUCCESS);
      out += 1 + zclConfigureEmit(out + 1, id, row.type, row.minimum, row.maximum, row.change);
    } else {
      store<u8>(out, attributeRow(attributes, id) == ATTRIBUTES_END ? ZCL_NO_ATTRIBUTE : ZCL_NOT_FOUND);
      store<u8>(out, load<u8>(at), 1);
      store<u16>(out, id, 2);
      out += 4;
    }
  }
  zclSendReply(out, now);
}
