// What the link found, for whoever is above.
import { dropped } from "../../core/drops";
import { Layer } from "../../core/host";
import { Packet } from "../packet";

export enum LinkHeard {
  None = 0,
  /** `packet`: the caller's now. */
  Packet,
  /** A router says what network it is in: `payload`, of `size` octets, `from`, `panId`, `channel`, `lqi`. */
  Beacon,
  /** A scan is over. */
  ScanDone,
  /** A child that sleeps asked: `from`. */
  Poll,
  /** We asked our parent: `status`, and `pending` when something is coming. */
  Polled,
  /** A packet has gone or not: `status`.  `packet` is the caller's where it did not go, else null; `from` is the next hop. */
  Sent,
  /** A frame that was secured, by `from`, whom we have no link with or whose key we have not; told for frames to us alone. */
  Unlinked,
}

@unmanaged @final
export class LinkIndication {
  packet: Packet;
  /** The other side, by its mode: MAC_SHORT, MAC_EXTENDED, or MAC_NONE for everyone. */
  from: u64;
  fromMode: u32;
  payload: usize;
  size: u32;
  panId: u32;
  channel: u32;
  lqi: u32;
  status: i32;
  pending: u32;
}

export const linkHeard = changetype<LinkIndication>(memory.data(offsetof<LinkIndication>(), 8));

/** Counts what was dropped; answers `None`. */
export function linkDrop(reason: u32): i32 {
  dropped(Layer.Link, reason);
  return LinkHeard.None;
}
