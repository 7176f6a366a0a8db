// Attribute reporting: 075123, sections 2.5.7 to 2.5.11, for every cluster whose row says that it reports.
//
//   configured ──value moved by the change, minimum interval over──▶ report
//              ──maximum interval over───────────────────────────▶ report        (0: no such)
//
// A report has all attributes of one cluster that may go and fit; the rest follows.  One report is under way at a time: a second one
// could overtake a first that is being repeated, and a display would then show the older reading.
//
// The table survives a power cut in Record.Reporting; when something was last reported does not, so a restart reports at once.
import { Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { bindingAt, bindingNext } from "../aps/binding";
import { BINDINGS_MAX } from "../limits";
import { ATTRIBUTE_REPORT, attributeFind, attributeFlags, attributeNumber, attributePut, attributeType } from "./attributes";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_PROFILE } from "./frame";
import {
  ZCL_CONFIGURE, ZCL_CONFIGURE_ANSWER, ZCL_DIRECTION_SENT, ZCL_INVALID_TYPE, ZCL_INVALID_VALUE, ZCL_NOT_FOUND, ZCL_NO_ATTRIBUTE,
  ZCL_NO_REPORTS, ZCL_NO_SPACE, ZCL_READ_CONFIGURATION_ANSWER, ZCL_REPORT, ZCL_SUCCESS, ZCL_UNREPORTABLE, zclConfigureEmit, zclRecordSize,
} from "./foundation";
import { INSTANCE_SERVER, instanceAttributes, instanceFind } from "./instances";
import { zclNumber, zclTypeIsAnalog } from "./types";
import { ZCL_END, zclBegin, zclHeard, zclReply, zclSendFrom, zclSendReply } from "./zcl";

export const REPORTS_MAX: u32 = 8;
/** What `reportingTick` answers when nothing went out. */
export const NOTHING_REPORTED: i32 = -1;

/** One row of the record. */
@unmanaged @final
class Report {
  change: i64;
  cluster: u16;
  id: u16;
  /** Seconds, as they travel. */
  minimum: u16;
  maximum: u16;
  endpoint: u8;
  type: u8;
  used: u8;
  reserved: u8;
}

/** What is not kept. */
@unmanaged @final
class Told {
  last: i64;
  lastAt: i64;
  /** The attribute's row. */
  attribute: u32;
}

@unmanaged @final
class State {
  /** Until when a confirmation of report `handle` is awaited; 0: none. */
  until: i64;
  handle: i32;
  /** The rows in the report that was put together last, as bits. */
  joined: u32;
}

/** The layout of the record: one that another module left is not read. */
const LAYOUT: u64 = 2;
const HEAD: u32 = 8;
const RECORD: u32 = HEAD + REPORTS_MAX * offsetof<Report>();
const record = memory.data(RECORD, 8);
const told = memory.data(REPORTS_MAX * offsetof<Told>(), 8);
const state = changetype<State>(memory.data(offsetof<State>(), 8));
if (RECORD > 512) ERROR("a record holds 512 octets");
if (REPORTS_MAX > 32) ERROR("the rows of a report are bits of a word");
if (BINDINGS_MAX > 16) ERROR("a report to each would take a queue");
const PACE_MS: i64 = 1000;
const NEVER_REPORTED: i64 = i64.MIN_VALUE / 2;
/** A transmission that was never confirmed: APS gives up earlier than this. */
const CONFIRM_MS: i64 = 60_000;

/** Loads what was configured, as far as the device still has it. */
export function reportingReset(): void {
  state.until = 0;
  if (storeRead(Record.Reporting, record, RECORD) != RECORD || load<u64>(record) != LAYOUT) memory.fill(record, 0, RECORD);
  store<u64>(record, LAYOUT);
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = rowAt(index);
    let attribute = row.used ? attributeOf(row.endpoint, row.cluster, row.id) : 0;
    if (attribute && attributeType(attribute) == row.type) begin(index, attribute);
    else row.used = 0;
  }
}

/** When `reportingTick` has work next; the values are up to date. */
export function reportingDeadline(): i64 {
  let earliest = NEVER;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) earliest = min<i64>(earliest, deadlineOf(index));
  return max<i64>(earliest, state.until);
}

/** Sends the report that is longest due, if one is; answers the cluster that reported, or `NOTHING_REPORTED`. */
export function reportingTick(now: i64): i32 {
  if (state.until > now) return NOTHING_REPORTED;
  let first = REPORTS_MAX;
  let earliest = now + 1;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let deadline = deadlineOf(index);
    if (deadline >= earliest) continue;
    earliest = deadline;
    first = index;
  }
  return first < REPORTS_MAX ? report(first, now) : NOTHING_REPORTED;
}

/** APS is done with a transmission of ours. */
export function reportingConfirm(handle: i32): void {
  if (state.handle == handle) state.until = 0;
}

/** Answers Configure Reporting or Read Reporting Configuration for the cluster heard, which reports. */
export function reportingServe(now: i64): void {
  if (zclHeard.command == ZCL_CONFIGURE) configureAll(now);
  else readAll(now);
}

function report(first: u32, now: i64): i32 {
  let lead = rowAt(first);
  let sent = false;
  let index = bindingNext(0, lead.endpoint, lead.cluster);
  for (; index >= 0; index = bindingNext(index + 1, lead.endpoint, lead.cluster)) {
    let binding = bindingAt(index);
    let handle = zclSendFrom(lead.endpoint, binding.extended, binding.targetEndpoint, lead.cluster, put(first, now), now);
    if (handle < 0) continue;
    sent = true;
    state.handle = handle;
    state.until = now + CONFIRM_MS;
  }
  // What could not be sent is tried again when the minimum interval is over.
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    if (!(state.joined >>> index & 1)) continue;
    let row = toldAt(index);
    row.lastAt = now;
    if (sent) row.last = attributeNumber(row.attribute);
  }
  return sent ? <i32>lead.cluster : NOTHING_REPORTED;
}

/** Writes a report of the row that is due and of what may join it: values of the same moment; answers its end. */
function put(first: u32, now: i64): usize {
  let lead = rowAt(first);
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, ZCL_REPORT);
  state.joined = 0;
  for (let turn: u32 = 0; turn < REPORTS_MAX; turn++) {
    let index = (first + turn) % REPORTS_MAX; // the one that is due fits in any case
    let row = rowAt(index);
    if (!row.used || row.cluster != lead.cluster || row.endpoint != lead.endpoint) continue;
    if (now - toldAt(index).lastAt < <i64>row.minimum * 1000) continue;
    store<u16>(at, row.id);
    store<u8>(at, row.type, 2);
    let end = at + 3 + attributePut(toldAt(index).attribute, at + 3);
    if (end > ZCL_END) continue;
    at = end;
    state.joined |= 1 << index;
  }
  return at;
}

function deadlineOf(index: u32): i64 {
  let row = rowAt(index);
  if (!row.used || bindingNext(0, row.endpoint, row.cluster) < 0) return NEVER;
  let before = toldAt(index);
  // Without a minimum interval what cannot be sent would be tried again at once, for ever.
  let minimum: i64 = before.lastAt + max<i64>(<i64>row.minimum * 1000, PACE_MS);
  if (before.lastAt == NEVER_REPORTED) return minimum;
  let value = attributeNumber(before.attribute);
  let moved = value < before.last ? before.last - value : value - before.last;
  if (moved != 0 && moved >= row.change) return minimum;
  return row.maximum == 0 ? NEVER : before.lastAt + <i64>row.maximum * 1000;
}

function configureAll(now: i64): void {
  let head = zclReply(ZCL_TYPE_PROFILE, ZCL_CONFIGURE_ANSWER);
  let out = head;
  let changed = false;
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + 4 <= ZCL_END; at += zclRecordSize(ZCL_CONFIGURE, at, <u32>(end - at))) {
    let status = configureOne(at);
    if (status == ZCL_SUCCESS) {
      changed = true;
      continue;
    }
    store<u8>(out, status);
    store<u8>(out, load<u8>(at), 1);
    store<u16>(out, load<u16>(at, 1), 2);
    out += 4;
  }
  if (changed) storeWrite(Record.Reporting, record, RECORD); // refused: it holds until the next reset
  if (out == head) store<u8>(out++, ZCL_SUCCESS); // one octet when all went well, section 2.5.8.1.2
  zclSendReply(out, now);
}

function configureOne(at: usize): u32 {
  if (load<u8>(at) != ZCL_DIRECTION_SENT) return ZCL_UNREPORTABLE;
  let id: u32 = load<u16>(at, 1);
  let attribute = attributeFind(instanceAttributes(zclHeard.instance), id);
  if (!attribute) return ZCL_NO_ATTRIBUTE;
  if (!(attributeFlags(attribute) & ATTRIBUTE_REPORT)) return ZCL_UNREPORTABLE;
  let type: u32 = load<u8>(at, 3);
  if (type != attributeType(attribute)) return ZCL_INVALID_TYPE;
  let minimum: u32 = load<u16>(at, 4);
  let maximum: u32 = load<u16>(at, 6);
  if (maximum != 0 && maximum < minimum) return ZCL_INVALID_VALUE;
  let index = find(id, maximum != ZCL_NO_REPORTS);
  if (maximum == ZCL_NO_REPORTS) {
    if (index < REPORTS_MAX) rowAt(index).used = 0;
    return ZCL_SUCCESS;
  }
  if (index == REPORTS_MAX) return ZCL_NO_SPACE;
  let row = rowAt(index);
  row.used = 1;
  row.endpoint = <u8>zclHeard.endpoint;
  row.cluster = <u16>zclHeard.cluster;
  row.id = <u16>id;
  row.type = <u8>type;
  row.minimum = <u16>minimum;
  row.maximum = <u16>maximum;
  row.change = zclTypeIsAnalog(type) ? zclNumber(type, at + 8) : 0;
  begin(index, attribute);
  return ZCL_SUCCESS;
}

/** The row of an attribute of the cluster heard; a free one where there is none and `make` asks for it; or `REPORTS_MAX`. */
function find(id: u32, make: bool): u32 {
  let free = REPORTS_MAX;
  for (let index = REPORTS_MAX; index-- > 0;) {
    let row = rowAt(index);
    if (!row.used) free = index;
    else if (row.cluster == zclHeard.cluster && row.id == id && row.endpoint == zclHeard.endpoint) return index;
  }
  return make ? free : REPORTS_MAX;
}

function readAll(now: i64): void {
  let out = zclReply(ZCL_TYPE_PROFILE, ZCL_READ_CONFIGURATION_ANSWER);
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end && out + 1 + 8 + 8 <= ZCL_END; at += 3) {
    let id: u32 = load<u16>(at, 1);
    let index = load<u8>(at) == ZCL_DIRECTION_SENT ? find(id, false) : REPORTS_MAX;
    if (index < REPORTS_MAX) {
      let row = rowAt(index);
      store<u8>(out, ZCL_SUCCESS);
      out += 1 + zclConfigureEmit(out + 1, id, row.type, row.minimum, row.maximum, row.change);
    } else {
      store<u8>(out, attributeFind(instanceAttributes(zclHeard.instance), id) ? ZCL_NOT_FOUND : ZCL_NO_ATTRIBUTE);
      store<u8>(out, load<u8>(at), 1);
      store<u16>(out, id, 2);
      out += 4;
    }
  }
  zclSendReply(out, now);
}

/** The row of an attribute that a server has, or 0. */
function attributeOf(endpoint: u32, cluster: u32, id: u32): usize {
  let instance = instanceFind(endpoint, cluster, INSTANCE_SERVER);
  return instance ? attributeFind(instanceAttributes(instance), id) : 0;
}

function begin(index: u32, attribute: usize): void {
  let row = toldAt(index);
  row.lastAt = NEVER_REPORTED;
  row.attribute = <u32>attribute;
}

function rowAt(index: u32): Report { return changetype<Report>(record + HEAD + index * offsetof<Report>()); }
function toldAt(index: u32): Told { return changetype<Told>(told + index * offsetof<Told>()); }
