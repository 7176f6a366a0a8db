// Master resource identifiers of what we make: IEEE 2030.5 section 10.1.2.
//
//   | kind 4 | number 4 | which of us 4 | enterprise 4 |, the first octet the most significant
import { ownExtended } from "../../ip/own";
import { template } from "../template";

/** The private enterprise number of examples, RFC 5612: a maker has its own. */
export const ENTERPRISE: u32 = 32_473;
const MRID_SIZE: u32 = 16;
const octets = memory.data(MRID_SIZE, 4);

/** Gives the template the identifier of a thing of ours. */
export function mrid(kind: u32, number: u32): i64 {
  store<u32>(octets, bswap(kind));
  store<u32>(octets, bswap(number), 4);
  store<u32>(octets, bswap(<u32>ownExtended()), 8);
  store<u32>(octets, bswap(ENTERPRISE), 12);
  template.octets = octets;
  template.size = MRID_SIZE;
  return 0;
}
