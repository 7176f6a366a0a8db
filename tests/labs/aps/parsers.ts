// For tests only: the parsers of APS, its security and ZDO, each within reach of vectors and of the fuzz targets.
// parse_NAME(at, size) answers what the parser answers; emit_NAME(from, size, to) gives an accepted input back, or answers 0 for a
// form that we take but never send.
import {
  APS_REMOVE_DEVICE, APS_REQUEST_KEY, APS_TRANSPORT_KEY, APS_TUNNEL, APS_UPDATE_DEVICE, ApsCommand, apsCommandParse, apsRemoveDeviceEmit,
  apsRequestKeyEmit, apsTransportApplicationKeyEmit, apsTransportNetworkKeyEmit, apsTunnelEmit, apsUpdateDeviceEmit, KEY_TYPE_APPLICATION,
  KEY_TYPE_NETWORK, REQUEST_APPLICATION,
} from "../../../assembly/zigbee/aps/command";
import { APS_EXTENDED, ApsFrame, apsEmit, apsParse } from "../../../assembly/zigbee/aps/frame";
import { Auxiliary, auxiliaryEmit, auxiliaryParse } from "../../../assembly/zigbee/auxiliary";
import { installCodeKey, installCodeParse } from "../../../assembly/zigbee/security/install_code";
import {
  ACTIVE_ENDPOINTS, ADDRESS_OF_EXTENDED, ADDRESS_OF_SHORT, BIND, BINDING_EXTENDED, BINDING_SIZE, DEVICE_ANNOUNCE, MATCH_DESCRIPTOR,
  NODE_DESCRIPTOR, PERMIT_JOINING, SIMPLE_DESCRIPTOR, simpleParse, UNBIND, zdoAddressOfExtendedEmit, zdoAddressOfShortEmit, zdoAnnounceEmit,
  zdoBindEmit, zdoMatchEmit, zdoOfInterestEmit, zdoParse, zdoPermitJoiningEmit, zdoSimpleDescriptorEmit,
} from "../../../assembly/zigbee/zdo/message";

export function parse_aps_frame(at: usize, size: u32): i32 { return apsParse(at, size); }

export function emit_aps_frame(from: usize, size: u32, to: usize): i32 {
  let header = apsParse(from, size);
  if (header < 0) return header;
  let frame = changetype<ApsFrame>(from);
  let hasExtended = frame.fragmentation != 0;
  if (!hasExtended && frame.control & APS_EXTENDED) return 0; // an extended header without a fragment
  let isAddressed = frame.isAddressed;
  let emitted = apsEmit(
    to, frame.control, isAddressed ? frame.targetEndpoint : 0, isAddressed ? frame.cluster : 0, isAddressed ? frame.profile : 0,
    isAddressed ? frame.sourceEndpoint : 0, frame.counter, frame.fragmentation, hasExtended ? frame.block : 0,
    hasExtended && frame.type == 2 ? frame.bits : 0,
  );
  memory.copy(to + emitted, from + header, size - <u32>header);
  return emitted + size - header;
}

export function parse_aps_auxiliary(at: usize, size: u32): i32 { return auxiliaryParse(at, size, false); }

export function emit_aps_auxiliary(from: usize, size: u32, to: usize): i32 {
  let header = auxiliaryParse(from, size, false);
  if (header < 0) return header;
  let auxiliary = changetype<Auxiliary>(from);
  if ((auxiliary.control & 7) != 0) return 0; // with its level
  return auxiliaryEmit(to, auxiliary.key, auxiliary.counter, auxiliary.hasSource ? auxiliary.source : 0, 0);
}

export function parse_aps_command(at: usize, size: u32): i32 { return apsCommandParse(at, size); }

export function emit_aps_command(from: usize, size: u32, to: usize): i32 {
  let parsed = apsCommandParse(from, size);
  if (parsed < 0) return parsed;
  let command = changetype<ApsCommand>(from);
  switch (command.id) {
    case APS_TRANSPORT_KEY: {
      if (command.type == KEY_TYPE_NETWORK) return apsTransportNetworkKeyEmit(to, command.key, command.sequence, command.target, command.source);
      if (command.type != KEY_TYPE_APPLICATION) return 0; // a trust-centre link key
      return apsTransportApplicationKeyEmit(to, command.key, command.partner, command.isInitiator);
    }
    case APS_UPDATE_DEVICE: return apsUpdateDeviceEmit(to, command.device, command.short, command.status);
    case APS_REMOVE_DEVICE: return apsRemoveDeviceEmit(to, command.device);
    case APS_REQUEST_KEY: return command.type == REQUEST_APPLICATION ? <i32>apsRequestKeyEmit(to, command.wanted) : 0;
    case APS_TUNNEL: {
      let head = apsTunnelEmit(to, command.device);
      memory.copy(to + head, command.frame, size - head);
      return size;
    }
    default: return 0; // Switch Key
  }
}

export function parse_install_code(at: usize, size: u32): i32 { return installCodeParse(at, size); }

export function key_of_install_code(at: usize, size: u32, key: usize): void { installCodeKey(at, size, key); }

/** The first two octets are the cluster. */
export function parse_zdo(at: usize, size: u32): i32 {
  if (size < 2) return -1;
  return zdoParse(load<u16>(at), at + 2, size - 2);
}

/** Requests as we send them; 0 for what we answer, or take in other forms. */
export function emit_zdo(from: usize, size: u32, to: usize): i32 {
  let parsed = parse_zdo(from, size);
  if (parsed < 0) return parsed;
  let fields = zdoFields(load<u16>(from), from + 2, to + 2);
  if (fields == 0) return 0;
  store<u16>(to, load<u16>(from));
  return fields + 2;
}

function zdoFields(cluster: u32, at: usize, to: usize): u32 {
  switch (cluster) {
    case ADDRESS_OF_EXTENDED: return load<u16>(at, 8) ? 0 : zdoAddressOfExtendedEmit(to, load<u64>(at));
    case ADDRESS_OF_SHORT: return load<u16>(at, 2) ? 0 : zdoAddressOfShortEmit(to, load<u16>(at));
    case NODE_DESCRIPTOR:
    case ACTIVE_ENDPOINTS: return zdoOfInterestEmit(to, load<u16>(at));
    case SIMPLE_DESCRIPTOR: return zdoSimpleDescriptorEmit(to, load<u16>(at), load<u8>(at, 2));
    case MATCH_DESCRIPTOR:
      if (load<u8>(at, 4) != 1 || load<u8>(at, 7) != 0) return 0;
      return zdoMatchEmit(to, load<u16>(at), load<u16>(at, 2), load<u16>(at, 5));
    case DEVICE_ANNOUNCE: return zdoAnnounceEmit(to, load<u16>(at), load<u64>(at, 2), load<u8>(at, 10));
    case BIND:
    case UNBIND: {
      if (load<u8>(at, 11) != BINDING_EXTENDED) return 0;
      let written = zdoBindEmit(to, load<u64>(at), load<u8>(at, 8), load<u16>(at, 9), load<u64>(at, 12), load<u8>(at, 20));
      assert(written == BINDING_SIZE);
      return written;
    }
    case PERMIT_JOINING: return load<u8>(at, 1) == 1 ? zdoPermitJoiningEmit(to, load<u8>(at)) : 0;
    default: return 0;
  }
}

export function parse_zdo_simple_descriptor(at: usize, size: u32): i32 { return simpleParse(at, size); }
