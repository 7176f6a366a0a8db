// Doors for tests and for `npm run vectors`: the exchange, and each parser with its emitter.  No device imports this.

import { certificateParse, certificateSubject } from "../../../assembly/crypto/certificate";
import { KeOut, KeResult } from "../../../assembly/sep1/key_establishment/cluster";
import { confirmEmit, confirmParse } from "../../../assembly/sep1/key_establishment/confirm";
import { ephemeralEmit, ephemeralParse } from "../../../assembly/sep1/key_establishment/ephemeral";
import { confirmation } from "../../../assembly/sep1/key_establishment/confirmation";
import * as exchange from "../../../assembly/sep1/key_establishment/exchange";
import { Initiate, initiateEmit, initiateParse } from "../../../assembly/sep1/key_establishment/initiate";
import { Terminate, terminateEmit, terminateParse } from "../../../assembly/sep1/key_establishment/terminate";

const LAB_SIZE: u32 = 2048;
const lab = memory.data(LAB_SIZE, 16);

export function labAt(): usize { return lab; }

export function initiate(now: i64, suites: u32, partner: u64): i32 { return exchange.keInitiate(now, suites, partner); }
export function input(at: usize, size: u32, toServer: bool, commandId: u32, partner: u64, now: i64): i32 {
  return exchange.keInput(at, size, toServer, commandId, partner, now);
}
export function run(now: i64): i32 { return exchange.keRun(now); }
export function busy(): bool { return exchange.keBusy(); }
export function deadline(): i64 { return exchange.keDeadline(); }
export function suites(): u32 { return exchange.keSuites(); }
export function linkKey(): usize { return exchange.keLinkKey(); }
export function wipe(): void { exchange.keWipe(); }

export function outKind(): u32 { return exchange.keOut.kind; }
export function outCommand(): u32 { return exchange.keOut.commandId; }
export function outToServer(): bool { return exchange.keOut.toServer; }
export function outPayload(): usize { return exchange.keOut.payload; }
export function outSize(): u32 { return exchange.keOut.size; }
export function outPartner(): u64 { return exchange.keOut.partner; }

export function resultKind(): u32 { return exchange.keResult.kind; }
export function resultStatus(): u32 { return exchange.keResult.status; }
export function resultWait(): u32 { return exchange.keResult.wait; }
export function resultSuite(): u32 { return exchange.keResult.suite; }
export function resultInitiator(): bool { return exchange.keResult.initiator; }
export function resultPartner(): u64 { return exchange.keResult.partner; }

/** The hash by which a party confirms, for worked examples. */
export function confirm(
  out: usize, macKey: usize, byInitiator: bool, suite: u32, address: usize, otherAddress: usize, ephemeral: usize, otherEphemeral: usize,
): void {
  confirmation(out, macKey, byInitiator, suite, address, otherAddress, ephemeral, otherEphemeral);
}
export function subject(suite: u32, certificate: usize): usize { return certificateSubject(suite, certificate); }

// Fuzzing, tests/fuzz/README.md.

export function parse_initiate(at: usize, size: u32): i32 { return initiateParse(at, size); }
export function emit_initiate(from: usize, size: u32, to: usize): i32 {
  let parsed = initiateParse(from, size);
  if (parsed < 0) return parsed;
  let view = changetype<Initiate>(from);
  return initiateEmit(to, view.suite, view.ephemeralTime, view.confirmTime, view.certificate);
}

export function parse_ephemeral_1(at: usize, size: u32): i32 { return ephemeralParse(1, at, size); }
export function emit_ephemeral_1(from: usize, size: u32, to: usize): i32 {
  let parsed = ephemeralParse(1, from, size);
  return parsed < 0 ? parsed : <i32>ephemeralEmit(to, 1, from);
}

export function parse_ephemeral_2(at: usize, size: u32): i32 { return ephemeralParse(2, at, size); }
export function emit_ephemeral_2(from: usize, size: u32, to: usize): i32 {
  let parsed = ephemeralParse(2, from, size);
  return parsed < 0 ? parsed : <i32>ephemeralEmit(to, 2, from);
}

export function parse_confirm(at: usize, size: u32): i32 { return confirmParse(size); }
export function emit_confirm(from: usize, size: u32, to: usize): i32 {
  let parsed = confirmParse(size);
  return parsed < 0 ? parsed : <i32>confirmEmit(to, from);
}

export function parse_terminate(at: usize, size: u32): i32 { return terminateParse(size); }
export function emit_terminate(from: usize, size: u32, to: usize): i32 {
  let parsed = terminateParse(size);
  if (parsed < 0) return parsed;
  let view = changetype<Terminate>(from);
  return terminateEmit(to, view.status, view.wait, view.suites);
}

export function parse_certificate_1(at: usize, size: u32): i32 { return certificateParse(1, at, size); }
export function parse_certificate_2(at: usize, size: u32): i32 { return certificateParse(2, at, size); }
