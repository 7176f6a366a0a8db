// The Key Establishment cluster: both roles, both suites, and everything that must be refused.

import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import { describe, test } from "node:test";
import { makeCa, SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import {
  ALICE,
  BOB,
  begin,
  CA,
  CONFIRM,
  type Command,
  change,
  converse,
  DONE,
  EPHEMERAL,
  freshKey,
  INITIATE,
  Party,
  pair,
  setAt,
  type Tamper,
  TERMINATE,
  terminateOf,
} from "./party.ts";

const OTHER_CA = makeCa(Buffer.from("another authority"));

const UNKNOWN_ISSUER = 1;
const BAD_KEY_CONFIRM = 2;
const BAD_MESSAGE = 3;
const UNSUPPORTED_SUITE = 5;
const INVALID_CERTIFICATE = 6;

function flip(at: number, bits = 1): (payload: Buffer) => Buffer {
  return (payload) => {
    payload[at] = (payload[at] as number) ^ bits;
    return payload;
  };
}

for (const suite of [1, 2] as const) {
  describe(`suite ${suite}`, () => {
    const certificateSize = suite === 1 ? 48 : 74;
    const keySize = suite === 1 ? 22 : 37;

    test("two strangers end with the same key, by six commands", async () => {
      const [alice, bob] = await pair();
      const sent = converse(alice, bob, begin(alice, suite));
      assert.deepEqual(
        sent.map(({ id, toServer, payload }) => [id, toServer, payload.length]),
        [
          [INITIATE, true, 4 + certificateSize],
          [INITIATE, false, 4 + certificateSize],
          [EPHEMERAL, true, keySize],
          [EPHEMERAL, false, keySize],
          [CONFIRM, true, 16],
          [CONFIRM, false, 16],
        ],
      );
      for (const party of [alice, bob]) {
        assert.equal(party.result.kind, DONE);
        assert.equal(party.result.suite, suite);
        assert.equal(party.busy, false);
      }
      assert.deepEqual([alice.result.initiator, bob.result.initiator], [true, false]);
      assert.equal(alice.result.linkKey, bob.result.linkKey);
      assert.notEqual(alice.result.linkKey, "00".repeat(16));
      alice.lab.call("wipe");
      assert.equal(alice.lab.read(alice.lab.call("linkKey"), 16).toString("hex"), "00".repeat(16));
      const again = converse(alice, bob, begin(alice, suite));
      assert.equal(again.length, 6);
      assert.equal(alice.result.linkKey, bob.result.linkKey);
    });

    /** Parts of the private key and of the last ephemeral one, as octets and as words. */
    const secretsOf = (party: Party) => {
      const record = Buffer.from(party.records.get(suite === 1 ? 3 : 4) as Uint8Array);
      const parts = [record.subarray(certificateSize + 3, certificateSize + 15), (party.drawn.at(-1) as Buffer).subarray(3, 15)];
      return parts.flatMap((part) => [part, Buffer.from(part).reverse()]);
    };
    const holds = (party: Party) => secretsOf(party).some((secret) => Buffer.from(party.lab.memory.buffer).includes(secret));

    test("no private key stays in memory after an exchange, wherever it ends", async () => {
      const [alice, bob] = await pair();
      const first = begin(alice, suite);
      assert.equal(holds(alice), true, "during an exchange they are there");
      converse(alice, bob, first);
      assert.equal(holds(alice) || holds(bob), false);
      for (let slices = 0; slices < 45; slices += 4) {
        const answer = bob.input(begin(alice, suite), ALICE) as Command;
        alice.input(answer, BOB);
        for (let slice = 0; slice < slices && alice.busy; slice++) alice.lab.call("run", alice.now);
        const terminate = { id: TERMINATE, toServer: true, payload: Buffer.of(BAD_MESSAGE, 0, 0, 0), partner: 0n };
        alice.input({ ...terminate, toServer: false }, BOB);
        bob.input(terminate, ALICE);
        assert.equal(holds(alice) || holds(bob), false, `after ${slices} slices`);
      }
    });

    const refusals: [string, Tamper, number, boolean?][] = [
      ["a changed subject", change(INITIATE, true, flip(4 + (suite === 1 ? 22 : 28))), INVALID_CERTIFICATE],
      ["a changed subject of the responder", change(INITIATE, false, flip(4 + (suite === 1 ? 29 : 35))), INVALID_CERTIFICATE],
      ["another issuer", change(INITIATE, true, flip(4 + (suite === 1 ? 30 : 11))), UNKNOWN_ISSUER],
      ["another issuer of the responder", change(INITIATE, false, flip(4 + (suite === 1 ? 37 : 18))), UNKNOWN_ISSUER],
      ["a wrong prefix in the certificate", change(INITIATE, true, (p) => setAt(p, 4 + (suite === 1 ? 0 : 37), 4)), INVALID_CERTIFICATE],
      [
        "the abscissa 0 in the certificate",
        change(INITIATE, true, (p) => zeroKey(p, 4 + (suite === 1 ? 0 : 37), keySize)),
        INVALID_CERTIFICATE,
      ],
      ["an initiate request cut short", change(INITIATE, true, (p) => p.subarray(0, -1)), BAD_MESSAGE],
      ["an initiate request with an octet too many", change(INITIATE, true, (p) => Buffer.concat([p, Buffer.of(0)])), BAD_MESSAGE],
      ["an empty initiate request", change(INITIATE, true, () => Buffer.alloc(0)), BAD_MESSAGE],
      ["an initiate response cut short", change(INITIATE, false, (p) => p.subarray(0, 20)), BAD_MESSAGE],
      ["two suites at once", change(INITIATE, true, (p) => setAt(p, 0, 3)), BAD_MESSAGE],
      ["no suite", change(INITIATE, true, (p) => setAt(p, 0, 0)), BAD_MESSAGE],
      ["a suite that does not exist", change(INITIATE, true, (p) => setAt(p, 0, 4)), UNSUPPORTED_SUITE],
      ["a generate time of 255", change(INITIATE, true, (p) => setAt(p, 2, 255)), BAD_MESSAGE],
      ["a confirm time of 255", change(INITIATE, false, (p) => setAt(p, 3, 255)), BAD_MESSAGE],
      ["the response in the other suite", change(INITIATE, false, (p) => setAt(p, 0, 3 - suite)), BAD_MESSAGE],
      ["a wrong prefix of the ephemeral key", change(EPHEMERAL, true, (p) => setAt(p, 0, 4)), BAD_MESSAGE],
      ["a wrong prefix of the responder's", change(EPHEMERAL, false, (p) => setAt(p, 0, 0)), BAD_MESSAGE],
      ["the ephemeral key of order 2", change(EPHEMERAL, true, (p) => zeroKey(p, 0, keySize)), BAD_MESSAGE],
      ["the responder's ephemeral key of order 2", change(EPHEMERAL, false, (p) => zeroKey(p, 0, keySize)), BAD_MESSAGE],
      ["the ephemeral key of order 4", change(EPHEMERAL, false, (p) => setAt(zeroKey(p, 0, keySize), keySize - 1, 1)), BAD_MESSAGE],
      ["an ephemeral key that is too long for the field", change(EPHEMERAL, true, (p) => setAt(p, 1, 0xff)), BAD_MESSAGE],
      ["an ephemeral key cut short", change(EPHEMERAL, true, (p) => p.subarray(0, -1)), BAD_MESSAGE],
      ["a longer ephemeral key", change(EPHEMERAL, false, (p) => Buffer.concat([p, p])), BAD_MESSAGE],
      ["another hash of the initiator", change(CONFIRM, true, flip(0)), BAD_KEY_CONFIRM],
      ["another hash of the responder", change(CONFIRM, false, flip(15, 0x80)), BAD_KEY_CONFIRM],
      ["a hash cut short", change(CONFIRM, true, (p) => p.subarray(0, 15)), BAD_MESSAGE],
      ["a longer hash", change(CONFIRM, false, (p) => Buffer.concat([p, p])), BAD_MESSAGE],
      ["another person's valid ephemeral key", change(EPHEMERAL, true, () => freshKey(SUITE_CURVES[suite].name)), BAD_KEY_CONFIRM],
      ["another person's valid reconstruction point", change(INITIATE, true, (p) => swapPoint(p, suite)), BAD_KEY_CONFIRM],
    ];
    for (const [name, tamper, status] of refusals) {
      test(`refuses ${name} with status ${status}`, async () => {
        const [alice, bob] = await pair();
        const sent = converse(alice, bob, begin(alice, suite), tamper);
        assert.equal(terminateOf(sent)[0], status);
        assert.equal(terminateOf(sent).readUInt16LE(2), 3, "Terminate tells the suites that there are");
        assert.equal(alice.busy || bob.busy, false);
        assert.notEqual(alice.result.kind, DONE);
        if (!(name === "another hash of the responder" || name === "a longer hash")) assert.notEqual(bob.result.kind, DONE);
        const again = converse(alice, bob, begin(alice, suite));
        assert.equal(again.length, 6, "the next exchange works");
        assert.equal(alice.result.kind, DONE);
      });
    }

    test("refuses points off the curve and outside the group, found by search", async () => {
      const [alice, bob] = await pair();
      const refused = { off: 0, subgroup: 0 };
      for (let low = 2; low < 40 && (refused.off < 2 || refused.subgroup < 2); low++) {
        const key = Buffer.alloc(keySize);
        key[0] = 2;
        key[keySize - 1] = low;
        const kind = kindOf(suite, key);
        if (kind === "group") continue;
        const sent = converse(
          alice,
          bob,
          begin(alice, suite),
          change(EPHEMERAL, true, () => key),
        );
        assert.equal(terminateOf(sent)[0], BAD_MESSAGE, `abscissa ${low}`);
        refused[kind]++;
      }
      assert.ok(refused.off >= 2 && refused.subgroup >= 2, "the search met both kinds");
    });

    test("refuses a reused and a reflected ephemeral key", async () => {
      const [alice, bob] = await pair();
      let first: Buffer | undefined;
      converse(alice, bob, begin(alice, suite), (command) => {
        if (command.id === EPHEMERAL && command.toServer) first = command.payload;
        return command;
      });
      const reused = converse(
        alice,
        bob,
        begin(alice, suite),
        change(EPHEMERAL, true, () => first),
      );
      assert.equal(terminateOf(reused)[0], BAD_MESSAGE);
      let own: Buffer | undefined;
      const reflected = converse(alice, bob, begin(alice, suite), (command) => {
        if (command.id !== EPHEMERAL) return command;
        if (command.toServer) own = command.payload;
        return command.toServer ? command : { ...command, payload: own as Buffer };
      });
      assert.equal(terminateOf(reflected)[0], BAD_MESSAGE);
    });

    test("refuses a device with a certificate of another authority under the same name", async () => {
      const alice = await Party.open(CA, ALICE);
      const bob = await Party.open({ ...OTHER_CA, issuer: CA.issuer }, BOB);
      const sent = converse(alice, bob, begin(alice, suite));
      assert.equal(terminateOf(sent)[0], BAD_KEY_CONFIRM);
    });
  });
}

/** The point of order 2 is (0, 1). */
function zeroKey(payload: Buffer, at: number, size: number): Buffer {
  payload.fill(0, at, at + size);
  payload[at] = 2;
  return payload;
}

function swapPoint(payload: Buffer, suite: Suite): Buffer {
  freshKey(SUITE_CURVES[suite].name).copy(payload, 4 + (suite === 1 ? 0 : 37));
  return payload;
}

/** What OpenSSL says of an abscissa: off the curve, on it but not in the group of prime order, or in that group. */
function kindOf(suite: Suite, key: Buffer): "off" | "subgroup" | "group" {
  const { name, octets, order } = SUITE_CURVES[suite];
  const ecdh = createECDH(name);
  ecdh.setPrivateKey(Buffer.from((order - 1n).toString(16).padStart(2 * octets, "0"), "hex"));
  try {
    // In the group (n - 1) * P = -P, whose abscissa is that of P.
    return ecdh.computeSecret(key).equals(key.subarray(1)) ? "group" : "subgroup";
  } catch {
    return "off";
  }
}
