// The records between head-end and hub.  Written by tools/records.ts from docs/uplink.md; change that page instead.

/** Sets the hub's clock. The supplier repeats it every 24 hours and after each start of the hub. */
export const DOWN_CLOCK: u32 = 1;
/** Without the kind. */
export const CLOCK_SIZE: u32 = 20;

/** Over the octets after the kind. */
@unmanaged @final
export class ClockRecord {
  get utc(): u32 { return load<u32>(changetype<usize>(this)); }
  get offset(): i32 { return load<i32>(changetype<usize>(this), 4); }
  get summerStart(): u32 { return load<u32>(changetype<usize>(this), 8); }
  get summerEnd(): u32 { return load<u32>(changetype<usize>(this), 12); }
  get summerShift(): i32 { return load<i32>(changetype<usize>(this), 16); }
}

/** A price. The hub keeps it in its store and publishes it. */
export const DOWN_TARIFF: u32 = 2;
/** Without the kind, up to what is counted. */
export const TARIFF_SIZE: u32 = 19;

/** Over the octets after the kind. */
@unmanaged @final
export class TariffRecord {
  get eventId(): u32 { return load<u32>(changetype<usize>(this)); }
  get start(): u32 { return load<u32>(changetype<usize>(this), 4); }
  get minutes(): u32 { return load<u16>(changetype<usize>(this), 8); }
  get currency(): u32 { return load<u16>(changetype<usize>(this), 10); }
  get price(): u32 { return load<u32>(changetype<usize>(this), 12); }
  get digits(): u32 { return load<u8>(changetype<usize>(this), 16); }
  get tier(): u32 { return load<u8>(changetype<usize>(this), 17); }
  get labelSize(): u32 { return load<u8>(changetype<usize>(this), 18); }
  get label(): usize { return changetype<usize>(this) + 19; }
}

/** A device may join; told again for a device that is known it is no harm. */
export const DOWN_ADMIT: u32 = 3;
/** Without the kind, up to what is counted. */
export const ADMIT_SIZE: u32 = 9;

/** Over the octets after the kind. */
@unmanaged @final
export class AdmitRecord {
  get extended(): u64 { return load<u64>(changetype<usize>(this)); }
  get codeSize(): u32 { return load<u8>(changetype<usize>(this), 8); }
  get code(): usize { return changetype<usize>(this) + 9; }
}

/** Joining is open, at the hub and at its routers. */
export const DOWN_PERMIT: u32 = 4;
/** Without the kind. */
export const PERMIT_SIZE: u32 = 1;

/** Over the octets after the kind. */
@unmanaged @final
export class PermitRecord {
  get seconds(): u32 { return load<u8>(changetype<usize>(this)); }
}

/** A file that the hub is to fetch. Size 0: it is to forget it. */
export const DOWN_OFFER: u32 = 5;
/** Without the kind. */
export const OFFER_SIZE: u32 = 13;

/** Over the octets after the kind. */
@unmanaged @final
export class OfferRecord {
  get image(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get type(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get version(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get size(): u32 { return load<u32>(changetype<usize>(this), 9); }
}

/** Octets of a file that the hub wanted. */
export const DOWN_BLOCK: u32 = 6;
/** Without the kind, up to what is counted. */
export const BLOCK_SIZE: u32 = 5;

/** Over the octets after the kind. */
@unmanaged @final
export class BlockRecord {
  get image(): u32 { return load<u8>(changetype<usize>(this)); }
  get offset(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get octets(): usize { return changetype<usize>(this) + 5; }
}

/** Who is to have a file, and how. */
export const DOWN_ROLLOUT: u32 = 7;
/** Without the kind, up to what is counted. */
export const ROLLOUT_SIZE: u32 = 10;

/** Over the octets after the kind. */
@unmanaged @final
export class RolloutRecord {
  get image(): u32 { return load<u8>(changetype<usize>(this)); }
  get go(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get atOnce(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get failures(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get activate(): u32 { return load<u8>(changetype<usize>(this), 4); }
  get time(): u32 { return load<u32>(changetype<usize>(this), 5); }
  get count(): u32 { return load<u8>(changetype<usize>(this), 9); }
  get devices(): usize { return changetype<usize>(this) + 10; }
}

/** What waits for a command may activate. */
export const DOWN_ACTIVATE: u32 = 8;
/** Without the kind. */
export const ACTIVATE_SIZE: u32 = 1;

/** Over the octets after the kind. */
@unmanaged @final
export class ActivateRecord {
  get image(): u32 { return load<u8>(changetype<usize>(this)); }
}

/**
 * The network gets another key: each device is told under its own link key, then all use it. Who slept through it rejoins. A hub of phase 2
 * tells each router, uses the key after two minutes, whatever `seconds` says, and answers who asks. It takes this record and `Clock`,
 * `Tariff`, `Remove`, `Open` and `Member`, no other.
 */
export const DOWN_REKEY: u32 = 9;
/** Without the kind. */
export const REKEY_SIZE: u32 = 2;

/** Over the octets after the kind. */
@unmanaged @final
export class RekeyRecord {
  get seconds(): u32 { return load<u16>(changetype<usize>(this)); }
}

/**
 * A device is to leave: the hub sends it away, refuses it from now on, and forgets it when it has gone, or was told in vain for an hour. It
 * comes back only when it is admitted anew. Who has had the network key may keep it: a network whose key must not stay with that device
 * gets another one (Rekey), which it is not told. A hub of phase 2 does that at once, and tells `Removed` at once.
 */
export const DOWN_REMOVE: u32 = 10;
/** Without the kind. */
export const REMOVE_SIZE: u32 = 8;

/** Over the octets after the kind. */
@unmanaged @final
export class RemoveRecord {
  get extended(): u64 { return load<u64>(changetype<usize>(this)); }
}

/**
 * A service of a device in a network of phase 2 may be reached from the hub's Ethernet, or may not any more. The hub keeps it in its store.
 */
export const DOWN_OPEN: u32 = 11;
/** Without the kind. */
export const OPEN_SIZE: u32 = 11;

/** Over the octets after the kind. */
@unmanaged @final
export class OpenRecord {
  get extended(): u64 { return load<u64>(changetype<usize>(this)); }
  get port(): u32 { return load<u16>(changetype<usize>(this), 8); }
  get open(): u32 { return load<u8>(changetype<usize>(this), 10); }
}

/**
 * A device may be in a network of phase 2, with this certificate, or not any more. The hub keeps it in its store and registers the device.
 * From the first of these records on nobody else is let in; who was there before has to be told of as well. With `state` 0 it is as
 * `Remove`.
 */
export const DOWN_MEMBER: u32 = 12;
/** Without the kind. */
export const MEMBER_SIZE: u32 = 29;

/** Over the octets after the kind. */
@unmanaged @final
export class MemberRecord {
  get extended(): u64 { return load<u64>(changetype<usize>(this)); }
  get lfdi(): usize { return changetype<usize>(this) + 8; }
  get state(): u32 { return load<u8>(changetype<usize>(this), 28); }
}

/** Asks for octets of a file. */
export const UP_WANT: u32 = 2;
/** Without the kind. */
export const WANT_SIZE: u32 = 6;

/** Over the octets after the kind. */
@unmanaged @final
export class WantRecord {
  set image(value: u32) { store<u8>(changetype<usize>(this), value); }
  set offset(value: u32) { store<u32>(changetype<usize>(this), value, 1); }
  set size(value: u32) { store<u8>(changetype<usize>(this), value, 5); }
}

/** How a file stands: at each step, and while it is loaded at each 32nd part. */
export const UP_FILE: u32 = 3;
/** Without the kind. */
export const FILE_SIZE: u32 = 16;

/** Over the octets after the kind. */
@unmanaged @final
export class FileRecord {
  set image(value: u32) { store<u8>(changetype<usize>(this), value); }
  set status(value: u32) { store<u8>(changetype<usize>(this), value, 1); }
  set reason(value: u32) { store<u8>(changetype<usize>(this), value, 2); }
  set plan(value: u32) { store<u8>(changetype<usize>(this), value, 3); }
  set version(value: u32) { store<u32>(changetype<usize>(this), value, 4); }
  set offset(value: u32) { store<u32>(changetype<usize>(this), value, 8); }
  set size(value: u32) { store<u32>(changetype<usize>(this), value, 12); }
}

/** How a device of a rollout stands. */
export const UP_DEVICE: u32 = 4;
/** Without the kind. */
export const DEVICE_SIZE: u32 = 24;

/** Over the octets after the kind. */
@unmanaged @final
export class DeviceRecord {
  set extended(value: u64) { store<u64>(changetype<usize>(this), value); }
  set status(value: u32) { store<u8>(changetype<usize>(this), value, 8); }
  set image(value: u32) { store<u8>(changetype<usize>(this), value, 9); }
  set reserved(value: u32) { store<u16>(changetype<usize>(this), value, 10); }
  set version(value: u32) { store<u32>(changetype<usize>(this), value, 12); }
  set offset(value: u32) { store<u32>(changetype<usize>(this), value, 16); }
  set size(value: u32) { store<u32>(changetype<usize>(this), value, 20); }
}

/** A record that the hub did not take. The head-end has to tell it otherwise, or later. */
export const UP_REFUSED: u32 = 5;
/** Without the kind. */
export const REFUSED_SIZE: u32 = 8;

/** Over the octets after the kind. */
@unmanaged @final
export class RefusedRecord {
  set what(value: u32) { store<u8>(changetype<usize>(this), value); }
  set error(value: u32) { store<u8>(changetype<usize>(this), value, 1); }
  set reserved(value: u32) { store<u16>(changetype<usize>(this), value, 2); }
  set id(value: u32) { store<u32>(changetype<usize>(this), value, 4); }
}

/** A device that was to leave is forgotten: it has gone, or it was told in vain. */
export const UP_REMOVED: u32 = 6;
/** Without the kind. */
export const REMOVED_SIZE: u32 = 8;

/** Over the octets after the kind. */
@unmanaged @final
export class RemovedRecord {
  set extended(value: u64) { store<u64>(changetype<usize>(this), value); }
}

/** A device asks for a certificate, in pieces; docs/identity.md. A hub passes on 64 of a device in an hour. */
export const UP_REQUEST: u32 = 7;
/** Without the kind, up to what is counted. */
export const REQUEST_SIZE: u32 = 12;

/** Over the octets after the kind. */
@unmanaged @final
export class RequestRecord {
  set extended(value: u64) { store<u64>(changetype<usize>(this), value); }
  set offset(value: u32) { store<u16>(changetype<usize>(this), value, 8); }
  set size(value: u32) { store<u16>(changetype<usize>(this), value, 10); }
  get octets(): usize { return changetype<usize>(this) + 12; }
}
