// From compressed headers to IPv6 as it was sent: RFC 6282.
//
//   IPHC -> (NH) -> NHC: extension -> (NH) -> NHC: another IPHC -> ... -> NHC: UDP -> payload
//
// Each size that is left out is what there is up to the end of the packet; so they are written when the end is known.
import { putBe16 } from "../../core/bytes";
import { Err } from "../../core/err";
import { Context, contextOf } from "./contexts";
import {
  CONTEXTS, DISPATCH_IPV6, HOPS_MASK, IPHC, IPHC_MASK, IPHC_NEXT, MODE_NOTHING, MODE_WHOLE, MULTICAST, NHC_EXTENSION, NHC_EXTENSION_MASK,
  NHC_IPV6, NHC_NEXT, NHC_UDP, NHC_UDP_MASK, NHC_UDP_NO_CHECKSUM, NHC_UDP_PORTS, PORTS_4, PORTS_8, SOURCE_CONTEXT, SOURCE_SHIFT,
  TARGET_CONTEXT, TRAFFIC_ALL, TRAFFIC_CLASS, TRAFFIC_FLOW, TRAFFIC_SHIFT, addressExpand, modeSize,
} from "./form";
import {
  IPV6_HEADER_SIZE, NEXT_DESTINATION, NEXT_HOPS, NEXT_IPV6, NEXT_MOBILITY, NEXT_ROUTING, NEXT_UDP,
} from "../ipv6/header";

/** IPv6 headers inside of each other. */
const TUNNELS_MAX: u32 = 3;
const UDP_HEADER_SIZE: u32 = 8;

@unmanaged @final
class Work {
  /** The next octet in, and behind the last. */
  at: usize;
  end: usize;
  /** The next octet out, and behind the room for it. */
  to: usize;
  limit: usize;
  /** Where the number of the next header belongs. */
  next: usize;
  udp: usize;
  headers: u32;
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 4));
const places = memory.data(TUNNELS_MAX * 4, 4);
/** The hop limits that have no octet. */
const HOPS: u32 = 0xff_40_01_00;

/**
 * Writes at `to`, where there is room for `room` octets, the packet, or its beginning, that the octets at `at`, one or more, stand for.
 * `whole` is its size where these are a first fragment, else 0.  `source` and `target` are the interface identifiers of the MAC addresses,
 * as they lie.  Answers how many octets it wrote.
 */
export function lowpanDecompress(at: usize, have: u32, to: usize, room: u32, whole: u32, source: u64, target: u64): i32 {
  work.at = at;
  work.end = at + have;
  work.to = to;
  work.limit = to + room;
  work.udp = 0;
  work.headers = 0;
  if (load<u8>(at) == DISPATCH_IPV6) {
    work.at++;
    return payload(to);
  }
  let more = header(source, target);
  while (more > 0) more = following();
  if (more < 0) return more;
  let size = payload(to); // where that is an error the lengths below are nobody's
  let end = to + (whole ? whole : <u32>size);
  if (whole && size > <i32>whole) return Err.BadLength;
  for (let index: u32 = 0; index < work.headers; index++) {
    let place = load<u32>(places + index * 4);
    putBe16(place + 4, <u32>(end - place) - IPV6_HEADER_SIZE);
  }
  if (work.udp) putBe16(work.udp + 4, <u32>(end - work.udp));
  return size;
}

/** What is not compressed; answers the size of all. */
function payload(to: usize): i32 {
  let rest = <u32>(work.end - work.at);
  if (!hasRoom(rest)) return Err.NoBuffer;
  memory.copy(work.to, work.at, rest);
  return <i32>(<u32>(work.to - to) + rest);
}

function has(octets: u32): bool { return <u32>(work.end - work.at) >= octets; }
function hasRoom(octets: u32): bool { return <u32>(work.limit - work.to) >= octets; }

/** An IPHC; answers 1 when its next header is compressed too, 0 when not. */
function header(source: u64, target: u64): i32 {
  if (!has(2)) return Err.Truncated;
  let first: u32 = load<u8>(work.at);
  let second: u32 = load<u8>(work.at, 1);
  if ((first & IPHC_MASK) != IPHC) return Err.Reserved;
  if (work.headers == TUNNELS_MAX) return Err.Reserved;
  if (!hasRoom(IPV6_HEADER_SIZE)) return Err.NoBuffer;
  let to = work.to;
  store<u32>(places + work.headers++ * 4, to);
  work.at += 2;
  let contexts: u32 = 0;
  if (second & CONTEXTS) {
    if (!has(1)) return Err.Truncated;
    contexts = load<u8>(work.at++);
  }
  let status = traffic(to, (first >>> TRAFFIC_SHIFT) & 3);
  if (status < 0) return status;
  work.next = to + 6;
  let isNext = (first & IPHC_NEXT) != 0;
  if (!isNext) {
    if (!has(1)) return Err.Truncated;
    store<u8>(to, load<u8>(work.at++), 6);
  }
  let hops = first & HOPS_MASK;
  if (hops) store<u8>(to, HOPS >>> (hops << 3), 7);
  else {
    if (!has(1)) return Err.Truncated;
    store<u8>(to, load<u8>(work.at++), 7);
  }
  status = unicast(to + 8, (second >>> SOURCE_SHIFT) & 3, (second & SOURCE_CONTEXT) != 0, contexts >>> 4, source, true);
  if (status < 0) return status;
  let isContext = (second & TARGET_CONTEXT) != 0;
  status = second & MULTICAST ? multicast(to + 24, second & 3, isContext, contexts & 15)
    : unicast(to + 24, second & 3, isContext, contexts & 15, target, false);
  if (status < 0) return status;
  work.to = to + IPV6_HEADER_SIZE;
  return i32(isNext);
}

/** Version, traffic class and flow label: in-line the two bits of congestion come first, section 3.2.1. */
function traffic(to: usize, form: u32): i32 {
  let size: u32 = form == TRAFFIC_ALL ? 4 : form == TRAFFIC_FLOW ? 3 : form == TRAFFIC_CLASS ? 1 : 0;
  if (!has(size)) return Err.Truncated;
  let at = work.at;
  work.at += size;
  let word: u32 = 0x60 << 24;
  if (size == 3) word |= (<u32>load<u8>(at) & 0xc0) << 14;
  else if (size) {
    let octet: u32 = load<u8>(at++);
    word |= ((octet >>> 6) | ((octet & 0x3f) << 2)) << 20;
  }
  if (size >= 3) word |= ((<u32>load<u8>(at) & 0x0f) << 16) | (<u32>load<u8>(at, 1) << 8) | load<u8>(at, 2);
  store<u32>(to, bswap<u32>(word));
  return Err.Ok;
}

function unicast(to: usize, mode: u32, isContext: bool, id: u32, around: u64, isSource: bool): i32 {
  if (mode == MODE_WHOLE && isContext) {
    if (!isSource) return Err.Reserved;
    memory.fill(to, 0, 16); // unspecified
    return Err.Ok;
  }
  let context = changetype<Context>(0);
  if (isContext) {
    context = contextOf(id);
    if (!context) return Err.NotFound;
  }
  let size = modeSize(mode);
  if (!has(size)) return Err.Truncated;
  if (mode == MODE_WHOLE) memory.copy(to, work.at, 16);
  else addressExpand(to, mode, context, work.at, around);
  work.at += size;
  return Err.Ok;
}

/** Sections 3.2.3 and 3.2.4: | ff | flags, scope | zeros | last octets |, or with a prefix, RFC 3306. */
function multicast(to: usize, mode: u32, isContext: bool, id: u32): i32 {
  if (isContext) return multicastPrefix(to, mode, id);
  let size: u32 = mode == MODE_WHOLE ? 16 : mode == MODE_NOTHING ? 1 : 8 - 2 * mode;
  if (!has(size)) return Err.Truncated;
  let at = work.at;
  work.at += size;
  if (size == 16) {
    memory.copy(to, at, 16);
    return Err.Ok;
  }
  memory.fill(to, 0, 16);
  store<u16>(to, size == 1 ? 0x02ff : 0xff | (<u32>load<u8>(at++) << 8));
  if (size > 1) size--;
  memory.copy(to + 16 - size, at, size);
  return Err.Ok;
}

function multicastPrefix(to: usize, mode: u32, id: u32): i32 {
  if (mode != MODE_WHOLE) return Err.Reserved;
  let context = contextOf(id);
  if (!context) return Err.NotFound;
  if (!has(6)) return Err.Truncated;
  store<u8>(to, 0xff);
  store<u16>(to, load<u16>(work.at), 1);
  store<u8>(to, min<u32>(context.bits, 64), 3);
  store<u64>(to, context.prefix, 4);
  store<u32>(to, load<u32>(work.at, 2), 12);
  work.at += 6;
  return Err.Ok;
}

/** A compressed next header; answers 1 when the one after it is compressed too, 0 when not. */
function following(): i32 {
  if (!has(1)) return Err.Truncated;
  let octet: u32 = load<u8>(work.at++);
  if (octet == NHC_IPV6) {
    let outer = load<u32>(places + (work.headers - 1) * 4);
    store<u8>(work.next, NEXT_IPV6);
    return header(load<u64>(outer, 16), load<u64>(outer, 32));
  }
  if ((octet & NHC_EXTENSION_MASK) == NHC_EXTENSION) return extension(octet);
  if ((octet & NHC_UDP_MASK) == NHC_UDP) return udp(octet);
  return Err.Reserved;
}

/** Options get back the padding to eight octets that is left out: section 4.2. */
function extension(octet: u32): i32 {
  let kind = (octet >>> 1) & 7;
  let next: u32 = kind == 0 ? NEXT_HOPS : kind == 1 ? NEXT_ROUTING : kind == 3 ? NEXT_DESTINATION : kind == 4 ? NEXT_MOBILITY : 0;
  if (next == 0 && kind != 0) return Err.Reserved; // a fragment header among them: nothing is fragmented inside of this network
  let isNext = octet & NHC_NEXT;
  if (!has(2 - isNext)) return Err.Truncated;
  let to = work.to;
  let after: u32 = isNext ? 0 : <u32>load<u8>(work.at++);
  let size: u32 = load<u8>(work.at++);
  let padded = (size + 9) & ~7;
  let padding = padded - size - 2;
  if (!has(size)) return Err.Truncated;
  if (!hasRoom(padded)) return Err.NoBuffer;
  if (padding && kind != 0 && kind != 3) return Err.BadLength;
  store<u8>(work.next, next);
  store<u8>(to, after);
  store<u8>(to, (padded >>> 3) - 1, 1);
  memory.copy(to + 2, work.at, size);
  pad(to + 2 + size, padding);
  work.at += size;
  work.next = to;
  work.to = to + padded;
  return isNext;
}

/** Padding in the one form that is ever left out: RFC 8200 section 4.2. */
export function pad(at: usize, size: u32): void {
  memory.fill(at, 0, size);
  if (size < 2) return;
  store<u8>(at, 1);
  store<u8>(at, size - 2, 1);
}

function udp(octet: u32): i32 {
  if (octet & NHC_UDP_NO_CHECKSUM) return Err.Reserved; // nobody may leave it out: section 4.3.2 asks for another check in its place
  let form = octet & NHC_UDP_PORTS;
  let size: u32 = form == 0 ? 4 : form == 3 ? 1 : 3;
  if (!has(size + 2)) return Err.Truncated;
  if (!hasRoom(UDP_HEADER_SIZE)) return Err.NoBuffer;
  let at = work.at;
  let to = work.to;
  store<u8>(work.next, NEXT_UDP);
  if (form == 0) store<u32>(to, load<u32>(at));
  else if (form == 3) {
    let ports: u32 = load<u8>(at);
    putBe16(to, PORTS_4 | (ports >>> 4));
    putBe16(to + 2, PORTS_4 | (ports & 15));
  } else {
    let whole = form == 1 ? 0 : 1; // where in-line the port of 16 bits lies
    putBe16(to + (form == 1 ? 2 : 0), PORTS_8 | <u32>load<u8>(at + (form == 1 ? 2 : 0)));
    store<u16>(to + (form == 1 ? 0 : 2), load<u16>(at + whole));
  }
  store<u16>(to, load<u16>(at + size), 6);
  work.udp = to;
  work.at = at + size + 2;
  work.to = to + UDP_HEADER_SIZE;
  return 0;
}
