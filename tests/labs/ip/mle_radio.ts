// In the place of assembly/ip/link/radio.ts: what MLE sends goes to the test, which is the medium.  Part of the lab `ip/mle`.
import { Packet, packetFree } from "../packet";

// @ts-ignore: decorator
@external("lab", "sent")
declare function sent(at: usize, size: u32, secured: u32): void;

export function radioSend(packet: Packet, now: i64): i32 {
  sent(packet.at, packet.size, packet.secured);
  packetFree(packet);
  return 0;
}
