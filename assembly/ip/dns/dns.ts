// A datagram of multicast DNS on its way up: RFC 6762 sections 6, 11 and 18.
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { addressIsLinkLocal } from "../address";
import { Ipv6 } from "../ipv6/header";
import { networkHas } from "../nd/network";
import { LINK_RADIO, Packet } from "../packet";
import { DNS_ANSWER, DNS_PORT, Dns, dnsParse } from "./message";

export enum DnsHeard { None = 0, Question, Answer }

/** What the datagram of `size` octets at `at` in a packet is, from a port of its source.  In the mesh only members are listened to. */
export function dnsInput(packet: Packet, at: usize, size: u32, port: u32): i32 {
  let source = changetype<Ipv6>(packet.at).source;
  if (packet.link == LINK_RADIO && !(packet.secured && (networkHas(source) || addressIsLinkLocal(source)))) return none(Drop.Foreign);
  if (dnsParse(at, size) < 0) return none(Drop.Malformed);
  if (!(changetype<Dns>(at).flags & DNS_ANSWER)) return DnsHeard.Question;
  return port == DNS_PORT ? DnsHeard.Answer : none(Drop.Foreign);
}

function none(reason: u32): i32 {
  dropped(Layer.Transport, reason);
  return DnsHeard.None;
}
