// Who has a function set?  RFC 6762 section 5, RFC 6763 sections 4 to 7.
//
//   Off --joined--> Asking (after 1 s, 2 s, 4 s ... an hour) --answer: service, host, address--> Known
//                      ^------ at its end nobody: the border router as before ------/  \ asks again from four fifths of its time on
//
// The answer comes to us alone, for a host that sleeps hears no group; it counts if it is of a node of the network.
import { equalOctets } from "../../core/bytes";
import { constantString } from "../../core/constants";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, GROUP_NAMES, SCOPE_SITE, addressCopy, addressEqual, addressMulticast } from "../address";
import { networkBorder, networkHas } from "../nd/network";
import { LINK_RADIO } from "../packet";
import { randomBelow } from "../random";
import { answerBegin, answerEnd, answerSeek } from "./answer";
import { DNS_AAAA, DNS_PORT, DNS_PTR, DNS_SRV, DNS_TXT, Dns, DnsEntry, QUESTION_FIXED, SRV_FIXED, entryOf } from "./message";
import { NAME_OURS_MAX, nameFlat } from "./name";
import { SERVICE_SITE, SERVICE_SUB, SERVICE_TYPE } from "./services";

const FIRST_MS: i64 = 1_000;
const JITTER_MS: u32 = 1_000;
const LAST_MS: i64 = 3_600_000;
/** Bounds of the time that an answer is good for. */
const SHORTEST_MS: i64 = 60_000;
const LONGEST_MS: i64 = 86_400_000;

@unmanaged @final
class Finder {
  due: i64;
  /** How long until it is asked again after the next time. */
  wait: i64;
  /** Until when the server is known; 0: nobody is. */
  until: i64;
  /** The function set: a constant text. */
  name: u32;
}
const finder = changetype<Finder>(memory.data(offsetof<Finder>(), 8));
const server = memory.data(ADDRESS_SIZE, 8);
const wanted = memory.data(NAME_OURS_MAX);
const flat = memory.data(NAME_OURS_MAX);
const group = memory.data(ADDRESS_SIZE, 8);

// Strings of TXT, as loaded: txtvers=1, https=443, dcap=
const VERSION: u64 = 0x3d73_7265_7674_7874;
const SECURE: u64 = 0x3434_3d73_7074_7468;
const CAPABILITY: u32 = 0x7061_6364;
const EQUALS: u32 = 0x3d;
const ONE: u32 = 0x31;
const THREE: u32 = 0x33;
const STRING: u32 = 9;

export function finderReset(): void {
  finder.due = NEVER;
  finder.until = 0;
}

/** Looks for a function set, a constant text of its name, from now on. */
export function finderStart(name: u32, now: i64): void {
  finder.name = name;
  again(now);
}

/** The server's address: the one that was found, else that of the border router. */
export function finderServer(now: i64): usize { return finder.until > now ? server : networkBorder(); }

/** The server does not answer. */
export function finderDoubt(now: i64): void {
  if (!finder.until) return;
  finder.until = 0;
  again(now);
}

export function finderDeadline(): i64 { return finder.due; }

/** Asks when it is due; true when a question has gone out, whose answer is awaited. */
export function finderTick(now: i64): bool {
  if (finder.due > now) return false;
  finder.due = now + finder.wait + randomBelow(JITTER_MS);
  finder.wait = min<i64>(finder.wait << 1, LAST_MS);
  if (!answerBegin(LINK_RADIO, true, 0, 0)) return false;
  answerSeek(wanted + 1, constantString(finder.name, wanted, NAME_OURS_MAX) - 1);
  addressMulticast(group, SCOPE_SITE, GROUP_NAMES);
  answerEnd(group, DNS_PORT, now);
  return true;
}

/** Takes an answer that was accepted. */
export function finderInput(at: usize, now: i64): void {
  if (finder.due == NEVER) return;
  let size = constantString(finder.name, wanted + 1, NAME_OURS_MAX);
  store<u8>(wanted, size);
  store<u8>(wanted, 0x5f, 1);
  size = append(append(append(size + 1, SERVICE_SUB), SERVICE_TYPE), SERVICE_SITE);
  let pointer = recordOf(at, size, DNS_PTR);
  if (!pointer) return;
  size = nameFlat(at, changetype<DnsEntry>(pointer).data, wanted);
  let service = recordOf(at, size, DNS_SRV);
  let text = recordOf(at, size, DNS_TXT);
  if (!service || !text || !isOurs(changetype<DnsEntry>(text))) return;
  size = nameFlat(at, changetype<DnsEntry>(service).data + SRV_FIXED, wanted);
  let address = recordOf(at, size, DNS_AAAA);
  if (!address) return;
  let seconds = min(changetype<DnsEntry>(service).seconds, changetype<DnsEntry>(address).seconds);
  seconds = min(seconds, changetype<DnsEntry>(pointer).seconds);
  found(changetype<DnsEntry>(address).data, seconds, now);
}

/** A server that is known stays, but for the border router, which everyone finds. */
function found(address: usize, seconds: u32, now: i64): void {
  if (!networkHas(address)) return;
  let isKnown = finder.until > now;
  if (isKnown && !addressEqual(address, server) && (seconds == 0 || !addressEqual(address, networkBorder()))) return;
  if (seconds == 0) {
    if (isKnown) finderDoubt(now);
    return;
  }
  addressCopy(server, address);
  let life = min(max(<i64>seconds * 1_000, SHORTEST_MS), LONGEST_MS);
  finder.until = now + life;
  finder.wait = life / 20;
  finder.due = now + life / 5 * 4 + randomBelow(JITTER_MS);
}

function again(now: i64): void {
  finder.wait = FIRST_MS;
  finder.due = now + randomBelow(JITTER_MS);
}

/** The record of a message whose name is the first `size` octets of `wanted`, or 0. */
function recordOf(at: usize, size: u32, type: u32): usize {
  let message = changetype<Dns>(at);
  let place = message.first;
  for (let count = message.questions; count > 0; count--) place = changetype<usize>(entryOf(place)) + QUESTION_FIXED;
  for (let count = message.records; count > 0; count--) {
    let entry = entryOf(place);
    if (size && entry.type == type && nameFlat(at, place, flat) == size && equalOctets(flat, wanted, size)) return changetype<usize>(entry);
    place = entry.data + entry.size;
  }
  return 0;
}

/** Strings that we understand, of a server with TLS at its port: without `dcap` it is none, RFC 6763 section 6.7, IEEE 2030.5 section 9. */
function isOurs(text: DnsEntry): bool {
  let end = text.data + text.size;
  let seen: u32 = 0;
  for (let at = text.data; at < end;) {
    let octets: u32 = load<u8>(at);
    let isFirst = at == text.data;
    if (octets >= <u32>(end - at)) return false;
    at++;
    if (isFirst && (octets != STRING || load<u64>(at) != VERSION || load<u8>(at, 8) != ONE)) return false;
    if (octets == STRING && load<u64>(at) == SECURE && load<u8>(at, 8) == THREE) seen |= 1;
    if (octets > 5 && load<u32>(at) == CAPABILITY && load<u8>(at, 4) == EQUALS) seen |= 2;
    at += octets;
  }
  return seen == 3;
}

/** Writes a constant text behind the `size` octets of what is wanted; answers the size of both. */
function append(size: u32, text: u32): u32 {
  let last = load<u8>(wanted + size - 1);
  let octets = constantString(text, wanted + size - 1, NAME_OURS_MAX - size);
  store<u8>(wanted + size - 1, last);
  return size + octets - 1;
}
