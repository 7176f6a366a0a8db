// From IPv6 to compressed headers: RFC 6282, each part in the shortest form that decompress.ts gives back.
import { be16, be32, be64 } from "../../core/bytes";
import { addressIsMulticast, addressIsUnspecified } from "../address";
import {
  IPV6_HEADER_SIZE, Ipv6, NEXT_DESTINATION, NEXT_HOPS, NEXT_IPV6, NEXT_MOBILITY, NEXT_ROUTING, NEXT_UDP,
} from "../ipv6/header";
import { CONTEXTS_MAX } from "../limits";
import { Context, contextAt } from "./contexts";
import { pad } from "./decompress";
import {
  CONTEXTS, IPHC, IPHC_NEXT, MODE_IDENTIFIER, MODE_NOTHING, MODE_SHORT, MODE_WHOLE, MULTICAST, NHC_EXTENSION, NHC_IPV6, NHC_NEXT,
  NHC_UDP, PORTS_4, PORTS_8, SOURCE_CONTEXT, SOURCE_SHIFT, TARGET_CONTEXT, TRAFFIC_ALL, TRAFFIC_CLASS, TRAFFIC_FLOW, TRAFFIC_NONE,
  TRAFFIC_SHIFT, addressExpand, modeSize,
} from "./form";

/** An IPHC at its longest: two octets, contexts, traffic, next, hops and two addresses. */
const IPHC_MAX: u32 = 41;
const UDP_HEADER_SIZE: u32 = 8;
const UDP_MAX: u32 = 7;

@unmanaged @final
class Work {
  /** The next octet of the packet, and behind its last. */
  at: usize;
  end: usize;
  /** The next octet out, and behind the room. */
  to: usize;
  limit: usize;
  /** The IPv6 header around the next one. */
  outer: usize;
  /** Identifiers of the contexts of source and target. */
  context: u32;
}

const work = changetype<Work>(memory.data(offsetof<Work>(), 4));
const trial = memory.data(16, 8);
const padding = memory.data(8, 8);

/** How many octets of the packet the compressed headers stand for. */
export function lowpanTaken(packet: usize): u32 { return <u32>(work.at - packet); }

/**
 * Compresses the headers of the `size` octets at `packet`, as many as the room of `room` octets, 41 or more, has place for; answers the
 * octets written.  The packet's length fields are right: what they say is not sent.
 */
export function lowpanCompress(packet: usize, size: u32, to: usize, room: u32, source: u64, target: u64): u32 {
  work.at = packet;
  work.end = packet + size;
  work.to = to;
  work.limit = to + room;
  let next = header(source, target);
  while (next >= 0) next = following(<u32>next);
  return <u32>(work.to - to);
}

function put(octet: u32): void { store<u8>(work.to++, octet); }

function copy(from: usize, size: u32): void {
  memory.copy(work.to, from, size);
  work.to += size;
}

/** The number of the next header where that is compressed too, else -1. */
function header(source: u64, target: u64): i32 {
  let ipv6 = changetype<Ipv6>(work.at);
  let head = work.to;
  let hops = ipv6.hops;
  let form: u32 = hops == 1 ? 1 : hops == 64 ? 2 : hops == 255 ? 3 : 0;
  let next = ipv6.next;
  // Behind the longest header there is room for the next one.
  let isNext = canFollow(next, work.at + IPV6_HEADER_SIZE, <u32>(work.limit - head) - IPHC_MAX);
  work.context = 0;
  work.to += 3;
  let word = be32(work.at);
  let flow = traffic((word >>> 20) & 0xff, word & 0xf_ffff);
  if (!isNext) put(next);
  if (form == 0) put(hops);
  let second = addressIsUnspecified(ipv6.source) ? SOURCE_CONTEXT : unicast(ipv6.source, source) << SOURCE_SHIFT;
  work.context <<= 4;
  second |= addressIsMulticast(ipv6.target) ? multicast(ipv6.target) : unicast(ipv6.target, target);
  store<u8>(head, IPHC | (flow << TRAFFIC_SHIFT) | (isNext ? IPHC_NEXT : 0) | form);
  if (work.context) {
    store<u8>(head, second | CONTEXTS, 1);
    store<u8>(head, work.context, 2);
  } else {
    store<u8>(head, second, 1);
    memory.copy(head + 2, head + 3, work.to - head - 3);
    work.to--;
  }
  work.outer = work.at;
  work.at += IPV6_HEADER_SIZE;
  return isNext ? <i32>next : -1;
}

function traffic(octet: u32, flow: u32): u32 {
  let congestion = octet << 6;
  let inline = (congestion | (octet >>> 2)) & 0xff;
  if (octet == 0 && flow == 0) return TRAFFIC_NONE;
  if (flow == 0) {
    put(inline);
    return TRAFFIC_CLASS;
  }
  let isAll = octet > 3;
  if (isAll) put(inline);
  put(isAll ? flow >>> 16 : (congestion & 0xc0) | (flow >>> 16));
  put(flow >>> 8);
  put(flow);
  return isAll ? TRAFFIC_ALL : TRAFFIC_FLOW;
}

/** The mode and the context flag of an address, as of a target; its in-line octets are written, its context stands in the low half. */
function unicast(address: usize, around: u64): u32 {
  let mode = modeOf(address, changetype<Context>(0), around);
  if (mode) return inline(address, mode);
  for (let index: u32 = 0; index < CONTEXTS_MAX; index++) {
    let context = contextAt(index);
    if (!context.bits || !context.isUsed) continue;
    mode = modeOf(address, context, around);
    if (!mode) continue;
    work.context |= context.id;
    return inline(address, mode) | TARGET_CONTEXT;
  }
  return inline(address, MODE_WHOLE);
}

/** The shortest mode that gives the address back, 0 when none does. */
function modeOf(address: usize, context: Context, around: u64): u32 {
  for (let mode = MODE_NOTHING; mode >= MODE_IDENTIFIER; mode--) {
    addressExpand(trial, mode, context, address + 16 - modeSize(mode), around);
    if (load<u64>(trial) == load<u64>(address) && load<u64>(trial, 8) == load<u64>(address, 8)) return mode;
  }
  return MODE_WHOLE;
}

function inline(address: usize, mode: u32): u32 {
  let size = modeSize(mode);
  copy(address + 16 - size, size);
  return mode;
}

function multicast(address: usize): u32 {
  let high = be64(address) & 0xff00_ffff_ffff_ffff;
  let low = be64(address + 8);
  let isKnown = high == 0xff00_0000_0000_0000;
  if (isKnown && load<u8>(address, 1) == 2 && low <= 0xff) {
    put(<u32>low);
    return MULTICAST | MODE_NOTHING;
  }
  let size: u32 = !isKnown || low > 0xff_ffff_ffff ? 16 : low > 0xff_ffff ? 5 : 3;
  if (size == 16) {
    copy(address, 16);
    return MULTICAST | MODE_WHOLE;
  }
  put(load<u8>(address, 1));
  copy(address + 16 - size, size);
  return MULTICAST | (size == 5 ? MODE_IDENTIFIER : MODE_SHORT);
}

/** Whether the header at `at` can be compressed, in `room` octets. */
function canFollow(next: u32, at: usize, room: u32): bool {
  let have = <u32>(work.end - at);
  if (<i32>room < 0) return false;
  switch (next) {
    case NEXT_UDP: return have >= UDP_HEADER_SIZE && be16(at + 4) == have && load<u16>(at, 6) != 0 && room >= UDP_MAX;
    case NEXT_IPV6:
      return have >= IPV6_HEADER_SIZE && load<u8>(at) >>> 4 == 6 && be16(at + 4) == have - IPV6_HEADER_SIZE && room > IPHC_MAX;
    case NEXT_HOPS:
    case NEXT_DESTINATION:
    case NEXT_ROUTING:
    case NEXT_MOBILITY: {
      if (have < 8) return false;
      let size = extensionSize(at);
      return size <= have && size < 256 && size + 1 <= room;
    }
    default: return false;
  }
}

function extensionSize(at: usize): u32 { return (<u32>load<u8>(at, 1) + 1) << 3; }

/** Compresses the header of a kind that `canFollow`; answers as `header` does. */
function following(next: u32): i32 {
  let at = work.at;
  switch (next) {
    case NEXT_UDP: udp(at); return -1;
    case NEXT_IPV6: {
      put(NHC_IPV6);
      return header(load<u64>(work.outer, 16), load<u64>(work.outer, 32));
    }
    default: return extension(next, at);
  }
}

function extension(next: u32, at: usize): i32 {
  let size = extensionSize(at);
  let after: u32 = load<u8>(at);
  let isNext = canFollow(after, at + size, <u32>(work.limit - work.to) - size - 1);
  let kind: u32 = next == NEXT_HOPS ? 0 : next == NEXT_ROUTING ? 1 : next == NEXT_DESTINATION ? 3 : 4;
  put(NHC_EXTENSION | (kind << 1) | (isNext ? NHC_NEXT : 0));
  if (!isNext) put(after);
  let octets = size - 2 - (kind == 0 || kind == 3 ? paddingOf(at, size) : 0);
  put(octets);
  copy(at + 2, octets);
  work.at += size;
  return isNext ? <i32>after : -1;
}

/** Octets of padding at the end that decompression would put there again. */
function paddingOf(at: usize, size: u32): u32 {
  let last: u32 = 0;
  for (let offset: u32 = 2; offset < size;) {
    last = offset;
    offset += load<u8>(at + offset) == 0 ? 1 : 2 + <u32>load<u8>(at + offset, 1);
    if (offset > size) return 0; // it is not for us to judge
  }
  let octets = size - last;
  if (octets > 7 || load<u8>(at + last) != u32(octets > 1)) return 0;
  pad(padding, octets);
  for (let index: u32 = 0; index < octets; index++) if (load<u8>(padding + index) != load<u8>(at + last + index)) return 0;
  return octets;
}

function udp(at: usize): void {
  let source = be16(at);
  let target = be16(at + 2);
  let isShortSource = (source & 0xff00) == PORTS_8;
  let isShortTarget = (target & 0xff00) == PORTS_8;
  if ((source & 0xfff0) == PORTS_4 && (target & 0xfff0) == PORTS_4) {
    put(NHC_UDP | 3);
    put(((source & 15) << 4) | (target & 15));
  } else if (isShortTarget) {
    put(NHC_UDP | 1);
    copy(at, 2);
    put(target);
  } else if (isShortSource) {
    put(NHC_UDP | 2);
    put(source);
    copy(at + 2, 2);
  } else {
    put(NHC_UDP);
    copy(at, 4);
  }
  copy(at + 6, 2);
  work.at += UDP_HEADER_SIZE;
}
