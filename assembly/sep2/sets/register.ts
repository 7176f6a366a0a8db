// A meter's own usage point: what it measured, as two readings, energy and power.
import { clockKnown, clockUtc } from "../../model/clock";
import { register } from "../../model/register";
import { Thing, Value } from "../rows";
import { asked } from "../resource";
import { template, templateFlags } from "../template";
import { ABSENT } from "../template_rows";
import { EPOCH } from "../time";
import { mrid } from "./mrid";

const ENERGY: u32 = 0;
export const POWER: u32 = 1;
export const LFDI_SIZE: u32 = 20;
// ReadingType, annex B.2.3.4
const SUMMATION: i64 = 9;
const INSTANTANEOUS: i64 = 12;
const ELECTRICITY_SECONDARY: i64 = 1;
const NORMAL: i64 = 12;
const FORWARD: i64 = 1;
const KIND_ENERGY: i64 = 12;
const KIND_POWER: i64 = 37;
const WATTS: i64 = 38;
const WATT_HOURS: i64 = 72;
/** Of premises, and good enough for a bill. */
const ROLE: u32 = 0x0012;
const VALID: u32 = 0x0001;

const lfdi = memory.data(LFDI_SIZE, 8);

/** A usage point, and the two readings of it. */
export function registerSelect(set: u32): bool { return asked.id0 == 0 && (set == Thing.Usage || asked.id1 <= POWER); }

export function registerItem(set: u32, place: u32): bool {
  if (set == Thing.Usage) asked.id0 = place;
  else asked.id1 = place;
  return set == Thing.Usage ? place == 0 : place <= POWER;
}

export function registerValue(value: u32, now: i64): i64 {
  let isPower = asked.id1 == POWER;
  switch (value) {
    case Value.UsageMrid: return mrid(value, 0);
    case Value.ReadingMrid: return mrid(value, asked.id1);
    case Value.UsageRole: return templateFlags(ROLE);
    case Value.UsageService: return 0;
    case Value.UsageStatus: return 1;
    case Value.UsageLfdi: return ownLfdi();
    case Value.Accumulation: return isPower ? INSTANTANEOUS : SUMMATION;
    case Value.Commodity: return ELECTRICITY_SECONDARY;
    case Value.Qualifier: return NORMAL;
    case Value.Direction: return FORWARD;
    case Value.Kind: return isPower ? KIND_POWER : KIND_ENERGY;
    case Value.PowerOfTen: case Value.ReadingDuration: return 0;
    case Value.Unit: return isPower ? WATTS : WATT_HOURS;
    case Value.ReadingQuality: return templateFlags(VALID);
    case Value.ReadingStart: return clockKnown() ? EPOCH + clockUtc(now) - (now - register.at) / 1000 : 0;
    default: return isPower ? (register.powerKnown ? register.powerW : ABSENT) : register.importKnown ? register.importWh : ABSENT;
  }
}

/** Where our own is put when the hub has said it: a module does not see its certificate. */
export function registerLfdi(): usize { return lfdi; }

function ownLfdi(): i64 {
  template.octets = lfdi;
  template.size = LFDI_SIZE;
  return load<u64>(lfdi) == 0 ? ABSENT : 0;
}

if (ENERGY != 0) ERROR("the first one is the energy");
