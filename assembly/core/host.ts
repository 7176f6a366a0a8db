// The board as the module sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.

export const ABI_VERSION: u32 = 0x00020001;
/** What a module answers that needs nothing of a later minor version. */
export const ABI_BASE: u32 = 0x00020000;

// Event record written by `next`: a fixed head, then `size` octets.
export const EVENT_KIND: usize = 0; // u8
export const EVENT_STATUS: usize = 1; // i8
export const EVENT_SIZE: usize = 2; // u16
export const EVENT_INTERFACE: usize = 4; // u8
export const EVENT_RSSI: usize = 5; // i8
export const EVENT_LQI: usize = 6; // u8
export const EVENT_HANDLE: usize = 6; // u8
export const EVENT_PENDING: usize = 7; // u8
export const EVENT_TIME: usize = 8; // i64
export const EVENT_HEAD: u32 = 16;

export const IMAGE_STATUS: usize = 0; // u8
export const IMAGE_REASON: usize = 1; // u8
export const IMAGE_MANUFACTURER: usize = 2; // u16
export const IMAGE_TYPE: usize = 4; // u16
export const IMAGE_HARDWARE: usize = 6; // u16
export const IMAGE_VERSION: usize = 8; // u32
export const IMAGE_SIZE: usize = 12; // u32
export const IMAGE_OFFSET: usize = 16; // u32
export const IMAGE_RUNNING: usize = 20; // u32
export const IMAGE_FLAGS: usize = 24; // u8
export const IMAGE_TRIES: usize = 25; // u8
export const IMAGE_DETAIL: usize = 26; // u16
export const IMAGE_ROLE: usize = 28; // u8
export const IMAGE_FILES: usize = 29; // u8
export const IMAGE_PHASE: usize = 30; // u8
export const IMAGE_RESERVED: usize = 31; // u8
export const IMAGE_NOT_BEFORE: usize = 32; // u32
export const IMAGE_CAPACITY: usize = 36; // u32
export const IMAGE_COUNTER: usize = 40; // u32
export const IMAGE_EPOCH: usize = 44; // u32
export const IMAGE_STATE: u32 = 48;

export const TLS_FLAGS: usize = 0; // u16
export const TLS_STATUS: usize = 2; // i8
export const TLS_SENT: usize = 3; // u8
export const TLS_RECEIVED: usize = 4; // u8
export const TLS_SUITE: usize = 6; // u16
export const TLS_LFDI: usize = 8; // 20 octets
export const TLS_STATE: u32 = 28;

export enum EventKind {
  RadioReceived = 1,
  RadioSent = 2,
  Measured = 3,
  Uplink = 4,
  LinkReceived = 5,
}

export enum RadioParameter {
  Channel = 1,
  PanId = 2,
  ShortAddress = 3,
  ExtendedAddress = 4,
  Receive = 5,
  PendingShort = 6,
  PendingExtended = 7,
  NotPendingShort = 8,
  NotPendingExtended = 9,
  PendingNone = 10,
}

export enum ResetReason {
  PowerOn = 0,
  Watchdog = 1,
  Trap = 2,
  Halt = 3,
}

export enum TlsProfile {
  Client = 0,
  Server = 1,
  EapClient = 2,
  EapServer = 3,
}

export enum TlsFlag {
  Established = 0,
  Ended = 1,
  PeerClosed = 2,
  Failed = 3,
  Feed = 4,
  Drain = 5,
  Read = 6,
  Write = 7,
}

export enum TlsClose {
  Begin = 0,
  Free = 1,
}

export enum KeyName {
  Slot = 0,
  Pair = 128,
  Secret = 256,
}

export enum Quantity {
  ElectricityImport = 1,
}

export enum Record {
  Address = 1,
  InstallCode = 2,
  IdentitySuite1 = 3,
  IdentitySuite2 = 4,
  Mac = 16,
  Network = 17,
  NetworkCounter = 18,
  LinkCounter = 19,
  NetworkKey = 20,
  Keys = 21,
  Bindings = 23,
  Reporting = 24,
  Commissioning = 25,
  Upgrade = 26,
  Library = 27,
  TrustCentre = 28,
  Registers = 32,
  Tariff = 33,
  Clock = 34,
  Household = 35,
  IpKeys = 48,
  IpMacCounter = 49,
  IpMleCounter = 50,
  AgentKeys = 51,
  IpNetwork = 52,
  IpOpened = 53,
  IpMember = 54,
  Members = 56,
  MembersTold = 57,
}

export enum Field {
  Sect163k1 = 1,
  Sect283k1 = 2,
}

export enum ImageNumber {
  Module = 0,
  Certificate = 5,
}

export enum FileStatus {
  None = 0,
  Loading = 1,
  Failed = 2,
  Verifying = 3,
  SignatureFailed = 4,
  Waiting = 5,
  ActivationFailed = 6,
  Activating = 7,
  Activated = 8,
}

export enum ImageReason {
  None = 0,
  Identifier = 1,
  HeaderVersion = 2,
  HeaderLength = 3,
  Manufacturer = 4,
  ImageType = 5,
  FileVersion = 6,
  StackVersion = 7,
  TotalSize = 8,
  Destination = 9,
  Hardware = 10,
  ElementOrder = 11,
  ElementLength = 12,
  ElementMissing = 13,
  ElementTwice = 14,
  Signatures = 15,
  ReleaseKey = 16,
  RootSignature = 17,
  Revoked = 18,
  KeyId = 19,
  Manifest = 20,
  ManifestSignature = 21,
  Vendor = 22,
  Class = 23,
  Role = 24,
  Phase = 25,
  HostAbi = 26,
  Memory = 27,
  Native = 28,
  Counter = 29,
  Version = 30,
  Size = 31,
  Base = 32,
  Encoding = 33,
  Overflow = 34,
  PayloadDigest = 35,
  ImageDigest = 36,
  Truncated = 37,
  Gate = 38,
  Flash = 39,
  Changed = 40,
  Aborted = 41,
  NotConfirmed = 42,
  Unhealthy = 43,
  Lost = 44,
  Stopped = 45,
}

export enum Role {
  Hub = 1,
  Meter = 2,
  Ihd = 3,
  Repeater = 4,
}

export enum Layer {
  Nwk = 0,
  Aps = 1,
  Zdo = 2,
  Zcl = 3,
  Link = 4,
  Ip = 5,
  Control = 6,
  Transport = 7,
}

export enum Drop {
  Malformed = 0,
  Foreign = 1,
  Unsecured = 2,
  NoKey = 3,
  BadMic = 4,
  Replayed = 5,
  Repeated = 6,
  Duplicate = 7,
  NoBuffer = 8,
  NoRoute = 9,
  Unsent = 10,
  Expired = 11,
  Refused = 12,
  Exhausted = 13,
}

export enum Log {
  Started = 1,
  Joined = 2,
  Key = 3,
  Register = 4,
  Reading = 5,
  Formed = 6,
  Left = 7,
  Refused = 8,
  Admitted = 9,
  Failed = 10,
  Bound = 11,
  Update = 12,
  Rollout = 13,
  Health = 14,
  Reachable = 15,
  Answer = 16,
  Certificate = 17,
}

// @ts-ignore: decorator
@external("han", "next")
export declare function next(at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "radio_set")
export declare function radioSet(interfaceNumber: u32, parameter: u32, value: i64): i32;
// @ts-ignore: decorator
@external("han", "radio_send")
export declare function radioSend(interfaceNumber: u32, at: usize, size: u32, handle: u32): i32;
// @ts-ignore: decorator
@external("han", "store_read")
export declare function storeRead(record: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "store_write")
export declare function storeWrite(record: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "key_set")
export declare function keySet(slot: u32, at: usize): i32;
// @ts-ignore: decorator
@external("han", "key_clear")
export declare function keyClear(slot: u32): i32;
// @ts-ignore: decorator
@external("han", "ccm_seal")
export declare function ccmSeal(key: u32, nonce: usize, aad: usize, aadSize: u32, text: usize, textSize: u32): i32;
// @ts-ignore: decorator
@external("han", "ccm_open")
export declare function ccmOpen(key: u32, nonce: usize, aad: usize, aadSize: u32, text: usize, textSize: u32): i32;
// @ts-ignore: decorator
@external("han", "hash_mmo")
export declare function hashMmo(at: usize, size: u32, out: usize): i32;
// @ts-ignore: decorator
@external("han", "hmac_mmo")
export declare function hmacMmo(key: usize, at: usize, size: u32, out: usize): i32;
// @ts-ignore: decorator
@external("han", "gf2_multiply")
export declare function gf2Multiply(field: u32, a: usize, b: usize, out: usize, squarings: u32): i32;
// @ts-ignore: decorator
@external("han", "entropy")
export declare function entropy(at: usize, size: u32): void;
// @ts-ignore: decorator
@external("han", "sense")
export declare function sense(quantity: u32, periodMs: u32): i32;
// @ts-ignore: decorator
@external("han", "display")
export declare function display(line: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "uplink_send")
export declare function uplinkSend(at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "log")
export declare function log(code: u32, at: usize, size: u32): void;
// @ts-ignore: decorator
@external("han", "halt")
export declare function halt(reason: u32): void;
// @ts-ignore: decorator
@external("han", "image_begin")
export declare function imageBegin(image: u32, at: usize): i32;
// @ts-ignore: decorator
@external("han", "image_write")
export declare function imageWrite(image: u32, offset: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "image_read")
export declare function imageRead(image: u32, offset: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "image_finish")
export declare function imageFinish(image: u32): i32;
// @ts-ignore: decorator
@external("han", "image_activate")
export declare function imageActivate(image: u32): i32;
// @ts-ignore: decorator
@external("han", "image_confirm")
export declare function imageConfirm(healthy: u32): i32;
// @ts-ignore: decorator
@external("han", "image_state")
export declare function imageState(image: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "constant_read")
export declare function constantRead(offset: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "link_send")
export declare function linkSend(interfaceNumber: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_open")
export declare function tlsOpen(profile: u32, time: i64): i32;
// @ts-ignore: decorator
@external("han", "tls_feed")
export declare function tlsFeed(session: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_drain")
export declare function tlsDrain(session: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_read")
export declare function tlsRead(session: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_write")
export declare function tlsWrite(session: u32, at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_close")
export declare function tlsClose(session: u32, how: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_state")
export declare function tlsState(session: u32, at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_export")
export declare function tlsExport(session: u32, secret: u32): i32;
// @ts-ignore: decorator
@external("han", "key_derive")
export declare function keyDerive(key: u32, at: usize, size: u32, target: u32): i32;
// @ts-ignore: decorator
@external("han", "hmac_sha256")
export declare function hmacSha256(key: u32, at: usize, size: u32, out: usize): i32;
// @ts-ignore: decorator
@external("han", "ctr_crypt")
export declare function ctrCrypt(key: u32, counter: usize, text: usize, textSize: u32): i32;
// @ts-ignore: decorator
@external("han", "identity_make")
export declare function identityMake(): i32;
// @ts-ignore: decorator
@external("han", "identity_request")
export declare function identityRequest(at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "identity_install")
export declare function identityInstall(at: usize, size: u32): i32;
// @ts-ignore: decorator
@external("han", "tls_reserve")
export declare function tlsReserve(sessions: u32, secrets: u32): i32;
