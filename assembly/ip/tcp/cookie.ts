// Who asks for a connection costs nothing until it has shown that it hears us: RFC 4987 section 3.6.  The number that our side begins with
// holds all there is to remember, and only we can make it.
//
//   | 29 bits of a hash of both ends, the peer's first number, the minute and the size | 3 bits: the peer's segments in 64 octets |
import { entropy } from "../../core/host";
import { ADDRESS_SIZE, addressCopy } from "../address";
import { Ipv6 } from "../ipv6/header";
import { MSS } from "./send";
import { Segment, TCP_MSS_DEFAULT, tcpMss } from "./segment";
import { sipHash } from "./siphash";

const SIZE_BITS: u32 = 7;
const SIZE_UNIT: u32 = 64;
/** How long, and once more, an answer is good: 2^16 ms. */
const MOMENT_SHIFT: u32 = 16;

/** What is hashed. */
@unmanaged @final
class Ends {
  remote0: u64;
  remote1: u64;
  local0: u64;
  local1: u64;
  remotePort: u16;
  localPort: u16;
  sequence: u32;
  moment: u32;
  size: u32;
}
const ends = changetype<Ends>(memory.data(offsetof<Ends>(), 8));
const WORDS: u32 = offsetof<Ends>() / 8;
const key = memory.data(16, 8);

export function cookieReset(): void { entropy(key, 16); }

/** The number to answer a SYN with. */
export function cookieMake(header: Ipv6, segment: Segment, now: i64): u32 {
  let mss = tcpMss(changetype<usize>(segment));
  let size = min(MSS, mss ? mss : TCP_MSS_DEFAULT) / SIZE_UNIT;
  return cookie(header, segment, segment.sequence, max<u32>(size, 1), <u32>(now >>> MOMENT_SHIFT));
}

/** The size of the peer's segments, of a segment behind a handshake that was ours; 0 where there was none. */
export function cookieMss(header: Ipv6, segment: Segment, now: i64): u32 {
  let given = segment.acknowledged - 1;
  let size = given & SIZE_BITS;
  let moment = <u32>(now >>> MOMENT_SHIFT);
  for (let age: u32 = 0; age < 2; age++) {
    if (cookie(header, segment, segment.sequence - 1, size, moment - age) == given) return size * SIZE_UNIT;
  }
  return 0;
}

function cookie(header: Ipv6, segment: Segment, sequence: u32, size: u32, moment: u32): u32 {
  let at = changetype<usize>(ends);
  addressCopy(at, header.source);
  addressCopy(at + ADDRESS_SIZE, header.target);
  ends.remotePort = <u16>segment.source;
  ends.localPort = <u16>segment.target;
  ends.sequence = sequence;
  ends.moment = moment;
  ends.size = size;
  return (<u32>sipHash(key, at, WORDS) & ~SIZE_BITS) | size;
}

if (MSS / SIZE_UNIT > SIZE_BITS) ERROR("a size has three bits");
if (offsetof<Ends>() % 8 != 0) ERROR("words are hashed");
