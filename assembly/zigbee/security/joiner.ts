// A device's side of security: 05-3474 section 4.6.3.  What comes from the trust centre and what we ask of it.
//
//   associated --> waiting --Transport Key under the preconfigured key--> authenticated
//   rejoined in clear --> waiting --Transport Key under the established key--> authenticated
//   rejoined secured --> authenticated               waiting --WAIT_MS, or turned away--> failed, as it was before
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { Record, storeRead } from "../../core/host";
import { NEVER } from "../../core/timers";
import { NO_EXTENDED, TRUST_CENTRE_SHORT } from "../address";
import { KEY_DATA, KEY_LOAD, KEY_TRANSPORT } from "../auxiliary";
import { KEY_SLOT_OWN, KEY_SLOT_PARTNERS } from "../limits";
import {
  ApsCommand, apsCommandParse, apsRequestKeyEmit, KEY_TYPE_APPLICATION, KEY_TYPE_NETWORK, APS_REMOVE_DEVICE, APS_SWITCH_KEY,
  APS_TRANSPORT_KEY,
} from "../aps/command";
import {
  ApsKeyKind, apsKeyForget, apsKeyInstall, apsKeyPut, apsKeyRow, apsKeysReset, apsKeysSave, apsKeysSuspend, KEY_SIZE,
} from "../aps/keys";
import { apsCommandOut, apsCommandSendLinked } from "../aps/send_command";
import { APS_ACK, ApsHeard, apsHeard, apsRefuse } from "../aps/types";
import { nwkExtended, nwkKeyActive, nwkKeyInstall, nwkKeySwitch, nwkLearn } from "../nwk/nwk";
import { nwkState } from "../nwk/state";
import { INSTALL_CODE_SIZE_MAX, installCodeKey, installCodeParse } from "./install_code";

/** How long a joiner waits for the network key: twice what a tunnel over sleepless routers takes with all repetitions. */
const WAIT_MS: i64 = 10_000;

@unmanaged @final
class State {
  /** Of the wait for the network key. */
  deadline: i64;
  /** It is the key of another network than that of the record. */
  anew: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const secret = memory.data(32, 8);

/** Makes the preconfigured key of the install code, once; answers an `Err` when the device has no good code. */
export function joinerReset(): i32 {
  state.deadline = NEVER;
  state.anew = false;
  nwkLearn(TRUST_CENTRE_SHORT, joinerTrustCentre()); // several hops away it is no neighbour, and a reset forgets the others
  return apsKeyRow(KEY_SLOT_OWN).kind == ApsKeyKind.None ? takeInstallCode() : Err.Ok;
}

function takeInstallCode(): i32 {
  let size = storeRead(Record.InstallCode, secret, INSTALL_CODE_SIZE_MAX);
  if (size < 0) return size;
  size = installCodeParse(secret, size);
  if (size < 0) return size;
  installCodeKey(secret, size, secret);
  let slot = apsKeyPut(KEY_SLOT_OWN, 0, ApsKeyKind.Preconfigured, secret);
  wipe(secret, 32);
  return slot < 0 ? slot : Err.Ok;
}

/** IEEE address of the trust centre, 0 before the first join. */
export function joinerTrustCentre(): u64 {
  return apsKeyRow(KEY_SLOT_OWN).extended;
}

/** There is a short address.  Answers whether the device may speak at once; else the network key must come first. */
export function joinerJoined(rejoined: bool, now: i64): bool {
  if (rejoined && nwkState.open == 0) return true; // a rejoin in clear leaves the network open until a key comes
  state.deadline = now + WAIT_MS;
  state.anew = !rejoined;
  apsKeysSuspend(state.anew);
  return false;
}

/** The key will not come: what was established before counts again. */
export function joinerFailed(): void {
  state.deadline = NEVER;
  if (state.anew) apsKeysReset();
  state.anew = false;
}

/** A new network: what the old one's trust centre made is void, and the next may count its frames from zero. */
export function joinerForget(): void {
  apsKeyForget(0);
  let row = apsKeyRow(KEY_SLOT_OWN);
  row.extended = 0;
  row.next = 0;
  apsKeysSave();
}

export function joinerDeadline(): i64 {
  return state.deadline;
}

/** Asks the trust centre for a link key with a partner: 05-3474 section 4.4.6. */
export function joinerRequestKey(partner: u64, now: i64): i32 {
  return apsCommandSendLinked(
    joinerTrustCentre(), ApsKeyKind.Established, apsRequestKeyEmit(apsCommandOut, partner), KEY_DATA, APS_ACK, now,
  );
}

/** Follows the command in `apsHeard`. */
export function joinerCommand(now: i64): i32 {
  let command = changetype<ApsCommand>(apsHeard.payload);
  if (apsCommandParse(apsHeard.payload, apsHeard.size) < 0) return apsRefuse();
  switch (command.id) {
    case APS_TRANSPORT_KEY: return takeKey(command);
    case APS_SWITCH_KEY: return switchKey(command);
    case APS_REMOVE_DEVICE: return isTrustCentre() && command.device == nwkExtended() ? <i32>ApsHeard.RemoveMe : apsRefuse();
    default: return apsRefuse();
  }
}

/** Whether the command was sealed with a key that only the trust centre shares with us. */
export function isTrustCentre(): bool {
  return apsHeard.keyKind != ApsKeyKind.None && apsHeard.keySlot < KEY_SLOT_PARTNERS;
}

function takeKey(command: ApsCommand): i32 {
  if (!isTrustCentre()) return apsRefuse();
  let taken = ApsHeard.None as i32;
  switch (command.type) {
    case KEY_TYPE_NETWORK: taken = takeNetworkKey(command); break;
    case KEY_TYPE_APPLICATION: taken = takeApplicationKey(command); break;
    default: return apsRefuse(); // a trust-centre link key is made by key establishment, never sent
  }
  wipe(command.key, KEY_SIZE);
  return taken;
}

function takeNetworkKey(command: ApsCommand): i32 {
  if (apsHeard.keyUse != KEY_TRANSPORT) return apsRefuse();
  if (command.target != nwkExtended() || command.source != apsHeard.sourceExtended) return apsRefuse();
  let isWaiting = state.deadline != NEVER;
  if (!isWaiting && !apsHeard.networkSecured) return apsRefuse();
  if (!isWaiting && nwkKeyActive() == <i32>command.sequence) return apsRefuse(); // the key in use is not changed under its number
  if (isWaiting) {
    let own = apsKeyRow(KEY_SLOT_OWN);
    let next = own.next;
    if (state.anew) {
      apsKeysReset();
      // Perhaps this was said long ago: what the same trust centre made with us leads back to it, or is missed there and made anew.
      if (own.extended != command.source) joinerForget();
    }
    // Before the key: a network without its trust centre could not be resumed after a power cut.
    own.extended = command.source;
    own.next = next;
    if (apsKeysSave() != Err.Ok) return apsRefuse();
  }
  if (nwkKeyInstall(command.sequence, command.key) < 0) return apsRefuse();
  if (!isWaiting) return ApsHeard.None; // Switch Key tells when to use it
  if (nwkKeySwitch(command.sequence) < 0) return apsRefuse();
  state.deadline = NEVER;
  state.anew = false;
  nwkLearn(TRUST_CENTRE_SHORT, command.source);
  return ApsHeard.KeyNetwork;
}

function takeApplicationKey(command: ApsCommand): i32 {
  if (apsHeard.keyUse != KEY_LOAD || apsHeard.keyKind != ApsKeyKind.Established) return apsRefuse();
  let partner = command.partner;
  if (partner == NO_EXTENDED || partner == nwkExtended() || partner == apsHeard.sourceExtended) return apsRefuse();
  if (apsKeyInstall(partner, ApsKeyKind.Established, command.key) < 0) return apsRefuse();
  apsHeard.sourceExtended = partner;
  return ApsHeard.KeyLink;
}

/** The command is not sealed, section 4.4.10.5; an insider could send it, but only a key that we have can be switched to. */
function switchKey(command: ApsCommand): i32 {
  if (!apsHeard.networkSecured || apsHeard.source != TRUST_CENTRE_SHORT) return apsRefuse();
  return nwkKeySwitch(command.active) < 0 ? apsRefuse() : <i32>ApsHeard.SwitchKey;
}
