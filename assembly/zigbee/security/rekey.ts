// The trust centre changes the network key: 05-3474 section 4.6.3.4.
//
//   Idle --rekeyStart--> telling each member the next key under its link key --all told, and it is time--> Switch Key to everybody
//     ^                                                                                                       |
//     \-------------------------- the next key is the key, in the record too -------a moment later-----------/
//
// Record.NetworkKey: | sequence | key (16) | the next key (16), while it is told |.  A reset begins the telling again.  Who hears of
// neither key nor switch finds nobody whom it understands, and rejoins.
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { entropy, Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { BROADCAST_ALL, NO_ADDRESS } from "../address";
import { KEY_DATA, KEY_TRANSPORT } from "../auxiliary";
import { apsSwitchKeyEmit, apsTransportNetworkKeyEmit } from "../aps/command";
import { ApsKeyKind, KEY_NONE, KEY_SIZE, NETWORK_KEY_SIZE } from "../aps/keys";
import { apsCommandOut, apsCommandSend, apsCommandSendLinked } from "../aps/send_command";
import { APS_ACK, APS_TO_ALL } from "../aps/types";
import { DEVICES_MAX } from "../limits";
import { nwkExtended, nwkKeyActive, nwkKeyInstall, nwkKeySwitch, nwkShortOf } from "../nwk/nwk";
import { tcMember } from "./trust_centre";

/** Of the record with a next key. */
const NEXT_SIZE: u32 = NETWORK_KEY_SIZE + KEY_SIZE;
/** Between two members: the acknowledgement of one that sleeps takes longer, but there is more than one place for it. */
const GAP_MS: i64 = 2000;
/** One that sleeps fetches its key within the time for which its parent holds it, and under the old key. */
const FETCH_MS: i64 = 8000;
/** The broadcast goes under the old key. */
const SWITCH_MS: i64 = 2000;

@unmanaged @final
class Rekey {
  /** When there is something to do; `NEVER` while no key is changed. */
  due: i64;
  /** When the next key may be used. */
  at: i64;
  /** The member to be told next; then the steps of the switch. */
  next: u32;
}
const rekey = changetype<Rekey>(memory.data(offsetof<Rekey>(), 8));
const record = memory.data(40, 8);
if (NEXT_SIZE > 40) ERROR("the keys do not fit their place");

export function rekeyReset(now: i64): void {
  rekey.due = NEVER;
  let size = storeRead(Record.NetworkKey, record, NEXT_SIZE);
  if (size == NEXT_SIZE) begin(now, now);
  else if (size == NETWORK_KEY_SIZE && nwkKeyActive() >= 0) nwkKeySwitch(load<u8>(record));
  wipe(record, NEXT_SIZE);
}

/** Makes a new key, tells it to all and uses it after so many seconds; answers 0 or an `Err`. */
export function rekeyStart(seconds: u32, now: i64): i32 {
  if (rekey.due != NEVER) return Err.Busy;
  if (storeRead(Record.NetworkKey, record, NEXT_SIZE) != NETWORK_KEY_SIZE) return Err.NoKey;
  entropy(record + NETWORK_KEY_SIZE, KEY_SIZE);
  let done = storeWrite(Record.NetworkKey, record, NEXT_SIZE);
  if (done == Err.Ok) done = nwkKeyInstall(nextSequence(), record + NETWORK_KEY_SIZE);
  wipe(record, NEXT_SIZE);
  if (done < 0) return done;
  begin(now, now + <i64>seconds * 1000);
  return Err.Ok;
}

/** A device has joined with the key that is about to go: it is told, or told again. */
export function rekeyJoined(index: u32, now: i64): void {
  if (rekey.due == NEVER || index >= rekey.next) return;
  begin(now, rekey.at);
  rekey.next = index;
}

export function rekeyDeadline(): i64 { return rekey.due; }

export function rekeyTick(now: i64): void {
  while (rekey.next < DEVICES_MAX && !tcMember(rekey.next)) rekey.next++;
  if (storeRead(Record.NetworkKey, record, NEXT_SIZE) != NEXT_SIZE) rekey.due = NEVER;
  else if (rekey.next < DEVICES_MAX) {
    rekey.due = now + GAP_MS;
    if (tell(tcMember(rekey.next), now)) {
      rekey.next++;
      rekey.at = max(rekey.at, now + FETCH_MS);
    }
  } else if (now < rekey.at) rekey.due = rekey.at;
  else if (rekey.next++ == DEVICES_MAX) {
    rekey.due = now + SWITCH_MS;
    apsCommandSend(BROADCAST_ALL, apsSwitchKeyEmit(apsCommandOut, nextSequence()), KEY_NONE, KEY_DATA, APS_TO_ALL, now);
  } else change();
  wipe(record, NEXT_SIZE);
}

function begin(now: i64, at: i64): void {
  rekey.due = now;
  rekey.at = at;
  rekey.next = 0;
}

function nextSequence(): u32 { return (<u32>load<u8>(record) + 1) & 0xff; }

/** False where there is no room, so that the member has to wait. */
function tell(extended: u64, now: i64): bool {
  if (nwkShortOf(extended) == NO_ADDRESS) return true;
  let size = apsTransportNetworkKeyEmit(apsCommandOut, record + NETWORK_KEY_SIZE, nextSequence(), extended, nwkExtended());
  let sent = apsCommandSendLinked(extended, ApsKeyKind.Preconfigured, size, KEY_TRANSPORT, APS_ACK, now);
  wipe(apsCommandOut, size);
  return sent != Err.NoBuffer;
}

/** The record first: after a reset it says which key it is. */
function change(): void {
  rekey.due = NEVER;
  let sequence = nextSequence();
  store<u8>(record, sequence);
  memory.copy(record + 1, record + NETWORK_KEY_SIZE, KEY_SIZE);
  if (storeWrite(Record.NetworkKey, record, NETWORK_KEY_SIZE) == Err.Ok) nwkKeySwitch(sequence);
}
