// The procedure of key establishment: SE profile annexes C.3.1.2 and C.4.2.2, both roles.
//
//   initiator (client)                                      responder (server)
//   Idle                                                    Idle
//     -- Initiate request -->                                 take request, -- Initiate response -->
//   AwaitInitiate                                           AwaitEphemeral   (own key is being made)
//     take response                                           take request
//   MakeEphemeral    (until the own key is made)            CheckEphemeral   (until both keys are there and theirs is good)
//     -- Ephemeral Data request -->                           -- Ephemeral Data response -->
//   AwaitEphemeral                                          AwaitConfirm     (agreeing meanwhile)
//     take response                                           take request
//   Agree                                                   Confirm          (until agreed)
//     -- Confirm Key request -->                              check hash, -- Confirm Key response -->
//   AwaitConfirm                                            Idle, done
//     check hash
//   Idle, done
//
// Anything wrong: -- Terminate -->, Idle, failed.  One deadline: for the partner while we wait for it, else for ourselves.  One exchange
// at a time; a second one is answered with NO_RESOURCES, but a responder that is kept for 30 s goes on with whoever asks then.

import { equalOctets, wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import {
  Agreement, agreementBegin, agreementBusy, agreementForget, agreementGiveCertificate, agreementGiveEphemeral, agreementLinkKey,
  agreementMacKey, agreementOwnEphemeral, agreementRun,
} from "../../crypto/agreement";
import {
  CERTIFICATE_SIZE_MAX, certificateIssuer, certificateParse, certificateSize, certificateSubject, certificateSubjectAddress,
} from "../../crypto/certificate";
import { SUITE_1, SUITE_2 } from "../../crypto/curve";
import {
  COMMAND_CONFIRM, COMMAND_EPHEMERAL, COMMAND_INITIATE, COMMAND_TERMINATE, KeOut, KeOutcome, KeOutput, KeResult,
} from "./cluster";
import { CONFIRM_SIZE, confirmEmit, confirmParse } from "./confirm";
import { confirmation } from "./confirmation";
import { EPHEMERAL_SIZE_MAX, ephemeralEmit, ephemeralParse, ephemeralSize } from "./ephemeral";
import { historyHas, historyPut } from "./history";
import { identityCertificate, identityForget, identityIssuerKey, identityLoad, identityPrivateKey, identitySuites } from "./identity";
import { INITIATE_SIZE_MAX, Initiate, initiateEmit, initiateParse } from "./initiate";
import {
  STATUS_BAD_KEY_CONFIRM, STATUS_BAD_MESSAGE, STATUS_INVALID_CERTIFICATE, STATUS_NO_RESOURCES, STATUS_UNKNOWN_ISSUER,
  STATUS_UNSUPPORTED_SUITE, Terminate, terminateEmit, terminateParse,
} from "./terminate";

export const LINK_KEY_SIZE: u32 = 16;

// What we tell a partner about our own pace: several times what a part of 16 MHz needs for suite 2.
const EPHEMERAL_TIME_S: u32 = 10;
const CONFIRM_TIME_S: u32 = 15;
// The partner's generate times do not include the air: C.3.1.2.3 asks for at least two seconds more.
const AIR_MS: i64 = 2_000;
// An Initiate Response needs no computation, but a certificate in fragments, and a partner who may be asleep.
const INITIATE_WAIT_MS: i64 = 10_000;
// What we told the partner of both, and nothing of ours takes longer.
const WORK_MS: i64 = <i64>(EPHEMERAL_TIME_S + CONFIRM_TIME_S) * 1000;
// Anybody can name 255 s in an Initiate; others wait no longer than this for one that is slow.
const HOLD_MS: i64 = 30_000;
// What we ask of those whom we refuse.
const REFUSED_WAIT_S: u32 = 10;

enum State { Idle, AwaitInitiate, MakeEphemeral, AwaitEphemeral, CheckEphemeral, Agree, AwaitConfirm, Confirm }

@unmanaged @final
class Exchange {
  partner: u64;
  deadline: i64;
  latest: i64;        // the last `now` that we were told
  begun: i64;
  state: State;
  suite: u32;
  suites: u32;        // those an initiator may still try
  ephemeralTime: u32; // the partner's, in seconds
  confirmTime: u32;
  initiator: bool;
  ownMade: bool;      // our ephemeral key exists
  reconstructed: bool; // the partner's certificate has given its public key
  agreed: bool;       // both keys exist
}

const exchange = changetype<Exchange>(memory.data(offsetof<Exchange>(), 8));
const certificate = memory.data(CERTIFICATE_SIZE_MAX);
const ephemeral = memory.data(EPHEMERAL_SIZE_MAX);
const received = memory.data(CONFIRM_SIZE);
const expected = memory.data(CONFIRM_SIZE);
const linkKey = memory.data(LINK_KEY_SIZE);
const payload = memory.data(INITIATE_SIZE_MAX, 4);

/** What to send after a call of `keInitiate`, `keInput` or `keRun`. */
export const keOut = changetype<KeOut>(memory.data(offsetof<KeOut>(), 8));
/** Whether an exchange ended in a call of `keInitiate`, `keInput` or `keRun`, and how. */
export const keResult = changetype<KeResult>(memory.data(offsetof<KeResult>(), 8));

/** The suites that this device can do: the value of the attribute. */
export function keSuites(): u32 { return identitySuites(); }
/** The new key after `Done`, until `keWipe`. */
export function keLinkKey(): usize { return linkKey; }
export function keWipe(): void { wipe(linkKey, LINK_KEY_SIZE); }
/** Whether an exchange is under way. */
export function keBusy(): bool { return exchange.state != State.Idle; }

/** When `keRun` wants to run: at once while there is something to compute. */
export function keDeadline(): i64 {
  if (exchange.state == State.Idle) return NEVER;
  return agreementBusy() ? exchange.latest : exchange.deadline;
}

/**
 * Begins an exchange as initiator with the highest of `suites` that we have; lower ones are tried where the partner knows
 * only those.  One bit forces a suite.  Answers `Busy`, or `NotFound` where we have none of them.
 */
export function keInitiate(now: i64, suites: u32, partnerExtended: u64): i32 {
  prepare(now);
  if (exchange.state != State.Idle) return Err.Busy;
  return initiate(suites & identitySuites(), partnerExtended);
}

/** Takes a cluster command; answers `Ok`, or `Reserved` for a command that the cluster does not have. */
export function keInput(at: usize, size: u32, toServer: bool, commandId: u32, partnerExtended: u64, now: i64): i32 {
  prepare(now);
  if (commandId > COMMAND_TERMINATE) return Err.Reserved;
  let ours = exchange.state != State.Idle && exchange.partner == partnerExtended && exchange.initiator != toServer;
  if (commandId == COMMAND_TERMINATE) {
    if (ours) takeTerminate(at, size);
  } else if (commandId == COMMAND_INITIATE && toServer) {
    takeRequest(at, size, partnerExtended);
  } else if (!ours) {
    refuse(STATUS_BAD_MESSAGE, partnerExtended, !toServer); // out of sequence: there is nothing that this could continue
  } else {
    takeNext(at, size, commandId);
  }
  return Err.Ok;
}

/** One slice of computation, or the end of our patience; answers a `KeOutcome`. */
export function keRun(now: i64): i32 {
  prepare(now);
  if (exchange.state == State.Idle) return KeOutcome.None;
  if (now >= exchange.deadline) end(KeOutcome.Failed, 0, 0);
  else if (agreementBusy()) compute();
  return keResult.kind;
}

function prepare(now: i64): void {
  exchange.latest = now;
  keOut.kind = KeOutput.None;
  keResult.kind = KeOutcome.None;
}

function send(commandId: u32, size: u32, partner: u64, toServer: bool): void {
  keOut.kind = KeOutput.Command;
  keOut.commandId = commandId;
  keOut.payload = payload;
  keOut.size = size;
  keOut.partner = partner;
  keOut.toServer = toServer;
}

function sendToPartner(commandId: u32, size: u32): void {
  send(commandId, size, exchange.partner, exchange.initiator);
}

/** Waits for the partner's next message, given its own estimate. */
function awaitPartner(state: State, partnerSeconds: u32): void {
  exchange.state = state;
  exchange.deadline = exchange.latest + <i64>partnerSeconds * 1000 + AIR_MS;
}

/** Computes: the partner waits for us. */
function work(state: State): void {
  exchange.state = state;
  exchange.deadline = exchange.latest + WORK_MS;
}

/** Sends Terminate to someone; the exchange under way, if any, goes on. */
function refuse(status: u32, partner: u64, toServer: bool): void {
  send(COMMAND_TERMINATE, terminateEmit(payload, status, REFUSED_WAIT_S, identitySuites()), partner, toServer);
}

/** Sends Terminate to the partner and ends the exchange. */
function fail(status: u32): void {
  refuse(status, exchange.partner, exchange.initiator);
  end(KeOutcome.Failed, status, 0);
}

function end(kind: KeOutcome, status: u32, wait: u32): void {
  keResult.kind = kind;
  keResult.partner = exchange.partner;
  keResult.suite = exchange.suite;
  keResult.initiator = exchange.initiator;
  keResult.status = status;
  keResult.wait = wait;
  exchange.state = State.Idle;
  agreementForget();
  identityForget();
}

/** Loads our identity and begins to make an ephemeral key; on an error nothing has begun. */
function begin(suite: u32, partner: u64, initiator: bool): i32 {
  let status = identityLoad(suite);
  if (status < 0) return status;
  status = agreementBegin(suite, identityPrivateKey(suite), identityIssuerKey(suite));
  if (status < 0) {
    identityForget();
    return status;
  }
  exchange.begun = exchange.latest;
  exchange.partner = partner;
  exchange.suite = suite;
  exchange.initiator = initiator;
  exchange.ownMade = false;
  exchange.reconstructed = false;
  exchange.agreed = false;
  return Err.Ok;
}

function initiate(suites: u32, partner: u64): i32 {
  let suite = suites & SUITE_2 ? SUITE_2 : SUITE_1;
  if (!(suites & suite)) return Err.NotFound;
  let status = begin(suite, partner, true);
  if (status < 0) return status;
  exchange.suites = suites & ~suite;
  exchange.state = State.AwaitInitiate;
  exchange.deadline = exchange.latest + INITIATE_WAIT_MS;
  sendInitiate();
  return Err.Ok;
}

function sendInitiate(): void {
  sendToPartner(COMMAND_INITIATE, initiateEmit(payload, exchange.suite, EPHEMERAL_TIME_S, CONFIRM_TIME_S, identityCertificate()));
}

/** An Initiate request: somebody wants to be initiator with us. */
function takeRequest(at: usize, size: u32, partner: u64): void {
  if (exchange.state != State.Idle) {
    if (exchange.initiator || exchange.latest < exchange.begun + HOLD_MS) {
      refuse(STATUS_NO_RESOURCES, partner, false);
      return;
    }
    end(KeOutcome.Failed, STATUS_NO_RESOURCES, 0);
  }
  let status = parseStatus(initiateParse(at, size));
  if (!status) {
    let suite = changetype<Initiate>(at).suite;
    let begun = begin(suite, partner, false);
    status = begun == Err.NotFound ? STATUS_UNSUPPORTED_SUITE : begun < 0 ? STATUS_NO_RESOURCES : checkCertificate(at);
    if (status && begun >= 0) {
      agreementForget();
      identityForget();
    }
  }
  if (status) {
    refuse(status, partner, false);
    return;
  }
  keepInitiate(at);
  awaitPartner(State.AwaitEphemeral, exchange.ephemeralTime);
  sendInitiate();
}

/** A message of the partner within the exchange, in the direction that our role expects. */
function takeNext(at: usize, size: u32, commandId: u32): void {
  let state = exchange.state;
  if (commandId == COMMAND_INITIATE && state == State.AwaitInitiate) takeInitiateResponse(at, size);
  else if (commandId == COMMAND_EPHEMERAL && state == State.AwaitEphemeral) takeEphemeral(at, size);
  else if (commandId == COMMAND_CONFIRM && state == State.AwaitConfirm) takeConfirm(at, size);
  else fail(STATUS_BAD_MESSAGE);
}

function takeInitiateResponse(at: usize, size: u32): void {
  let status = parseStatus(initiateParse(at, size));
  if (!status) status = changetype<Initiate>(at).suite == exchange.suite ? checkCertificate(at) : STATUS_BAD_MESSAGE;
  if (status) {
    fail(status);
    return;
  }
  keepInitiate(at);
  work(State.MakeEphemeral);
  if (exchange.ownMade) sendEphemeral(State.AwaitEphemeral, exchange.ephemeralTime);
}

function takeEphemeral(at: usize, size: u32): void {
  if (ephemeralParse(exchange.suite, at, size) < 0) {
    fail(STATUS_BAD_MESSAGE);
    return;
  }
  memory.copy(ephemeral, at, size);
  if (historyHas(ephemeral, size)) {
    fail(STATUS_BAD_MESSAGE); // an ephemeral key serves once
    return;
  }
  historyPut(ephemeral, size);
  agreementGiveEphemeral(ephemeral);
  work(exchange.initiator ? State.Agree : State.CheckEphemeral);
}

function takeConfirm(at: usize, size: u32): void {
  if (confirmParse(size) < 0) {
    fail(STATUS_BAD_MESSAGE);
    return;
  }
  memory.copy(received, at, CONFIRM_SIZE);
  work(State.Confirm);
  if (exchange.agreed) checkConfirmation();
}

function takeTerminate(at: usize, size: u32): void {
  if (terminateParse(size) < 0) {
    end(KeOutcome.Failed, STATUS_BAD_MESSAGE, 0);
    return;
  }
  let told = changetype<Terminate>(at);
  let others = exchange.suites & told.suites;
  let retry = exchange.state == State.AwaitInitiate && told.status == STATUS_UNSUPPORTED_SUITE;
  end(KeOutcome.Failed, told.status, told.wait);
  if (!retry) return;
  if (initiate(others, exchange.partner) >= 0) keResult.kind = KeOutcome.None; // the same exchange under another suite
}

/** The status for what `initiateParse` answered; 0 where it accepted. */
function parseStatus(parsed: i32): u32 {
  if (parsed >= 0) return 0;
  return parsed == Err.NotFound ? STATUS_UNSUPPORTED_SUITE : STATUS_BAD_MESSAGE;
}

/** What can be said of the partner's certificate without computing; a status, or 0.  Our identity is loaded. */
function checkCertificate(at: usize): u32 {
  let suite = exchange.suite;
  let theirs = changetype<Initiate>(at).certificate;
  if (certificateParse(suite, theirs, certificateSize(suite)) < 0) return STATUS_INVALID_CERTIFICATE;
  let own = identityCertificate();
  if (!equalOctets(certificateIssuer(suite, theirs), certificateIssuer(suite, own), 8)) return STATUS_UNKNOWN_ISSUER;
  let subject = certificateSubjectAddress(suite, theirs);
  if (subject != exchange.partner) return STATUS_INVALID_CERTIFICATE;
  if (subject == certificateSubjectAddress(suite, own)) return STATUS_INVALID_CERTIFICATE; // ourselves, reflected
  return 0;
}

function keepInitiate(at: usize): void {
  let told = changetype<Initiate>(at);
  exchange.ephemeralTime = told.ephemeralTime;
  exchange.confirmTime = told.confirmTime;
  memory.copy(certificate, told.certificate, certificateSize(exchange.suite));
  agreementGiveCertificate(certificate);
}

function sendEphemeral(next: State, partnerSeconds: u32): void {
  sendToPartner(COMMAND_EPHEMERAL, ephemeralEmit(payload, exchange.suite, agreementOwnEphemeral()));
  awaitPartner(next, partnerSeconds);
}

function compute(): void {
  let happened = agreementRun();
  if (happened < 0) {
    fail(exchange.reconstructed ? STATUS_BAD_MESSAGE : STATUS_INVALID_CERTIFICATE);
  } else if (happened == Agreement.EphemeralMade) {
    exchange.ownMade = true;
    if (exchange.state == State.MakeEphemeral) sendEphemeral(State.AwaitEphemeral, exchange.ephemeralTime);
  } else if (happened == Agreement.Reconstructed) {
    exchange.reconstructed = true;
  } else if (happened == Agreement.EphemeralTaken) {
    if (equalOctets(ephemeral, agreementOwnEphemeral(), ephemeralSize(exchange.suite))) fail(STATUS_BAD_MESSAGE); // ours, reflected
    else if (!exchange.initiator) sendEphemeral(State.AwaitConfirm, exchange.confirmTime);
  } else if (happened == Agreement.Ready) {
    exchange.agreed = true;
    if (exchange.initiator) sendConfirm(State.AwaitConfirm);
    else if (exchange.state == State.Confirm) checkConfirmation();
  }
}

function sendConfirm(next: State): void {
  confirmationBy(true, expected);
  sendToPartner(COMMAND_CONFIRM, confirmEmit(payload, expected));
  awaitPartner(next, exchange.confirmTime);
}

/** Both keys and the partner's hash are there: the exchange ends. */
function checkConfirmation(): void {
  confirmationBy(false, expected);
  if (!equalOctets(expected, received, CONFIRM_SIZE)) {
    fail(STATUS_BAD_KEY_CONFIRM);
    return;
  }
  if (!exchange.initiator) {
    confirmationBy(true, expected);
    sendToPartner(COMMAND_CONFIRM, confirmEmit(payload, expected));
  }
  memory.copy(linkKey, agreementLinkKey(), LINK_KEY_SIZE);
  end(KeOutcome.Done, 0, 0);
}

/** Writes to `out` our own hash, or the one that the partner must send. */
function confirmationBy(us: bool, out: usize): void {
  let suite = exchange.suite;
  let own = certificateSubject(suite, identityCertificate());
  let theirs = certificateSubject(suite, certificate);
  let ownKey = agreementOwnEphemeral();
  if (us) confirmation(out, agreementMacKey(), exchange.initiator, suite, own, theirs, ownKey, ephemeral);
  else confirmation(out, agreementMacKey(), !exchange.initiator, suite, theirs, own, ephemeral, ownKey);
}
