// Our own addresses: RFC 4862 section 5.4, RFC 6775 section 5.4.
//
// A node has the link-local address of its EUI-64 from the start and, once a router told the prefix, a global one of it, which is tentative
// until it was registered.  Addresses of short addresses are not made: a header that has them is a few octets shorter, and an address more
// to find, to register and to lose.  A border router has those of its second link as well.
import { be16 } from "../core/bytes";
import {
  ADDRESS_SIZE, GROUP_MPL, GROUP_NAMES, GROUP_NODES, GROUP_ROUTERS, GROUP_RPL, SCOPE_LINK, addressEqual, addressIsLinkLocal,
  addressIsMulticast, addressLinkLocal, addressScope,
} from "./address";

/** Slots. */
export const OWN_LINK: u32 = 0;
export const OWN_GLOBAL: u32 = 1;
/** Of the second link. */
export const OWN_ETHERNET_LINK: u32 = 2;
export const OWN_ETHERNET_GLOBAL: u32 = 3;
const OWN_MAX: u32 = 4;

export enum OwnState {
  Free = 0,
  /** Not registered: only Neighbour Discovery uses it. */
  Tentative,
  Valid,
}

const addresses = memory.data(OWN_MAX * ADDRESS_SIZE, 8);
@unmanaged @final
class Own {
  extended: u64;
  /** An octet a slot. */
  states: u32;
}
const own = changetype<Own>(memory.data(offsetof<Own>(), 8));

export function ownReset(extended: u64): void {
  memory.fill(addresses, 0, OWN_MAX * ADDRESS_SIZE);
  own.extended = extended;
  own.states = 0;
  addressLinkLocal(addresses, extended);
  ownMark(OWN_LINK, OwnState.Valid);
}

export function ownExtended(): u64 { return own.extended; }

/** Whatever its state. */
export function ownAddress(slot: u32): usize { return addresses + slot * ADDRESS_SIZE; }
export function ownState(slot: u32): u32 { return load<u8>(changetype<usize>(own) + offsetof<Own>("states") + slot); }
export function ownMark(slot: u32, state: u32): void { store<u8>(changetype<usize>(own) + offsetof<Own>("states") + slot, state); }

/** Of a unicast address. */
export function ownIs(address: usize): bool {
  for (let slot: u32 = 0; slot < OWN_MAX; slot++) {
    if (ownState(slot) != OwnState.Free && addressEqual(ownAddress(slot), address)) return true;
  }
  return false;
}

/** The link-local address of a link. */
export function ownLink(link: u32): usize { return ownAddress(link << 1); }

/** The address that we have towards `target` on the radio; 0 when it needs one that we have not yet. */
export function ownSource(target: usize): usize {
  let isNear = addressIsMulticast(target) ? addressScope(target) <= SCOPE_LINK : addressIsLinkLocal(target);
  if (isNear) return addresses;
  return ownState(OWN_GLOBAL) == OwnState.Valid ? ownAddress(OWN_GLOBAL) : 0;
}

/** Of a group that every node of ours listens to: those of a scope that are known by their last octets. */
export function ownGroup(address: usize): bool {
  if ((load<u64>(address) & ~0xff00) != 0xff || (load<u64>(address, 8) << 16) != 0) return false;
  switch (be16(address + 14)) {
    case GROUP_NODES:
    case GROUP_ROUTERS:
    case GROUP_RPL:
    case GROUP_NAMES:
    case GROUP_MPL: return true;
    default: return false;
  }
}
