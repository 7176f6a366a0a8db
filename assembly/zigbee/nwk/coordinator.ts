// The network layer of a coordinator: it forms the network and is its first router.
import { MacHeard, MacPurpose, macHeard, macInput } from "../../mac/mac";
import { NO_ADDRESS } from "../address";
import { NWK_NETWORK_REPORT, NwkCommand } from "./command";
import { formBeacon, formDeadline, formRenew, formReset, formTick } from "./form";
import { meshCommand, meshDeadline, meshReceive, meshReset, meshSent, meshTick } from "./mesh";
import { panConflict } from "./pan";
import { parentCommand, parentSent } from "./parent";
import { NwkHeard, network, nwkHeard } from "./state";

export { nwkFormStart } from "./form";
export { nwkIsFull, nwkPermitJoin, nwkRemoveChild } from "./parent";

/** Starts; true when the network of the record was taken up again. */
export function nwkReset(now: i64): bool {
  formReset(now);
  return meshReset(now);
}

export function nwkInput(event: usize, now: i64): i32 {
  switch (macInput(event)) {
    case MacHeard.Data: {
      let heard = meshReceive(now);
      return heard == NwkHeard.Command ? commandHeard(now) : heard;
    }
    case MacHeard.Command: return parentCommand(now);
    case MacHeard.Beacon: {
      formBeacon();
      if (panConflict(now)) formRenew(now);
      return NwkHeard.None;
    }
    case MacHeard.Sent:
      switch (macHeard.purpose) {
        case MacPurpose.Data: return meshSent(now);
        case MacPurpose.AssociationResponse: return parentSent();
        default: return NwkHeard.None;
      }
    default: return NwkHeard.None;
  }
}

export function nwkTick(now: i64): i32 {
  return network.address == NO_ADDRESS ? formTick(now) : meshTick(now);
}

export function nwkDeadline(): i64 {
  return network.address == NO_ADDRESS ? formDeadline() : meshDeadline();
}

function commandHeard(now: i64): i32 {
  let command = changetype<NwkCommand>(nwkHeard.payload);
  if (command.identifier != NWK_NETWORK_REPORT) return meshCommand(now);
  let isConflict = command.options >>> 5 == 0 && command.extendedPanId == network.extendedPanId;
  if (nwkHeard.secured && isConflict) formRenew(now);
  return NwkHeard.Command;
}
