// The rank that a packet carries against our own: RFC 6550 section 11.2.2.
import { putBe16 } from "../../core/bytes";
import { Packet } from "../packet";
import { dodag } from "./dodag";
import { RPL_DOWN, RPL_FORWARDING_ERROR, RPL_RANK_ERROR, RplOptionHeader, rplOptionHeaderParse } from "./header";

const FLAGS: usize = 2;
const RANK: usize = 4;

/**
 * Upwards the sender's rank is above ours, downwards below.  The first time that it is not the packet is marked, the second time it is to
 * be dropped.  Answers true where it is: of another graph, come back, or marked before.  Our rank stands in it afterwards.
 */
export function optionCheck(at: usize, packet: Packet, rank: u32): bool {
  let have = <u32>(packet.at + packet.size - at);
  if (rplOptionHeaderParse(at, have) < 0) return true;
  let option = changetype<RplOptionHeader>(at);
  let flags = option.flags;
  if (option.instance != dodag.instance || flags & RPL_FORWARDING_ERROR) return true;
  let isWrong = flags & RPL_DOWN ? option.rank >= rank : option.rank <= rank;
  if (isWrong && flags & RPL_RANK_ERROR) return true;
  if (isWrong) store<u8>(at, flags | RPL_RANK_ERROR, FLAGS);
  putBe16(at + RANK, rank);
  return false;
}
