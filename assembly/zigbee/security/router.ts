// A router's side of the joining of others: 05-3474 section 4.6.3.  It tells the trust centre, and carries its tunnel.
import { Err } from "../../core/err";
import { NO_ADDRESS, TRUST_CENTRE_SHORT } from "../address";
import { ApsCommand, apsCommandParse, APS_REMOVE_DEVICE, APS_TUNNEL, APS_TUNNEL_HEAD_SIZE, apsUpdateDeviceEmit } from "../aps/command";
import { ApsKeyKind } from "../aps/keys";
import { apsCommandOut, apsCommandSendLinked } from "../aps/send_command";
import { APS_ACK, ApsHeard, apsHeard, apsRefuse } from "../aps/types";
import { KEY_DATA } from "../auxiliary";
import { nwkExtended, nwkHeard, NWK_NO_CONFIRM, nwkSend, nwkShortOf } from "../nwk/nwk";
import { nwkRemoveChild } from "../nwk/parent";
import { isTrustCentre, joinerCommand, joinerTrustCentre } from "./joiner";

/** Tells the trust centre of a child that came or went; `status` is an `Arrival`. */
export function routerUpdate(status: u32, now: i64): i32 {
  let size = apsUpdateDeviceEmit(apsCommandOut, nwkHeard.extended, nwkHeard.source, status);
  return apsCommandSendLinked(joinerTrustCentre(), ApsKeyKind.Preconfigured, size, KEY_DATA, APS_ACK, now);
}

/** Follows the command in `apsHeard`. */
export function routerCommand(now: i64): i32 {
  let command = changetype<ApsCommand>(apsHeard.payload);
  if (apsCommandParse(apsHeard.payload, apsHeard.size) < 0) return apsRefuse();
  if (command.id == APS_TUNNEL) return tunnel(command);
  if (command.id != APS_REMOVE_DEVICE || command.device == nwkExtended()) return joinerCommand(now);
  if (!isTrustCentre() || nwkRemoveChild(command.device, now) < 0) return apsRefuse();
  return ApsHeard.None;
}

/** Hands the frame inside to a child that has no network key yet. */
function tunnel(command: ApsCommand): i32 {
  if (!apsHeard.networkSecured || apsHeard.source != TRUST_CENTRE_SHORT) return apsRefuse();
  let short = nwkShortOf(command.device);
  if (short == NO_ADDRESS) return apsRefuse();
  if (nwkSend(short, command.frame, apsHeard.size - APS_TUNNEL_HEAD_SIZE, 0, NWK_NO_CONFIRM) < Err.Ok) return apsRefuse();
  return ApsHeard.None;
}
