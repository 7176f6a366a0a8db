// What passes without security at the MAC, and only on its link: the authentication of who joins, and MLE, which secures itself.
import { be16 } from "../../core/bytes";
import { addressIsLinkLocal, addressIsMulticast, addressScope, SCOPE_LINK } from "../address";
import { IPV6_HEADER_SIZE, Ipv6, NEXT_UDP } from "../ipv6/header";
import { Packet } from "../packet";
import { UDP_HEADER_SIZE } from "../udp/header";

const PANA_PORT: u32 = 716;
const MLE_PORT: u32 = 19788;

/** Whether a packet that was not secured goes on. */
export function clearAllowed(packet: Packet): bool {
  if (packet.size < IPV6_HEADER_SIZE + UDP_HEADER_SIZE) return false;
  let ipv6 = changetype<Ipv6>(packet.at);
  if (ipv6.next != NEXT_UDP) return false;
  let target = ipv6.target;
  let isHere = addressIsLinkLocal(target) || (addressIsMulticast(target) && addressScope(target) == SCOPE_LINK);
  return isHere && (isOpen(be16(ipv6.payload)) || isOpen(be16(ipv6.payload + 2)));
}

function isOpen(port: u32): bool { return port == PANA_PORT || port == MLE_PORT; }
