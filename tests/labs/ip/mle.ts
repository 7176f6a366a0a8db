// MLE on a medium that the test is: what it sends comes out as a packet.  Not shipped.
import { dropsOf } from "../../../assembly/core/drops";
import { mac } from "../../../assembly/mac/mac";
import { keysIndex, keysMleSlot, keysNext, keysReset, keysTake } from "../../../assembly/ip/keys";
import { LinkState, neighbourAt, neighbourFind, neighboursReset } from "../../../assembly/ip/neighbours";
import { packetsReset } from "../../../assembly/ip/packet";
import { mleHeaderEmit, mleParse } from "../../../assembly/ip/mle/message";
import * as mle from "../../../assembly/ip/mle/mle";
import * as requests from "../../../assembly/ip/mle/requests";
import { mleOpen, mleSeal } from "../../../assembly/ip/mle/send";

const LAB_SIZE: u32 = 2048;
const lab = memory.data(LAB_SIZE, 16);

export function labAt(): usize { return lab; }
export function drops(layer: u32): usize { return dropsOf(layer); }
export function start(extended: u64, short: u32, mode: u32, timeout: u32): void {
  packetsReset();
  neighboursReset();
  keysReset();
  mac.extended = extended;
  mac.short = short;
  mle.mleReset(mode, timeout);
}
export function mode(mode: u32, timeout: u32): void { requests.mleMode(mode, timeout); }
export function take(index: u32, key: usize, rank: u32): i32 { return keysTake(index, key, rank); }
export function keyIndex(): u32 { return keysIndex(); }
export function keyNext(): u32 { return keysNext(); }
export function serve(now: i64): void { requests.mleServe(now); }
export function ask(extended: u64, short: u32, now: i64): i32 { return requests.mleAsk(extended, short, now); }
export function reject(short: u32, extended: u64, now: i64): void { requests.mleReject(short, extended, now); }
export function advertise(now: i64): void { requests.mleAdvertise(now); }
export function input(at: usize, size: u32, addresses: usize, hops: u32, lqi: u32, now: i64): u32 {
  return mle.mleInput(at, size, addresses, hops, lqi, now);
}
export function tick(now: i64): u32 { return mle.mleTick(now); }
export function deadline(): i64 { return mle.mleDeadline(); }
export function heardExtended(): u64 { return mle.mleHeard.extended; }

/** 0 without a row: state, mode, flags and how it is heard, an octet each. */
export function link(extended: u64): u32 {
  let row = neighbourFind(extended);
  return row ? <u32>row.state | (<u32>row.mode << 8) | (<u32>row.flags << 16) | (<u32>row.idrOut << 24) : 0;
}
export function shortOf(extended: u64): u32 { return neighbourFind(extended).short; }
export function macCounter(extended: u64): u32 { return neighbourFind(extended).macCounter; }
export function mleCounter(extended: u64): u32 { return neighbourFind(extended).mleCounter; }
export function timeout(extended: u64): u32 { return neighbourFind(extended).timeout; }
/** A secured frame of the MAC was heard. */
export function sign(extended: u64, now: i64): void { neighbourFind(extended).heard = now; }
export function mark(extended: u64, flags: u32, etx: u32): void {
  let row = neighbourFind(extended);
  row.flags |= <u8>flags;
  row.etx = <u16>etx;
}
export function linkCount(): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < 20; index++) count += u32(neighbourAt(index).state == LinkState.Linked);
  return count;
}

// A message by itself.
export function open(at: usize, size: u32, addresses: usize): i32 {
  let parsed = mleParse(at, size);
  return parsed < 0 ? parsed : mleOpen(at, size, addresses);
}
export function seal(at: usize, size: u32, counter: u32, keyIndex: u32, addresses: usize): i32 {
  mleHeaderEmit(at, counter, keyIndex);
  return mleSeal(keysMleSlot(keyIndex), at, size, addresses);
}
