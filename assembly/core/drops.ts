// What was dropped, by layer and reason (docs/abi.md, `Drop`): counted for good, and the first of each in a minute told by Log.Refused.
import { Drop, Layer, Log, log } from "./host";
import { LOG_REFUSED_SIZE, LogRefused } from "./log";

const REASONS: u32 = 16;
const PHASE_LAYERS: u32 = 4;
/** A module has the layers of one phase, or of both. */
const LAYERS: u32 = isDefined(DROPS_LAYERS) ? DROPS_LAYERS : PHASE_LAYERS;
const FIRST: u32 = isDefined(DROPS_FROM_LAYER) ? DROPS_FROM_LAYER : <u32>Layer.Nwk;
const MINUTE_MS: i64 = 60_000;
if (<u32>Drop.Exhausted >= REASONS || <u32>Layer.Zcl >= PHASE_LAYERS || <u32>Layer.Transport - <u32>Layer.Link >= PHASE_LAYERS
  || PHASE_LAYERS * REASONS > 64) ERROR("each drop has its counter and its bit");
if (LAYERS != PHASE_LAYERS && LAYERS != 2 * PHASE_LAYERS) ERROR("a phase has its layers whole");
/** What every network that works has is counted only: of the lowest layer. */
const TOLD: u64 = ~((1 << <u64>Drop.Repeated) | (1 << <u64>Drop.Duplicate));

const counters = memory.data(LAYERS * REASONS * 4);
const note = changetype<LogRefused>(memory.data(LOG_REFUSED_SIZE, 2));
@unmanaged @final
class State {
  until: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
/** Of each phase a bit for each drop that is told when it comes; none before the first minute begins. */
const awaited = memory.data(LAYERS / PHASE_LAYERS * 8, 8);

/** The counters of a layer: a u32 for each `Drop`. */
export function dropsOf(layer: u32): usize { return counters + (layer - FIRST) * REASONS * 4; }

export function dropped(layer: u32, reason: u32): void {
  let index = (layer - FIRST) * REASONS + reason;
  let at = counters + (index << 2);
  let count = load<u32>(at) + 1;
  store<u32>(at, count);
  let bit: u64 = (<u64>1) << index;
  let bits = awaited + (LAYERS > PHASE_LAYERS ? (index >>> 6) << 3 : 0);
  if (!(load<u64>(bits) & bit)) return;
  store<u64>(bits, load<u64>(bits) ^ bit);
  note.layer = layer;
  note.reason = reason;
  note.count = count;
  log(Log.Refused, changetype<usize>(note), LOG_REFUSED_SIZE);
}

/** Begins a minute when one is over. */
export function dropsTick(now: i64): void {
  if (now < state.until) return;
  state.until = now + MINUTE_MS;
  store<u64>(awaited, TOLD);
  if (LAYERS > PHASE_LAYERS) store<u64>(awaited, TOLD, 8);
}
