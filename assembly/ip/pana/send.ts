// How a message of PANA leaves: in the clear to a link-local address, for one side has no key yet; by its route, secured, to any other.
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { addressCopy, addressIsLinkLocal } from "../address";
import { HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, ipv6Emit, NEXT_UDP } from "../ipv6/header";
import { radioSend } from "../link/radio";
import { ownSource } from "../own";
import { packetFree, packetTake } from "../packet";
import { routeSend } from "../route";
import { UDP_HEADER_SIZE, udpEmit } from "../udp/header";
import { PANA_PORT } from "./message";

/**
 * Sends the message of `size` octets at `at` to an address and port.  Both sides are known by their EUI-64.  Answers 0 or an `Err`.
 */
export function panaSend(to: usize, port: u32, at: usize, size: u32, now: i64): i32 {
  let source = ownSource(to);
  let packet = packetTake(IPV6_HEADER_SIZE + UDP_HEADER_SIZE + size);
  if (!source || !packet) {
    if (packet) packetFree(packet);
    dropped(Layer.Control, packet ? Drop.NoRoute : Drop.NoBuffer);
    return Err.NoBuffer;
  }
  let ipv6 = changetype<Ipv6>(packet.at);
  let isNear = addressIsLinkLocal(to);
  addressCopy(ipv6.source, source);
  addressCopy(ipv6.target, to);
  memory.copy(ipv6.payload + UDP_HEADER_SIZE, at, size);
  let datagram = udpEmit(ipv6.payload, PANA_PORT, port, size, ipv6.source);
  packet.size = ipv6Emit(packet.at, datagram, NEXT_UDP, HOPS_DEFAULT) + datagram;
  if (!isNear) return routeSend(packet, now);
  packet.secured = 0;
  let sent = radioSend(packet, now);
  if (sent == Err.Ok) return Err.Ok;
  packetFree(packet);
  dropped(Layer.Control, Drop.Unsent);
  return sent;
}
