// What every device of phase 2 says of itself in its log: docs/abi.md, `Log`.
import { Log, log } from "../core/host";
import { LOG_REACHABLE_SIZE, LogReachable } from "../core/log";
import { OWN_GLOBAL, ownAddress } from "../ip/own";

const note = changetype<LogReachable>(memory.data(LOG_REACHABLE_SIZE, 8));

/** Our address, and whom everything goes through: 0 for nobody. */
export function noteReachable(parent: u64): void {
  note.prefix = bswap<u64>(load<u64>(ownAddress(OWN_GLOBAL)));
  note.identifier = bswap<u64>(load<u64>(ownAddress(OWN_GLOBAL), 8));
  note.parent = parent;
  log(Log.Reachable, changetype<usize>(note), LOG_REACHABLE_SIZE);
}
