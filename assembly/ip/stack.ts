// What the stacks of ZigBee IP have in common.  A device's entry imports one of stack_border.ts, stack_router.ts, stack_host.ts: each
// reads an event from the bottom to the top, and says what the layer above should know.
import { dropped } from "../core/drops";
import { Drop, Layer } from "../core/host";
import { MAC_SHORT } from "../mac/frame";
import { mac } from "../mac/mac";
import { NO_SHORT } from "./address";
import { IcmpHeard, icmpInput, icmpReset } from "./icmp/icmp";
import { Icmp } from "./icmp/message";
import { Ipv6, NEXT_ICMP, NEXT_TCP, NEXT_UDP } from "./ipv6/header";
import { ipv6Heard } from "./ipv6/receive";
import { keysReset } from "./keys";
import { linkHeard, radioReset } from "./link/radio";
import { contextsReset } from "./lowpan/contexts";
import { mleReject } from "./mle/requests";
import { neighboursReset } from "./neighbours";
import { ownLink, ownReset } from "./own";
import { Packet, packetFree } from "./packet";
import { routeSend } from "./route";
import { streamDeadline, streamTick, streamsReset } from "./tcp/stream";
import { tcpDeadline, tcpInput, tcpReset, tcpTick } from "./tcp/tcp";
import { Udp, udpParse } from "./udp/header";

/** What the stack found. */
export enum StackHeard {
  None = 0,
  /** There is a network, a key, an address and a way: everything can be sent. */
  Joined,
  /** All of it is gone; the stack looks for it again by itself. */
  Left,
  /** The network is ours. */
  Formed,
  /** A device has proved who it is, `agentHeard`; `stackAdmit` says whether it may be a member. */
  Asks,
  /** A device is a member, or none any more: `agentHeard`. */
  DeviceJoined,
  DeviceLeft,
}

/** What a packet for us carries. */
export enum Carried { Nothing = 0, Control, Datagram }

@unmanaged @final
export class CarriedIndication {
  /** Control: the message.  Datagram: its payload. */
  at: usize;
  size: u32;
  type: u32;
  sourcePort: u32;
  targetPort: u32;
}
export const carried = changetype<CarriedIndication>(memory.data(offsetof<CarriedIndication>(), 4));

/** All that every role has, with the radio off. */
export function commonReset(now: i64): void {
  radioReset();
  keysReset();
  neighboursReset();
  contextsReset();
  ownReset(mac.extended);
  icmpReset(now);
  tcpReset();
  streamsReset();
}

/** Takes a packet that is for us as far as everyone does; what is left is in `carried`, and the packet the caller's. */
export function commonInput(packet: Packet, now: i64): i32 {
  switch (ipv6Heard.next) {
    case NEXT_ICMP: {
      let heard = icmpInput(packet, ownLink(packet.link));
      if (heard == IcmpHeard.Reply) { routeSend(packet, now); return Carried.Nothing; }
      if (heard != IcmpHeard.Message) break;
      carried.at = ipv6Heard.payload;
      carried.size = ipv6Heard.size;
      carried.type = changetype<Icmp>(carried.at).type;
      return Carried.Control;
    }
    case NEXT_UDP: {
      let size = udpParse(ipv6Heard.payload, ipv6Heard.size, changetype<Ipv6>(packet.at).source);
      if (size < 0) { dropped(Layer.Transport, Drop.Malformed); break; }
      let datagram = changetype<Udp>(ipv6Heard.payload);
      carried.at = datagram.payload;
      carried.size = <u32>size;
      carried.sourcePort = datagram.source;
      carried.targetPort = datagram.target;
      return Carried.Datagram;
    }
    case NEXT_TCP: { tcpInput(packet, now); break; }
    default: dropped(Layer.Ip, Drop.Foreign);
  }
  packetFree(packet);
  return Carried.Nothing;
}

/** Tells the sender of a frame that we have no link with it: `linkHeard`. */
export function commonReject(now: i64): void {
  let isShort = linkHeard.fromMode == MAC_SHORT;
  mleReject(isShort ? <u32>linkHeard.from : NO_SHORT, isShort ? 0 : linkHeard.from, now);
}

export function commonTick(now: i64): void {
  tcpTick(now);
  streamTick(now);
}

export function commonDeadline(): i64 { return min<i64>(tcpDeadline(), streamDeadline()); }

/** Messages of Neighbour Discovery: RFC 4861 and RFC 6775. */
export function isDiscovery(type: u32): bool { return (type >= 133 && type <= 137) || type == 157 || type == 158; }
/** RFC 6550. */
export const RPL_CONTROL: u32 = 155;
