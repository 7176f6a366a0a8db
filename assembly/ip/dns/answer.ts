// A message of multicast DNS of ours on its way out.  A name that stands there already is pointed to.
//
//   answerBegin -> answerQuestion ... -> answerSay ... -> answerEnd
import { putBe16 } from "../../core/bytes";
import { constantString } from "../../core/constants";
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { ADDRESS_SIZE, SCOPE_LINK, addressCopy, addressIsLinkLocal, addressIsMulticast, addressScope } from "../address";
import { HOPS_MAX, IPV6_HEADER_SIZE, Ipv6, NEXT_UDP, ipv6Emit } from "../ipv6/header";
import { OwnState, ownAddress, ownState } from "../own";
import { LINK_ETHERNET, PACKET_MTU, Packet, packetFree, packetTake } from "../packet";
import { routeSend } from "../route";
import { UDP_HEADER_SIZE, udpEmit } from "../udp/header";
import {
  DNS_AAAA, DNS_APART, DNS_IN, DNS_NSEC, DNS_PORT, DNS_PTR, DNS_SRV, DNS_TXT, Dns, dnsEmit, entryEmit, recordEmit,
} from "./message";
import { nameFlat } from "./name";
import {
  SAYS_ADDRESS, SAYS_ALL, SAYS_NO_SERVICE, SAYS_SERVICE, SAYS_SUBTYPE_SHIFT, SAYS_TEXT, SAYS_TYPE, SERVICE_ALL, SERVICE_LOCAL,
  SERVICE_SITE, SERVICE_SUB, SERVICE_TEXT_MAX, SERVICE_TYPE, service, serviceAddress, serviceLabel, serviceSubtype,
} from "./services";

const HEAD: u32 = IPV6_HEADER_SIZE + UDP_HEADER_SIZE;
/** RFC 6762 section 10: what an address is in, and the rest.  In the mesh an address is as lasting as the device. */
export const SECONDS_ADDRESS: u32 = 120;
export const SECONDS: u32 = 4_500;
/** To who does not speak multicast DNS: section 6.7. */
const SECONDS_LEGACY: u32 = 10;
const POINTER: u32 = 0xc000;
/** Which types there are of a host, AAAA, and of an instance, TXT and SRV: RFC 4034 section 4.1.2. */
const HOST_TYPES: u64 = 0x0800_0000_0400;
const HOST_TYPES_SIZE: u32 = 6;
const INSTANCE_TYPES: u64 = 0x40_0080_0000_0500;
const INSTANCE_TYPES_SIZE: u32 = 7;

@unmanaged @final
class Out {
  packet: Packet;
  message: usize;
  at: usize;
  link: u32;
  isSite: u32;
  isLegacy: u32;
  /** Where names stand in the message; 0 where they do not yet. */
  domain: u32;
  type: u32;
  instance: u32;
  host: u32;
}
const out = changetype<Out>(memory.data(offsetof<Out>(), 4));

/** Begins a message on a link; false, and counted, when there is no packet for it. */
export function answerBegin(link: u32, isSite: bool, id: u32, flags: u32): bool {
  memory.fill(changetype<usize>(out), 0, offsetof<Out>());
  let packet = packetTake(PACKET_MTU);
  if (!packet) {
    dropped(Layer.Transport, Drop.NoBuffer);
    return false;
  }
  packet.link = <u8>link;
  out.packet = packet;
  out.link = link;
  out.isSite = u32(isSite);
  out.message = packet.at + HEAD;
  out.at = out.message + dnsEmit(out.message, id, flags);
  return true;
}

/** Repeats a question of who does not speak multicast DNS. */
export function answerRepeat(message: usize, at: usize, type: u32): void {
  out.isLegacy = 1;
  out.at += nameFlat(message, at, out.at);
  store<u8>(out.at, 0);
  out.at += 1 + entryEmit(out.at + 1, type, DNS_IN);
  answerMessage().questions = 1;
}

/** Asks for all of a name of ours. */
export function answerAsk(type: u32, ofHost: bool): void {
  if (ofHost) host();
  else instance();
  out.at += entryEmit(out.at, type, DNS_IN | DNS_APART);
}

/** Asks who has a function set. */
export function answerSeek(name: usize, size: u32): void {
  underscore(name, size);
  text(SERVICE_SUB);
  serviceType();
  out.at += entryEmit(out.at, DNS_PTR, DNS_IN | DNS_APART);
  answerMessage().questions = 1;
}

/** Says all of `what`, where `asked` was asked for; answers how many records that are. */
export function answerSay(what: u32, asked: u32): u32 {
  for (let left = what; left; left &= left - 1) say(left & -left, asked);
  return popcnt(what);
}

/** Where the counts are. */
export function answerMessage(): Dns { return changetype<Dns>(out.message); }

/** Sends the message to a group, or to one. */
export function answerEnd(to: usize, port: u32, now: i64): void {
  let packet = out.packet;
  let isNear = addressIsMulticast(to) ? addressScope(to) <= SCOPE_LINK : addressIsLinkLocal(to);
  let slot = (out.link << 1) + u32(!isNear);
  if (ownState(slot) != OwnState.Valid) {
    packetFree(packet);
    return dropped(Layer.Transport, Drop.NoRoute);
  }
  let ip = changetype<Ipv6>(packet.at);
  addressCopy(ip.source, ownAddress(slot));
  addressCopy(ip.target, to);
  let size = udpEmit(ip.payload, DNS_PORT, port, <u32>(out.at - out.message), ip.source);
  packet.size = ipv6Emit(packet.at, size, NEXT_UDP, HOPS_MAX) + size;
  routeSend(packet, now);
}

/** How long a record is good for on a link. */
export function answerSeconds(link: u32, isAddress: bool): u32 {
  return isAddress && link == LINK_ETHERNET ? SECONDS_ADDRESS : SECONDS;
}

function say(what: u32, asked: u32): void {
  let type = DNS_PTR;
  switch (what) {
    case SAYS_TYPE: { serviceType(); break; }
    case SAYS_ALL: { text(SERVICE_ALL); domain(); break; }
    case SAYS_SERVICE: { type = DNS_SRV; instance(); break; }
    case SAYS_TEXT: { type = DNS_TXT; instance(); break; }
    case SAYS_NO_SERVICE: { type = DNS_NSEC; instance(); break; }
    default: {
      if (what >>> SAYS_SUBTYPE_SHIFT) subtype(ctz(what) - SAYS_SUBTYPE_SHIFT);
      else { type = what == SAYS_ADDRESS ? DNS_AAAA : DNS_NSEC; host(); }
    }
  }
  let seconds = answerSeconds(out.link, type != DNS_PTR && type != DNS_TXT);
  let isShared = type == DNS_PTR || out.isLegacy || answerMessage().flags == 0;
  out.at += recordEmit(out.at, type, isShared ? DNS_IN : DNS_IN | DNS_APART, out.isLegacy ? SECONDS_LEGACY : seconds);
  let data = out.at;
  switch (type) {
    case DNS_PTR: { if (what == SAYS_ALL) serviceType(); else instance(); break; }
    case DNS_SRV: { serviceData(); break; }
    case DNS_TXT: { strings(asked >>> SAYS_SUBTYPE_SHIFT); break; }
    case DNS_AAAA: { addressCopy(out.at, serviceAddress(out.link)); out.at += ADDRESS_SIZE; break; }
    default: nothingMore(what == SAYS_NO_SERVICE);
  }
  putBe16(data - 2, <u32>(out.at - data));
}

/** Priority and weight 0, port, host; who does not speak multicast DNS reads no pointer here: RFC 6762 section 18.14. */
function serviceData(): void {
  store<u32>(out.at, 0);
  putBe16(out.at + 4, service.port);
  out.at += 6;
  if (!out.isLegacy) return host();
  octets(serviceLabel, <u32>load<u8>(serviceLabel) + 1);
  text(out.isSite ? SERVICE_SITE : SERVICE_LOCAL);
  store<u8>(out.at++, 0);
}

/** The strings of TXT; where one function set was asked for, its path. */
function strings(sets: u32): void {
  text(service.text);
  if (popcnt(sets) != 1) return;
  let at = out.at;
  store<u32>(at, 0x7461_7000); // the size, path=/
  store<u32>(at, 0x2f3d_68, 4);
  out.at = at + 7;
  out.at += serviceSubtype(ctz(sets), out.at);
  store<u8>(at, <u32>(out.at - at) - 1);
}

function nothingMore(isInstance: bool): void {
  if (isInstance) instance();
  else host();
  store<u64>(out.at, isInstance ? INSTANCE_TYPES : HOST_TYPES);
  out.at += isInstance ? INSTANCE_TYPES_SIZE : HOST_TYPES_SIZE;
}

function subtype(index: u32): void {
  let size = serviceSubtype(index, out.at + 2);
  underscore(out.at + 2, size);
  text(SERVICE_SUB);
  serviceType();
}

/** A label of an underscore and `size` octets. */
function underscore(name: usize, size: u32): void {
  memory.copy(out.at + 2, name, size);
  store<u16>(out.at, 0x5f00 | (size + 1));
  out.at += size + 2;
}

function instance(): void {
  if (stands(out.instance)) return;
  out.instance = here();
  octets(serviceLabel, <u32>load<u8>(serviceLabel) + 1);
  serviceType();
}

function host(): void {
  if (stands(out.host)) return;
  out.host = here();
  octets(serviceLabel, <u32>load<u8>(serviceLabel) + 1);
  domain();
}

function serviceType(): void {
  if (stands(out.type)) return;
  out.type = here();
  text(SERVICE_TYPE);
  domain();
}

function domain(): void {
  if (stands(out.domain)) return;
  out.domain = here();
  text(out.isSite ? SERVICE_SITE : SERVICE_LOCAL);
  store<u8>(out.at++, 0);
}

/** Whether a name stands in the message, and is pointed to. */
function stands(place: u32): bool {
  if (!place) return false;
  putBe16(out.at, POINTER | place);
  out.at += 2;
  return true;
}

function here(): u32 { return <u32>(out.at - out.message); }

function octets(at: usize, size: u32): void {
  memory.copy(out.at, at, size);
  out.at += size;
}

/** A constant text: its size is written where the octet in front stands, and that comes back. */
function text(constant: u32): void {
  let before = load<u8>(out.at - 1);
  let size = constantString(constant, out.at - 1, SERVICE_TEXT_MAX);
  store<u8>(out.at - 1, before);
  out.at += size - 1;
}
