// A packet of the radio on its way up, as every role looks at it: which of its headers end here.
//
//   group beyond the link -> new? -> repeated by routers -> Ours
//   ours -> a tunnel ends here -> again, as if it had no MAC source -> Ours, or to be passed on
//
import { Drop } from "../core/host";
import { MAC_NONE } from "../mac/frame";
import { SCOPE_LINK, addressIsLinkLocal, addressIsMulticast, addressScope } from "./address";
import { ICMP_PARAMETER_PROBLEM } from "./icmp/message";
import { icmpError } from "./icmp/icmp";
import { Ipv6 } from "./ipv6/header";
import { Ipv6Heard, ipv6Heard, ipv6Input } from "./ipv6/receive";
import { mplInput } from "./mpl/mpl";
import { OWN_LINK, ownAddress, ownGroup, ownIs, ownSource } from "./own";
import { Packet, packetFree } from "./packet";
import { routeDrop, routeSend } from "./route";

export enum RouteHeard {
  /** The packet is gone: passed on, or dropped. */
  Taken = 0,
  /** It is for us: `ipv6Heard` says what it carries.  The caller's now. */
  Ours,
  /** It is for another node. */
  Forward,
  /** The source route at `ipv6Heard.routing` goes on. */
  Routed,
  /** It was in a tunnel that ended here, whose option is at `ipv6Heard.rpl`; look again. */
  Tunnel,
}

/** Looks at the outermost header; `repeats` of what a router sends on of multicast. */
export function arriveStep(packet: Packet, repeats: u32, now: i64): i32 {
  let target = changetype<Ipv6>(packet.at).target;
  let isGroup = addressIsMulticast(target);
  if (isGroup && addressScope(target) > SCOPE_LINK) {
    // What is in a tunnel to a group is for another group, and was repeated with its tunnel.
    if (packet.fromMode != MAC_NONE && !arriveGroup(packet, repeats, now)) return RouteHeard.Taken;
    isGroup = ownGroup(target);
    if (!isGroup) {
      packetFree(packet);
      return RouteHeard.Taken;
    }
  } else if (isGroup) isGroup = ownGroup(target);
  switch (ipv6Input(packet, isGroup || ownIs(target))) {
    case Ipv6Heard.ForUs: return RouteHeard.Ours;
    case Ipv6Heard.Routed: return RouteHeard.Routed;
    case Ipv6Heard.Tunnel: {
      packet.fromMode = <u8>MAC_NONE;
      return RouteHeard.Tunnel;
    }
    case Ipv6Heard.Forward: {
      // What has the link's scope ends at it.
      if (!addressIsMulticast(target) && !addressIsLinkLocal(target) && !addressIsLinkLocal(changetype<Ipv6>(packet.at).source)) {
        return RouteHeard.Forward;
      }
      routeDrop(packet, Drop.Foreign);
      return RouteHeard.Taken;
    }
    default:
      arriveError(packet, ipv6Heard.fault >>> 8, ipv6Heard.fault & 0xff, ipv6Heard.pointer, now);
      return RouteHeard.Taken;
  }
}

/** Sends an ICMP error about a packet, where one may be sent, and `type` is not 0; the packet is gone. */
export function arriveError(packet: Packet, type: u32, code: u32, parameter: u32, now: i64): void {
  let own = ownSource(changetype<Ipv6>(packet.at).source);
  if (!own) own = ownAddress(OWN_LINK);
  if (type && icmpError(packet, type, code, parameter, own, now)) routeSend(packet, now);
  else packetFree(packet);
}

/** About what is at `at` in the packet: a parameter problem. */
export function arriveFault(packet: Packet, at: usize, now: i64): void {
  arriveError(packet, ICMP_PARAMETER_PROBLEM, 0, <u32>(at - packet.at), now);
}

/** Whether a packet to a group beyond the link came for the first time; else it is gone. */
function arriveGroup(packet: Packet, repeats: u32, now: i64): bool {
  let heard = ipv6Input(packet, false);
  if (heard == Ipv6Heard.Forward && ipv6Heard.mpl) {
    let have = <u32>(packet.at + packet.size - ipv6Heard.mpl);
    if (mplInput(packet, ipv6Heard.mpl, have, repeats, now)) return true;
    packetFree(packet);
  } else if (heard == Ipv6Heard.Forward) routeDrop(packet, Drop.Refused);
  else packetFree(packet);
  return false;
}
