// Two networks with one PAN identifier: 05-3474 section 3.6.1.13.
//
//   a foreign beacon under our identifier, twice --> Network Report --> the coordinator takes another --> Network Update
//   --> all move, 9 s later
//
// One beacon may be damaged, or anybody's: when it is the first, beacons are asked for, and only a network that answers is one.
// Who does not hear of it looks for its network by the extended identifier, as anybody does whose parent is gone.
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { mac, macHeard, macIdle, macOpen } from "../../mac/mac";
import { scanAsk } from "../../mac/scan";
import { NwkBeacon, nwkBeaconParse } from "./beacon";
import { network, networkSave, nwkHeard } from "./state";

@unmanaged @final
class Pan {
  /** When the radio follows the record; `NEVER`: it is there. */
  due: i64;
  /** The extended identifier of the network that was heard once. */
  suspect: u64;
  /** Another is suspected, and beacons are asked for because of frames, from then on. */
  suspectAt: i64;
  askAt: i64;
}

const pan = changetype<Pan>(memory.data(offsetof<Pan>(), 8));

/** nwkNetworkBroadcastDeliveryTime, section 3.5.2.1: by then all have heard of it. */
const DELIVERY_MS: i64 = 9000;
/** Anybody can send beacons, and frames that do not open. */
const SUSPECT_MS: i64 = 10_000;
const TOLD_MS: i64 = 60_000;
const ASK_MS: i64 = 15 * 60_000;

export function panReset(now: i64): void {
  pan.due = NEVER;
  pan.suspect = 0;
  pan.suspectAt = now;
  pan.askAt = now;
}

export function panDeadline(): i64 { return pan.due; }

export function panTick(now: i64): void {
  if (pan.due > now) return;
  pan.due = NEVER;
  macOpen(network.channel, network.panId, network.address);
}

/** Whether the beacon in `macHeard` is that of another network under our identifier, and it is time to tell of it. */
export function panConflict(now: i64): bool {
  if (macHeard.panId != mac.panId || network.keys == 0 || nwkBeaconParse(macHeard.payload, macHeard.size) < 0) return false;
  let extended = changetype<NwkBeacon>(macHeard.payload).extendedPanId;
  if (extended == network.extendedPanId) return false;
  let again = extended == pan.suspect;
  if (!again && pan.suspectAt > now) return false;
  pan.suspect = again ? network.extendedPanId : extended;
  pan.suspectAt = now + (again ? TOLD_MS : SUSPECT_MS);
  if (!again && macIdle(now)) scanAsk(now);
  return again;
}

/** A frame of our PAN was not sealed with our key: whoever is there has beacons that tell. */
export function panDoubt(now: i64): void {
  if (nwkHeard.status != Err.BadMic && nwkHeard.status != Err.NoKey) return;
  if (pan.askAt > now || network.keys == 0 || !macIdle(now)) return;
  pan.askAt = now + ASK_MS;
  scanAsk(now);
}

/** Takes another identifier.  The record has it at once: a reset meanwhile ends where the others go. */
export function panMove(panId: u32, updateId: u32, now: i64): void {
  network.panId = <u16>panId;
  network.updateId = <u8>updateId;
  networkSave();
  pan.due = now + DELIVERY_MS;
}
