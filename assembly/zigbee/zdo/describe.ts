// What a device says of itself.  Its entry gives one constant table:
//
//   | node descriptor (13) | count | size, simple descriptor | size, simple descriptor ...
//
// Node descriptor, 05-3474 section 2.3.2.3:  | type | flags | MAC capability | manufacturer (2) | largest frame | largest incoming
// message (2) | servers (2) | largest outgoing message (2) | capability |
// Simple descriptor, section 2.3.2.5:        | endpoint | profile (2) | device (2) | version | count | input clusters (2 each) | count |
// output clusters (2 each) |
import { NODE_DESCRIPTOR_SIZE } from "./message";

@unmanaged @final class State { table: usize; }
const state = changetype<State>(memory.data(offsetof<State>()));

// Logical type of the node descriptor
export const NODE_COORDINATOR: u32 = 0;
export const NODE_ROUTER: u32 = 1;
export const NODE_END_DEVICE: u32 = 2;
const NODE_TYPE: u32 = 0x07;
/** Simple descriptor: the count of input clusters. */
const INPUTS: usize = 6;

/** Takes the table; it stays where it is. */
export function zdoDescribe(table: usize): void {
  state.table = table;
}

export function describedNode(): usize {
  return state.table;
}

export function describedType(): u32 {
  return load<u8>(state.table) & NODE_TYPE;
}

/** MAC capability flags: what an announcement repeats. */
export function describedCapability(): u32 {
  return load<u8>(state.table, 2);
}

/** How many endpoints there are. */
export function describedCount(): u32 {
  return load<u8>(state.table, NODE_DESCRIPTOR_SIZE);
}

/** The simple descriptor with its size in front, by its index. */
export function describedAt(index: u32): usize {
  assert(index < describedCount());
  let at = state.table + NODE_DESCRIPTOR_SIZE + 1;
  while (index--) at += 1 + <u32>load<u8>(at);
  return at;
}

/** The simple descriptor of an endpoint with its size in front, or 0. */
export function describedEndpoint(endpoint: u32): usize {
  for (let index: u32 = 0; index < describedCount(); index++) {
    let at = describedAt(index);
    if (load<u8>(at, 1) == endpoint) return at;
  }
  return 0;
}

/** Whether a simple descriptor has the profile and one of the clusters: | profile (2) | count | inputs | count | outputs |. */
export function describedMatches(at: usize, wanted: usize): bool {
  let profile: u32 = load<u16>(wanted);
  let own = at + 1;
  if (profile != 0xffff && profile != <u32>load<u16>(own, 1)) return false;
  let inputs = wanted + 2;
  let ownInputs = own + INPUTS;
  if (haveCommon(inputs, ownInputs)) return true;
  return haveCommon(behind(inputs), behind(ownInputs));
}

function behind(list: usize): usize {
  return list + 1 + 2 * <u32>load<u8>(list);
}

function haveCommon(a: usize, b: usize): bool {
  for (let i: u32 = 0; i < <u32>load<u8>(a); i++) {
    for (let j: u32 = 0; j < <u32>load<u8>(b); j++) if (load<u16>(a + 1 + 2 * i) == load<u16>(b + 1 + 2 * j)) return true;
  }
  return false;
}
