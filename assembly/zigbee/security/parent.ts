// A router's side of the joining of others: 05-3474 section 4.6.3.  It tells the trust centre, and carries its tunnel.
import { Err } from "../../core/err";
import { NO_ADDRESS, TRUST_CENTRE_SHORT } from "../address";
import { ApsKeyKind } from "../aps/keys";
import { APS_ACK, ApsHeard, apsHeard } from "../aps/types";
import { nwkExtended, nwkHeard, NWK_NO_CONFIRM, nwkSend, nwkShortOf } from "../nwk/nwk";
import { nwkRemoveChild } from "../nwk/parent";
import { KEY_DATA } from "./auxiliary";
import { commandParse, emitUpdateDevice, REMOVE_DEVICE, SecurityCommand, TUNNEL, TUNNEL_HEAD_SIZE } from "./command";
import { isTrustCentre, joinerCommand, joinerTrustCentre, refuse } from "./joiner";
import { commandBuffer, commandSendLinked } from "./send";

/** Tells the trust centre of a child that came or went; `status` is that of table 4.15. */
export function parentUpdate(status: u32, now: i64): i32 {
  let size = emitUpdateDevice(commandBuffer, nwkHeard.extended, nwkHeard.source, status);
  return commandSendLinked(joinerTrustCentre(), ApsKeyKind.Preconfigured, size, KEY_DATA, APS_ACK, now);
}

/** Follows the command in `apsHeard`. */
export function parentCommand(now: i64): i32 {
  let command = changetype<SecurityCommand>(apsHeard.payload);
  if (commandParse(apsHeard.payload, apsHeard.size) < 0) return refuse();
  if (command.id == TUNNEL) return tunnel(command);
  if (command.id != REMOVE_DEVICE || command.device == nwkExtended()) return joinerCommand(now);
  if (!isTrustCentre() || nwkRemoveChild(command.device, now) < 0) return refuse();
  return ApsHeard.None;
}

/** Hands the frame inside to a child that has no network key yet. */
function tunnel(command: SecurityCommand): i32 {
  if (!apsHeard.networkSecured || apsHeard.source != TRUST_CENTRE_SHORT) return refuse();
  let short = nwkShortOf(command.device);
  if (short == NO_ADDRESS) return refuse();
  if (nwkSend(short, command.frame, apsHeard.size - TUNNEL_HEAD_SIZE, 0, NWK_NO_CONFIRM) < Err.Ok) return refuse();
  return ApsHeard.None;
}
