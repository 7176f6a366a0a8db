// Broadcasts heard lately: the broadcast transaction table of 05-3474 section 3.6.5.
import { Err } from "../../core/err";

const BROADCASTS_MAX: u32 = 8;
/** nwkNetworkBroadcastDeliveryTime, section 3.5.2.1, of the PRO stack profile. */
const DELIVERY_MS: i64 = 9000;

@unmanaged @final
class Broadcast {
  /** The row is free from then on. */
  expiry: i64;
  source: u16;
  sequence: u8;
}

const broadcasts = memory.data(BROADCASTS_MAX * 16, 8);

if (offsetof<Broadcast>() > 16) ERROR("a broadcast does not fit its row");

export function broadcastsClear(): void {
  memory.fill(broadcasts, 0, BROADCASTS_MAX << 4);
}

/** Notes a broadcast; answers `Duplicate` for one noted before and `NoBuffer` when too many are under way. */
export function broadcastNote(source: u32, sequence: u32, now: i64): i32 {
  let free = changetype<Broadcast>(0);
  for (let index: u32 = 0; index < BROADCASTS_MAX; index++) {
    let row = changetype<Broadcast>(broadcasts + (index << 4));
    if (row.expiry <= now) free = row;
    else if (row.source == source && row.sequence == sequence) return Err.Duplicate;
  }
  if (!free) return Err.NoBuffer;
  free.expiry = now + DELIVERY_MS;
  free.source = <u16>source;
  free.sequence = <u8>sequence;
  return Err.Ok;
}
