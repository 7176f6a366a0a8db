// Network security: 05-3474 sections 4.3.1 and 4.5.1.  Level 5 with the network key, always.
//
//   | NWK header | control 1 | frame counter 4 | source IEEE 8 | key sequence 1 | payload, encrypted | MIC 4 |      little-endian
//
// The level travels as zero; nonce and authenticated octets hold the real one, section 4.3.1.1.
import { COUNTER_NONE, Counter, counterLoad, counterRestart, counterTake } from "../../core/counter";
import { Err } from "../../core/err";
import { Record, ccmOpen, ccmSeal, keySet } from "../../core/host";
import { Relation, linkAt, neighbourOf, neighbourTake } from "./neighbours";
import { Drop, neighbourAt, network, networkSave, nwkDrop, nwkState } from "./state";

export const AUXILIARY_SIZE: u32 = 14;
export const MIC_SIZE: u32 = 4;

// Security control, figure 4.25: level 5, key identifier 1 (network key), extended nonce.
const LEVEL: u32 = 0x05;
const LEVEL_MASK: u32 = 0x07;
const CONTROL: u32 = 0x28;
const COUNTER: usize = 1;
const SOURCE: usize = 5;
const KEY_SEQUENCE: usize = 13;

/** The counters of neighbours are kept each time one has passed a multiple of 2^6: so many frames could be replayed after a reset. */
const KEEP_SHIFT: u32 = 6;
/** Beyond it a new key starts the outgoing counter again, section 4.6.3.4. */
const RESTART_LIMIT: u32 = 0x8000_0000;

const outgoing = changetype<Counter>(memory.data(offsetof<Counter>()));
/** Source IEEE 8, frame counter 4, security control 1: section 4.5.2.2. */
const nonce = memory.data(13);

export function securityReset(): void {
  counterLoad(outgoing, Record.NetworkCounter);
}

/** Takes a network key; with `at` 0 the slot holds it already.  The key slot is the parity of the sequence number. */
export function nwkKeyInstall(sequence: u32, at: usize): i32 {
  let slot = sequence & 1;
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
export function securitySeal(at: usize, headerSize: u32, size: u32): i32 {
  if (network.keys == 0) return Err.NoKey;
  let counter = counterTake(outgoing);
  if (counter == COUNTER_NONE) { nwkDrop(Drop.Exhausted); return Err.NoKey; }
  let aux = at + headerSize;
  store<u8>(aux, CONTROL | LEVEL);
  store<u32>(aux, counter, COUNTER);
  store<u64>(aux, nwkState.extended, SOURCE);
  store<u8>(aux, network.keySequence, KEY_SEQUENCE);
  nonceFrom(aux);
  let sealed = ccmSeal(network.keySequence & 1, nonce, at, headerSize + AUXILIARY_SIZE, aux + AUXILIARY_SIZE, size);
  store<u8>(aux, CONTROL);
  return sealed < 0 ? sealed : <i32>(headerSize + AUXILIARY_SIZE) + sealed;
}

/** Accepts the auxiliary header at `at`, with a MIC behind it; answers the size of the payload between. */
export function auxiliaryParse(at: usize, have: u32): i32 {
  if (have < AUXILIARY_SIZE + MIC_SIZE) return Err.Truncated;
  if ((load<u8>(at) & ~LEVEL_MASK) != CONTROL) return Err.Reserved;
  return <i32>(have - AUXILIARY_SIZE - MIC_SIZE);
}

/** IEEE address of the device that secured a frame, in its auxiliary header. */
export function auxiliarySource(at: usize): u64 {
  return load<u64>(at, SOURCE);
}

/**
 * Opens in place a frame whose auxiliary header is at `aux`, with `have` octets from there; answers the size of its payload.
 * A neighbour's row is made or updated by authentic frames only.
 */
export function securityOpen(at: usize, aux: usize, have: u32, now: i64): i32 {
  let size = auxiliaryParse(aux, have);
  if (size < 0) { nwkDrop(Drop.Malformed); return size; }
  let sequence: u32 = load<u8>(aux, KEY_SEQUENCE);
  if (!hasKey(sequence)) { nwkDrop(Drop.NoKey); return Err.NoKey; }
  let extended = auxiliarySource(aux);
  let counter = load<u32>(aux, COUNTER);
  // Somebody who sends with our own address gives back what we have sent.
  let fresh = extended == nwkState.extended ? refuse(Err.Replay) : checkCounter(neighbourOf(extended), sequence, counter);
  if (fresh < 0) return fresh;
  store<u8>(aux, CONTROL | LEVEL);
  nonceFrom(aux);
  let opened = ccmOpen(sequence & 1, nonce, at, <u32>(aux - at) + AUXILIARY_SIZE, aux + AUXILIARY_SIZE, <u32>size + MIC_SIZE);
  if (opened < 0) { nwkDrop(Drop.BadMic); return opened; }
  return rememberCounter(extended, sequence, counter, now) ? size : <i32>Err.NoBuffer;
}

/** A frame counter must grow; the key of a neighbour only goes forward; 0xffffffff is never right, section 4.3.1.2. */
function checkCounter(index: i32, sequence: u32, counter: u32): i32 {
  if (counter == 0xffff_ffff) return refuse(Err.Replay);
  if (index < 0 || !neighbourAt(index).heard) return Err.Ok;
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

function nonceFrom(aux: usize): void {
  store<u64>(nonce, load<u64>(aux, SOURCE));
  store<u32>(nonce, load<u32>(aux, COUNTER), 8);
  store<u8>(nonce, CONTROL | LEVEL, 12);
}
