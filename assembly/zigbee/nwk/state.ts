// What the network layer knows of itself: the network information base of 05-3474 section 3.5.2, as far as it is used.
//
//   | Network (kept in Record.Network) | neighbours (kept with it) |        NwkState and nwkHeard are not kept
//
import { Err } from "../../core/err";
import { dropped } from "../../core/drops";
import { Drop, Layer, Record, storeRead, storeWrite } from "../../core/host";
export { Drop } from "../../core/host";
import { NO_ADDRESS } from "../address";
import { NEIGHBOURS_MAX } from "../limits";
import { queueReset, slotAt } from "./send";

/** What `nwkInput` and `nwkTick` found; the details are in `nwkHeard`. */
export enum NwkHeard {
  None = 0,
  Data = 1,            // payload for the layer above
  Command = 2,         // handled inside
  ChildJoined = 3,     // source, extended; status = `Arrival`; handle = capability octet
  Joined = 4,          // associated (status 0) or rejoined (status 1): there is a short address
  JoinFailed = 5,      // status: NotFound, Refused, Timeout, NoAck
  Formed = 6,          // a coordinator has its PAN
  Left = 7,            // told to leave; status 1: and to rejoin
  ChildLeft = 8,       // source, extended
  ScanDone = 9,
  ParentLost = 10,
  AddressConflict = 11, // our short address was taken twice; a router has a new one and must announce it
  Sent = 12,           // handle, status: the next hop has it, or why not
}

@unmanaged @final
export class NwkIndication {
  kind: u32;
  source: u32;
  target: u32;
  payload: usize;
  size: u32;
  /** 1 when network security was verified. */
  secured: u32;
  /** IEEE address of the source, 0 when unknown. */
  extended: u64;
  lqi: u32;
  handle: u32;
  status: i32;
}

export function nwkDrop(reason: u32): void { dropped(Layer.Nwk, reason); }

/** How a device came to its parent, or that it went: the status of an Update Device, table 4.15. */
export namespace Arrival {
  export const SecuredRejoin: u32 = 0;
  export const Join: u32 = 1;
  export const Left: u32 = 2;
  export const ClearRejoin: u32 = 3;
}

export const nwkHeard = changetype<NwkIndication>(memory.data(offsetof<NwkIndication>(), 8));

const VERSION: u32 = 1;

@unmanaged @final
export class Network {
  extendedPanId: u64;
  panId: u16;
  /** `NO_ADDRESS` when in no network. */
  address: u16;
  parent: u16;
  channel: u8;
  version: u8;
  depth: u8;
  updateId: u8;
  /** Sequence number of the key in use. */
  keySequence: u8;
  /** Bit n: key slot n holds a network key. */
  keys: u8;
  sequence0: u8;
  sequence1: u8;
  /** What the parent said of keep-alive, figure 3.26c of revision 21. */
  parentInformation: u8;
  reserved: u8;
}

/** A device in range.  Kept, so that its frame counter and a child survive a reset. */
@unmanaged @final
export class Neighbour {
  extended: u64;
  /** Frame counter heard last under the key `keySequence`. */
  counter: u32;
  /** `NO_ADDRESS` when not known. */
  short: u16;
  relation: u8;
  capability: u8;
  keySequence: u8;
  /** 1 once a frame of it was authentic: `counter` is valid. */
  heard: u8;
  /** End-device timeout index, table 3.44 of revision 21. */
  timeout: u8;
  reserved: u32;
}

const NETWORK_SIZE: u32 = 32;
const NEIGHBOUR_SIZE: u32 = 24;
const STORED_SIZE: u32 = NETWORK_SIZE + NEIGHBOURS_MAX * NEIGHBOUR_SIZE;
const RECORD_SIZE_MAX: u32 = 512;

if (offsetof<Network>() > NETWORK_SIZE) ERROR("the network does not fit its place");
if (offsetof<Neighbour>() != NEIGHBOUR_SIZE) ERROR("a neighbour does not fill its row");
if (STORED_SIZE > RECORD_SIZE_MAX) ERROR("the store holds no larger record");

const stored = memory.data(STORED_SIZE, 8);
export const network = changetype<Network>(stored);

/** A row of the neighbour table by its index. */
export function neighbourAt(index: i32): Neighbour {
  return changetype<Neighbour>(stored + NETWORK_SIZE + <u32>index * NEIGHBOUR_SIZE);
}

@unmanaged @final
export class NwkState {
  extended: u64;
  /** NWK sequence number of the last frame. */
  sequence: u32;
  /** 1 while the parent may speak to us in clear: joined, but the key has yet to come. */
  open: u32;
}

export const nwkState = changetype<NwkState>(memory.data(offsetof<NwkState>(), 8));

/** Forgets the network, in memory only. */
export function networkClear(): void {
  memory.fill(stored, 0, STORED_SIZE);
  network.panId = <u16>NO_ADDRESS;
  network.address = <u16>NO_ADDRESS;
  network.parent = <u16>NO_ADDRESS;
  network.version = <u8>VERSION;
}

/**
 * Takes up the network of the record; false leaves the device in none.  A record of a module with another number of rows is good as far as
 * it goes; rows that do not fit are children that ask again.
 */
export function networkLoad(): bool {
  networkClear();
  if (storeRead(Record.Network, stored, STORED_SIZE) == Err.NoBuffer) loadLarger();
  if (network.version == VERSION && network.keys != 0) return true;
  networkClear();
  return false;
}

/** By way of the queue, which is empty: a module does this once in its life, since the record then has its own size. */
function loadLarger(): void {
  let scratch = changetype<usize>(slotAt(0));
  storeRead(Record.Network, scratch, RECORD_SIZE_MAX);
  memory.copy(stored, scratch, STORED_SIZE);
  queueReset();
  if (network.version == VERSION) networkSave();
}

/** Keeps the network; only a device that holds its key has one to keep. */
export function networkSave(): void {
  if (network.keys == 0 || network.address == NO_ADDRESS) return;
  // A refused write leaves the older record: the device then knows less after a reset, which it can mend by a rejoin.
  if (storeWrite(Record.Network, stored, STORED_SIZE) != Err.Ok) nwkDrop(Drop.NoBuffer);
}

/** Forgets the network for good, but never the outgoing frame counter, which outlives every network. */
export function networkErase(): void {
  networkClear();
  if (storeWrite(Record.Network, stored, 0) != Err.Ok) nwkDrop(Drop.NoBuffer);
}

/** Fills `nwkHeard` with what has no payload; answers `kind`. */
export function nwkTell(kind: u32, source: u32, extended: u64, handle: u32, status: i32): i32 {
  nwkHeard.kind = kind;
  nwkHeard.source = source;
  nwkHeard.target = network.address;
  nwkHeard.payload = 0;
  nwkHeard.size = 0;
  nwkHeard.secured = 0;
  nwkHeard.extended = extended;
  nwkHeard.handle = handle;
  nwkHeard.status = status;
  return <i32>kind;
}
