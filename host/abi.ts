// The contract as Node sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.

export const ABI_VERSION = 0x00020001;
export const ABI_BASE = 0x00020000;

export const EVENT_KIND = 0; // u8
export const EVENT_STATUS = 1; // i8
export const EVENT_SIZE = 2; // u16
export const EVENT_INTERFACE = 4; // u8
export const EVENT_RSSI = 5; // i8
export const EVENT_LQI = 6; // u8
export const EVENT_HANDLE = 6; // u8
export const EVENT_PENDING = 7; // u8
export const EVENT_TIME = 8; // i64
export const EVENT_HEAD = 16;

export const IMAGE_STATUS = 0; // u8
export const IMAGE_REASON = 1; // u8
export const IMAGE_MANUFACTURER = 2; // u16
export const IMAGE_TYPE = 4; // u16
export const IMAGE_HARDWARE = 6; // u16
export const IMAGE_VERSION = 8; // u32
export const IMAGE_SIZE = 12; // u32
export const IMAGE_OFFSET = 16; // u32
export const IMAGE_RUNNING = 20; // u32
export const IMAGE_FLAGS = 24; // u8
export const IMAGE_TRIES = 25; // u8
export const IMAGE_DETAIL = 26; // u16
export const IMAGE_ROLE = 28; // u8
export const IMAGE_FILES = 29; // u8
export const IMAGE_PHASE = 30; // u8
export const IMAGE_RESERVED = 31; // u8
export const IMAGE_NOT_BEFORE = 32; // u32
export const IMAGE_CAPACITY = 36; // u32
export const IMAGE_COUNTER = 40; // u32
export const IMAGE_EPOCH = 44; // u32
export const IMAGE_STATE = 48;

export const TLS_FLAGS = 0; // u16
export const TLS_STATUS = 2; // i8
export const TLS_SENT = 3; // u8
export const TLS_RECEIVED = 4; // u8
export const TLS_SUITE = 6; // u16
export const TLS_LFDI = 8; // 20 octets
export const TLS_STATE = 28;

export const EventKind = {
  RadioReceived: 1,
  RadioSent: 2,
  Measured: 3,
  Uplink: 4,
  LinkReceived: 5,
} as const;

export const RadioParameter = {
  Channel: 1,
  PanId: 2,
  ShortAddress: 3,
  ExtendedAddress: 4,
  Receive: 5,
  PendingShort: 6,
  PendingExtended: 7,
  NotPendingShort: 8,
  NotPendingExtended: 9,
  PendingNone: 10,
} as const;

export const ResetReason = {
  PowerOn: 0,
  Watchdog: 1,
  Trap: 2,
  Halt: 3,
} as const;

export const TlsProfile = {
  Client: 0,
  Server: 1,
  EapClient: 2,
  EapServer: 3,
} as const;

export const TlsFlag = {
  Established: 0,
  Ended: 1,
  PeerClosed: 2,
  Failed: 3,
  Feed: 4,
  Drain: 5,
  Read: 6,
  Write: 7,
} as const;

export const TlsClose = {
  Begin: 0,
  Free: 1,
} as const;

export const KeyName = {
  Slot: 0,
  Pair: 128,
  Secret: 256,
} as const;

export const Quantity = {
  ElectricityImport: 1,
} as const;

export const Record = {
  Address: 1,
  InstallCode: 2,
  IdentitySuite1: 3,
  IdentitySuite2: 4,
  Mac: 16,
  Network: 17,
  NetworkCounter: 18,
  LinkCounter: 19,
  NetworkKey: 20,
  Keys: 21,
  Bindings: 23,
  Reporting: 24,
  Commissioning: 25,
  Upgrade: 26,
  Library: 27,
  TrustCentre: 28,
  Registers: 32,
  Tariff: 33,
  Clock: 34,
  Household: 35,
  IpKeys: 48,
  IpMacCounter: 49,
  IpMleCounter: 50,
  AgentKeys: 51,
  IpNetwork: 52,
  IpOpened: 53,
  IpMember: 54,
  Members: 56,
  MembersTold: 57,
} as const;

export const Field = {
  Sect163k1: 1,
  Sect283k1: 2,
} as const;

export const ImageNumber = {
  Module: 0,
  Certificate: 5,
} as const;

export const FileStatus = {
  None: 0,
  Loading: 1,
  Failed: 2,
  Verifying: 3,
  SignatureFailed: 4,
  Waiting: 5,
  ActivationFailed: 6,
  Activating: 7,
  Activated: 8,
} as const;

export const ImageReason = {
  None: 0,
  Identifier: 1,
  HeaderVersion: 2,
  HeaderLength: 3,
  Manufacturer: 4,
  ImageType: 5,
  FileVersion: 6,
  StackVersion: 7,
  TotalSize: 8,
  Destination: 9,
  Hardware: 10,
  ElementOrder: 11,
  ElementLength: 12,
  ElementMissing: 13,
  ElementTwice: 14,
  Signatures: 15,
  ReleaseKey: 16,
  RootSignature: 17,
  Revoked: 18,
  KeyId: 19,
  Manifest: 20,
  ManifestSignature: 21,
  Vendor: 22,
  Class: 23,
  Role: 24,
  Phase: 25,
  HostAbi: 26,
  Memory: 27,
  Native: 28,
  Counter: 29,
  Version: 30,
  Size: 31,
  Base: 32,
  Encoding: 33,
  Overflow: 34,
  PayloadDigest: 35,
  ImageDigest: 36,
  Truncated: 37,
  Gate: 38,
  Flash: 39,
  Changed: 40,
  Aborted: 41,
  NotConfirmed: 42,
  Unhealthy: 43,
  Lost: 44,
  Stopped: 45,
} as const;

export const Role = {
  Hub: 1,
  Meter: 2,
  Ihd: 3,
  Repeater: 4,
} as const;

export const Layer = {
  Nwk: 0,
  Aps: 1,
  Zdo: 2,
  Zcl: 3,
  Link: 4,
  Ip: 5,
  Control: 6,
  Transport: 7,
} as const;

export const Drop = {
  Malformed: 0,
  Foreign: 1,
  Unsecured: 2,
  NoKey: 3,
  BadMic: 4,
  Replayed: 5,
  Repeated: 6,
  Duplicate: 7,
  NoBuffer: 8,
  NoRoute: 9,
  Unsent: 10,
  Expired: 11,
  Refused: 12,
  Exhausted: 13,
} as const;

export const Log = {
  Started: 1,
  Joined: 2,
  Key: 3,
  Register: 4,
  Reading: 5,
  Formed: 6,
  Left: 7,
  Refused: 8,
  Admitted: 9,
  Failed: 10,
  Bound: 11,
  Update: 12,
  Rollout: 13,
  Health: 14,
  Reachable: 15,
  Answer: 16,
  Certificate: 17,
} as const;

export interface ImportRow {
  id: number;
  name: string;
  arguments: readonly { name: string; wide: boolean }[];
  answers: boolean;
  reads: readonly { pointer: string; size: string }[];
  writes: readonly { pointer: string; size: string }[];
}

export const IMPORTS: readonly ImportRow[] = [
  { id: 1, name: "next", arguments: [{ name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 2, name: "radio_set", arguments: [{ name: "interface_number", wide: false }, { name: "parameter", wide: false }, { name: "value", wide: true }], answers: true, reads: [], writes: [] },
  { id: 3, name: "radio_send", arguments: [{ name: "interface_number", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }, { name: "handle", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 4, name: "store_read", arguments: [{ name: "record", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 5, name: "store_write", arguments: [{ name: "record", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 6, name: "key_set", arguments: [{ name: "slot", wide: false }, { name: "at", wide: false }], answers: true, reads: [{ pointer: "at", size: "16" }], writes: [] },
  { id: 7, name: "key_clear", arguments: [{ name: "slot", wide: false }], answers: true, reads: [], writes: [] },
  { id: 8, name: "ccm_seal", arguments: [{ name: "key", wide: false }, { name: "nonce", wide: false }, { name: "aad", wide: false }, { name: "aad_size", wide: false }, { name: "text", wide: false }, { name: "text_size", wide: false }], answers: true, reads: [{ pointer: "nonce", size: "13" }, { pointer: "aad", size: "aad_size" }], writes: [{ pointer: "text", size: "text_size+4" }] },
  { id: 9, name: "ccm_open", arguments: [{ name: "key", wide: false }, { name: "nonce", wide: false }, { name: "aad", wide: false }, { name: "aad_size", wide: false }, { name: "text", wide: false }, { name: "text_size", wide: false }], answers: true, reads: [{ pointer: "nonce", size: "13" }, { pointer: "aad", size: "aad_size" }], writes: [{ pointer: "text", size: "text_size" }] },
  { id: 10, name: "hash_mmo", arguments: [{ name: "at", wide: false }, { name: "size", wide: false }, { name: "out", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [{ pointer: "out", size: "16" }] },
  { id: 11, name: "hmac_mmo", arguments: [{ name: "key", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }, { name: "out", wide: false }], answers: true, reads: [{ pointer: "key", size: "16" }, { pointer: "at", size: "size" }], writes: [{ pointer: "out", size: "16" }] },
  { id: 12, name: "gf2_multiply", arguments: [{ name: "field", wide: false }, { name: "a", wide: false }, { name: "b", wide: false }, { name: "out", wide: false }, { name: "squarings", wide: false }], answers: true, reads: [{ pointer: "a", size: "36" }, { pointer: "b", size: "36" }], writes: [{ pointer: "out", size: "36" }] },
  { id: 13, name: "entropy", arguments: [{ name: "at", wide: false }, { name: "size", wide: false }], answers: false, reads: [], writes: [{ pointer: "at", size: "size" }] },
  { id: 14, name: "sense", arguments: [{ name: "quantity", wide: false }, { name: "period_ms", wide: false }], answers: true, reads: [], writes: [] },
  { id: 15, name: "display", arguments: [{ name: "line", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 16, name: "uplink_send", arguments: [{ name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 17, name: "log", arguments: [{ name: "code", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: false, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 18, name: "halt", arguments: [{ name: "reason", wide: false }], answers: false, reads: [], writes: [] },
  { id: 19, name: "image_begin", arguments: [{ name: "image", wide: false }, { name: "at", wide: false }], answers: true, reads: [{ pointer: "at", size: "12" }], writes: [] },
  { id: 20, name: "image_write", arguments: [{ name: "image", wide: false }, { name: "offset", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 21, name: "image_read", arguments: [{ name: "image", wide: false }, { name: "offset", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 22, name: "image_finish", arguments: [{ name: "image", wide: false }], answers: true, reads: [], writes: [] },
  { id: 23, name: "image_activate", arguments: [{ name: "image", wide: false }], answers: true, reads: [], writes: [] },
  { id: 24, name: "image_confirm", arguments: [{ name: "healthy", wide: false }], answers: true, reads: [], writes: [] },
  { id: 25, name: "image_state", arguments: [{ name: "image", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 26, name: "constant_read", arguments: [{ name: "offset", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 32, name: "link_send", arguments: [{ name: "interface_number", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 33, name: "tls_open", arguments: [{ name: "profile", wide: false }, { name: "time", wide: true }], answers: true, reads: [], writes: [] },
  { id: 34, name: "tls_feed", arguments: [{ name: "session", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 35, name: "tls_drain", arguments: [{ name: "session", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 36, name: "tls_read", arguments: [{ name: "session", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 37, name: "tls_write", arguments: [{ name: "session", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 38, name: "tls_close", arguments: [{ name: "session", wide: false }, { name: "how", wide: false }], answers: true, reads: [], writes: [] },
  { id: 39, name: "tls_state", arguments: [{ name: "session", wide: false }, { name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 40, name: "tls_export", arguments: [{ name: "session", wide: false }, { name: "secret", wide: false }], answers: true, reads: [], writes: [] },
  { id: 41, name: "key_derive", arguments: [{ name: "key", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }, { name: "target", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 42, name: "hmac_sha256", arguments: [{ name: "key", wide: false }, { name: "at", wide: false }, { name: "size", wide: false }, { name: "out", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [{ pointer: "out", size: "32" }] },
  { id: 43, name: "ctr_crypt", arguments: [{ name: "key", wide: false }, { name: "counter", wide: false }, { name: "text", wide: false }, { name: "text_size", wide: false }], answers: true, reads: [{ pointer: "counter", size: "16" }], writes: [{ pointer: "text", size: "text_size" }] },
  { id: 44, name: "identity_make", arguments: [], answers: true, reads: [], writes: [] },
  { id: 45, name: "identity_request", arguments: [{ name: "at", wide: false }, { name: "capacity", wide: false }], answers: true, reads: [], writes: [{ pointer: "at", size: "capacity" }] },
  { id: 46, name: "identity_install", arguments: [{ name: "at", wide: false }, { name: "size", wide: false }], answers: true, reads: [{ pointer: "at", size: "size" }], writes: [] },
  { id: 48, name: "tls_reserve", arguments: [{ name: "sessions", wide: false }, { name: "secrets", wide: false }], answers: true, reads: [], writes: [] },
];
