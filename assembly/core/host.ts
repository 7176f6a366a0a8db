// The board as the module sees it.  Written by tools/abi.ts from docs/abi.md; change that page instead.

export const ABI_VERSION: u32 = 0x00010000;

// Event record written by `next`: a fixed head, then `size` octets.
export const EVENT_KIND: usize = 0; // u8
export const EVENT_STATUS: usize = 1; // i8
export const EVENT_SIZE: usize = 2; // u16
export const EVENT_LQI: usize = 4; // u8
export const EVENT_RSSI: usize = 5; // i8
export const EVENT_HANDLE: usize = 6; // u8
export const EVENT_PENDING: usize = 7; // u8
export const EVENT_TIME: usize = 8; // i64
export const EVENT_HEAD: u32 = 16;

export enum EventKind {
  RadioReceived = 1,
  RadioSent = 2,
  Measured = 3,
  Uplink = 4,
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
  TrustCentre = 22,
  Bindings = 23,
  Reporting = 24,
  Commissioning = 25,
  Registers = 32,
  Tariff = 33,
  Clock = 34,
  Household = 35,
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
}

// @ts-ignore: decorator
@external("han", "next")
export declare function next(at: usize, capacity: u32): i32;
// @ts-ignore: decorator
@external("han", "radio_set")
export declare function radioSet(parameter: u32, value: i64): i32;
// @ts-ignore: decorator
@external("han", "radio_send")
export declare function radioSend(at: usize, size: u32, handle: u32): i32;
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
export declare function gf2Multiply(a: usize, b: usize, out: usize, words: u32): i32;
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
