// Who sent a message of Neighbour Discovery: one of our links, by its MAC address, and by a source address that is its own.
import { MAC_EXTENDED, MAC_SHORT } from "../../mac/frame";
import { NO_SHORT, addressExtended, addressIsLinkLocal, addressShort } from "../address";
import { Ipv6 } from "../ipv6/header";
import { LinkState, Neighbour, neighbourByShort, neighbourFind } from "../neighbours";
import { Packet } from "../packet";

const HOPS_MAX: u32 = 255;
const NOBODY: usize = 0;

/**
 * The linked neighbour that sent a packet, unrouted, from a link-local address; null when it came from anywhere else.  What was in a tunnel
 * has no MAC source.
 */
export function ndSender(packet: Packet): Neighbour {
  let row = ndLink(packet);
  if (!row || changetype<Ipv6>(packet.at).hops != HOPS_MAX) return changetype<Neighbour>(NOBODY);
  return isOf(row, changetype<Ipv6>(packet.at).source) ? row : changetype<Neighbour>(NOBODY);
}

/** The linked neighbour that a packet came over, or null. */
export function ndLink(packet: Packet): Neighbour {
  let row = changetype<Neighbour>(NOBODY);
  if (packet.fromMode == MAC_EXTENDED) row = neighbourFind(packet.from);
  else if (packet.fromMode == MAC_SHORT) row = neighbourByShort(<u32>packet.from);
  return row && row.state == LinkState.Linked && packet.secured ? row : changetype<Neighbour>(NOBODY);
}

/** The neighbour with a link-local address, or null. */
export function ndNeighbour(address: usize): Neighbour {
  let short = addressShort(address);
  let row = short != NO_SHORT ? neighbourByShort(short) : neighbourFind(addressExtended(address));
  return row && row.state == LinkState.Linked ? row : changetype<Neighbour>(NOBODY);
}

function isOf(row: Neighbour, address: usize): bool {
  return addressIsLinkLocal(address) && ndNeighbour(address) == row;
}
