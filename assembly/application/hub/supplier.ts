// A hub of phase 2: what the head-end says becomes clock and tariff, and what it asks of the network goes up to the device.
// Records: docs/uplink.md.
import { Err } from "../../core/err";
import { EVENT_HEAD, EVENT_SIZE } from "../../core/host";
import { firewallOpen } from "../../ip/firewall";
import { hubRefused } from "./refusal";
import { takeClock, takeTariff } from "./take";
import {
  DOWN_CLOCK, DOWN_MEMBER, DOWN_OPEN, DOWN_REKEY, DOWN_REMOVE, DOWN_TARIFF, MEMBER_SIZE, MemberRecord, OPEN_SIZE, OpenRecord, REKEY_SIZE,
  REMOVE_SIZE,
} from "./uplink";

/** What is left to the device; otherwise 0. */
export enum SupplierHeard {
  None = 0,
  /** The network is to get another key. */
  Rekey,
  /** A device is registered, or no more: `supplierMember`. */
  Member,
  /** A device is to leave: its address begins `supplierMember`. */
  Remove,
}

/** Takes an Uplink event; answers a `SupplierHeard`. */
export function supplierInput(event: usize, now: i64): i32 {
  let size: u32 = load<u16>(event + EVENT_SIZE);
  let at = event + EVENT_HEAD + 1;
  let taken = size > 0 ? take(at, size - 1, now) : <i32>Err.Truncated;
  if (taken < 0) hubRefused(event, taken);
  return max(taken, 0);
}

/** In the event; valid until the next one is taken. */
export function supplierMember(event: usize): MemberRecord { return changetype<MemberRecord>(event + EVENT_HEAD + 1); }

/** Takes the record of `size` octets whose kind is in front of `at`. */
function take(at: usize, size: u32, now: i64): i32 {
  switch (<u32>load<u8>(at - 1)) {
    case DOWN_REKEY: return size < REKEY_SIZE ? Err.Truncated : <i32>SupplierHeard.Rekey;
    case DOWN_REMOVE: return size < REMOVE_SIZE ? Err.Truncated : <i32>SupplierHeard.Remove;
    case DOWN_MEMBER: return size < MEMBER_SIZE ? Err.Truncated : <i32>SupplierHeard.Member;
    case DOWN_CLOCK: return takeClock(at, size, now);
    case DOWN_TARIFF: return takeTariff(at, size, now);
    case DOWN_OPEN: return size < OPEN_SIZE ? Err.Truncated : takeOpen(changetype<OpenRecord>(at));
    default: return Err.Reserved;
  }
}

/** A service of a device, for the outside. */
function takeOpen(record: OpenRecord): i32 {
  return firewallOpen(record.extended, record.port, record.open != 0) ? <i32>Err.Ok : <i32>Err.NoBuffer;
}
