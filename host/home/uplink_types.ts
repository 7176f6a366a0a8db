// What head-end and hub tell each other.  Written by tools/records.ts from docs/uplink.md; change that page instead.

/** Sets the hub's clock. The supplier repeats it every 24 hours and after each start of the hub. */
export interface ClockRecord {
  /** the time now */
  utc: number;
  /** standard time less UTC, seconds; at most a day */
  offset: number;
  /** summer time holds from then */
  summerStart: number;
  /** to before then */
  summerEnd: number;
  /** seconds that it adds */
  summerShift: number;
}

/** A price. The hub keeps it in its store and publishes it. */
export interface TariffRecord {
  /** the issuer's number of this price; a higher one takes the place of all that it overlaps */
  eventId: number;
  /** 0: now */
  start: number;
  /** how long; 0xffff: until another takes its place */
  minutes: number;
  /** ISO 4217 */
  currency: number;
  /** a kilowatt-hour, in units of 10^-digits */
  price: number;
  /** at most 9 */
  digits: number;
  /** at most 15 */
  tier: number;
  label: Uint8Array;
}

/** A device may join; told again for a device that is known it is no harm. */
export interface AdmitRecord {
  /** its IEEE address */
  extended: bigint;
  /** its install code with CRC */
  code: Uint8Array;
}

/** Joining is open, at the hub and at its routers. */
export interface PermitRecord {
  /** at most 254; 0 closes */
  seconds: number;
}

/** A file that the hub is to fetch. Size 0: it is to forget it. */
export interface OfferRecord {
  /** its number: 0 the hub's own next module, 1 to 4 the library's */
  image: number;
  /** as in the file's header, like the next two */
  manufacturer: number;
  type: number;
  version: number;
  /** of the whole file */
  size: number;
}

/** Octets of a file that the hub wanted. */
export interface BlockRecord {
  image: number;
  /** of the first octet */
  offset: number;
  /** 240 at most */
  octets: Uint8Array;
}

/** Who is to have a file, and how. */
export interface RolloutRecord {
  image: number;
  /** 1: devices may load; 0: they stop */
  go: number;
  /** devices that may load at the same time, 0: any number */
  atOnce: number;
  /** it stops after so many, 0: never */
  failures: number;
  /** 0 now, 1 at `time`, 2 on command */
  activate: number;
  time: number;
  devices: readonly bigint[];
}

/** What waits for a command may activate. */
export interface ActivateRecord {
  image: number;
}

/** The network gets another key: each device is told under its own link key, then all use it. Who slept through it rejoins. A hub of phase 2 tells each router, uses the key after two minutes, whatever `seconds` says, and answers who asks. It takes this record and `Clock`, `Tariff`, `Remove`, `Open` and `Member`, no other. */
export interface RekeyRecord {
  /** from the telling to the use */
  seconds: number;
}

/** A device is to leave: the hub sends it away, refuses it from now on, and forgets it when it has gone, or was told in vain for an hour. It comes back only when it is admitted anew. Who has had the network key may keep it: a network whose key must not stay with that device gets another one (Rekey), which it is not told. A hub of phase 2 does that at once, and tells `Removed` at once. */
export interface RemoveRecord {
  /** its IEEE address */
  extended: bigint;
}

/** A service of a device in a network of phase 2 may be reached from the hub's Ethernet, or may not any more. The hub keeps it in its store. */
export interface OpenRecord {
  /** the device's IEEE address */
  extended: bigint;
  /** of TCP or UDP; with one of them open the device also answers an echo request */
  port: number;
  /** 1 from now on, 0 no more */
  open: number;
}

/** A device may be in a network of phase 2, with this certificate, or not any more. The hub keeps it in its store and registers the device. From the first of these records on nobody else is let in; who was there before has to be told of as well. With `state` 0 it is as `Remove`. */
export interface MemberRecord {
  /** its IEEE address; the hub's own tells it what its own certificate is called */
  extended: bigint;
  /** the first 20 octets of the SHA-256 of its certificate */
  lfdi: Uint8Array;
  /** 1 from now on, 0 no more */
  state: number;
}

/** Asks for octets of a file. */
export interface WantRecord {
  image: number;
  offset: number;
  size: number;
}

/** How a file stands: at each step, and while it is loaded at each 32nd part. */
export interface FileRecord {
  image: number;
  /** `FileStatus` */
  status: number;
  /** `ImageReason` */
  reason: number;
  /** its rollout: 0 none, 1 goes, 2 stopped by failures */
  plan: number;
  version: number;
  /** octets that are there */
  offset: number;
  size: number;
}

/** How a device of a rollout stands. */
export interface DeviceRecord {
  /** its IEEE address */
  extended: bigint;
  /** `FileStatus` */
  status: number;
  image: number;
  version: number;
  offset: number;
  size: number;
}

/** A record that the hub did not take. The head-end has to tell it otherwise, or later. */
export interface RefusedRecord {
  /** its kind; `Permit`: the routers are open, the hub itself has no room for another child */
  what: number;
  /** an `Err`, without its sign */
  error: number;
  /** its first four octets: of a price the issuer's number, of a device the lower half of its address */
  id: number;
}

/** A device that was to leave is forgotten: it has gone, or it was told in vain. */
export interface RemovedRecord {
  extended: bigint;
}

/** A device asks for a certificate, in pieces; docs/identity.md. A hub passes on 64 of a device in an hour. */
export interface RequestRecord {
  /** its IEEE address */
  extended: bigint;
  /** of the first octet; with `size` 0 how it ended: 0 a certificate is in use, else the `Err`, without its sign, with which one was refused */
  offset: number;
  /** of the whole request, 512 at most */
  size: number;
  /** 56 at most */
  octets: Uint8Array;
}

export type DownRecord =
  | ({ kind: "clock" } & ClockRecord)
  | ({ kind: "tariff" } & TariffRecord)
  | ({ kind: "admit" } & AdmitRecord)
  | ({ kind: "permit" } & PermitRecord)
  | ({ kind: "offer" } & OfferRecord)
  | ({ kind: "block" } & BlockRecord)
  | ({ kind: "rollout" } & RolloutRecord)
  | ({ kind: "activate" } & ActivateRecord)
  | ({ kind: "rekey" } & RekeyRecord)
  | ({ kind: "remove" } & RemoveRecord)
  | ({ kind: "open" } & OpenRecord)
  | ({ kind: "member" } & MemberRecord);

export type UpRecord =
  | ({ kind: "want" } & WantRecord)
  | ({ kind: "file" } & FileRecord)
  | ({ kind: "device" } & DeviceRecord)
  | ({ kind: "refused" } & RefusedRecord)
  | ({ kind: "removed" } & RemovedRecord)
  | ({ kind: "request" } & RequestRecord);
