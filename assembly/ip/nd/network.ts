// What the border router says of the network, as router advertisements carry it from hop to hop: RFC 6775 sections 4.3 and 8.1.
//
// Whoever has the key can advertise; so it is taken only as a whole, of a border router that stands in the prefix that it tells, and from
// then on of no other one; what was taken is replaced by a newer version only.
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { ADDRESS_SIZE, addressCopy, addressEqual, addressIsLinkLocal, addressIsMulticast, addressWithExtended } from "../address";
import { CONTEXTS_MAX } from "../limits";
import { contextAt, contextSet, contextsReset } from "../lowpan/contexts";
import { OWN_GLOBAL, OwnState, ownAddress, ownExtended, ownMark, ownState } from "../own";
import {
  ND_AUTONOMOUS, ND_BORDER, ND_COMPRESSES, ND_CONTEXT, ND_ON_LINK, ND_PREFIX, ND_ROUTER_ADDRESS, NdOption, ndBorderEmit, ndContextEmit,
  ndOption, ndPrefixEmit,
} from "./option";

export enum Learned {
  /** It contradicts itself, or what is known. */
  Refused = 0,
  Known,
  Newer,
  /** The border router began anew: everyone registers again. */
  Again,
}

export const PREFIX_BITS: u32 = 64;
const CONTEXT_HEAD: u32 = 8;
const FOREVER: u32 = 0xffff_ffff;
/** A version that jumps so far is that of a border router that forgot: section 9 of the notes on ZigBee IP. */
const EPOCH: u32 = 0x10000;
/** Minutes: of a context whose prefix lives for ever. */
const CONTEXT_LIFETIME_MIN: u32 = 1440;

@unmanaged @final
export class Network {
  /** Prefix and address of the border router, network order. */
  prefix: u64;
  borderPrefix: u64;
  borderIdentifier: u64;
  version: u32;
  known: u8;
}
const scratch = memory.data(ADDRESS_SIZE, 8);
export const network = changetype<Network>(memory.data(offsetof<Network>(), 8));

export function networkReset(): void {
  memory.fill(changetype<usize>(network), 0, offsetof<Network>());
  contextsReset();
}

export function networkBorder(): usize { return changetype<usize>(network) + offsetof<Network>("borderPrefix"); }
export function networkPrefix(): usize { return changetype<usize>(network) + offsetof<Network>("prefix"); }
/** Of an address with our prefix. */
export function networkHas(address: usize): bool { return network.known != 0 && load<u64>(address) == network.prefix; }

/** A border router's own network: the first context is its prefix. */
export function networkForm(prefix: usize, version: u32): void {
  networkReset();
  contextSet(0, prefix, PREFIX_BITS, true);
  take(prefix, version);
  ownMark(OWN_GLOBAL, OwnState.Valid);
  addressCopy(networkBorder(), ownAddress(OWN_GLOBAL));
}

/** Takes what an advertisement tells in its options. */
export function networkLearn(options: usize, end: usize): i32 {
  let border = changetype<NdOption>(ndOption(ND_BORDER, options, end));
  let prefix = changetype<NdOption>(ndOption(ND_PREFIX, options, end));
  if (!border || !prefix || !isSound(border, prefix)) return Learned.Refused;
  if (network.known) {
    // Another border router would be another network: who wants to be in that one joins it.
    if (!addressEqual(border.borderAddress, networkBorder())) return Learned.Refused;
    let ahead = border.version - network.version;
    if (<i32>ahead <= 0) return Learned.Known;
    learn(border, prefix, options, end);
    return ahead >= EPOCH ? Learned.Again : Learned.Newer;
  }
  learn(border, prefix, options, end);
  return Learned.Newer;
}

/** Writes border router, prefix with `address`, and contexts, as they are passed on; answers the octets. */
export function networkEmit(at: usize, address: usize): u32 {
  let end = at + ndBorderEmit(at, network.version, 0, networkBorder());
  end += ndPrefixEmit(end, PREFIX_BITS, ND_AUTONOMOUS | ND_ROUTER_ADDRESS, FOREVER, FOREVER, address);
  for (let index: u32 = 0; index < CONTEXTS_MAX; index++) {
    let context = contextAt(index);
    if (!context.bits) continue;
    let flags = context.isUsed ? ND_COMPRESSES | context.id : context.id;
    end += ndContextEmit(end, context.bits, flags, CONTEXT_LIFETIME_MIN, changetype<usize>(context));
  }
  return <u32>(end - at);
}

/** A prefix of the network's size, for addresses, that lives, and the border router in it. */
function isSound(border: NdOption, prefix: NdOption): bool {
  let at = prefix.address;
  if (prefix.bits != PREFIX_BITS || (prefix.flags & (ND_ON_LINK | ND_AUTONOMOUS)) != ND_AUTONOMOUS) return false;
  if (prefix.valid == 0 || prefix.preferred > prefix.valid) return false;
  if (addressIsMulticast(at) || addressIsLinkLocal(at) || load<u64>(at) == 0) return false;
  return load<u64>(border.borderAddress) == load<u64>(at);
}

function learn(border: NdOption, prefix: NdOption, options: usize, end: usize): void {
  contextsReset();
  for (let at = ndOption(ND_CONTEXT, options, end); at; at = ndOption(ND_CONTEXT, at + changetype<NdOption>(at).size, end)) {
    let option = changetype<NdOption>(at);
    if (option.bits == 0 || option.lifetime == 0) continue;
    memory.fill(scratch, 0, ADDRESS_SIZE);
    memory.copy(scratch, option.contextPrefix, option.size - CONTEXT_HEAD);
    if (!contextSet(option.contextNumber, scratch, option.bits, (option.flags & ND_COMPRESSES) != 0)) dropped(Layer.Control, Drop.NoBuffer);
  }
  addressCopy(networkBorder(), border.borderAddress);
  take(prefix.address, border.version);
}

/** Our global address is of the prefix; another prefix makes it tentative. */
function take(prefix: usize, version: u32): void {
  let isOther = network.prefix != load<u64>(prefix);
  network.prefix = load<u64>(prefix);
  network.version = version;
  network.known = 1;
  if (!isOther && ownState(OWN_GLOBAL) != OwnState.Free) return;
  addressWithExtended(ownAddress(OWN_GLOBAL), prefix, ownExtended());
  ownMark(OWN_GLOBAL, OwnState.Tentative);
}
