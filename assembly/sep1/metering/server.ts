// Metering cluster, server: the register as attributes, and its reports to whoever is bound.
//
// One report is under way at a time.  A second one could overtake a first that is being repeated, and a display would then
// show the older reading.
import { Log, log } from "../../core/host";
import { NEVER } from "../../core/timers";
import { register } from "../../model/register";
import { BINDINGS_MAX, bindingAt, bindingNext } from "../../zigbee/aps/binding";
import { ATTRIBUTES_END, ATTRIBUTE_REPORTABLE } from "../../zigbee/zcl/attributes";
import { ZCL_REPORT } from "../../zigbee/zcl/foundation";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_PROFILE } from "../../zigbee/zcl/frame";
import { REPORTS_MAX, reportDeadline, reportDone, reportMayJoin, reportPut, reportRow } from "../../zigbee/zcl/reporting";
import { ZCL_BITMAP8, ZCL_ENUM8, ZCL_INT24, ZCL_UINT24, ZCL_UINT48, zclPutNumber } from "../../zigbee/zcl/types";
import { ZCL_ENDPOINT, zclBegin, zclSend } from "../../zigbee/zcl/zcl";
import { CLUSTER_METERING } from "../clusters";
import {
  METERING_DEMAND, METERING_DEMAND_FORMAT, METERING_DEMAND_MAX, METERING_DEVICE_TYPE, METERING_DIVISOR, METERING_ELECTRIC, METERING_KWH,
  METERING_MULTIPLIER, METERING_NO_DEMAND, METERING_NO_SUMMATION, METERING_STATUS, METERING_SUMMATION, METERING_SUMMATION_FORMAT,
  METERING_UNIT,
} from "./attributes";

export const METERING_ATTRIBUTES = memory.data<u32>([
  METERING_SUMMATION | ZCL_UINT48 << 16 | ATTRIBUTE_REPORTABLE,
  METERING_STATUS | ZCL_BITMAP8 << 16,
  METERING_UNIT | ZCL_ENUM8 << 16,
  METERING_MULTIPLIER | ZCL_UINT24 << 16,
  METERING_DIVISOR | ZCL_UINT24 << 16,
  METERING_SUMMATION_FORMAT | ZCL_BITMAP8 << 16,
  METERING_DEMAND_FORMAT | ZCL_BITMAP8 << 16,
  METERING_DEVICE_TYPE | ZCL_BITMAP8 << 16,
  METERING_DEMAND | ZCL_INT24 << 16 | ATTRIBUTE_REPORTABLE,
  ATTRIBUTES_END,
]);

// kWh times 1 over 1000: the register is exact to the watt-hour, the demand to the watt.
const MULTIPLIER: i64 = 1;
const DIVISOR: i64 = 1000;
// Leading zeros suppressed; digits before the point; digits after it: annex D.3.2.2.4.4.
const SUMMATION_FORMAT: i64 = 0x80 | 6 << 3 | 3;
const DEMAND_FORMAT: i64 = 0x80 | 3 << 3 | 3;
/** A transmission that was never confirmed: APS gives up earlier than this. */
const CONFIRM_MS: i64 = 60_000;

@unmanaged @final
class State {
  /** Until when a confirmation of report `handle` is awaited; 0: none. */
  until: i64;
  handle: i32;
  /** How often the register was told. */
  reports: u32;
}
export const meteringServer = changetype<State>(memory.data(offsetof<State>(), 8));

export function meteringReset(): void {
  meteringServer.until = 0;
  meteringServer.reports = 0;
}

/** Writes the value of an attribute; answers its size. */
export function meteringValue(id: u32, at: usize): u32 {
  return zclPutNumber(typeOf(id), at, meteringNumber(id));
}

export function meteringNumber(id: u32): i64 {
  switch (id) {
    case METERING_SUMMATION: return register.importKnown ? register.importWh & METERING_NO_SUMMATION : METERING_NO_SUMMATION;
    case METERING_DEMAND: return demand();
    case METERING_UNIT: return METERING_KWH;
    case METERING_MULTIPLIER: return MULTIPLIER;
    case METERING_DIVISOR: return DIVISOR;
    case METERING_SUMMATION_FORMAT: return SUMMATION_FORMAT;
    case METERING_DEMAND_FORMAT: return DEMAND_FORMAT;
    case METERING_DEVICE_TYPE: return METERING_ELECTRIC;
  }
  return 0; // status: nothing is wrong that this meter could tell
}

/** APS is done with a transmission of ours. */
export function meteringConfirm(handle: i32): void {
  if (meteringServer.handle == handle) meteringServer.until = 0;
}

/** When `meteringTick` has work next. */
export function meteringDeadline(): i64 {
  if (bindingNext(0, ZCL_ENDPOINT, CLUSTER_METERING) < 0) return NEVER;
  let earliest = NEVER;
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = reportRow(index);
    if (row.used) earliest = min<i64>(earliest, reportDeadline(row, meteringNumber(row.id)));
  }
  return max<i64>(earliest, meteringServer.until);
}

/** Sends the report that is due, if one is. */
export function meteringTick(now: i64): void {
  if (meteringDeadline() > now) return;
  let sent = false;
  let index = bindingNext(0, ZCL_ENDPOINT, CLUSTER_METERING);
  for (; index >= 0; index = bindingNext(index + 1, ZCL_ENDPOINT, CLUSTER_METERING)) {
    let binding = bindingAt(index);
    let handle = zclSend(binding.extended, binding.targetEndpoint, CLUSTER_METERING, report(now), now);
    if (handle < 0) continue;
    sent = true;
    meteringServer.handle = handle;
    meteringServer.until = now + CONFIRM_MS;
  }
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = reportRow(index);
    if (row.used && reportMayJoin(row, now)) reportDone(row, meteringNumber(row.id), sent, now);
  }
  if (sent) meteringNote();
}

/** Every attribute whose minimum interval is over goes into one report: summation and demand of the same moment. */
function report(now: i64): usize {
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, ZCL_REPORT);
  for (let index: u32 = 0; index < REPORTS_MAX; index++) {
    let row = reportRow(index);
    if (row.used && reportMayJoin(row, now)) at = reportPut(row, meteringNumber(row.id), at);
  }
  return at;
}

@unmanaged @final
class Note {
  importWh: i64;
  powerW: i32;
}
const noted = changetype<Note>(memory.data(offsetof<Note>(), 8));

/** Log.Register: what was just told. */
export function meteringNote(): void {
  meteringServer.reports++;
  if (!register.importKnown) return;
  noted.importWh = register.importWh;
  noted.powerW = register.powerW;
  log(Log.Register, changetype<usize>(noted), 12);
}

function demand(): i64 {
  if (!register.powerKnown) return METERING_NO_DEMAND;
  return min<i32>(max<i32>(register.powerW, -METERING_DEMAND_MAX), METERING_DEMAND_MAX);
}

function typeOf(id: u32): u32 {
  switch (id) {
    case METERING_SUMMATION: return ZCL_UINT48;
    case METERING_DEMAND: return ZCL_INT24;
    case METERING_MULTIPLIER: case METERING_DIVISOR: return ZCL_UINT24;
  }
  return ZCL_ENUM8;
}

if (BINDINGS_MAX > 16) ERROR("a report to each would take a queue");
