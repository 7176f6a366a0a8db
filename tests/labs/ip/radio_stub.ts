// The edge below the routes: a packet goes to its neighbour, or to all, by a medium of the test.  Not shipped.
import { Err } from "../../core/err";
import { MAC_EXTENDED, MAC_NONE } from "../../mac/frame";
import { ETX_ONE, neighbourByShort, neighbourFind } from "../neighbours";
import { NO_PACKET, Packet, packetFree } from "../packet";

/** Whether it arrived. */
// @ts-ignore: decorator
@external("medium", "send")
declare function mediumSend(at: usize, size: u32, hopMode: u32, hop: u64): u32;

export enum LinkHeard { None = 0 }
const failed = memory.data(8, 8);

export function radioReset(): void { store<usize>(failed, NO_PACKET); }

export function radioSend(packet: Packet, now: i64): i32 {
  let arrived = mediumSend(packet.at, packet.size, packet.hopMode, packet.hop);
  if (packet.hopMode == MAC_NONE) {
    packetFree(packet);
    return Err.Ok;
  }
  let row = packet.hopMode == MAC_EXTENDED ? neighbourFind(packet.hop) : neighbourByShort(<u32>packet.hop);
  let sample: i32 = arrived ? ETX_ONE : 8 * ETX_ONE;
  if (row) row.etx = <u16>(row.etx + ((sample - <i32>row.etx) >> 3));
  if (arrived) packetFree(packet);
  else {
    packet.next = changetype<Packet>(load<usize>(failed));
    store<usize>(failed, changetype<usize>(packet));
  }
  return Err.Ok;
}

/** The next packet that did not arrive, or null. */
export function radioFailed(): Packet {
  let packet = changetype<Packet>(load<usize>(failed));
  if (packet) store<usize>(failed, changetype<usize>(packet.next));
  return packet;
}
