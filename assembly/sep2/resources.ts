// The resources of a device: IEEE 2030.5 section 10.  Here those that everything else hangs on: DeviceCapability and Time.
//
//   /dcap    for everyone, in the clear too        /tm    over TLS
import { constantText } from "../core/constants";
import { Err } from "../core/err";
import { TIME_UNKNOWN, clock, clockKnown, clockUtc } from "../model/clock";
import { ACCEPT_ANY, ACCEPT_XML, Method } from "./http/request";
import { EPOCH } from "./time";
import { write, writeNumber, writerAt, writerBegin, writerFits } from "./writer";

enum Resource { None = 0, DeviceCapability, Time }

const NAMESPACE = constantText(" xmlns=\"urn:ieee:std:2030.5:ns\" href=\"");
const DCAP = constantText("<DeviceCapability");
const DCAP_PATH = constantText("/dcap\" pollRate=\"900\">");
const DCAP_END = constantText("<TimeLink href=\"/tm\"/></DeviceCapability>");
const TM = constantText("<Time");
const TM_PATH = constantText("/tm\" pollRate=\"900\"><currentTime>");
const TM_END = constantText("</currentTime><dstEndTime>");
const DST_OFFSET = constantText("</dstEndTime><dstOffset>");
const DST_START = constantText("</dstOffset><dstStartTime>");
const QUALITY = constantText("</dstStartTime><quality>");
const OFFSET = constantText("</quality><tzOffset>");
const OFFSET_END = constantText("</tzOffset></Time>");

/** Section 10.2.1: obtained from another server, and nobody's business how well; uncoordinated. */
const QUALITY_SERVER: u32 = 4;
const QUALITY_NONE: u32 = 7;

let found: u32 = 0;

/** The status of an answer to a request; of 200 `resourceBody` writes the body. */
export function resourceAnswer(method: u32, path: usize, size: u32, accepts: u32, secure: bool): u32 {
  found = resourceOf(path, size);
  if (found == Resource.None) return 404;
  if (found != Resource.DeviceCapability && !secure) return 403;
  if (method != Method.Get && method != Method.Head) return 405;
  if (accepts && !(accepts & (ACCEPT_XML | ACCEPT_ANY))) return 406;
  return 200;
}

/** Writes the resource that was found; answers its size or an `Err`. */
export function resourceBody(at: usize, capacity: u32, now: i64): i32 {
  writerBegin(at, capacity);
  if (found == Resource.Time) time(now);
  else deviceCapability();
  return writerFits() ? <i32>(writerAt() - at) : <i32>Err.NoBuffer;
}

/** A path, without the query that follows it: one on what is no list is passed over. */
function resourceOf(path: usize, size: u32): u32 {
  for (let index: u32 = 0; index < size; index++) {
    if (load<u8>(path + index) == 0x3f) size = index;
  }
  if (size == 5 && load<u32>(path) == 0x6163_642f && load<u8>(path, 4) == 0x70) return Resource.DeviceCapability;
  return size == 3 && load<u16>(path) == 0x742f && load<u8>(path, 2) == 0x6d ? Resource.Time : Resource.None;
}

function deviceCapability(): void {
  write(DCAP);
  write(NAMESPACE);
  write(DCAP_PATH);
  write(DCAP_END);
}

function time(now: i64): void {
  write(TM);
  write(NAMESPACE);
  write(TM_PATH);
  writeNumber(utc(clockUtc(now), now));
  write(TM_END);
  writeNumber(utc(clock.summerEnd, now));
  write(DST_OFFSET);
  writeNumber(clock.summerShift);
  write(DST_START);
  writeNumber(utc(clock.summerStart, now));
  write(QUALITY);
  writeNumber(clockKnown() ? QUALITY_SERVER : QUALITY_NONE);
  write(OFFSET);
  writeNumber(clock.offset);
  write(OFFSET_END);
}

/** Seconds since 1970; a clock that nobody set counts from its start. */
function utc(seconds: u32, now: i64): i64 { return seconds == TIME_UNKNOWN ? now / 1000 : EPOCH + seconds; }
