// Puts one APS frame together and hands it to the NWK layer.
import { APS_AUXILIARY_SIZE, APS_AUXILIARY_SIZE_SHORT, KEY_DATA } from "../auxiliary";
import { NWK_DISCOVER, NWK_NO_CONFIRM, NWK_PAYLOAD_MAX, NWK_SECURE, nwkSend } from "../nwk/nwk";
import {
  APS_ACK_FORMAT, APS_ACKNOWLEDGEMENT, APS_COMMAND, APS_EXTENDED, APS_HEADER_SIZE, APS_HEADER_SIZE_COMMAND, APS_HEADER_SIZE_FRAGMENT,
  APS_SECURITY, apsEmit, ApsFrame, FRAGMENT_FIRST, FRAGMENT_LATER,
} from "./frame";
import { KEY_NONE } from "./keys";
import { APS_SECURE_OVERHEAD, apsSeal } from "./security";
import { ApsMessage } from "./types";

/** Payload of one data frame, in clear above the NWK layer and sealed; and of one fragment. */
export const EMIT_ROOM: u32 = NWK_PAYLOAD_MAX - APS_HEADER_SIZE;
export const EMIT_ROOM_FRAGMENT: u32 = NWK_PAYLOAD_MAX - APS_HEADER_SIZE_FRAGMENT;
/** The frame with the longest header, its payload and what sealing adds. */
const OUT_SIZE: u32 = 128;
if (OUT_SIZE < NWK_PAYLOAD_MAX) ERROR("a frame does not fit its place");

const out = memory.data(OUT_SIZE, 8);

/** A frame to be sent, and sent again until it is acknowledged. */
@unmanaged @final
export class Transmission {
  deadline: i64;
  payload: usize;
  size: u16;
  target: u16;
  cluster: u16;
  profile: u16;
  sourceEndpoint: u8;
  targetEndpoint: u8;
  /** Frame control without the extended-header bit. */
  control: u8;
  counter: u8;
  slot: u8;
  key: u8;
  /** Of a fragmented message: how many blocks, and which one is next; `blocks` is 0 for a whole message. */
  blocks: u8;
  block: u8;
  blockSize: u8;
  state: u8;
  tries: u8;
  nwkOptions: u8;
  sleepy: u8;
}

/** Sends a frame, or the block of it that is next; answers 0 or an `Err`. */
export function emitTransmission(frame: Transmission): i32 {
  let control: u32 = frame.control;
  let fragmentation: u32 = 0;
  let number: u32 = frame.block;
  let payload = frame.payload;
  let size: u32 = frame.size;
  if (frame.blocks != 0) {
    control |= APS_EXTENDED;
    fragmentation = number == 0 ? FRAGMENT_FIRST : FRAGMENT_LATER;
    payload += number * <u32>frame.blockSize;
    size = min<u32>(size - number * <u32>frame.blockSize, frame.blockSize);
    if (number == 0) number = frame.blocks; // the first block tells how many there are
  }
  let header = apsEmit(
    out, control, frame.targetEndpoint, frame.cluster, frame.profile, frame.sourceEndpoint, frame.counter, fragmentation, number, 0,
  );
  // A partner by whose key we send has heard our address with that key; one that forgot it is told by the repetition, where that fits.  A
  // command always tells it: section 4.4.1.1.
  let named = (control & APS_COMMAND) != 0 || (frame.tries != 0 && header + size + APS_SECURE_OVERHEAD <= NWK_PAYLOAD_MAX);
  return send(header, payload, size, frame.slot, frame.key, named, frame.target, frame.nwkOptions);
}

/** Acknowledges a frame, under the key that secured it, and with our address where it had its sender's. */
export function emitAcknowledgement(frame: ApsFrame, heard: ApsMessage): void {
  let control = APS_ACKNOWLEDGEMENT;
  let fragmentation = frame.fragmentation;
  let block: u32 = 0;
  if (!frame.isAddressed) control |= APS_ACK_FORMAT;
  if (heard.keySlot != KEY_NONE) control |= APS_SECURITY;
  if (fragmentation != 0) {
    control |= APS_EXTENDED;
    if (fragmentation == FRAGMENT_LATER) block = frame.block;
  }
  // A window of one block: bit 0 is the block itself.
  let header = apsEmit(
    out, control, heard.sourceEndpoint, heard.cluster, heard.profile, heard.targetEndpoint, frame.counter, fragmentation, block, 1,
  );
  send(header, 0, 0, heard.keySlot, KEY_DATA, heard.named, heard.source, NWK_SECURE | NWK_DISCOVER); // lost: a repetition asks again
}

/** Writes a whole sealed command, for a tunnel; answers its size or an `Err`. */
export function emitTunnelled(at: usize, counter: u32, payload: usize, size: u32, slot: u32, key: u32): i32 {
  apsEmit(at, APS_COMMAND | APS_SECURITY, 0, 0, 0, 0, counter, 0, 0, 0);
  memory.copy(at + APS_HEADER_SIZE_COMMAND + APS_AUXILIARY_SIZE, payload, size);
  return apsSeal(at, APS_HEADER_SIZE_COMMAND, size, slot, key, true);
}

function send(header: u32, payload: usize, size: u32, slot: u32, key: u32, named: bool, target: u32, options: u32): i32 {
  let total = <i32>(header + size);
  if (slot != KEY_NONE) {
    assert(header + size + APS_SECURE_OVERHEAD <= OUT_SIZE);
    memory.copy(out + header + (named ? APS_AUXILIARY_SIZE : APS_AUXILIARY_SIZE_SHORT), payload, size);
    total = apsSeal(out, header, size, slot, key, named);
    if (total < 0) return total;
  } else memory.copy(out + header, payload, size);
  return nwkSend(target, out, total, options, NWK_NO_CONFIRM);
}
