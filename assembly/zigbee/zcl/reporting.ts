// Attribute reporting: 075123, sections 2.5.7 to 2.5.11, for every cluster whose row says that it reports.
//
//   configured ──value moved by the change, minimum interval over──▶ report
//              ──maximum interval over───────────────────────────▶ report        (0: no such)
//
// What is due is owed to every binding of its cluster.  A report has all that is owed to one binding and fits; the rest follows.  To one
// binding one report is under way at a time: a second could overtake a first that is being repeated, and a display would then show the
// older reading.  Who does not answer is tried ever less often, and takes no reading from the others:
//
//   idle ──owed──▶ under way ──acknowledged──▶ idle          ──not──▶ back-off, doubled each time; ends when the partner is heard
//
// The table survives a power cut in Record.Reporting; when something was last reported does not, so a restart reports at once.
import { Record, storeRead, storeWrite } from "../../core/host";
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { bindingAt, bindingNext } from "../aps/binding";
import { BINDINGS_MAX, TRANSMISSIONS_MAX } from "../limits";
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

/** What a binding is owed, and how its partner answers. */
@unmanaged @final
class Way {
  /** Under way: when the confirmation counts as lost.  Else: not before. */
  until: i64;
  /** Of the report under way, or NO_HANDLE. */
  handle: i32;
  /** Rows, as bits: to be sent, and in the report under way. */
  owed: u8;
  sent: u8;
  /** Reports in vain, one after the other. */
  failures: u8;
}

@unmanaged @final
class State {
  /** The binding that is served first. */
  turn: u32;
}

/** The layout of the record: one that another module left is not read. */
const LAYOUT: u64 = 2;
const HEAD: u32 = 8;
const RECORD: u32 = HEAD + REPORTS_MAX * offsetof<Report>();
const record = memory.data(RECORD, 8);
const told = memory.data(REPORTS_MAX * offsetof<Told>(), 8);
const ways = memory.data(BINDINGS_MAX * offsetof<Way>(), 8);
const state = changetype<State>(memory.data(offsetof<State>(), 4));
if (RECORD > 512) ERROR("a record holds 512 octets");
if (REPORTS_MAX > 8) ERROR("the rows of a report are bits of an octet");
/** Transmissions that reports leave to commands and responses. */
const OTHERS: u32 = 2;
/** Reports under way at a time, and of them to partners that did not answer. */
const FLYING_MAX: u32 = TRANSMISSIONS_MAX - OTHERS;
const DOUBTFUL_MAX: u32 = (FLYING_MAX + 1) / 2;
if (TRANSMISSIONS_MAX <= OTHERS) ERROR("no room for reports");
const NO_HANDLE: i32 = -1;
/** From 10 s to 5 min. */
const BACK_OFF_MS: i64 = 10_000;
const BACK_OFF_SHIFT_MAX: u32 = 5;
const PACE_MS: i64 = 1000;
const NEVER_REPORTED: i64 = i64.MIN_VALUE / 2;
/** A transmission that was never confirmed: APS gives up earlier than this. */
const CONFIRM_MS: i64 = 60_000;

/** Loads what was configured, as far as the device still has it. */
export function reportingReset(): void {
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) forget(wayAt(index));
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
  let full = flying(false) >= FLYING_MAX;
  let doubtful = flying(true) >= DOUBTFUL_MAX;
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let way = wayAt(index);
    let waits = way.handle == NO_HANDLE && (way.owed == 0 || full || (doubtful && way.failures != 0));
    if (!waits) earliest = min<i64>(earliest, way.until);
  }
  return earliest;
}

/** Sends a report, if one is due; answers the cluster that reported, or `NOTHING_REPORTED`. */
export function reportingTick(now: i64): i32 {
  for (let index: u32 = 0; index < REPORTS_MAX; index++) if (deadlineOf(index) <= now) owe(index, now);
  let full = flying(false) >= FLYING_MAX;
  let doubtful = flying(true) >= DOUBTFUL_MAX;
  for (let turn: u32 = 0; turn < BINDINGS_MAX; turn++) {
    let index = (state.turn + turn) % BINDINGS_MAX;
    let way = wayAt(index);
    if (bindingAt(index).sourceEndpoint == 0) forget(way);
    if (way.until > now) continue;
    if (way.handle != NO_HANDLE) land(way); // never confirmed
    if (way.owed == 0 || full || (doubtful && way.failures != 0)) continue;
    state.turn = index + 1;
    return report(index, way, now);
  }
  return NOTHING_REPORTED;
}

/** APS is done with a transmission of ours. */
export function reportingConfirm(handle: i32, status: i32, now: i64): void {
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let way = wayAt(index);
    if (way.handle != handle) continue;
    if (status != Err.Ok) return failed(way, now);
    way.handle = NO_HANDLE;
    way.until = 0;
    way.failures = 0;
  }
}

/** A partner was heard under its link key: it is there, and is told at once what it missed. */
export function reportingHeard(extended: u64): void {
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let way = wayAt(index);
    if (way.failures == 0 || way.handle != NO_HANDLE || bindingAt(index).extended != extended) continue;
    way.failures = 0;
    way.until = 0;
  }
}

/** Answers Configure Reporting or Read Reporting Configuration for the cluster heard, which reports. */
export function reportingServe(now: i64): void {
  if (zclHeard.command == ZCL_CONFIGURE) configureAll(now);
  else readAll(now);
}

/** Whoever is bound to the cluster of the row is owed it, and what may join it: values of the same moment. */
function owe(first: u32, now: i64): void {
  let lead = rowAt(first);
  let joined: u32 = 0;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = rowAt(index);
    if (!row.used || row.cluster != lead.cluster || row.endpoint != lead.endpoint) continue;
    let before = toldAt(index);
    if (now - before.lastAt < <i64>row.minimum * 1000) continue;
    before.lastAt = now;
    before.last = attributeNumber(before.attribute);
    joined |= 1 << index;
  }
  let index = bindingNext(0, lead.endpoint, lead.cluster);
  for (; index >= 0; index = bindingNext(index + 1, lead.endpoint, lead.cluster)) wayAt(index).owed |= <u8>joined;
}

/** Sends what a binding is owed, as far as it fits. */
function report(index: u32, way: Way, now: i64): i32 {
  let binding = bindingAt(index);
  let owed: u32 = way.owed;
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, ZCL_REPORT);
  let head = at;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    if (!(owed >>> index & 1)) continue;
    let row = rowAt(index);
    let fits = row.used != 0 && row.cluster == binding.cluster && row.endpoint == binding.sourceEndpoint;
    let end = fits ? put(row, toldAt(index).attribute, at) : at;
    if (end > ZCL_END) continue; // the first fits in any case
    at = end;
    owed &= ~(1 << index);
  }
  way.sent = way.owed & ~<u8>owed;
  way.owed = <u8>owed;
  if (at == head) return NOTHING_REPORTED;
  let handle = zclSendFrom(binding.sourceEndpoint, binding.extended, binding.targetEndpoint, binding.cluster, at, now);
  if (handle == Err.NoBuffer) { // that says nothing of the partner
    land(way);
    way.until = now + PACE_MS;
    return NOTHING_REPORTED;
  }
  if (handle < 0) {
    failed(way, now);
    return NOTHING_REPORTED;
  }
  way.handle = handle;
  way.until = now + CONFIRM_MS;
  return <i32>binding.cluster;
}

function put(row: Report, attribute: u32, at: usize): usize {
  store<u16>(at, row.id);
  store<u8>(at, row.type, 2);
  return at + 3 + attributePut(attribute, at + 3);
}

/** Reports under way, or those of them to partners in doubt. */
function flying(inDoubt: bool): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let way = wayAt(index);
    if (way.handle != NO_HANDLE && (!inDoubt || way.failures != 0)) count++;
  }
  return count;
}

/** What did not arrive is owed again, with the values of then. */
function failed(way: Way, now: i64): void {
  land(way);
  way.until = now + (BACK_OFF_MS << min<u32>(way.failures, BACK_OFF_SHIFT_MAX));
  way.failures = <u8>min<u32>(<u32>way.failures + 1, 0xff);
}

function land(way: Way): void {
  way.handle = NO_HANDLE;
  way.owed |= way.sent;
}

function forget(way: Way): void {
  memory.fill(changetype<usize>(way), 0, offsetof<Way>());
  way.handle = NO_HANDLE;
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
function wayAt(index: u32): Way { return changetype<Way>(ways + index * offsetof<Way>()); }
