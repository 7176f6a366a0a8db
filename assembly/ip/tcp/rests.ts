// Names of connections that rest after their end, so that nothing of them is taken for another's: RFC 9293 section 3.6.1, TIME-WAIT.
import { addressCopy, addressEqual } from "../address";
import { TIME_WAITS_MAX } from "../limits";
import { Socket } from "./socket";

/** A name rests so long, twice the time that a segment lives: section 3.6.1 says 4 minutes, which a table this small cannot afford. */
const TIME_WAIT_MS: i64 = 60_000;

@unmanaged @final
export class Rest {
  remote0: u64;
  remote1: u64;
  until: i64;
  remotePort: u16;
  localPort: u16;
  receiveNext: u32;
  next: u32;
}
const REST: u32 = (offsetof<Rest>() + 7) & ~7;
const rests = memory.data(TIME_WAITS_MAX * REST, 8);

export function restsReset(): void { memory.fill(rests, 0, TIME_WAITS_MAX * REST); }

export function restNote(socket: Socket, now: i64): void {
  let oldest = changetype<Rest>(rests);
  for (let index: u32 = 1; index < TIME_WAITS_MAX; index++) {
    let other = changetype<Rest>(rests + index * REST);
    if (other.until < oldest.until) oldest = other;
  }
  addressCopy(changetype<usize>(oldest), socket.remote);
  oldest.remotePort = socket.remotePort;
  oldest.localPort = socket.localPort;
  oldest.receiveNext = socket.receiveNext;
  oldest.next = socket.next;
  oldest.until = now + TIME_WAIT_MS;
}

export function restOf(remote: usize, remotePort: u32, localPort: u32, now: i64): Rest {
  for (let index: u32 = 0; index < TIME_WAITS_MAX; index++) {
    let resting = changetype<Rest>(rests + index * REST);
    if (resting.until <= now || resting.remotePort != remotePort || resting.localPort != localPort) continue;
    if (addressEqual(changetype<usize>(resting), remote)) return resting;
  }
  return changetype<Rest>(0);
}

if (TIME_WAITS_MAX == 0) ERROR("a name rests");
