// APS commands, all of them of security: 05-3474 section 4.4.10.
//
//   Transport Key   | 5 | type | key (16) | network: sequence, target (8), source (8)
//                                         | application: partner (8), initiator      | trust centre: target (8), source (8)
//   Update Device   | 6 | device (8) | short (2) | status |
//   Remove Device   | 7 | device (8) |
//   Request Key     | 8 | type | application: partner (8) |
//   Switch Key      | 9 | sequence |
//   Tunnel          | 14 | device (8) | a sealed APS frame ...                                       little-endian
import { Err } from "../../core/err";
import { APS_AUXILIARY_SIZE, MIC_SIZE } from "../auxiliary";
import { APS_HEADER_SIZE_COMMAND } from "./frame";
import { KEY_SIZE } from "./keys";

export const APS_TRANSPORT_KEY: u32 = 5;
export const APS_UPDATE_DEVICE: u32 = 6;
export const APS_REMOVE_DEVICE: u32 = 7;
export const APS_REQUEST_KEY: u32 = 8;
export const APS_SWITCH_KEY: u32 = 9;
export const APS_TUNNEL: u32 = 14;

// Key types, table 4.9
export const KEY_TYPE_NETWORK: u32 = 1;
export const KEY_TYPE_APPLICATION: u32 = 3;
export const KEY_TYPE_TRUST_CENTRE: u32 = 4;
/** Key type of a Request Key for an application link key, table 4.19. */
export const REQUEST_APPLICATION: u32 = 2;
export const REQUEST_TRUST_CENTRE: u32 = 4;

const NETWORK_SIZE: u32 = 35;
const APPLICATION_SIZE: u32 = 27;
const TRUST_CENTRE_SIZE: u32 = 34;
const UPDATE_SIZE: u32 = 12;
const REMOVE_SIZE: u32 = 9;
const REQUEST_APPLICATION_SIZE: u32 = 10;
const REQUEST_SIZE: u32 = 2;
const SWITCH_SIZE: u32 = 2;
export const APS_TUNNEL_HEAD_SIZE: u32 = 9;
/** Header, auxiliary header with an address, integrity code: no tunnelled frame is shorter. */
const TUNNEL_SIZE_MIN: u32 = APS_TUNNEL_HEAD_SIZE + APS_HEADER_SIZE_COMMAND + APS_AUXILIARY_SIZE + MIC_SIZE;
/** The longest command but for a tunnel. */
export const APS_COMMAND_SIZE_MAX: u32 = NETWORK_SIZE;

/** The command where it lies.  Valid only where `apsCommandParse` accepted or an emitter wrote. */
@unmanaged @final
export class ApsCommand {
  get id(): u32 { return load<u8>(changetype<usize>(this)); }
  /** Transport Key, Request Key. */
  get type(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get key(): usize { return changetype<usize>(this) + 2; }
  /** Transport Key of a network key. */
  get sequence(): u32 { return load<u8>(changetype<usize>(this), 18); }
  get target(): u64 { return load<u64>(changetype<usize>(this), 19); }
  get source(): u64 { return load<u64>(changetype<usize>(this), 27); }
  /** Transport Key of an application key. */
  get partner(): u64 { return load<u64>(changetype<usize>(this), 18); }
  get isInitiator(): u32 { return load<u8>(changetype<usize>(this), 26); }
  /** Update Device, Remove Device, Tunnel. */
  get device(): u64 { return load<u64>(changetype<usize>(this), 1); }
  get short(): u32 { return load<u16>(changetype<usize>(this), 9); }
  /** An `Arrival`. */
  get status(): u32 { return load<u8>(changetype<usize>(this), 11); }
  /** Request Key. */
  get wanted(): u64 { return load<u64>(changetype<usize>(this), 2); }
  /** Switch Key. */
  get active(): u32 { return load<u8>(changetype<usize>(this), 1); }
  /** Tunnel. */
  get frame(): usize { return changetype<usize>(this) + APS_TUNNEL_HEAD_SIZE; }
}

/** Accepts a command of exactly its size; answers that or an `Err`. */
export function apsCommandParse(at: usize, have: u32): i32 {
  if (have < SWITCH_SIZE) return Err.Truncated;
  let id: u32 = load<u8>(at);
  if (id == APS_TUNNEL) return have < TUNNEL_SIZE_MIN ? Err.Truncated : <i32>have;
  let size = sizeOf(id, load<u8>(at, 1));
  if (size == 0) return Err.Reserved;
  if (have < size) return Err.Truncated;
  return have > size ? Err.BadLength : <i32>size;
}

function sizeOf(id: u32, type: u32): u32 {
  switch (id) {
    case APS_TRANSPORT_KEY: return transportSize(type);
    case APS_UPDATE_DEVICE: return UPDATE_SIZE;
    case APS_REMOVE_DEVICE: return REMOVE_SIZE;
    case APS_REQUEST_KEY: return type == REQUEST_APPLICATION ? REQUEST_APPLICATION_SIZE : type == REQUEST_TRUST_CENTRE ? REQUEST_SIZE : 0;
    case APS_SWITCH_KEY: return SWITCH_SIZE;
    default: return 0;
  }
}

function transportSize(type: u32): u32 {
  switch (type) {
    case KEY_TYPE_NETWORK: return NETWORK_SIZE;
    case KEY_TYPE_APPLICATION: return APPLICATION_SIZE;
    case KEY_TYPE_TRUST_CENTRE: return TRUST_CENTRE_SIZE;
    default: return 0;
  }
}

export function apsTransportNetworkKeyEmit(at: usize, key: usize, sequence: u32, target: u64, source: u64): u32 {
  emitTransport(at, KEY_TYPE_NETWORK, key);
  store<u8>(at, sequence, 18);
  store<u64>(at, target, 19);
  store<u64>(at, source, 27);
  return NETWORK_SIZE;
}

export function apsTransportApplicationKeyEmit(at: usize, key: usize, partner: u64, initiator: u32): u32 {
  emitTransport(at, KEY_TYPE_APPLICATION, key);
  store<u64>(at, partner, 18);
  store<u8>(at, initiator, 26);
  return APPLICATION_SIZE;
}

export function apsUpdateDeviceEmit(at: usize, device: u64, short: u32, status: u32): u32 {
  emitDevice(at, APS_UPDATE_DEVICE, device);
  store<u16>(at, short, 9);
  store<u8>(at, status, 11);
  return UPDATE_SIZE;
}

export function apsRemoveDeviceEmit(at: usize, device: u64): u32 {
  emitDevice(at, APS_REMOVE_DEVICE, device);
  return REMOVE_SIZE;
}

export function apsRequestKeyEmit(at: usize, partner: u64): u32 {
  store<u8>(at, APS_REQUEST_KEY);
  store<u8>(at, REQUEST_APPLICATION, 1);
  store<u64>(at, partner, 2);
  return REQUEST_APPLICATION_SIZE;
}

export function apsSwitchKeyEmit(at: usize, sequence: u32): u32 {
  store<u8>(at, APS_SWITCH_KEY);
  store<u8>(at, sequence, 1);
  return SWITCH_SIZE;
}

/** Writes what stands before the tunnelled frame. */
export function apsTunnelEmit(at: usize, device: u64): u32 {
  emitDevice(at, APS_TUNNEL, device);
  return APS_TUNNEL_HEAD_SIZE;
}

function emitTransport(at: usize, type: u32, key: usize): void {
  store<u8>(at, APS_TRANSPORT_KEY);
  store<u8>(at, type, 1);
  memory.copy(at + 2, key, KEY_SIZE);
}

function emitDevice(at: usize, id: u32, device: u64): void {
  store<u8>(at, id);
  store<u64>(at, device, 1);
}
