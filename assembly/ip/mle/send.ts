// MLE messages on their way out, and opened on their way in: draft-kelsey-intarea-mesh-link-establishment-06 sections 5 and 6.
//
//   nonce           | EUI-64 of the source 8 | frame counter 4 big-endian | level 1 |
//   authenticated   | source 16 | target 16 | auxiliary header 6 |                       then command and elements, encrypted
//
// A message is written into a packet element by element, between `mleBegin` and `mleEnd`.
import { COUNTER_NONE } from "../../core/counter";
import { putBe16, putBe32, putBe64 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { ccmOpen, ccmSeal, Drop, Layer } from "../../core/host";
import { mac } from "../../mac/mac";
import { ADDRESS_SIZE, addressCopy, addressExtended, addressLinkLocal } from "../address";
import { HOPS_MAX, IPV6_HEADER_SIZE, Ipv6, ipv6Emit, NEXT_UDP } from "../ipv6/header";
import { keysIndex, keysMleCounter, keysMleSlot } from "../keys";
import { radioSend } from "../link/radio";
import { Packet, packetFree, packetTake } from "../packet";
import { UDP_HEADER_SIZE, udpEmit } from "../udp/header";
import { Mle, MLE_AUXILIARY_SIZE, MLE_HEADER_SIZE, MLE_PORT, mleHeaderEmit, tlvEmit } from "./message";

/** The largest is a list of neighbours: a packet of the small size. */
const PACKET_SIZE: u32 = 200;
const AUTHENTICATED: u32 = 2 * ADDRESS_SIZE + MLE_AUXILIARY_SIZE;
const LEVEL: u32 = 5;
const MESSAGE: u32 = IPV6_HEADER_SIZE + UDP_HEADER_SIZE;

@unmanaged @final
class Out {
  packet: Packet;
  /** Where the next element goes. */
  end: usize;
}
const out = changetype<Out>(memory.data(offsetof<Out>(), 4));
const nonce = memory.data(16, 8);
const authenticated = memory.data(AUTHENTICATED, 8);

/** Begins a message; false, and counted, when there is no packet for it. */
export function mleBegin(command: u32): bool {
  out.packet = packetTake(PACKET_SIZE);
  if (!out.packet) {
    dropped(Layer.Control, Drop.NoBuffer);
    return false;
  }
  out.end = out.packet.at + MESSAGE + MLE_HEADER_SIZE;
  store<u8>(out.end++, command);
  return true;
}

/** Where the value of an element of `size` octets goes. */
export function mlePut(type: u32, size: u32): usize {
  let at = tlvEmit(out.end, type, size);
  out.end = at + size;
  return at;
}

export function mlePut8(type: u32, value: u32): void { store<u8>(mlePut(type, 1), value); }
export function mlePut16(type: u32, value: u32): void { putBe16(mlePut(type, 2), value); }
export function mlePut32(type: u32, value: u32): void { putBe32(mlePut(type, 4), value); }

/** Seals the message with the current key and sends it to an address of the link; nothing of ours goes further. */
export function mleEnd(target: usize, now: i64): void {
  let packet = out.packet;
  let counter = keysMleCounter();
  let slot = keysMleSlot(keysIndex());
  let ipv6 = changetype<Ipv6>(packet.at);
  let message = packet.at + MESSAGE;
  addressLinkLocal(ipv6.source, mac.extended);
  addressCopy(ipv6.target, target);
  mleHeaderEmit(message, counter, keysIndex());
  let sealed: i32 = Err.NoKey;
  if (slot >= 0 && counter != COUNTER_NONE) sealed = mleSeal(slot, message, <u32>(out.end - message), ipv6.source);
  if (sealed < 0) {
    packetFree(packet);
    dropped(Layer.Control, Drop.NoKey);
    return;
  }
  let datagram = udpEmit(ipv6.payload, MLE_PORT, MLE_PORT, sealed, ipv6.source);
  packet.size = ipv6Emit(packet.at, datagram, NEXT_UDP, HOPS_MAX) + datagram;
  packet.secured = 0;
  if (radioSend(packet, now) == Err.Ok) return;
  packetFree(packet);
  dropped(Layer.Control, Drop.Unsent);
}

/** Seals the message of `size` octets, its header written, between the two addresses at `addresses`; answers its size or an `Err`. */
export function mleSeal(slot: u32, at: usize, size: u32, addresses: usize): i32 {
  prepare(at, addresses);
  let sealed = ccmSeal(slot, nonce, authenticated, AUTHENTICATED, at + MLE_HEADER_SIZE, size - MLE_HEADER_SIZE);
  return sealed < 0 ? sealed : <i32>MLE_HEADER_SIZE + sealed;
}

/** Opens in place a message whose header `mleParse` accepted; answers the size of its command or an `Err`. */
export function mleOpen(at: usize, size: u32, addresses: usize): i32 {
  let slot = keysMleSlot(changetype<Mle>(at).keyIndex);
  if (slot < 0) return slot;
  prepare(at, addresses);
  return ccmOpen(slot, nonce, authenticated, AUTHENTICATED, at + MLE_HEADER_SIZE, size - MLE_HEADER_SIZE);
}

function prepare(at: usize, addresses: usize): void {
  putBe64(nonce, addressExtended(addresses));
  putBe32(nonce + 8, changetype<Mle>(at).counter);
  store<u8>(nonce, LEVEL, 12);
  memory.copy(authenticated, addresses, 2 * ADDRESS_SIZE);
  memory.copy(authenticated + 2 * ADDRESS_SIZE, at + 1, MLE_AUXILIARY_SIZE);
}
