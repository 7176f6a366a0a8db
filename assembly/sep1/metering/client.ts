// Metering cluster, client: a meter's attributes, whatever its units and scale, become the model's register.
//
//   energy = summation * multiplier / divisor [kWh]       power = demand * multiplier / divisor [kW]        annex D.3.2.2.4
import { register } from "../../model/register";
import { toldEnergy, toldReset } from "../../model/told";
import { ZCL_READ_ANSWER, ZCL_SUCCESS, zclConfigureEmit, zclRecordSize } from "../../zigbee/zcl/foundation";
import { ZCL_INT24, ZCL_UINT24, ZCL_UINT48, zclNumber } from "../../zigbee/zcl/types";
import { zclHeard } from "../../zigbee/zcl/zcl";
import {
  METERING_DEMAND_FORMAT, METERING_DIVISOR, METERING_INSTANTANEOUS_DEMAND, METERING_MULTIPLIER, METERING_SUMMATION_DELIVERED,
  METERING_SUMMATION_FORMAT, METERING_UNIT,
} from "../descriptors/metering";
import { METERING_BCD, METERING_KWH, METERING_NO_DEMAND, METERING_NO_SUMMATION } from "./values";

/** How often reports are asked for, s: live at 10 s, and a sign of life each minute. */
export const METERING_REPORT_MIN_S: u32 = 10;
export const METERING_REPORT_MAX_S: u32 = 60;
/** The smallest step, in the meter's own units. */
const REPORT_CHANGE: i64 = 1;
const DECIMALS_MAX: u32 = 3;

/** What the meter says, in its own terms. */
@unmanaged @final
class Meter {
  summation: i64;
  demand: i64;
  multiplier: u32;
  divisor: u32;
  unit: u32;
  /** Whether the scale was answered; until then no number means anything. */
  scaled: bool;
}
const meter = changetype<Meter>(memory.data(offsetof<Meter>(), 8));

export function meteringClientReset(): void {
  meter.summation = METERING_NO_SUMMATION;
  meter.demand = METERING_NO_DEMAND;
  meter.scaled = false;
  toldReset();
}

/** Writes the payload of a read: how to understand the numbers and, where `values` asks for them, the numbers; answers its end. */
export function meteringAsk(at: usize, values: bool): usize {
  store<u16>(at, METERING_UNIT);
  store<u16>(at, METERING_MULTIPLIER, 2);
  store<u16>(at, METERING_DIVISOR, 4);
  store<u16>(at, METERING_SUMMATION_FORMAT, 6);
  store<u16>(at, METERING_DEMAND_FORMAT, 8);
  if (!values) return at + 10;
  store<u16>(at, METERING_SUMMATION_DELIVERED, 10);
  store<u16>(at, METERING_INSTANTANEOUS_DEMAND, 12);
  return at + 14;
}

/** Writes the payload of a configuration of both reports; answers its end. */
export function meteringConfigure(at: usize): usize {
  at += zclConfigureEmit(at, METERING_SUMMATION_DELIVERED, ZCL_UINT48, METERING_REPORT_MIN_S, METERING_REPORT_MAX_S, REPORT_CHANGE);
  return at + zclConfigureEmit(at, METERING_INSTANTANEOUS_DEMAND, ZCL_INT24, METERING_REPORT_MIN_S, METERING_REPORT_MAX_S, REPORT_CHANGE);
}

/** Takes the report or read answer heard.  A read answer also brings the scale, with defaults for what the meter lacks. */
export function meteringTake(now: i64): void {
  let answer = zclHeard.command == ZCL_READ_ANSWER;
  let head: u32 = answer ? 3 : 2;
  let end = zclHeard.payload + zclHeard.size;
  let told = false;
  if (answer) describeByDefault();
  for (let at = zclHeard.payload; at < end; at += zclRecordSize(zclHeard.command, at, <u32>(end - at))) {
    if (answer && load<u8>(at, 2) != ZCL_SUCCESS) continue;
    let id: u32 = load<u16>(at);
    if (id == METERING_SUMMATION_DELIVERED || id == METERING_INSTANTANEOUS_DEMAND) told = true;
    takeOne(id, load<u8>(at + head), at + head + 1);
  }
  if (meter.scaled && (told || register.importKnown)) mirror(told ? now : register.at);
}

function describeByDefault(): void {
  meter.scaled = true;
  meter.multiplier = 1;
  meter.divisor = 1;
  meter.unit = METERING_KWH;
}

function takeOne(id: u32, type: u32, at: usize): void {
  let value = zclNumber(type, at);
  switch (id) {
    case METERING_SUMMATION_DELIVERED: if (type == ZCL_UINT48) meter.summation = value; break;
    case METERING_INSTANTANEOUS_DEMAND: if (type == ZCL_INT24) meter.demand = value; break;
    case METERING_MULTIPLIER: if (type == ZCL_UINT24) meter.multiplier = <u32>value; break;
    case METERING_DIVISOR: if (type == ZCL_UINT24) meter.divisor = <u32>value; break;
    case METERING_UNIT: meter.unit = <u32>value; break;
    case METERING_SUMMATION_FORMAT: {
      register.importDecimals = decimals(<u32>value);
      register.importDigits = leading(<u32>value);
      break;
    }
    case METERING_DEMAND_FORMAT: {
      register.powerDecimals = decimals(<u32>value);
      register.powerDigits = leading(<u32>value);
      break;
    }
  }
}

/** Digits after the point that the meter wants shown, of the three we can. */
function decimals(format: u32): u8 { return <u8>min<u32>(format & 7, DECIMALS_MAX); }

/** Digits before the point that are shown even when they are zero. */
function leading(format: u32): u8 { return <u8>(format & 0x80 ? 1 : max<u32>((format >> 3) & 15, 1)); }

/** The meter's numbers become watt-hours and watts; what cannot be said is unknown, never zero. */
function mirror(now: i64): void {
  let bcd = meter.unit == (METERING_KWH | METERING_BCD);
  let usable = (bcd || meter.unit == METERING_KWH) && meter.divisor != 0 && meter.multiplier != 0;
  let energy: i64 = usable && meter.summation != METERING_NO_SUMMATION ? plain(meter.summation, bcd) : -1;
  let importWh = energy < 0 ? -1 : meteringScale(energy, meter.multiplier, meter.divisor);
  register.importKnown = importWh >= 0;
  if (register.importKnown) toldEnergy(importWh, meteringScale(1, meter.multiplier, meter.divisor), now);
  register.powerKnown = false;
  if (usable && meter.demand != METERING_NO_DEMAND) {
    let size = plain(meter.demand < 0 ? -meter.demand : meter.demand, bcd);
    let powerW = size < 0 ? -1 : meteringScale(size, meter.multiplier, meter.divisor);
    register.powerKnown = powerW >= 0 && powerW <= i32.MAX_VALUE;
    if (register.powerKnown) register.powerW = <i32>(meter.demand < 0 ? -powerW : powerW);
  }
  register.at = now;
}

/** `value` * `multiplier` / `divisor` in thousandths, or -1 beyond 63 bits.  Value below 2^48, the others below 2^24. */
export function meteringScale(value: i64, multiplier: u32, divisor: u32): i64 {
  let factor: i64 = <i64>multiplier * 1000;
  let whole = value / divisor;
  if (whole > (i64.MAX_VALUE >> 1) / factor) return -1;
  return whole * factor + (value % divisor) * factor / divisor;
}

/** A number as it is, or the one that its BCD digits spell; -1 when they spell none. */
function plain(value: i64, bcd: bool): i64 {
  if (!bcd) return value;
  let result: i64 = 0;
  for (let shift = 44; shift >= 0; shift -= 4) {
    let digit = (value >> shift) & 15;
    if (digit > 9) return -1;
    result = result * 10 + digit;
  }
  return result;
}
