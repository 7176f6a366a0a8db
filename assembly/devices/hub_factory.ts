// A hub's module of last resort: no network, no clusters.  It asks its head-end for the hub's own module, verifies and activates it.
//
//   uplink: offers and blocks of file 0 -> fetch          due -> the next block; then activate and reboot
import { fetchBlock, fetchDeadline, fetchOffer, fetchProbe, fetchReset, fetchTick } from "../application/hub/fetch";
import { EVENT_HEAD, EVENT_SIZE, EventKind, FileStatus, halt, imageActivate } from "../core/host";
import { libraryFile } from "../model/library";
import { event, loopBegin, loopEnd, loopKind, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

const KIND_OFFER: u32 = 5;
const KIND_BLOCK: u32 = 6;
/** How often a head-end without an offer is asked for one. */
const ASK_MS: i64 = 60_000;
const HALT_UPDATE: u32 = 1;

@unmanaged @final
class State { askAt: i64; }
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  fetchReset(now);
  state.askAt = now;
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopKind() == EventKind.Uplink) take(load<u16>(event + EVENT_SIZE), now);
  fetchTick(now);
  if (libraryFile(0).status == FileStatus.Waiting && imageActivate(0) >= 0) halt(HALT_UPDATE);
  if (state.askAt <= now) {
    state.askAt = now + ASK_MS;
    if (libraryFile(0).status != FileStatus.Loading) fetchProbe();
  }
  return loopEnd(min<i64>(fetchDeadline(), state.askAt), now);
}

/** Records that are not about files are for the module that this one fetches. */
function take(size: u32, now: i64): void {
  if (size == 0) return;
  let at = event + EVENT_HEAD + 1;
  switch (<u32>load<u8>(at - 1)) {
    case KIND_OFFER: {
      fetchOffer(at, size - 1, now);
      return;
    }
    case KIND_BLOCK: fetchBlock(at, size - 1, now);
  }
}
