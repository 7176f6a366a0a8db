// Frames that the radio heard: who sent them, whether they are authentic, and what is in them.
//
//   beacon -> Beacon      command: a beacon request, a child's data request      data -> 6LoWPAN -> Packet
//
// A secured frame is opened only for a neighbour with a link, under a key that both hold and a counter that it has not used.
import { Drop, EVENT_HEAD, EVENT_LQI, EVENT_SIZE } from "../../core/host";
import { macBeaconParse } from "../../mac/beacon";
import { MAC_BEACON_REQUEST, MAC_DATA_REQUEST } from "../../mac/command";
import { MAC_BEACON, MAC_BROADCAST, MAC_COMMAND, MAC_DATA, MAC_EXTENDED, MAC_NONE, MAC_SHORT, MacFrame, macParse } from "../../mac/frame";
import { mac, macIsForUs } from "../../mac/mac";
import { scanChannel } from "../../mac/scan";
import { MAC_AUXILIARY_SIZE, MacAuxiliary, macAuxiliaryParse, macUnseal } from "../../mac/security";
import { KeyRank, keysMacSlot, keysRank, keysSwitch } from "../keys";
import { LinkState, Neighbour, neighbourByShort, neighbourFind } from "../neighbours";
import { Packet, packetFree, packetTake } from "../packet";
import { lowpanDecompress } from "../lowpan/decompress";
import { DISPATCH_IPV6, IPHC, IPHC_MASK } from "../lowpan/form";
import { FRAGMENT, FRAGMENT_MASK } from "../lowpan/fragment";
import { reassemblyInput } from "../lowpan/reassembly";
import { LowpanSource, identifierOf } from "../lowpan/source";
import { clearAllowed } from "./clear";
import { LinkHeard, linkDrop, linkHeard } from "./heard";

/** What one frame decompresses to at the most: its payload, and the headers that it stands for. */
const FRAME_PACKET_MAX: u32 = 256;
const SHIFT: u32 = 3;

const source = changetype<LowpanSource>(memory.data(offsetof<LowpanSource>(), 8));

@unmanaged @final
class Received {
  payload: usize;
  size: u32;
  /** Who sent it, null where we have no row of that one. */
  neighbour: Neighbour;
}
const received = changetype<Received>(memory.data(offsetof<Received>(), 4));

/** The neighbour that the last frame came from, null when it is none. */
export function receivedFrom(): Neighbour { return received.neighbour; }

/** Looks at a frame; a request for beacons is `Beacon` without a payload. */
export function receive(event: usize, now: i64): i32 {
  let at = event + EVENT_HEAD;
  let size: u32 = load<u16>(event + EVENT_SIZE);
  let header = macParse(at, size, true);
  if (header < 0) return linkDrop(Drop.Malformed);
  let frame = changetype<MacFrame>(at);
  if (!macIsForUs(frame)) return LinkHeard.None;
  received.payload = at + header;
  received.size = size - <u32>header;
  received.neighbour = changetype<Neighbour>(0);
  linkHeard.lqi = load<u8>(event + EVENT_LQI);
  linkHeard.fromMode = frame.sourceMode;
  linkHeard.panId = frame.sourceMode == MAC_NONE ? MAC_BROADCAST : frame.sourcePan;
  linkHeard.from = frame.sourceMode == MAC_EXTENDED ? frame.sourceExtended : frame.sourceMode == MAC_SHORT ? <u64>frame.sourceShort : 0;
  let type = frame.type;
  if (type == MAC_BEACON) return beacon(frame);
  let toAll = frame.targetMode == MAC_SHORT && frame.targetShort == MAC_BROADCAST;
  if (linkHeard.fromMode != MAC_NONE) {
    if (linkHeard.panId != mac.panId) return LinkHeard.None;
    received.neighbour = linkHeard.fromMode == MAC_SHORT ? neighbourByShort(<u32>linkHeard.from) : neighbourFind(linkHeard.from);
  }
  if (frame.isSecured) {
    let opened = unseal(at, header, type == MAC_COMMAND, toAll, now);
    if (opened != LinkHeard.Packet) return opened;
  }
  if (type == MAC_COMMAND) return command(frame.isSecured);
  if (type != MAC_DATA || linkHeard.fromMode == MAC_NONE) return LinkHeard.None;
  return data(frame, toAll, now);
}

function beacon(frame: MacFrame): i32 {
  if (frame.isSecured || linkHeard.fromMode == MAC_NONE) return linkDrop(Drop.Malformed);
  let head = macBeaconParse(received.payload, received.size);
  if (head < 0) return linkDrop(Drop.Malformed);
  linkHeard.payload = received.payload + head;
  linkHeard.size = received.size - head;
  linkHeard.channel = scanChannel();
  return LinkHeard.Beacon;
}

/** What is in a frame: `Packet` when it is to be looked at. */
function unseal(at: usize, header: u32, isCommand: bool, toAll: bool, now: i64): i32 {
  let auxiliary = changetype<MacAuxiliary>(received.payload);
  let parsed = macAuxiliaryParse(received.payload, received.size - u32(isCommand));
  if (parsed < 0) return linkDrop(Drop.Malformed);
  let row = received.neighbour;
  let index = auxiliary.keyIndex;
  let rank = keysRank(index);
  if (!row || row.state != LinkState.Linked || rank == KeyRank.None) {
    linkDrop(rank == KeyRank.None ? Drop.NoKey : Drop.Foreign);
    return toAll || (row && row.state != LinkState.Linked) ? LinkHeard.None : LinkHeard.Unlinked;
  }
  let counter = auxiliary.counter;
  let before = keysRank(row.keyIndex);
  if (rank < before) return linkDrop(Drop.Replayed);
  if (index == row.keyIndex && counter < row.macCounter) return linkDrop(counter + 1 == row.macCounter ? Drop.Duplicate : Drop.Replayed);
  let clear = header + MAC_AUXILIARY_SIZE + u32(isCommand);
  let size = header + received.size - clear;
  let opened = macUnseal(keysMacSlot(index), at, clear, counter, row.extended, size);
  if (opened < 0) return linkDrop(Drop.BadMic);
  // The key to come is in use from the first frame under it; where that cannot be written down the frame is lost, and another will come.
  if (rank == KeyRank.Next && keysSwitch(index) < 0) return linkDrop(Drop.NoBuffer);
  row.keyIndex = <u8>index;
  row.macCounter = counter + 1;
  row.heard = now;
  row.lqi = <u8>(row.lqi ? row.lqi + (((<i32>linkHeard.lqi - <i32>row.lqi)) >> SHIFT) : linkHeard.lqi);
  received.payload = at + clear - u32(isCommand);
  received.size = <u32>opened + u32(isCommand);
  return LinkHeard.Packet;
}

function command(secured: bool): i32 {
  if (received.size == 0) return linkDrop(Drop.Malformed);
  switch (<u32>load<u8>(received.payload)) {
    case MAC_BEACON_REQUEST: {
      if (secured || linkHeard.fromMode != MAC_NONE) return linkDrop(Drop.Malformed);
      linkHeard.payload = 0;
      return LinkHeard.Beacon;
    }
    // One that is not secured is nobody's that we hold a frame for.
    case MAC_DATA_REQUEST: return secured ? LinkHeard.Poll : linkDrop(Drop.Unsecured);
    default: return LinkHeard.None;
  }
}

function data(frame: MacFrame, toAll: bool, now: i64): i32 {
  let at = received.payload;
  let have = received.size;
  if (have == 0) return LinkHeard.None; // a parent says that it has nothing more
  source.address = linkHeard.from;
  source.mode = linkHeard.fromMode;
  source.identifier = identifierOf(linkHeard.fromMode == MAC_EXTENDED, linkHeard.from);
  source.own = frame.targetMode == MAC_EXTENDED ? identifierOf(true, mac.extended) : identifierOf(false, frame.targetShort);
  source.toAll = toAll;
  source.secured = frame.isSecured;
  let dispatch: u32 = load<u8>(at);
  let packet: Packet;
  if ((dispatch & FRAGMENT_MASK) == FRAGMENT) packet = reassemblyInput(at, have, source, now);
  else if ((dispatch & IPHC_MASK) == IPHC || dispatch == DISPATCH_IPV6) packet = whole(at, have);
  else return linkDrop(Drop.Foreign);
  if (!packet) return LinkHeard.None;
  packet.from = linkHeard.from;
  packet.fromMode = <u8>linkHeard.fromMode;
  packet.toAll = u8(toAll);
  packet.secured = u8(source.secured);
  packet.lqi = <u8>linkHeard.lqi;
  if (!source.secured && !clearAllowed(packet)) {
    packetFree(packet);
    return linkDrop(Drop.Unsecured);
  }
  linkHeard.packet = packet;
  return LinkHeard.Packet;
}

/** A packet in one frame; null when there is none. */
function whole(at: usize, have: u32): Packet {
  let packet = packetTake(FRAME_PACKET_MAX);
  if (!packet) {
    linkDrop(Drop.NoBuffer);
    return packet;
  }
  let size = lowpanDecompress(at, have, packet.at, FRAME_PACKET_MAX, 0, source.identifier, source.own);
  if (size > 0) {
    packet.size = size;
    return packet;
  }
  linkDrop(Drop.Malformed);
  packetFree(packet);
  return changetype<Packet>(0);
}
