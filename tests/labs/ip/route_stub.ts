// The edge below the transport: packets go to the test and come from it, and the test says what our address is.
import { linkSend } from "../core/host";
import { Packet, packetFree } from "./packet";

export function routeSend(packet: Packet, now: i64): i32 {
  let answer = linkSend(0, packet.at, packet.size);
  packetFree(packet);
  return answer;
}
