// What the layers above APS see: what was heard, what to send, what was dropped.
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";

/** What `apsInput` and `apsTick` found; the details are in `apsHeard`. */
export enum ApsHeard {
  None = 0,
  Message = 1,       // data for an endpoint
  Confirm = 2,       // handle; status 0 or Err.NoAck
  Command = 3,       // an APS command, opened; for zigbee/security
  // Answers of zigbee/security to a command:
  KeyNetwork = 4,    // a joiner has the network key: it is in the network
  KeyLink = 5,       // an application link key with sourceExtended is installed
  DeviceJoined = 6,  // trust centre: sourceExtended, source: a device was given the network key, or came back with it
  DeviceLeft = 7,    // trust centre: sourceExtended, source
  RemoveMe = 8,      // the trust centre sends us away
  SwitchKey = 9,     // the network changed its key
  KeyRequested = 10, // trust centre: sourceExtended got an application link key
  DeviceRemoved = 11, // trust centre: sourceExtended was sent away for good
}

@unmanaged @final
export class ApsMessage {
  source: u32;
  /** The frame that the key secured named its sender. */
  named: bool;
  /** IEEE address of the source, 0 when unknown; authentic when `keyKind` is not None. */
  sourceExtended: u64;
  sourceEndpoint: u32;
  targetEndpoint: u32;
  profile: u32;
  cluster: u32;
  payload: usize;
  size: u32;
  /** ApsKeyKind: None (network key only), Preconfigured (never with a Message), Established. */
  keyKind: u32;
  /** Slot of that key, and its use: a key identifier of table 4.31. */
  keySlot: u32;
  keyUse: u32;
  networkSecured: u32;
  broadcast: u32;
  handle: i32;
  status: i32;
  lqi: u32;
}
export const apsHeard = changetype<ApsMessage>(memory.data(offsetof<ApsMessage>(), 8));

// ApsRequest.options
export const APS_ACK: u32 = 1;
export const APS_LINK_KEY: u32 = 2;
export const APS_FRAGMENT: u32 = 4;
/** The target is known to sleep: its acknowledgement may take a poll period. */
export const APS_SLEEPY: u32 = 8;
/** To all: an address that is not known has the number of that broadcast. */
export const APS_TO_ALL: u32 = 16;

@unmanaged @final
export class ApsRequest {
  /** Short address, or `NO_ADDRESS` and `targetExtended` where only that is known; broadcast with `targetExtended` 0. */
  target: u32;
  targetExtended: u64;
  targetEndpoint: u32;
  sourceEndpoint: u32;
  profile: u32;
  cluster: u32;
  options: u32;
  payload: usize;
  size: u32;
}
export const apsRequest = changetype<ApsRequest>(memory.data(offsetof<ApsRequest>(), 8));

/** What is counted besides drops (core/drops). */
@unmanaged @final
export class ApsCounters {
  duplicates: u32;
  unacknowledged: u32;
  strayAcks: u32; // acknowledgements of nothing
}
export const apsCounters = changetype<ApsCounters>(memory.data(offsetof<ApsCounters>(), 4));

/** The longest message that fragments carry, either way: table 5-8 of 07-5356 asks for 128 at least. */
export const APS_MESSAGE_MAX: u32 = 256;

/** A command against policy: counted, and no more. */
export function apsRefuse(): i32 {
  dropped(Layer.Aps, Drop.Refused);
  return ApsHeard.None;
}
