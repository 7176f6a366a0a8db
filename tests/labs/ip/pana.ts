// Client, relay and agent of PANA on a medium that the test is, and doors to what they make.  Not shipped.
import { NEVER } from "../../../assembly/core/timers";
import { dropsOf } from "../../../assembly/core/drops";
import { keysIndex, keysMacSlot, keysNext, keysReset, keysSwitch } from "../../../assembly/ip/keys";
import * as agent from "../../../assembly/ip/pana/agent";
import { agentRotate } from "../../../assembly/ip/pana/members";
import * as client from "../../../assembly/ip/pana/client";
import {
  panaAppendAuth, panaAuthentic, panaCrypt, panaKeysMake, Transcript, TRANSCRIPT_SIZE, transcriptAdd,
} from "../../../assembly/ip/pana/keys";
import { panaAppend, panaBegin } from "../../../assembly/ip/pana/message";
import { networkKeyAppend } from "../../../assembly/ip/pana/network_key";
import { Pana } from "../../../assembly/ip/pana/message";
import { relayBack, relayInput } from "../../../assembly/ip/pana/relay";
import { secretsOf, sessionAt } from "../../../assembly/ip/pana/sessions";

const LAB_SIZE: u32 = 2048;
const lab = memory.data(LAB_SIZE, 16);
const transcript = changetype<Transcript>(memory.data(TRANSCRIPT_SIZE, 8));

/** Where the test puts what it gives. */
export function labAt(): usize { return lab; }
export function drops(layer: u32): usize { return dropsOf(layer); }
export function never(): i64 { return NEVER; }
export function keyIndex(): u32 { return keysIndex(); }
export function keyNext(): u32 { return keysNext(); }
export function resetKeys(): void { keysReset(); }
export function switchKey(index: u32): i32 { return keysSwitch(index); }
export function macSlot(index: u32): i32 { return keysMacSlot(index); }

export function clientReset(): void { client.clientReset(); }
export function clientStart(parent: usize, now: i64): void { client.clientStart(parent, now); }
export function clientStop(): void { client.clientStop(); }
export function clientAsk(ask: u32, to: usize, now: i64): i32 { return client.clientAsk(ask, to, now); }
export function clientInput(at: usize, size: u32, from: usize, now: i64): u32 { return client.clientInput(at, size, from, now); }
export function clientTick(now: i64): u32 { return client.clientTick(now); }
export function clientDeadline(): i64 { return client.clientDeadline(); }
export function clientIsOpen(): bool { return client.clientIsOpen(); }
export function clientKeyIndex(): u32 { return client.clientKeyIndex(); }

export function relayUp(at: usize, size: u32, from: usize, port: u32, to: usize, now: i64): i32 {
  return relayInput(at, size, from, port, to, now);
}
export function relayDown(at: usize, size: u32, from: usize, to: usize, now: i64): i32 { return relayBack(at, size, from, to, now); }

export function agentReset(now: i64): i32 { return agent.agentReset(now); }
export function agentInput(at: usize, size: u32, from: usize, port: u32, secured: bool, now: i64): u32 {
  return agent.agentInput(at, size, from, port, secured, now);
}
export function agentAdmit(allowed: bool, now: i64): void { agent.agentAdmit(allowed, now); }
export function agentTick(now: i64): void { agent.agentTick(now); }
export function agentDeadline(): i64 { return agent.agentDeadline(); }
export function agentRemove(extended: u64, now: i64): void { agent.agentRemove(extended, now); }
export function rotate(now: i64): i32 { return agentRotate(now); }
export function heardExtended(): u64 { return agent.agentHeard.extended; }
export function heardLfdi(): usize { return agent.agentHeard.lfdi; }
/** Who is in a row of sessions, 0 for nobody. */
export function sessionExtended(row: u32): u64 { return sessionAt(row).id ? sessionAt(row).extended : 0; }
export function sessionKey(row: u32): u32 { return sessionAt(row).keyIndex; }
export function sessionId(row: u32): u32 { return sessionAt(row).id; }

// What a session is made of, piece by piece.
export function transcriptReset(): void { transcript.size = 0; }
export function transcriptPut(at: usize, size: u32): void { transcriptAdd(transcript, at, size); }
export function keysMake(session: i32, keyId: u32): i32 { return panaKeysMake(session, transcript, keyId, secretsOf(0)); }
export function authentic(at: usize): bool { return panaAuthentic(changetype<Pana>(at), secretsOf(0)); }
export function crypt(at: usize, keyId: u32, text: usize, size: u32): i32 {
  return panaCrypt(changetype<Pana>(at), keyId, text, size, secretsOf(0));
}
export function begin(at: usize, type: u32, flags: u32, session: u32, sequence: u32): void { panaBegin(at, type, flags, session, sequence); }
export function append(at: usize, code: u32, value: usize, size: u32): void { panaAppend(changetype<Pana>(at), code, value, size); }
export function appendKey(at: usize, keyId: u32, key: usize, index: u32): i32 {
  return networkKeyAppend(changetype<Pana>(at), keyId, secretsOf(0), key, index);
}
export function appendAuth(at: usize): i32 { return panaAppendAuth(changetype<Pana>(at), secretsOf(0)); }
