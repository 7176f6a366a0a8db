// The firewall alone: a packet lies in the buffer.  Not shipped.
import { ABI_VERSION } from "../../../assembly/core/host";
import { firewallIn, firewallOut } from "../../../assembly/ip/firewall";
import { Packet, packetFree, packetTake } from "../../../assembly/ip/packet";

export { firewallOpen, firewallReset } from "../../../assembly/ip/firewall";

const buffer = memory.data(2048, 8);

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }

export function fromOutside(size: u32, now: i64): bool {
  let packet = taken(size);
  let passes = firewallIn(packet, now);
  packetFree(packet);
  return passes;
}

export function fromInside(size: u32, now: i64): bool {
  let packet = taken(size);
  let passes = firewallOut(packet, now);
  packetFree(packet);
  return passes;
}

/** What lies behind the packet is nothing that somebody left there. */
function taken(size: u32): Packet {
  let packet = packetTake(size);
  memory.fill(packet.at, 0xa5, <usize>(packet.end - packet.at));
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  return packet;
}
