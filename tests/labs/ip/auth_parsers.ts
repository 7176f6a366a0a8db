// The parsers of PANA, EAP and MLE and their counterparts, for vectors and fuzzing.  Not shipped.
import {
  EAP_FAILURE, EAP_SUCCESS, EAP_TLS, EAP_TYPED_SIZE, Eap, eapEmit, eapEndEmit, eapParse, eapTlsEmit,
} from "../../../assembly/ip/eap/packet";
import {
  MLE_SECURED, Mle, mleCommandParse, mleHeaderEmit, mleParse, Tlv, tlvEmit,
} from "../../../assembly/ip/mle/message";
import { Avp, Pana, PANA_HEADER_SIZE, panaAppend, panaBegin, panaParse } from "../../../assembly/ip/pana/message";
import { be16, be32 } from "../../../assembly/core/bytes";

export function parse_pana(at: usize, size: u32): i32 { return panaParse(at, size); }
export function parse_eap(at: usize, size: u32): i32 { return eapParse(at, size); }
export function parse_mle(at: usize, size: u32): i32 { return mleParse(at, size); }
export function parse_mle_command(at: usize, size: u32): i32 { return mleCommandParse(at, size); }

const VENDOR: u32 = 0x8000;
const ZIGBEE: u32 = 37244;

/** Answers 0 but for the form that we send: nothing reserved, zeros where it is filled up, no vendor but ZigBee. */
export function emit_pana(from: usize, size: u32, to: usize): i32 {
  let parsed = panaParse(from, size);
  if (parsed < 0) return parsed;
  let message = changetype<Pana>(from);
  if (be16(from) != 0 || be16(from + 4) != message.flags) return 0;
  let copy = panaBegin(to, message.type, message.flags, message.session, message.sequence);
  for (let at = from + PANA_HEADER_SIZE; at < from + size;) {
    let avp = changetype<Avp>(at);
    let end = avp.value + avp.size;
    let isOfVendor = avp.value != at + 8;
    if (be16(at + 2) != (isOfVendor ? VENDOR : 0) || be16(at + 6) != 0 || isOfVendor && be32(at + 8) != ZIGBEE) return 0;
    at = (end - from + 3 & ~3) + from;
    for (; end < at; end++) if (load<u8>(end)) return 0;
    panaAppend(copy, (isOfVendor ? 0x10000 : 0) | be16(changetype<usize>(avp)), avp.value, avp.size);
  }
  return copy.size;
}

export function emit_eap(from: usize, size: u32, to: usize): i32 {
  let parsed = eapParse(from, size);
  if (parsed < 0) return parsed;
  let packet = changetype<Eap>(from);
  if (packet.code == EAP_SUCCESS || packet.code == EAP_FAILURE) return eapEndEmit(to, packet.code, packet.identifier);
  if (packet.type == EAP_TLS) {
    let total = packet.flags & 0x80 ? packet.total : 0;
    return eapTlsEmit(to, packet.code, packet.identifier, packet.flags, total, packet.piece, packet.pieceSize);
  }
  let data = packet.size - EAP_TYPED_SIZE;
  memory.copy(to + EAP_TYPED_SIZE, from + EAP_TYPED_SIZE, data);
  return eapEmit(to, packet.code, packet.identifier, packet.type, data);
}

export function emit_mle(from: usize, size: u32, to: usize): i32 {
  let parsed = mleParse(from, size);
  if (parsed < 0) return parsed;
  let message = changetype<Mle>(from);
  if (message.suite == MLE_SECURED) return mleHeaderEmit(to, message.counter, message.keyIndex);
  store<u8>(to, message.suite);
  return 1;
}

export function emit_mle_command(from: usize, size: u32, to: usize): i32 {
  let parsed = mleCommandParse(from, size);
  if (parsed < 0) return parsed;
  let end = from + size;
  let begin = to;
  store<u8>(to++, load<u8>(from++));
  while (from < end) {
    let element = changetype<Tlv>(from);
    let at = tlvEmit(to, element.type, element.size);
    memory.copy(at, element.value, element.size);
    to = at + element.size;
    from = element.value + element.size;
  }
  return <i32>(to - begin);
}

