// Neighbour Discovery messages: RFC 4861 section 4, RFC 6775 section 4.4.
//
//   133 router solicitation        | 133 | 0 | sum 2 | 0 4 | options
//   134 router advertisement       | 134 | 0 | sum 2 | hop limit 1 | flags 1 | lifetime s 2 | reachable ms 4 | repeat ms 4 | options
//   135 neighbour solicitation     | 135 | 0 | sum 2 | 0 4 | target 16 | options
//   136 neighbour advertisement    | 136 | 0 | sum 2 | flags 1 | 0 3 | target 16 | options
//   157 duplicate address request  | 157 | 0 | sum 2 | status 1 | 0 1 | lifetime min 2 | EUI-64 8 | address 16
//   158 duplicate address confirmation, as 157
//
import { be16, be32, be64, putBe16, putBe64 } from "../../core/bytes";
import { Err } from "../../core/err";
import { addressCopy, addressIsMulticast } from "../address";
import { ndOptionsParse } from "./option";

export const ND_ROUTER_SOLICITATION: u32 = 133;
export const ND_ROUTER_ADVERTISEMENT: u32 = 134;
export const ND_NEIGHBOUR_SOLICITATION: u32 = 135;
export const ND_NEIGHBOUR_ADVERTISEMENT: u32 = 136;
export const ND_DUPLICATE_REQUEST: u32 = 157;
export const ND_DUPLICATE_CONFIRMATION: u32 = 158;

// Flags of a neighbour advertisement
export const ND_ROUTER: u32 = 0x80;
export const ND_SOLICITED: u32 = 0x40;
export const ND_OVERRIDE: u32 = 0x20;

export const ND_SOLICITATION_SIZE: u32 = 8;
export const ND_ADVERTISEMENT_SIZE: u32 = 16;
export const ND_NEIGHBOUR_SIZE: u32 = 24;
export const ND_DUPLICATE_SIZE: u32 = 32;

const CODE: usize = 1;
const FLAGS: usize = 4;
const TARGET: usize = 8;

/** The message where it lies.  Valid only where `ndParse` accepted; an accessor is valid for its own messages only. */
@unmanaged @final
export class NdMessage {
  get type(): u32 { return load<u8>(changetype<usize>(this)); }
  get options(): usize { return changetype<usize>(this) + headSize(this.type); }
  // router advertisement
  get hopLimit(): u32 { return load<u8>(changetype<usize>(this), 4); }
  get routerFlags(): u32 { return load<u8>(changetype<usize>(this), 5); }
  /** Seconds. */
  get routerLifetime(): u32 { return be16(changetype<usize>(this) + 6); }
  /** Milliseconds; 0 where the router says nothing. */
  get reachable(): u32 { return be32(changetype<usize>(this) + 8); }
  get repeat(): u32 { return be32(changetype<usize>(this) + 12); }
  // neighbour solicitation and advertisement
  get flags(): u32 { return load<u8>(changetype<usize>(this), FLAGS); }
  get target(): usize { return changetype<usize>(this) + TARGET; }
  // duplicate address request and confirmation
  get status(): u32 { return load<u8>(changetype<usize>(this), 4); }
  /** Minutes. */
  get lifetime(): u32 { return be16(changetype<usize>(this) + 6); }
  get extended(): u64 { return be64(changetype<usize>(this) + 8); }
  get address(): usize { return changetype<usize>(this) + 16; }
}

/** Accepts the `have` octets at `at` as a message with all its options; answers `have` or an `Err`.  The checksum is not looked at. */
export function ndParse(at: usize, have: u32): i32 {
  if (have < ND_SOLICITATION_SIZE) return Err.Truncated;
  let head = headSize(load<u8>(at));
  if (head == 0) return Err.Reserved;
  if (load<u8>(at, CODE) != 0) return Err.Reserved;
  if (have < head) return Err.Truncated;
  if (head == ND_NEIGHBOUR_SIZE && addressIsMulticast(at + TARGET)) return Err.Reserved; // RFC 4861 section 7.1
  let options = ndOptionsParse(at + head, have - head);
  return options < 0 ? options : <i32>have;
}

export function ndSolicitationEmit(at: usize): u32 {
  memory.fill(at, 0, ND_SOLICITATION_SIZE);
  store<u8>(at, ND_ROUTER_SOLICITATION);
  return ND_SOLICITATION_SIZE;
}

/** Says nothing about reachability and repetition. */
export function ndAdvertisementEmit(at: usize, hopLimit: u32, lifetime: u32): u32 {
  memory.fill(at, 0, ND_ADVERTISEMENT_SIZE);
  store<u8>(at, ND_ROUTER_ADVERTISEMENT);
  store<u8>(at, hopLimit, 4);
  putBe16(at + 6, lifetime);
  return ND_ADVERTISEMENT_SIZE;
}

/** A neighbour solicitation, without flags, or advertisement. */
export function ndNeighbourEmit(at: usize, type: u32, flags: u32, target: usize): u32 {
  memory.fill(at, 0, TARGET);
  store<u8>(at, type);
  store<u8>(at, flags, FLAGS);
  addressCopy(at + TARGET, target);
  return ND_NEIGHBOUR_SIZE;
}

export function ndDuplicateEmit(at: usize, type: u32, status: u32, lifetime: u32, extended: u64, address: usize): u32 {
  memory.fill(at, 0, 6);
  store<u8>(at, type);
  store<u8>(at, status, 4);
  putBe16(at + 6, lifetime);
  putBe64(at + 8, extended);
  addressCopy(at + 16, address);
  return ND_DUPLICATE_SIZE;
}

/** Octets before the options, or 0 for what is no message of ours. */
function headSize(type: u32): u32 {
  switch (type) {
    case ND_ROUTER_SOLICITATION: return ND_SOLICITATION_SIZE;
    case ND_ROUTER_ADVERTISEMENT: return ND_ADVERTISEMENT_SIZE;
    case ND_NEIGHBOUR_SOLICITATION:
    case ND_NEIGHBOUR_ADVERTISEMENT: return ND_NEIGHBOUR_SIZE;
    case ND_DUPLICATE_REQUEST:
    case ND_DUPLICATE_CONFIRMATION: return ND_DUPLICATE_SIZE;
    default: return 0;
  }
}
