// Addresses that neighbours registered with us: RFC 6775 section 6.5.  At the border router, those of the whole network: section 8.2.
import { NEVER } from "../../core/timers";
import { REGISTRATIONS_MAX } from "../limits";
import { networkPrefix } from "./network";

export namespace RegistrationState {
  export const Free: u8 = 0;
  /** The border router was asked. */
  export const Asked: u8 = 1;
  export const Registered: u8 = 2;
}

@unmanaged @final
export class Registration {
  extended: u64;
  /** The address behind the network's prefix, network order. */
  identifier: u64;
  /** When it is forgotten. */
  deadline: i64;
  /** When the border router is asked; never when it has answered. */
  due: i64;
  /** Minutes that are asked for. */
  lifetime: u16;
  state: u8;
  tries: u8;
  /** 1: a neighbour of ours registered it here. */
  near: u8;
}

const ROW: u32 = offsetof<Registration>();
const rows = memory.data(REGISTRATIONS_MAX * ROW, 8);
const address = memory.data(16, 8);
const NONE: usize = 0;

export function registrationsReset(): void { memory.fill(rows, 0, REGISTRATIONS_MAX * ROW); }

/** A row by its number below REGISTRATIONS_MAX; it may be free. */
export function registrationAt(index: u32): Registration { return changetype<Registration>(rows + index * ROW); }

/** The row of an address of the network, or null. */
export function registrationOf(identifier: u64): Registration {
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (row.state != RegistrationState.Free && row.identifier == identifier) return row;
  }
  return changetype<Registration>(NONE);
}

/** A new row, or null when the table is full. */
export function registrationTake(identifier: u64, extended: u64): Registration {
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (row.state != RegistrationState.Free) continue;
    memory.fill(changetype<usize>(row), 0, ROW);
    row.identifier = identifier;
    row.extended = extended;
    return row;
  }
  return changetype<Registration>(NONE);
}

/** The whole address of a row, valid until the next call. */
export function registrationAddress(row: Registration): usize {
  store<u64>(address, load<u64>(networkPrefix()));
  store<u64>(address, row.identifier, 8);
  return address;
}

/** Forgets those that are over; whether there were any. */
export function registrationsExpire(now: i64): bool {
  let some = false;
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (row.state == RegistrationState.Free || row.deadline > now) continue;
    some = some || row.state == RegistrationState.Registered;
    row.state = RegistrationState.Free;
  }
  return some;
}

export function registrationsDeadline(): i64 {
  let deadline = NEVER;
  for (let index: u32 = 0; index < REGISTRATIONS_MAX; index++) {
    let row = registrationAt(index);
    if (row.state == RegistrationState.Free) continue;
    deadline = min(deadline, min(row.deadline, row.due));
  }
  return deadline;
}
