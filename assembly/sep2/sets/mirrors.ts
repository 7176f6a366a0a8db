// Mirrors of usage points that devices told of: what /mup takes and what /upt says of it.  IEEE 2030.5 sections 12.2 and 12.3.
//
// They live as long as we run: a device whose mirror is not there any more tells of it again.
import { Err } from "../../core/err";
import { mirrorTake } from "../../model/mirror";
import { Format } from "../document/format";
import { Event, reader, readerBegin, readerNext, readerOctets } from "../document/reader";
import { MIRRORS_MAX } from "../limits";
import { asked } from "../resource";
import { Thing, Value } from "../rows";
import { Name, Type } from "../schema/names";
import { DEPTH_MAX } from "../schema/walk";
import { template, templateFlags } from "../template";
import { ABSENT } from "../template_rows";
import { LFDI_SIZE, memberExtended, memberLfdi } from "./devices";

/** Of one device, so that nobody keeps the others from theirs; readings of each. */
const MIRRORS_OF_ONE: u32 = 2;
const READINGS_MAX: u32 = 4;
/** How often we want to be told, s. */
const POST_RATE: i64 = 30;
const MRID_SIZE: u32 = 16;
const WATTS: u32 = 38;
const WATT_HOURS: u32 = 72;
const FORWARD: u32 = 1;
/** Powers of ten that a value for the model may be told in. */
const TEN_MAX: i32 = 6;
const IS_MIRROR: u32 = 1;

@unmanaged @final
class Mirror {
  mrid0: u64;
  mrid1: u64;
  /** The member that it is of, and one; 0: the row is free. */
  owner: u8;
  service: u8;
  status: u8;
  role: u16;
}
@unmanaged @final
class Reading {
  mrid0: u64;
  mrid1: u64;
  value: i64;
  start: i64;
  duration: u32;
  quality: u16;
  valued: u8;
  used: u8;
  typed: u8;
  /** ReadingType, annex B.2.3.4. */
  accumulation: u8;
  commodity: u8;
  qualifier: u8;
  direction: u8;
  kind: u8;
  unit: u8;
  ten: i8;
}
const MIRROR: u32 = (offsetof<Mirror>() + 7) & ~7;
const READING: u32 = (offsetof<Reading>() + 7) & ~7;
/** Where in a row what was read begins, and what it is of. */
const VALUE: u32 = offsetof<Reading>("value");
const TYPE: u32 = offsetof<Reading>("accumulation");
const mirrors = memory.data(MIRRORS_MAX * MIRROR, 8);
const readings = memory.data(MIRRORS_MAX * READINGS_MAX * READING, 8);
/** What a document tells, before it is taken. */
const toldMirror = changetype<Mirror>(memory.data(MIRROR, 8));
const told = changetype<Reading>(memory.data(READING, 8));
const lfdi = memory.data(LFDI_SIZE);
/** The names of the elements that are open. */
const opened = memory.data(4 * DEPTH_MAX, 4);
let hasNew: bool = false;

export function mirrorsReset(): void {
  memory.fill(mirrors, 0, MIRRORS_MAX * MIRROR);
  memory.fill(readings, 0, MIRRORS_MAX * READINGS_MAX * READING);
}

export function mirrorSelect(thing: u32): bool {
  if (asked.id0 >= MIRRORS_MAX || mirror(asked.id0).owner == 0) return false;
  return thing != Thing.MeterReading || (asked.id1 < READINGS_MAX && reading(asked.id0, asked.id1).used != 0);
}

/** Chooses the thing at a place: usage points of all, mirrors of `owner` alone. */
export function mirrorItem(thing: u32, place: u32, owner: i32): bool {
  if (thing == Thing.MeterReading) {
    for (asked.id1 = 0; asked.id1 < READINGS_MAX; asked.id1++) if (reading(asked.id0, asked.id1).used && place-- == 0) return true;
    return false;
  }
  for (asked.id0 = 0; asked.id0 < MIRRORS_MAX; asked.id0++) {
    let holder: i32 = mirror(asked.id0).owner;
    if (holder != 0 && (thing == Thing.Usage || holder == owner + 1) && place-- == 0) return true;
  }
  return false;
}

export function mirrorOwner(): i32 { return <i32>mirror(asked.id0).owner - 1; }

/** Whether one more may be told of by a device. */
export function mirrorHasRoom(owner: i32): bool {
  if (owner >= 0) for (let index: u32 = 0; index < MIRRORS_MAX; index++) if (mirror(index).owner == <u8>(owner + 1)) return true;
  return free(owner) >= 0;
}

export function mirrorValue(value: u32): i64 {
  let point = mirror(asked.id0);
  let row = reading(asked.id0, asked.id1);
  switch (value) {
    case Value.UsageMrid: return octets(changetype<usize>(point), MRID_SIZE);
    case Value.ReadingMrid: return octets(changetype<usize>(row), MRID_SIZE);
    case Value.UsageRole: return templateFlags(point.role | IS_MIRROR);
    case Value.UsageService: return point.service;
    case Value.UsageStatus: return point.status;
    case Value.UsageLfdi: return octets(memberLfdi(<u32>point.owner - 1), LFDI_SIZE);
    case Value.PostRate: return POST_RATE;
    case Value.Accumulation: return row.accumulation;
    case Value.Commodity: return row.commodity;
    case Value.Qualifier: return row.qualifier;
    case Value.Direction: return row.direction;
    case Value.Kind: return row.kind;
    case Value.PowerOfTen: return row.ten;
    case Value.Unit: return row.unit;
    case Value.ReadingStart: return row.start;
    case Value.ReadingDuration: return row.duration;
    case Value.ReadingQuality: return templateFlags(row.quality);
    default: return row.valued ? row.value : ABSENT;
  }
}

/** The device is no member any more. */
export function mirrorsForget(owner: i32): void {
  for (let index: u32 = 0; index < MIRRORS_MAX; index++) if (mirror(index).owner == owner + 1) mirrorForget(index);
}

export function mirrorForget(index: u32): void {
  memory.fill(changetype<usize>(mirror(index)), 0, MIRROR);
  memory.fill(changetype<usize>(reading(index, 0)), 0, READINGS_MAX * READING);
}

/** A usage point is told of, with its readings, for a row or for any: 201 or 204 and its numbers in `asked`, or a refusal. */
export function mirrorPut(format: u32, at: usize, size: u32, owner: i32, row: i32): u32 {
  memory.fill(changetype<usize>(toldMirror), 0, MIRROR);
  memory.fill(lfdi, 0, LFDI_SIZE);
  if (walk(format, at, size, -1) != <i32>Type.MirrorUsagePoint || (toldMirror.mrid0 | toldMirror.mrid1) == 0) return 400;
  if (memory.compare(lfdi, memberLfdi(<u32>owner), LFDI_SIZE) != 0) return 403; // of another device
  if (row < 0) row = known(owner);
  let isNew = row < 0;
  if (isNew) row = free(owner);
  if (row < 0) return 503;
  if (isNew) mirrorForget(row);
  toldMirror.owner = <u8>(owner + 1);
  memory.copy(changetype<usize>(mirror(row)), changetype<usize>(toldMirror), MIRROR);
  asked.id0 = row;
  if (walk(format, at, size, row) < 0) return 503;
  return isNew ? 201 : 204;
}

/** Readings are told of, of the mirror in `asked`: as above. */
export function mirrorPutReadings(format: u32, at: usize, size: u32): u32 {
  let type = walk(format, at, size, -1);
  if (type != <i32>Type.MirrorMeterReading && type != <i32>Type.MirrorMeterReadingList) return 400;
  hasNew = false;
  if (walk(format, at, size, asked.id0) < 0) return 503;
  return hasNew ? 201 : 204;
}

/** What the meter of the mirror in `asked` told becomes the model's, for who reads it in another network. */
export function mirrorModel(now: i64): void {
  let energy: i64 = -1, power: i64 = 0;
  for (let index: u32 = 0; index < READINGS_MAX; index++) {
    let row = reading(asked.id0, index);
    if (!row.valued || row.direction > FORWARD) continue;
    if (row.unit == WATT_HOURS) energy = scaled(row);
    else if (row.unit == WATTS) power = scaled(row);
  }
  if (energy >= 0) mirrorTake(memberExtended(<u32>mirrorOwner()), energy, <i32>power, now);
}

function scaled(row: Reading): i64 {
  let value = row.value;
  let ten: i32 = row.ten;
  for (; ten > 0 && ten <= TEN_MAX; ten--) value *= 10;
  for (; ten < 0 && ten >= -TEN_MAX; ten++) value /= 10;
  return ten == 0 ? value : -1;
}

/** Reads a document through, what it tells of readings into a row unless that is -1; answers its type or an `Err`. */
function walk(format: u32, at: usize, size: u32, row: i32): i32 {
  let type = readerBegin(format, at, size);
  if (type < 0) return type;
  let base: u32 = type == <i32>Type.MirrorMeterReading ? 0 : 1;
  let depth: u32 = 0;
  store<u32>(opened, base == 0 ? Name.MirrorMeterReading : 0);
  begin();
  for (let event = readerNext(); event != Event.End; event = readerNext()) {
    if (event < 0) return event;
    if (event == Event.Open) {
      store<u32>(opened + 4 * ++depth, reader.name);
      if (depth == base) begin();
    } else if (event == Event.Close) {
      if (depth == base && load<u32>(opened + 4 * depth) == Name.MirrorMeterReading) {
        if ((told.mrid0 | told.mrid1) == 0) return Err.Reserved;
        if (row >= 0 && !put(row)) return Err.NoBuffer;
      }
      depth--;
    } else if (event == Event.Value) tell(depth, base);
  }
  return type;
}

function begin(): void { memory.fill(changetype<usize>(told), 0, READING); }

/** A member that has a value, in the element that is open at a depth. */
function tell(depth: u32, base: u32): void {
  let within = load<u32>(opened + 4 * depth);
  if (reader.name == Name.mRID) {
    let to = depth == base ? changetype<usize>(told) : changetype<usize>(toldMirror);
    if (depth <= base) readerOctets(to, MRID_SIZE);
  } else if (within == Name.ReadingType) tellType();
  else if (within == Name.Reading) {
    if (reader.name == Name.qualityFlags) told.quality = <u16>reader.number;
    else if (reader.name == Name.value) {
      told.value = reader.number;
      told.valued = 1;
    }
  } else if (within == Name.timePeriod && depth > 0 && load<u32>(opened + 4 * (depth - 1)) == Name.Reading) {
    if (reader.name == Name.start) told.start = reader.number;
    else told.duration = <u32>reader.number;
  } else if (depth == 0 && base == 1) tellMirror();
}

function tellMirror(): void {
  switch (reader.name) {
    case Name.roleFlags: { toldMirror.role = <u16>reader.number; break; }
    case Name.serviceCategoryKind: { toldMirror.service = <u8>reader.number; break; }
    case Name.status: { toldMirror.status = <u8>reader.number; break; }
    case Name.deviceLFDI: readerOctets(lfdi, LFDI_SIZE);
  }
}

function tellType(): void {
  told.typed = 1;
  let value = <u8>reader.number;
  switch (reader.name) {
    case Name.accumulationBehaviour: { told.accumulation = value; break; }
    case Name.commodity: { told.commodity = value; break; }
    case Name.dataQualifier: { told.qualifier = value; break; }
    case Name.flowDirection: { told.direction = value; break; }
    case Name.kind: { told.kind = value; break; }
    case Name.powerOfTenMultiplier: { told.ten = <i8>reader.number; break; }
    case Name.uom: told.unit = value;
  }
}

/** Takes a reading; what was not told of it again stays. */
function put(row: u32): bool {
  let to = -1;
  for (let index: u32 = READINGS_MAX; index-- > 0;) {
    let one = reading(row, index);
    if (one.used && one.mrid0 == told.mrid0 && one.mrid1 == told.mrid1) { to = index; break; }
    if (!one.used) to = index;
  }
  if (to < 0) return false;
  asked.id1 = to;
  let one = reading(row, to);
  if (one.used && !told.typed) {
    told.typed = one.typed;
    memory.copy(changetype<usize>(told) + TYPE, changetype<usize>(one) + TYPE, READING - TYPE);
  }
  if (one.used && !told.valued) memory.copy(changetype<usize>(told) + VALUE, changetype<usize>(one) + VALUE, TYPE - VALUE);
  hasNew = hasNew || !one.used;
  told.used = 1;
  memory.copy(changetype<usize>(one), changetype<usize>(told), READING);
  return true;
}

/** The mirror of a device that has this identifier, or -1. */
function known(owner: i32): i32 {
  for (let index: u32 = 0; index < MIRRORS_MAX; index++) {
    let one = mirror(index);
    if (one.owner == <u8>(owner + 1) && one.mrid0 == toldMirror.mrid0 && one.mrid1 == toldMirror.mrid1) return index;
  }
  return -1;
}

function free(owner: i32): i32 {
  let own: u32 = 0, row = -1;
  for (let index: u32 = 0; index < MIRRORS_MAX; index++) {
    let holder: i32 = mirror(index).owner;
    if (holder == 0) row = index;
    else if (holder == owner + 1) own++;
  }
  return own < MIRRORS_OF_ONE ? row : -1;
}

function octets(at: usize, size: u32): i64 {
  template.octets = at;
  template.size = size;
  return 0;
}

function mirror(index: u32): Mirror { return changetype<Mirror>(mirrors + index * MIRROR); }
function reading(row: u32, index: u32): Reading { return changetype<Reading>(readings + (row * READINGS_MAX + index) * READING); }

if (VALUE > TYPE) ERROR("what it is of stands behind what was read");
