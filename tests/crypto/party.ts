// A device that does key establishment and nothing else: the exchange's module with an identity, driven by hand.

import assert from "node:assert/strict";
import { createECDH, createHash } from "node:crypto";
import { type Ca, identityRecord, issue, makeCa, type Suite } from "../../host/crypto/ca.ts";
import { Lab } from "../../host/crypto/lab.ts";

const IDENTITY_RECORD: Record<Suite, number> = { 1: 3, 2: 4 };

export const CA = makeCa(Buffer.from("key establishment test"));
export const ALICE = 0x00124b0000000001n;
export const BOB = 0xff124b00deadbe02n; // the top bit set: addresses are not signed

export const INITIATE = 0;
export const EPHEMERAL = 1;
export const CONFIRM = 2;
export const TERMINATE = 3;
export const NONE = 0;
export const DONE = 1;
export const FAILED = 2;

export interface Command {
  id: number;
  toServer: boolean;
  payload: Buffer;
  partner: bigint;
}

export interface Result {
  kind: number;
  status: number;
  wait: number;
  suite: number;
  initiator: boolean;
  linkKey: string;
}

/** Octets that look random and are the same in every run. */
export function stream(seed: string): (octets: Uint8Array) => void {
  let count = 0;
  return (octets) => {
    for (let at = 0; at < octets.length; at += 32) {
      octets.set(
        createHash("sha256")
          .update(`${seed} ${count++}`)
          .digest()
          .subarray(0, Math.min(32, octets.length - at)),
        at,
      );
    }
  };
}

/** A random public key on a curve of OpenSSL's. */
export function freshKey(curve: string): Buffer {
  const ecdh = createECDH(curve);
  ecdh.generateKeys();
  return ecdh.getPublicKey(null, "compressed");
}

export class Party {
  now = 1_000n;
  result: Result = { kind: NONE, status: 0, wait: 0, suite: 0, initiator: false, linkKey: "" };
  slices = 0;
  private constructor(
    readonly lab: Lab,
    readonly address: bigint,
    readonly records: Map<number, Uint8Array>,
    /** What the source of randomness has given. */
    readonly drawn: Buffer[],
  ) {}

  static async open(ca: Ca, address: bigint, suites: Suite[] = [1, 2]): Promise<Party> {
    const records = new Map<number, Uint8Array>();
    for (const suite of suites) records.set(IDENTITY_RECORD[suite], identityRecord(issue(ca, suite, address)));
    const random = stream(`device ${address}`);
    const drawn: Buffer[] = [];
    const entropy = (octets: Uint8Array) => {
      random(octets);
      drawn.push(Buffer.from(octets));
    };
    const lab = await Lab.open({ entropy, storeRead: (record) => records.get(record) }, "sep1/key_establishment");
    return new Party(lab, address, records, drawn);
  }

  initiate(suites: number, partner: bigint): Command | number {
    const status = this.lab.call("initiate", this.now, suites, partner);
    return status < 0 ? status : (this.take() as Command);
  }

  input(command: Command, from: bigint): Command | undefined {
    // The payload ends where memory is poisoned, so that a reader beyond it computes with rubbish.
    this.lab.put(0x400, Buffer.alloc(256, 0xa5));
    const at = this.lab.put(0x400, command.payload);
    this.lab.call("input", at, command.payload.length, command.toServer ? 1 : 0, command.id, from, this.now);
    return this.take();
  }

  /** Computes until there is something to send, an end, or nothing to compute. */
  compute(): Command | undefined {
    while (this.lab.call("busy") && BigInt(this.lab.call("deadline")) <= this.now) {
      this.slices++;
      this.lab.call("run", this.now);
      const command = this.take();
      if (command || this.result.kind !== NONE) return command;
    }
    return undefined;
  }

  /** Lets time pass to the deadline and a moment less, then to the deadline. */
  expire(): { before: number; at: number; waited: bigint } {
    const deadline = BigInt(this.lab.call("deadline"));
    const waited = deadline - this.now;
    this.now = deadline - 1n;
    const before = this.lab.call("run", this.now);
    this.now = deadline;
    const at = this.lab.call("run", this.now);
    this.take();
    return { before, at, waited };
  }

  get busy(): boolean {
    return this.lab.call("busy") !== 0;
  }

  private take(): Command | undefined {
    const { lab } = this;
    this.result = {
      kind: lab.call("resultKind"),
      status: lab.call("resultStatus"),
      wait: lab.call("resultWait"),
      suite: lab.call("resultSuite"),
      initiator: lab.call("resultInitiator") !== 0,
      linkKey: lab.read(lab.call("linkKey"), 16).toString("hex"),
    };
    if (!lab.call("outKind")) return undefined;
    return {
      id: lab.call("outCommand"),
      toServer: lab.call("outToServer") !== 0,
      payload: lab.read(lab.call("outPayload"), lab.call("outSize")),
      partner: BigInt.asUintN(64, BigInt(lab.call("outPartner"))),
    };
  }
}

/** Changes a command on its way; undefined loses it. */
export type Tamper = (command: Command, from: Party) => Command | undefined;

/** Runs two parties until neither has anything to do; answers the commands that travelled. */
export function converse(a: Party, b: Party, first: Command | undefined, tamper: Tamper = (command) => command): Command[] {
  const sent: Command[] = [];
  const results = new Map<Party, Result>();
  const pending: [Party, Command][] = first ? [[a, first]] : [];
  const note = (party: Party, command: Command | undefined) => {
    if (party.result.kind !== NONE) results.set(party, party.result);
    if (command) pending.push([party, command]);
  };
  for (let turn = 0; turn < 100; turn++) {
    const next = pending.shift();
    if (next) {
      const [from, command] = next;
      sent.push(command);
      const changed = tamper(command, from);
      const to = from === a ? b : a;
      if (changed) note(to, to.input(changed, from.address));
      continue;
    }
    for (const party of [a, b]) note(party, party.compute());
    if (pending.length === 0) break;
  }
  for (const [party, result] of results) party.result = result;
  return sent;
}

export function setAt(payload: Buffer, at: number, value: number): Buffer {
  payload[at] = value;
  return payload;
}

export async function pair(aliceSuites: Suite[] = [1, 2], bobSuites: Suite[] = [1, 2]): Promise<[Party, Party]> {
  return [await Party.open(CA, ALICE, aliceSuites), await Party.open(CA, BOB, bobSuites)];
}

export function begin(party: Party, suites: number, partner = BOB): Command {
  const command = party.initiate(suites, partner);
  assert.equal(typeof command, "object");
  return command as Command;
}

/** Changes the first command with this number and direction. */
export function change(id: number, toServer: boolean, edit: (payload: Buffer) => Buffer | undefined): Tamper {
  return (command) => {
    if (command.id !== id || command.toServer !== toServer) return command;
    const payload = edit(Buffer.from(command.payload));
    return payload && { ...command, payload };
  };
}

export function terminateOf(commands: Command[]): Buffer {
  const found = commands.find((command) => command.id === TERMINATE); // what crosses it is answered as out of sequence
  assert.ok(found, "the exchange ends with Terminate");
  assert.equal(found.payload.length, 4);
  return found.payload;
}
