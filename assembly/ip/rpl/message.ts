// RPL control messages: RFC 6550 section 6.  They are ICMPv6 of type 155; the code says which.
//
//   0 DIS     | 155 | 0 | sum 2 | flags 1 | 0 1 | options
//   1 DIO     | 155 | 1 | sum 2 | instance 1 | version 1 | rank 2 | G 0 mode 3 preference 3 | DTSN 1 | flags 1 | 0 1 | DODAG 16 | options
//   2 DAO     | 155 | 2 | sum 2 | instance 1 | K D flags 1 | 0 1 | sequence 1 | DODAG 0 or 16 | options
//   3 DAO-ACK | 155 | 3 | sum 2 | instance 1 | D 1 | sequence 1 | status 1 | DODAG 0 or 16 | options
//
import { be16, putBe16 } from "../../core/bytes";
import { Err } from "../../core/err";
import { addressCopy } from "../address";
import { rplOptionsParse } from "./option";

export const RPL_TYPE: u32 = 155;
export const RPL_DIS: u32 = 0;
export const RPL_DIO: u32 = 1;
export const RPL_DAO: u32 = 2;
export const RPL_DAO_ACK: u32 = 3;

// The octet of a DIO that has the mode of operation
export const RPL_GROUNDED: u32 = 0x80;
export const RPL_NON_STORING: u32 = 1 << 3;
export const RPL_MODE: u32 = 7 << 3;
export const RPL_PREFERENCE: u32 = 7;

/** An acknowledgement is asked for. */
export const RPL_ACKNOWLEDGE: u32 = 0x80;
const DAO_HAS_DODAG: u32 = 0x40;
const ACK_HAS_DODAG: u32 = 0x80;

export const RPL_DIS_SIZE: u32 = 6;
export const RPL_DIO_SIZE: u32 = 28;
export const RPL_DAO_SIZE: u32 = 8;

const CODE: usize = 1;
const DIO_DODAG: usize = 12;
const DAO_DODAG: usize = 8;

/** The message where it lies.  Valid only where `rplParse` accepted; an accessor is valid for its own messages only. */
@unmanaged @final
export class RplMessage {
  get code(): u32 { return load<u8>(changetype<usize>(this), CODE); }
  get options(): usize { return changetype<usize>(this) + headSize(changetype<usize>(this)); }
  /** Of all but the DIS. */
  get instance(): u32 { return load<u8>(changetype<usize>(this), 4); }
  // DIO
  get version(): u32 { return load<u8>(changetype<usize>(this), 5); }
  get rank(): u32 { return be16(changetype<usize>(this) + 6); }
  get mode(): u32 { return load<u8>(changetype<usize>(this), 8); }
  get trigger(): u32 { return load<u8>(changetype<usize>(this), 9); }
  get dodag(): usize { return changetype<usize>(this) + DIO_DODAG; }
  // DAO
  get isAcknowledged(): bool { return (load<u8>(changetype<usize>(this), 5) & RPL_ACKNOWLEDGE) != 0; }
  get daoSequence(): u32 { return load<u8>(changetype<usize>(this), 7); }
  // DAO-ACK
  get ackSequence(): u32 { return load<u8>(changetype<usize>(this), 6); }
  get status(): u32 { return load<u8>(changetype<usize>(this), 7); }
  /** The DODAG of a DAO or its acknowledgement, or 0. */
  get namedDodag(): usize { return headSize(changetype<usize>(this)) > RPL_DAO_SIZE ? changetype<usize>(this) + DAO_DODAG : 0; }
}

/** Accepts the `have` octets at `at` as a message with all its options; answers `have` or an `Err`.  The checksum is not looked at. */
export function rplParse(at: usize, have: u32): i32 {
  if (have < RPL_DIS_SIZE) return Err.Truncated;
  if (load<u8>(at) != RPL_TYPE || load<u8>(at, CODE) > RPL_DAO_ACK) return Err.Reserved; // a secured message, or one of another mode
  let head = headSize(at);
  if (have < head) return Err.Truncated;
  let options = rplOptionsParse(at + head, have - head);
  return options < 0 ? options : <i32>have;
}

export function rplDisEmit(at: usize): u32 {
  memory.fill(at, 0, RPL_DIS_SIZE);
  store<u8>(at, RPL_TYPE);
  return RPL_DIS_SIZE;
}

export function rplDioEmit(at: usize, instance: u32, version: u32, rank: u32, mode: u32, trigger: u32, dodag: usize): u32 {
  memory.fill(at, 0, DIO_DODAG);
  store<u8>(at, RPL_TYPE);
  store<u8>(at, RPL_DIO, CODE);
  store<u8>(at, instance, 4);
  store<u8>(at, version, 5);
  putBe16(at + 6, rank);
  store<u8>(at, mode, 8);
  store<u8>(at, trigger, 9);
  addressCopy(at + DIO_DODAG, dodag);
  return RPL_DIO_SIZE;
}

/** Asks for an acknowledgement and does not name the DODAG, of which there is one. */
export function rplDaoEmit(at: usize, instance: u32, sequence: u32): u32 {
  memory.fill(at, 0, RPL_DAO_SIZE);
  store<u8>(at, RPL_TYPE);
  store<u8>(at, RPL_DAO, CODE);
  store<u8>(at, instance, 4);
  store<u8>(at, RPL_ACKNOWLEDGE, 5);
  store<u8>(at, sequence, 7);
  return RPL_DAO_SIZE;
}

export function rplDaoAckEmit(at: usize, instance: u32, sequence: u32, status: u32): u32 {
  memory.fill(at, 0, RPL_DAO_SIZE);
  store<u8>(at, RPL_TYPE);
  store<u8>(at, RPL_DAO_ACK, CODE);
  store<u8>(at, instance, 4);
  store<u8>(at, sequence, 6);
  store<u8>(at, status, 7);
  return RPL_DAO_SIZE;
}

/** Octets before the options. */
function headSize(at: usize): u32 {
  switch (<u32>load<u8>(at, CODE)) {
    case RPL_DIS: return RPL_DIS_SIZE;
    case RPL_DIO: return RPL_DIO_SIZE;
    case RPL_DAO: return load<u8>(at, 5) & DAO_HAS_DODAG ? RPL_DAO_SIZE + 16 : RPL_DAO_SIZE;
    default: return load<u8>(at, 5) & ACK_HAS_DODAG ? RPL_DAO_SIZE + 16 : RPL_DAO_SIZE;
  }
}
