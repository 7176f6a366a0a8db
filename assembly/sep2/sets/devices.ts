// End devices: the supplier's list of who is registered, which the hub keeps; what EndDevice and Registration say of each.
//
//   no list, before the supplier has told of anyone: a certificate of our root registers      a list: who is on it, and nobody else
//
//   LFDI: the first 20 octets of the certificate's SHA-256      SFDI: its first 36 bits and a digit of check      IEEE 2030.5 section 8.3
import { Err } from "../../core/err";
import { Record, storeRead, storeWrite } from "../../core/host";
import { clockKnown, clockUtc } from "../../model/clock";
import { Member } from "../../model/records";
import { Value } from "../rows";
import { template } from "../template";
import { ABSENT } from "../template_rows";
import { EPOCH } from "../time";

export const MEMBERS_MAX: u32 = 16;
export const LFDI_SIZE: u32 = 20;
const ROW: u32 = offsetof<Member>();
const LIST: u32 = MEMBERS_MAX * ROW;
const list = memory.data(LIST, 8);
/** The supplier has told of somebody: record `MembersTold`. */
const told = memory.data(1);

export function membersLoad(): void {
  memory.fill(list, 0, LIST);
  storeRead(Record.Members, list, LIST);
  store<u8>(told, u8(storeRead(Record.MembersTold, told, 1) != Err.NotFound)); // also where the flash has lost it
}

/** From now on the list counts; with `anew` it is the supplier's: true when who had come without him has to be told of as well. */
export function membersTold(anew: bool): bool {
  if (load<u8>(told)) return false;
  store<u8>(told, 1);
  if (anew) memory.fill(list, 0, LIST);
  storeWrite(Record.MembersTold, told, 1);
  save();
  return anew;
}

/** Whether the device of this address, which has proved this certificate, may be a member; without a list it is registered. */
export function memberMay(extended: u64, lfdi: usize, now: i64): bool {
  if (!load<u8>(told)) {
    memberPut(extended, lfdi, now);
    return true;
  }
  if (extended == 0) return false; // rows that are free
  let row = held(extended);
  return row != null && memory.compare(row.lfdi, lfdi, LFDI_SIZE) == 0;
}

/** Which member has this certificate; -1: nobody. */
export function memberOf(lfdi: usize): i32 {
  for (let index: u32 = 0; index < MEMBERS_MAX; index++) {
    let row = member(index);
    if (row.extended != 0 && memory.compare(row.lfdi, lfdi, LFDI_SIZE) == 0) return index;
  }
  return -1;
}

/** Whether there is a member of this number. */
export function memberIs(index: u32): bool { return index < MEMBERS_MAX && member(index).extended != 0; }

/** Which member a device is; -1: none. */
export function memberNumber(extended: u64): i32 {
  for (let index: u32 = 0; index < MEMBERS_MAX; index++) if (member(index).extended == extended) return index;
  return -1;
}

/** The IEEE address of a member. */
export function memberExtended(index: u32): u64 { return member(index).extended; }

/** The certificate of a member. */
export function memberLfdi(index: u32): usize { return member(index).lfdi; }

/** A device is registered with this certificate, and with no other. */
export function memberPut(extended: u64, lfdi: usize, now: i64): i32 {
  if (extended == 0) return Err.Reserved;
  let row = held(extended);
  if (row && memory.compare(row.lfdi, lfdi, LFDI_SIZE) == 0) return Err.Ok;
  if (!row) row = held(0);
  if (!row) return Err.NoBuffer;
  row.extended = extended;
  memory.copy(row.lfdi, lfdi, LFDI_SIZE);
  row.since = clockKnown() ? clockUtc(now) : 0;
  return save();
}

/** It is no more. */
export function memberForget(extended: u64): i32 {
  let row = held(extended);
  if (extended == 0 || !row) return Err.NotFound;
  memory.fill(changetype<usize>(row), 0, ROW);
  return save();
}

/** What EndDevice and Registration say of a member. */
export function deviceValue(index: u32, value: u32): i64 {
  let row = member(index);
  switch (value) {
    case Value.DeviceLfdi: return lfdiValue(row.lfdi);
    case Value.DeviceSfdi: return sfdi(row.lfdi);
    case Value.DeviceChanged: return EPOCH + row.since;
    default: return pin(row.lfdi);
  }
}

/** What SelfDevice says of us: a hub learns its own certificate's name as that of its devices, from the supplier. */
export function selfValue(extended: u64, value: u32): i64 {
  let row = held(extended);
  if (!row) return value == Value.OwnSfdi ? 0 : ABSENT;
  return value == Value.OwnSfdi ? sfdi(row.lfdi) : lfdiValue(row.lfdi);
}

function lfdiValue(lfdi: usize): i64 {
  template.octets = lfdi;
  template.size = LFDI_SIZE;
  return 0;
}

/** Section 8.3.2: 36 bits in decimal, and the digit that makes the sum of all digits a multiple of ten. */
function sfdi(lfdi: usize): i64 { return checked(bswap<u64>(load<u64>(lfdi)) >>> 28); }

/** Section 8.3.4: five digits and one of check.  It is printed on the device, whose maker had it from the certificate, as we have. */
function pin(lfdi: usize): i64 { return checked(<u64>bswap<u32>(load<u32>(lfdi, LFDI_SIZE - 4)) % 100_000); }

function checked(value: u64): i64 {
  let sum: u64 = 0;
  for (let left = value; left > 0; left /= 10) sum += left % 10;
  return <i64>(value * 10 + (10 - sum % 10) % 10);
}

function held(extended: u64): Member | null {
  let index = memberNumber(extended);
  return index < 0 ? null : member(index);
}

function member(index: u32): Member { return changetype<Member>(list + index * ROW); }

/** A list that the store has no room for holds as long as we run. */
function save(): i32 { return storeWrite(Record.Members, list, LIST) < 0 ? Err.NoBuffer : Err.Ok; }

if (LIST > 512) ERROR("a record holds 512 octets");
