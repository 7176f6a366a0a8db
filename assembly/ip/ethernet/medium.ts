// Ethernet as the second medium of a border router, and how it differs from the first.
//
//                        802.15.4                                   Ethernet
//   own addresses        of our EUI-64, slots 0 and 1               of 48 bits made of it, slots 2 and 3
//   prefix               the network's                              the network's with its last bit turned
//   a neighbour          has a link, its address maps to the MAC's  is asked for, RFC 4861
//   to a group           everyone; beyond the link repeated         33-33 and the group's last four octets
//   what comes           from members, sealed                       from anybody
//   a packet             1,280 octets and tunnels around it         1,280 octets, though the medium takes 1,500
//
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer, linkSend } from "../../core/host";
import { ADDRESS_SIZE, addressLinkLocal, addressWithExtended } from "../address";
import { OWN_ETHERNET_GLOBAL, OWN_ETHERNET_LINK, OwnState, ownAddress, ownExtended, ownMark } from "../own";
import { LINK_ETHERNET, Packet, packetFree, packetPrepend } from "../packet";
import { ETHERNET_HEADER_SIZE, ethernetEmit, ethernetExtended, ethernetOf } from "./frame";

const INTERFACE: u32 = 0;
/** The last bit of a prefix of 64 bits, as loaded. */
const LAST_BIT: u64 = 0x0100_0000_0000_0000;

@unmanaged @final
class Medium {
  address: u64;
  /** The board has no such link. */
  isAbsent: u32;
}
const medium = changetype<Medium>(memory.data(offsetof<Medium>(), 8));
const prefix = memory.data(ADDRESS_SIZE, 8);

/** Our addresses there, of a network's prefix; they are nobody's yet. */
export function ethernetBegin(network: usize): void {
  medium.address = ethernetOf(ownExtended());
  medium.isAbsent = 0;
  store<u64>(prefix, load<u64>(network) ^ LAST_BIT);
  let extended = ethernetExtended(medium.address);
  addressLinkLocal(ownAddress(OWN_ETHERNET_LINK), extended);
  addressWithExtended(ownAddress(OWN_ETHERNET_GLOBAL), prefix, extended);
  ethernetMark(OwnState.Tentative);
}

export function ethernetMark(state: u32): void {
  ownMark(OWN_ETHERNET_LINK, state);
  ownMark(OWN_ETHERNET_GLOBAL, state);
}

export function ethernetOwn(): u64 { return medium.address; }
export function ethernetAbsent(): bool { return medium.isAbsent != 0; }
/** Eight octets, and eight zeros. */
export function ethernetPrefix(): usize { return prefix; }
export function ethernetHas(address: usize): bool { return load<u64>(prefix) != 0 && load<u64>(address) == load<u64>(prefix); }

/** Sends a packet to an address of Ethernet.  It is gone. */
export function ethernetFrame(packet: Packet, to: u64): void {
  packet.link = <u8>LINK_ETHERNET;
  let sent: i32 = Err.NoBuffer;
  if (packetPrepend(packet, ETHERNET_HEADER_SIZE)) {
    ethernetEmit(packet.at, to, medium.address);
    sent = linkSend(INTERFACE, packet.at, packet.size);
  }
  if (sent == Err.NotFound) medium.isAbsent = 1;
  else if (sent != Err.Ok) dropped(Layer.Link, Drop.Unsent);
  packetFree(packet);
}
