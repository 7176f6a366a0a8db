// TCP header: RFC 9293 section 3.1.
//
//   0        2        4          8       12        13      14       16    18       20
//   | source | target | sequence | ack   | size /4 | flags | window | sum | urgent | options ...          big-endian
//
// Of the options only the maximum segment size is looked at; urgent data is ordinary data.
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";
import { Err } from "../../core/err";
import { checksumOf } from "../checksum";
import { NEXT_TCP } from "../ipv6/header";

export const TCP_HEADER_SIZE: u32 = 20;
/** The one option of ours, with a SYN. */
export const TCP_MSS_SIZE: u32 = 4;
/** What a peer takes that names no size: section 3.7.1. */
export const TCP_MSS_DEFAULT: u32 = 1220;

export const TCP_FIN: u32 = 0x01;
export const TCP_SYN: u32 = 0x02;
export const TCP_RST: u32 = 0x04;
export const TCP_PSH: u32 = 0x08;
export const TCP_ACK: u32 = 0x10;

const TARGET: usize = 2;
const SEQUENCE: usize = 4;
const ACKNOWLEDGED: usize = 8;
const OFFSET: usize = 12;
const FLAGS: usize = 13;
const WINDOW: usize = 14;
const CHECKSUM: usize = 16;
const URGENT: usize = 18;

const OPTION_END: u32 = 0;
const OPTION_NOTHING: u32 = 1;
const OPTION_MSS: u32 = 2;

/** The header where it lies.  Valid only where `tcpParse` accepted or `tcpEmit` wrote. */
@unmanaged @final
export class Segment {
  get source(): u32 { return be16(changetype<usize>(this)); }
  get target(): u32 { return be16(changetype<usize>(this) + TARGET); }
  get sequence(): u32 { return be32(changetype<usize>(this) + SEQUENCE); }
  get acknowledged(): u32 { return be32(changetype<usize>(this) + ACKNOWLEDGED); }
  get headerSize(): u32 { return (<u32>load<u8>(changetype<usize>(this), OFFSET) >>> 4) << 2; }
  get flags(): u32 { return load<u8>(changetype<usize>(this), FLAGS); }
  get window(): u32 { return be16(changetype<usize>(this) + WINDOW); }
}

/** Accepts the `have` octets at `at` between the two addresses at `addresses`; answers the header's size or an `Err`. */
export function tcpParse(at: usize, have: u32, addresses: usize): i32 {
  if (have < TCP_HEADER_SIZE) return Err.Truncated;
  let size = changetype<Segment>(at).headerSize;
  if (size < TCP_HEADER_SIZE || size > have) return Err.BadLength;
  if (checksumOf(at, have, addresses, NEXT_TCP) != 0) return Err.BadChecksum;
  if (changetype<Segment>(at).source == 0 || changetype<Segment>(at).target == 0) return Err.Reserved;
  let flags = changetype<Segment>(at).flags;
  if (flags & TCP_SYN && flags & (TCP_FIN | TCP_RST)) return Err.Reserved;
  return optionsParse(at + TCP_HEADER_SIZE, at + size) ? <i32>size : <i32>Err.BadLength;
}

/** The peer's maximum segment size, 0 where it names none. */
export function tcpMss(at: usize): u32 {
  let end = at + changetype<Segment>(at).headerSize;
  for (at += TCP_HEADER_SIZE; at < end;) {
    let kind: u32 = load<u8>(at);
    if (kind == OPTION_END) return 0;
    if (kind == OPTION_NOTHING) { at++; continue; }
    if (kind == OPTION_MSS && load<u8>(at, 1) == TCP_MSS_SIZE) return be16(at + 2);
    at += load<u8>(at, 1);
  }
  return 0;
}

/** Writes a header whose payload of `size` octets is there already; with a size of segments where `mss` is not 0.  Answers the whole. */
export function tcpEmit(
  at: usize, source: u32, target: u32, sequence: u32, acknowledged: u32, flags: u32, window: u32, mss: u32, size: u32, addresses: usize,
): u32 {
  let header = TCP_HEADER_SIZE + (mss ? TCP_MSS_SIZE : 0);
  putBe16(at, source);
  putBe16(at + TARGET, target);
  putBe32(at + SEQUENCE, sequence);
  putBe32(at + ACKNOWLEDGED, acknowledged);
  store<u8>(at, header << 2, OFFSET);
  store<u8>(at, flags, FLAGS);
  putBe16(at + WINDOW, window);
  store<u16>(at, 0, CHECKSUM);
  store<u16>(at, 0, URGENT);
  if (mss) putBe32(at + TCP_HEADER_SIZE, (OPTION_MSS << 24) | (TCP_MSS_SIZE << 16) | mss);
  store<u16>(at, checksumOf(at, header + size, addresses, NEXT_TCP), CHECKSUM);
  return header + size;
}

/** Whether the options stay within the header. */
function optionsParse(at: usize, end: usize): bool {
  while (at < end) {
    let kind: u32 = load<u8>(at);
    if (kind == OPTION_END) return true;
    if (kind == OPTION_NOTHING) { at++; continue; }
    if (end - at < 2) return false;
    let size: u32 = load<u8>(at, 1);
    if (size < 2 || size > <u32>(end - at)) return false;
    at += size;
  }
  return true;
}
