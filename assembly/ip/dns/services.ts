// What we are called and what we have: RFC 6763 sections 4, 7 and 9; IEEE 2030.5 section 9.
//
//   the service   _smartenergy._tcp.D                a function set   _edev._sub._smartenergy._tcp.D
//   an instance   device-026b770000000001._smartenergy._tcp.D         its host   device-026b770000000001.D
//   everything    _services._dns-sd._udp.D           D: local on the link, site beyond it
//
// A name is made of the EUI-64, which nobody else in the network has: who joins it registers an address of it.
import { be16, equalOctets } from "../../core/bytes";
import { constantString, constantText } from "../../core/constants";
import { ADDRESS_SIZE } from "../address";
import { ownAddress, ownExtended } from "../own";
import { DNS_AAAA, DNS_ANY, DNS_APART, DNS_IN, DNS_PTR, DNS_SRV, DNS_TXT, DnsEntry, SRV_FIXED } from "./message";
import { NAME_OURS_MAX, nameFlat } from "./name";

export const SERVICE_TYPE = constantText("\x0c_smartenergy\x04_tcp");
export const SERVICE_SUB = constantText("\x04_sub");
export const SERVICE_ALL = constantText("\x09_services\x07_dns-sd\x04_udp");
export const SERVICE_LOCAL = constantText("\x05local");
export const SERVICE_SITE = constantText("\x04site");
const LABEL_HEAD = constantText("device-");
const DIGITS: u32 = 16;
const LABEL_MAX: u32 = 26;
export const SERVICE_TEXT_MAX: u32 = 80;

/** What a name is for. */
export enum ServiceName { None = 0, Type, Subtype, All, Instance, Host }

// What can be said, a bit each; from SAYS_SUBTYPE on one for each function set
export const SAYS_TYPE: u32 = 1;
export const SAYS_ALL: u32 = 2;
export const SAYS_SERVICE: u32 = 4;
export const SAYS_TEXT: u32 = 8;
export const SAYS_ADDRESS: u32 = 16;
/** That there is no more of the instance, and of the host. */
export const SAYS_NO_SERVICE: u32 = 32;
export const SAYS_NO_ADDRESS: u32 = 64;
export const SAYS_SUBTYPE_SHIFT: u32 = 8;

@unmanaged @final
export class Service {
  port: u32;
  /** Constant texts: the function sets, with a blank between two; the strings of TXT. */
  subtypes: u32;
  text: u32;
  /** Of the name that was found: 1 for site, and which function set. */
  isSite: u32;
  subtype: u32;
  /** Other devices that had our name. */
  others: u32;
}
export const service = changetype<Service>(memory.data(offsetof<Service>(), 4));
/** The label of instance and host. */
export const serviceLabel = memory.data(LABEL_MAX);
const flat = memory.data(NAME_OURS_MAX);
const text = memory.data(SERVICE_TEXT_MAX);

/** What is said from now on; nothing until then. */
export function serviceBegin(port: u32, subtypes: u32, strings: u32): void {
  service.port = port;
  service.subtypes = subtypes;
  service.text = strings;
  serviceRename(0);
}

/** The name, for the time that so many others had it. */
export function serviceRename(others: u32): void {
  service.others = others;
  let at = serviceLabel + constantString(LABEL_HEAD, serviceLabel, LABEL_MAX);
  let extended = ownExtended();
  for (let shift: u32 = 4 * DIGITS; shift > 0; at++) {
    shift -= 4;
    let digit = <u32>(extended >>> shift) & 15;
    store<u8>(at, digit + (digit < 10 ? 0x30 : 0x57));
  }
  if (others) {
    store<u16>(at, 0x302d + ((others % 10) << 8));
    at += 2;
  }
  store<u8>(serviceLabel, <u32>(at - serviceLabel) - 1);
}

/** What the name at `at` of a message that was accepted is for: `service` says the rest. */
export function serviceFind(message: usize, at: usize): u32 {
  let size = nameFlat(message, at, flat);
  let rest = without(size, SERVICE_SITE);
  service.isSite = u32(rest != size);
  if (rest == size) rest = without(size, SERVICE_LOCAL);
  if (rest == size) return ServiceName.None;
  let own = <u32>load<u8>(serviceLabel) + 1;
  let head = without(rest, SERVICE_TYPE);
  if (rest >= own && equalOctets(flat, serviceLabel, own)) {
    if (rest == own) return ServiceName.Host;
    return head == own ? <u32>ServiceName.Instance : <u32>ServiceName.None;
  }
  if (head == rest) return rest && !without(rest, SERVICE_ALL) ? <u32>ServiceName.All : <u32>ServiceName.None;
  if (head == 0) return ServiceName.Type;
  let label = without(head, SERVICE_SUB);
  return label != head && isSubtype(label) ? <u32>ServiceName.Subtype : <u32>ServiceName.None;
}

/** What would be said to a question for a type, of a name that was found. */
export function serviceSays(name: u32, type: u32): u32 {
  let any = type == DNS_ANY;
  switch (name) {
    case ServiceName.Type: return any || type == DNS_PTR ? SAYS_TYPE : 0;
    case ServiceName.Subtype: return any || type == DNS_PTR ? 1 << (SAYS_SUBTYPE_SHIFT + service.subtype) : 0;
    case ServiceName.All: return any || type == DNS_PTR ? SAYS_ALL : 0;
    case ServiceName.Instance: {
      if (any) return SAYS_SERVICE | SAYS_TEXT;
      return type == DNS_SRV ? SAYS_SERVICE : type == DNS_TXT ? SAYS_TEXT : SAYS_NO_SERVICE;
    }
    case ServiceName.Host: return any || type == DNS_AAAA ? SAYS_ADDRESS : SAYS_NO_ADDRESS;
    default: return 0;
  }
}

/** Which of what we say, on a link, a record of somebody else says as well. */
export function serviceSame(message: usize, at: usize, entry: DnsEntry, link: u32): u32 {
  let name = serviceFind(message, at);
  let says = serviceSays(name, entry.type);
  if ((entry.kind & ~DNS_APART) != DNS_IN) return 0;
  switch (entry.type) {
    case DNS_PTR: {
      let data = serviceFind(message, entry.data);
      return data == (name == ServiceName.All ? <u32>ServiceName.Type : <u32>ServiceName.Instance) ? says : 0;
    }
    case DNS_SRV: {
      let isPort = be16(entry.data + 4) == service.port;
      return isPort && serviceFind(message, entry.data + SRV_FIXED) == ServiceName.Host ? says : 0;
    }
    case DNS_TXT: {
      let size = constantString(service.text, text, SERVICE_TEXT_MAX) - 1;
      return entry.size == size && equalOctets(entry.data, text + 1, size) ? says : 0;
    }
    case DNS_AAAA: return equalOctets(entry.data, serviceAddress(link), ADDRESS_SIZE) ? says : 0;
    default: return 0;
  }
}

/** Our address that is told on a link. */
export function serviceAddress(link: u32): usize { return ownAddress((link << 1) + 1); }

/** Writes the name of a function set; answers its size, 0 when there is none of that number. */
export function serviceSubtype(index: u32, to: usize): u32 {
  let end = constantString(service.subtypes, text, SERVICE_TEXT_MAX);
  for (let at: u32 = 1; at < end; at++) {
    let begin = at;
    while (at < end && load<u8>(text + at) != 0x20) at++;
    if (index-- > 0) continue;
    memory.copy(to, text + begin, at - begin);
    return at - begin;
  }
  return 0;
}

/** Whether all of the flat name up to `size` is a function set of ours. */
function isSubtype(size: u32): bool {
  let known: u32 = 1;
  for (service.subtype = 0; known; service.subtype++) {
    known = serviceSubtype(service.subtype, text);
    if (known && size == known + 2 && load<u16>(flat) == (0x5f00 | (size - 1)) && equalOctets(flat + 2, text, known)) return true;
  }
  return false;
}

/** The size of the flat name without its end `tail`, a constant text; its own where it ends otherwise. */
function without(size: u32, tail: u32): u32 {
  let octets = constantString(tail, text, SERVICE_TEXT_MAX) - 1;
  return octets <= size && equalOctets(flat + size - octets, text + 1, octets) ? size - octets : size;
}
