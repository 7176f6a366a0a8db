// Network security: 05-3474 sections 4.3.1 and 4.5.1.  Level 5 with the network key, always.
//
// The key slot of the board is the parity of the key's sequence number.
import { COUNTER_NONE, Counter, counterLoad, counterRaise, counterRestart, counterTake } from "../../core/counter";
import { Err } from "../../core/err";
import { Record, keySet } from "../../core/host";
import { Auxiliary, KEY_NETWORK, MIC_SIZE, NWK_AUXILIARY_SIZE, auxiliaryEmit, auxiliaryParse, frameOpen, frameSeal } from "../auxiliary";
import { NEIGHBOURS_MAX } from "../limits";
import { addressIsFresh, addressesForgetLater } from "./addresses";
import { Relation, linkAt, neighbourOf, neighbourTake } from "./neighbours";
import { Drop, neighbourAt, network, networkSave, nwkDrop, nwkState } from "./state";

/** What a secured frame has more than one in clear. */
export const NWK_SECURE_OVERHEAD: u32 = NWK_AUXILIARY_SIZE + MIC_SIZE;

/** The counters of neighbours are kept each time one has passed a multiple of 2^6: so many frames could be replayed after a reset. */
const KEEP_SHIFT: u32 = 6;
/** Beyond it a new key starts the outgoing counter again, section 4.6.3.4. */
const RESTART_LIMIT: u32 = 0x8000_0000;

const outgoing = changetype<Counter>(memory.data(offsetof<Counter>(), 4));

/** After `networkLoad`, which says whether a key lives. */
export function securityReset(): void {
  counterLoad(outgoing, Record.NetworkCounter, network.keys != 0);
}

/** Takes a network key; with `at` 0 the slot holds it already. */
export function nwkKeyInstall(sequence: u32, at: usize): i32 {
  let slot = sequence & 1;
  if (nwkState.open) forgetLater(sequence);
  if (at != 0) {
    let answer = keySet(slot, at);
    if (answer < 0) return answer;
  }
  if (slot) network.sequence1 = <u8>sequence;
  else network.sequence0 = <u8>sequence;
  let first = network.keys == 0;
  network.keys = <u8>(<u32>network.keys | (1 << slot));
  if (first) network.keySequence = <u8>sequence;
  nwkState.open = 0;
  networkSave();
  return Err.Ok;
}

/** A trust centre whose memory is older than our neighbours' gives an older key: what was heard under a later one counts no more. */
function forgetLater(sequence: u32): void {
  addressesForgetLater(sequence);
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let row = neighbourAt(index);
    if (<i8>(<u32>row.keySequence - sequence) > 0) row.heard = 0;
  }
}

/** Uses another key from now on; `NoKey` when it was never installed. */
export function nwkKeySwitch(sequence: u32): i32 {
  if (!hasKey(sequence)) return Err.NoKey;
  if (network.keySequence == <u8>sequence) return Err.Ok;
  network.keySequence = <u8>sequence;
  networkSave(); // before the counter: a number must not meet the old key twice
  if (outgoing.next > RESTART_LIMIT) counterRestart(outgoing);
  return Err.Ok;
}

/** Sequence number of the key in use, or `NoKey`. */
export function nwkKeyActive(): i32 {
  return network.keys ? <i32>network.keySequence : <i32>Err.NoKey;
}

/**
 * Writes the auxiliary header behind the NWK header at `at`, and seals the `size` octets of payload behind it;
 * answers the size of the whole frame or an `Err`.
 */
export function nwkSeal(at: usize, headerSize: u32, size: u32): i32 {
  if (network.keys == 0) return Err.NoKey;
  let counter = counterTake(outgoing);
  if (counter == COUNTER_NONE) { nwkDrop(Drop.Exhausted); return Err.NoKey; }
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  headerSize += auxiliaryEmit(at + headerSize, KEY_NETWORK, counter, nwkState.extended, network.keySequence);
  return frameSeal(network.keySequence & 1, at, headerSize, auxiliary, nwkState.extended, size);
}

/**
 * Opens in place a frame of `size` octets at `at` whose auxiliary header lies behind its own of `headerSize`; answers the size of its
 * payload.  A neighbour's row is made or updated by authentic frames only.
 */
export function nwkOpen(at: usize, headerSize: u32, size: u32, now: i64): i32 {
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  let parsed = auxiliaryParse(at + headerSize, size - headerSize, true);
  if (parsed < 0) { nwkDrop(Drop.Malformed); return parsed; }
  let sequence = auxiliary.keySequence;
  if (!hasKey(sequence)) { nwkDrop(Drop.NoKey); return Err.NoKey; }
  let extended = auxiliary.source;
  let counter = auxiliary.counter;
  // Somebody who sends with our own address gives back what we have sent.
  let fresh = extended == nwkState.extended ? refuse(Err.Replay) : checkCounter(extended, sequence, counter);
  if (fresh < 0) return fresh;
  headerSize += <u32>parsed;
  let opened = frameOpen(sequence & 1, at, headerSize, auxiliary, extended, size - headerSize);
  if (opened < 0) { nwkDrop(Drop.BadMic); return opened; }
  if (!rememberCounter(extended, sequence, counter, now)) return Err.NoBuffer;
  // Whoever uses the next key has heard that it is time: section 4.6.3.4.
  if (<i8>(sequence - <u32>network.keySequence) > 0) nwkKeySwitch(sequence);
  return opened;
}

/** Frame counters below `floor` may have been used before a loss of memory. */
export function nwkCounterRaise(floor: u32): void { counterRaise(outgoing, floor); }

/** A frame counter must grow; the key of a neighbour only goes forward; 0xffffffff is never right, section 4.3.1.2. */
function checkCounter(extended: u64, sequence: u32, counter: u32): i32 {
  if (counter == 0xffff_ffff) return refuse(Err.Replay);
  let index = neighbourOf(extended);
  if (index < 0) return addressIsFresh(extended, sequence, counter) ? <i32>Err.Ok : refuse(Err.Replay);
  if (!neighbourAt(index).heard) return Err.Ok;
  let row = neighbourAt(index);
  let ahead = <i8>(sequence - row.keySequence);
  if (ahead > 0 || (ahead == 0 && counter > row.counter)) return Err.Ok;
  return refuse(ahead == 0 && counter == row.counter ? Err.Duplicate : Err.Replay);
}

function refuse(reason: i32): i32 {
  if (reason == Err.Duplicate) nwkDrop(Drop.Repeated);
  else nwkDrop(Drop.Replayed);
  return reason;
}

function rememberCounter(extended: u64, sequence: u32, counter: u32, now: i64): bool {
  let index = neighbourTake(extended);
  if (index < 0) { nwkDrop(Drop.NoBuffer); return false; }
  let row = neighbourAt(index);
  let keep = !row.heard || row.keySequence != <u8>sequence || ((row.counter ^ counter) >>> KEEP_SHIFT) != 0;
  row.heard = 1;
  row.keySequence = <u8>sequence;
  row.counter = counter;
  if (row.relation == Relation.Sibling) linkAt(index).deadline = now;
  if (keep) networkSave();
  return true;
}

function hasKey(sequence: u32): bool {
  let slot = sequence & 1;
  return ((<u32>network.keys >>> slot) & 1) != 0 && (slot ? network.sequence1 : network.sequence0) == <u8>sequence;
}
