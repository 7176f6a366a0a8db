// What a device says of itself: a node descriptor, and simple descriptors that follow from the rows of its clusters.
//
// Power descriptor, section 2.3.2.4:         | mode 4 bits | sources 4 bits | source 4 bits | level 4 bits |
// Node descriptor, 05-3474 section 2.3.2.3:  | type | flags | MAC capability | manufacturer (2) | largest frame | largest incoming
// message (2) | servers (2) | largest outgoing message (2) | capability |
// Simple descriptor, section 2.3.2.5:        | endpoint | profile (2) | device (2) | version | count | input clusters (2 each) | count |
// output clusters (2 each) |
import { MAC_CAPABLE_AWAKE, MAC_CAPABLE_MAINS } from "../../mac/command";
import {
  INSTANCE_CLIENT, INSTANCE_ENDPOINT, INSTANCE_SERVER, SE_PROFILE, instanceCluster, instanceEndpoint, instanceFind, instanceFlags,
  instanceNext, instancesAre,
} from "../zcl/instances";

@unmanaged @final class State { node: usize; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));

// Logical type of the node descriptor
export const NODE_END_DEVICE: u32 = 2;
const NODE_TYPE: u32 = 0x07;

/** Takes the node descriptor and the rows of the clusters, `zcl/instances.ts`; they stay where they are. */
export function zdoDescribe(node: usize, instances: usize): void {
  state.node = node;
  instancesAre(instances);
}

export function describedNode(): usize { return state.node; }
export function describedType(): u32 { return load<u8>(state.node) & NODE_TYPE; }
/** MAC capability flags: what an announcement repeats. */
export function describedCapability(): u32 { return load<u8>(state.node, 2); }
/** The low half: above it is the revision. */
export function describedServers(): u32 { return load<u8>(state.node, 8); }

/** It follows from the capability: who hears only from time to time has mode 1; the mains, or batteries; and all of it. */
export function describedPower(): u32 {
  let capability = describedCapability();
  return (capability & MAC_CAPABLE_AWAKE ? 0xc000 : 0xc001) | (capability & MAC_CAPABLE_MAINS ? 0x0110 : 0x0440);
}

/** Writes the simple descriptor of the endpoint that begins with row `head`, its size in front; answers the octets written. */
export function describedPut(head: usize, at: usize): u32 {
  store<u8>(at, instanceEndpoint(head), 1);
  store<u16>(at, SE_PROFILE, 2);
  store<u16>(at, instanceCluster(head), 4);
  store<u8>(at, 0, 6); // device version
  let end = putClusters(head, INSTANCE_CLIENT, putClusters(head, INSTANCE_SERVER, at + 7));
  let size = <u32>(end - at);
  store<u8>(at, size - 1);
  return size;
}

/** Whether an endpoint has the profile and one of the clusters: | profile (2) | count | inputs | count | outputs |. */
export function describedMatches(head: usize, wanted: usize): bool {
  let profile: u32 = load<u16>(wanted);
  if (profile != 0xffff && profile != SE_PROFILE) return false;
  let inputs = wanted + 2;
  let endpoint = instanceEndpoint(head);
  return hasOne(endpoint, INSTANCE_SERVER, inputs) || hasOne(endpoint, INSTANCE_CLIENT, inputs + 1 + 2 * <u32>load<u8>(inputs));
}

/** | count | clusters in a role (2 each) |; answers its end. */
function putClusters(head: usize, role: u32, at: usize): usize {
  let end = at + 1;
  for (let row = instanceNext(head); row && !(instanceFlags(row) & INSTANCE_ENDPOINT); row = instanceNext(row)) {
    if (!(instanceFlags(row) & role)) continue;
    store<u16>(end, instanceCluster(row));
    end += 2;
  }
  store<u8>(at, <u32>(end - at) >>> 1);
  return end;
}

function hasOne(endpoint: u32, role: u32, list: usize): bool {
  for (let count: u32 = load<u8>(list); count > 0; count--) {
    if (instanceFind(endpoint, load<u16>(list + 2 * count - 1), role)) return true;
  }
  return false;
}
