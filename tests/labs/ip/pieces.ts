// What all of the IP stack stands on, moved by a test.  Not shipped.
import { be16, be32, be64, putBe16, putBe32, putBe64 } from "../../../assembly/core/bytes";
import { ABI_VERSION } from "../../../assembly/core/host";
import * as address from "../../../assembly/ip/address";
import { checksumOf } from "../../../assembly/ip/checksum";
import { KEY_SLOT_FREE, KEY_SLOT_NETWORK } from "../../../assembly/ip/limits";
import { LinkState, Neighbour, neighbourAt, neighbourByShort, neighbourFind, neighbourFree, neighbourIndex, neighbourName, neighbourTake, neighboursReset } from "../../../assembly/ip/neighbours";
import { PACKET_HEADROOM, PACKET_MTU, Packet, packetFree, packetPrepend, packetRoom, packetTake, packetsLarge, packetsReset } from "../../../assembly/ip/packet";
import { keysReset } from "../../../assembly/ip/keys";

export { keysErase, keysIndex, keysInstall, keysMacCounter, keysMacCounterNext, keysMacSlot, keysMleCounter, keysMleSlot, keysNext, keysRank, keysSwitch } from "../../../assembly/ip/keys";

const buffer = memory.data(2048, 8);

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }
export function start(now: i64, reason: u32): void {
  packetsReset();
  neighboursReset();
  keysReset();
}
export function poll(now: i64): i64 { return i64.MAX_VALUE; }
export function slots(): u32 { return KEY_SLOT_FREE - KEY_SLOT_NETWORK; }

/** The six forms of one address, one after the other: link-local, short link-local, global, short global, and two copies. */
export function addresses(extended: u64, short: u32): void {
  address.addressLinkLocal(buffer, extended);
  address.addressLinkLocalShort(buffer + 16, short);
  address.addressWithExtended(buffer + 32, buffer + 256, extended);
  address.addressWithShort(buffer + 48, buffer + 256, short);
  address.addressMulticast(buffer + 64, address.SCOPE_REALM, address.GROUP_MPL);
  address.addressCopy(buffer + 80, buffer + 64);
}
/** Bit 0 multicast, 1 link-local, 2 unspecified, 3 loopback; from bit 8 the scope; from bit 16 the short address. */
export function kind(at: usize): u32 {
  return u32(address.addressIsMulticast(at)) | (u32(address.addressIsLinkLocal(at)) << 1) | (u32(address.addressIsUnspecified(at)) << 2)
    | (u32(address.addressIsLoopback(at)) << 3) | (address.addressScope(at) << 8) | (address.addressShort(at) << 16);
}
export function extendedOf(at: usize): u64 { return address.addressExtended(at); }
export function equal(a: usize, b: usize): bool { return address.addressEqual(a, b); }
export function sum(at: usize, size: u32, addressesAt: usize, next: u32): u32 { return checksumOf(at, size, addressesAt, next); }

/** The 14 octets at `from` as numbers in network order, written again at `to`. */
export function order(from: usize, to: usize): void {
  putBe16(to, be16(from));
  putBe32(to + 2, be32(from + 2));
  putBe64(to + 6, be64(from + 6) + 1);
}

export function headroom(): u32 { return PACKET_HEADROOM; }
export function mtu(): u32 { return PACKET_MTU; }
export function take(size: u32): usize { return changetype<usize>(packetTake(size)); }
export function free(packet: usize): void { packetFree(changetype<Packet>(packet)); }
export function prepend(packet: usize, octets: u32): bool { return packetPrepend(changetype<Packet>(packet), octets); }
export function room(packet: usize): u32 { return packetRoom(changetype<Packet>(packet)); }
export function large(): u32 { return packetsLarge(); }
export function packetAt(packet: usize): usize { return changetype<Packet>(packet).at; }
export function packetEnd(packet: usize): usize { return changetype<Packet>(packet).end; }

/** The number of a neighbour's row, -1 when the table is full. */
export function meet(extended: u64): i32 {
  let row = neighbourTake(extended);
  return row ? <i32>neighbourIndex(row) : -1;
}
export function name(index: u32, short: u32): void { neighbourName(neighbourAt(index), short); }
export function part(index: u32): void { neighbourFree(neighbourAt(index)); }
export function find(extended: u64): i32 { return indexOf(neighbourFind(extended)); }
export function findShort(short: u32): i32 { return indexOf(neighbourByShort(short)); }
export function isFree(index: u32): bool { return neighbourAt(index).state == LinkState.Free; }
function indexOf(row: Neighbour): i32 { return row ? <i32>neighbourIndex(row) : -1; }
