// A hub's module of last resort: no network, no clusters.  It asks its head-end for the hub's own module, verifies and activates it.
//
//   next -> uplink: offers and blocks of file 0 -> fetch          due -> the next block; then activate and reboot
import { fetchBlock, fetchDeadline, fetchOffer, fetchProbe, fetchReset, fetchTick } from "../application/hub/fetch";
import {
  ABI_VERSION, EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EventKind, FileStatus, Log, halt, imageActivate, log, next,
} from "../core/host";
import { libraryFile } from "../model/library";

const EVENTS_PER_POLL: u32 = 8;
const EVENT_CAPACITY: u32 = EVENT_HEAD + 264;
const event = memory.data(16 + 264, 8);
const KIND_OFFER: u32 = 5;
const KIND_BLOCK: u32 = 6;
/** How often a head-end without an offer is asked for one. */
const ASK_MS: i64 = 60_000;
const HALT_UPDATE: u32 = 1;

@unmanaged @final
class State { askAt: i64; }
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  store<u32>(event, reason);
  log(Log.Started, event, 4);
  fetchReset(now);
  state.askAt = now;
}

export function poll(now: i64): i64 {
  let budget = EVENTS_PER_POLL;
  for (; budget > 0; budget--) {
    let size = next(event, EVENT_CAPACITY);
    if (size == 0) break;
    if (size > 0 && load<u8>(event + EVENT_KIND) == EventKind.Uplink) take(load<u16>(event + EVENT_SIZE), now);
  }
  fetchTick(now);
  if (libraryFile(0).status == FileStatus.Waiting && imageActivate(0) >= 0) halt(HALT_UPDATE);
  if (state.askAt <= now) {
    state.askAt = now + ASK_MS;
    if (libraryFile(0).status != FileStatus.Loading) fetchProbe();
  }
  return budget > 0 ? min<i64>(fetchDeadline(), state.askAt) : now;
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
