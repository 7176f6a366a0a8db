// The procedure of key establishment: order, timing, choice of a suite.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
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
  FAILED,
  INITIATE,
  NONE,
  Party,
  pair,
  setAt,
  TERMINATE,
  terminateOf,
} from "./party.ts";

const CAROL = 0x00124b0000000003n;

const BAD_MESSAGE = 3;
const NO_RESOURCES = 4;
const UNSUPPORTED_SUITE = 5;
const INVALID_CERTIFICATE = 6;

const BUSY = -6;
const NOT_FOUND = -7;
const RESERVED = -4;

describe("the procedure", () => {
  test("prefers suite 2, and falls back to suite 1 where the partner has no other", async () => {
    const [alice, bob] = await pair();
    converse(alice, bob, begin(alice, 3));
    assert.equal(alice.result.suite, 2);
    const [anna, bert] = await pair([1, 2], [1]);
    const sent = converse(anna, bert, begin(anna, 3));
    assert.deepEqual(
      sent.slice(0, 3).map(({ id, payload }) => [id, payload[0]]),
      [
        [INITIATE, 2],
        [TERMINATE, UNSUPPORTED_SUITE],
        [INITIATE, 1],
      ],
    );
    assert.equal(anna.result.kind, DONE);
    assert.equal(anna.result.suite, 1);
    assert.equal(anna.result.linkKey, bert.result.linkKey);
  });

  test("a forced suite is not left", async () => {
    const [alice, bob] = await pair([1, 2], [1]);
    const sent = converse(alice, bob, begin(alice, 2));
    assert.equal(sent.length, 2);
    assert.deepEqual([alice.result.kind, alice.result.status], [FAILED, UNSUPPORTED_SUITE]);
  });

  test("suites follow from the records of manufacture; without one there is nothing to begin", async () => {
    const [alice, bob] = await pair([1], []);
    assert.equal(alice.lab.call("suites"), 1);
    assert.equal(bob.lab.call("suites"), 0);
    assert.equal(alice.initiate(2, BOB), NOT_FOUND);
    assert.equal(bob.initiate(3, ALICE), NOT_FOUND);
    const sent = converse(alice, bob, begin(alice, 1));
    assert.equal(terminateOf(sent)[0], UNSUPPORTED_SUITE);
    assert.equal(terminateOf(sent).readUInt16LE(2), 0);
    alice.records.set(3, Buffer.alloc(90));
    assert.equal(alice.initiate(1, BOB), NOT_FOUND, "a record of the wrong size is none");
  });

  test("a second partner gets NO_RESOURCES and the first goes on", async () => {
    const [alice, bob] = await pair();
    const carol = await Party.open(CA, CAROL);
    const first = begin(alice, 2);
    const answer = bob.input(first, ALICE) as Command;
    const refused = bob.input(begin(carol, 2), CAROL) as Command;
    assert.deepEqual([refused.id, refused.payload[0], refused.toServer, refused.partner], [TERMINATE, NO_RESOURCES, false, CAROL]);
    assert.equal((bob.input(first, ALICE) as Command).payload[0], NO_RESOURCES, "nor does the first partner get a second exchange");
    carol.input(refused, BOB);
    assert.deepEqual([carol.result.kind, carol.result.status, carol.result.wait], [FAILED, NO_RESOURCES, refused.payload[1]]);
    assert.equal(bob.initiate(3, CAROL), BUSY);
    const sent = converse(bob, alice, answer);
    assert.equal(sent.length, 5);
    assert.equal(alice.result.kind, DONE);
    assert.equal(alice.result.linkKey, bob.result.linkKey);
  });

  test("a partner that is slow, and may be so by its own word, holds the exchange from others for 30 s", async () => {
    const [alice, bob] = await pair();
    const carol = await Party.open(CA, CAROL);
    const slow = begin(alice, 1);
    setAt(setAt(slow.payload, 2, 254), 3, 254);
    assert.equal((bob.input(slow, ALICE) as Command).id, INITIATE);
    bob.now += 29_999n;
    const refusal = bob.input(begin(carol, 1), CAROL) as Command;
    assert.equal(refusal.payload[0], NO_RESOURCES);
    carol.input(refusal, BOB);
    bob.now += 1n;
    const answer = bob.input(begin(carol, 1), CAROL) as Command;
    assert.deepEqual([answer.id, answer.partner, bob.result.kind], [INITIATE, CAROL, FAILED]);
    assert.equal((bob.input(slow, ALICE) as Command).payload[0], NO_RESOURCES, "the other one waits now");
    converse(bob, carol, answer);
    assert.deepEqual([carol.result.kind, bob.result.kind], [DONE, DONE]);
    assert.equal(carol.result.linkKey, bob.result.linkKey);
  });

  test("who computes has a deadline too, also as responder", async () => {
    const [alice, bob] = await pair();
    let waited: bigint | undefined;
    converse(alice, bob, begin(alice, 1), (command) => {
      if (command.id !== EPHEMERAL || !command.toServer) return command;
      bob.input(command, ALICE); // and nothing is computed
      bob.now += 25_000n;
      bob.lab.call("run", bob.now);
      waited = 25_000n;
      return undefined;
    });
    assert.equal(waited, 25_000n);
    assert.equal(bob.busy, false);
  });

  test("a stranger's other commands are refused without harm", async () => {
    const [alice, bob] = await pair();
    const first = begin(alice, 1);
    for (const id of [EPHEMERAL, CONFIRM]) {
      for (const toServer of [true, false]) {
        const answer = bob.input({ id, toServer, payload: Buffer.alloc(22, 2), partner: 0n }, CAROL) as Command;
        assert.deepEqual([answer.id, answer.payload[0], answer.toServer], [TERMINATE, BAD_MESSAGE, !toServer]);
      }
    }
    const answer = bob.input(first, ALICE) as Command;
    assert.equal(bob.input({ id: TERMINATE, toServer: true, payload: Buffer.of(3, 0, 3, 0), partner: 0n }, CAROL), undefined);
    assert.equal(bob.input({ id: TERMINATE, toServer: false, payload: Buffer.of(3, 0, 3, 0), partner: 0n }, ALICE), undefined);
    assert.equal(bob.input({ id: CONFIRM, toServer: false, payload: Buffer.alloc(16), partner: 0n }, ALICE)?.payload[0], BAD_MESSAGE);
    assert.equal(bob.busy, true, "neither a stranger nor the wrong direction ends the exchange");
    assert.equal(bob.lab.call("input", bob.lab.at(0), 0, 1, 4, ALICE, bob.now), RESERVED, "a command that does not exist");
    assert.equal(converse(bob, alice, answer).length, 5);
  });

  test("a command out of sequence ends the exchange", async () => {
    for (const id of [CONFIRM, INITIATE]) {
      const [alice, bob] = await pair();
      const answer = bob.input(begin(alice, 1), ALICE) as Command;
      if (id === CONFIRM) {
        const refusal = bob.input({ id, toServer: true, payload: Buffer.alloc(16), partner: 0n }, ALICE) as Command;
        assert.deepEqual([refusal.id, refusal.payload[0], bob.busy], [TERMINATE, BAD_MESSAGE, false]);
        assert.deepEqual([bob.result.kind, bob.result.status], [FAILED, BAD_MESSAGE]);
      } else {
        alice.input(answer, BOB);
        const refusal = alice.input(answer, BOB) as Command;
        assert.deepEqual([refusal.id, refusal.payload[0], refusal.toServer, alice.busy], [TERMINATE, BAD_MESSAGE, true, false]);
      }
    }
  });

  test("Terminate ends the exchange with its reason and is never answered", async () => {
    const [alice, bob] = await pair();
    begin(alice, 3);
    assert.equal(alice.input({ id: TERMINATE, toServer: false, payload: Buffer.of(4, 77, 2, 0), partner: 0n }, BOB), undefined);
    assert.deepEqual([alice.result.kind, alice.result.status, alice.result.wait, alice.busy], [FAILED, NO_RESOURCES, 77, false]);
    begin(alice, 3);
    assert.equal(alice.input({ id: TERMINATE, toServer: false, payload: Buffer.of(9, 0, 0), partner: 0n }, BOB), undefined);
    assert.deepEqual([alice.result.kind, alice.busy], [FAILED, false]);
    assert.equal(bob.input({ id: TERMINATE, toServer: true, payload: Buffer.of(9, 0, 0, 0), partner: 0n }, ALICE), undefined);
  });

  test("a silent partner is given its own time and two seconds, not a millisecond more", async () => {
    const wait = async (lose: number, toServer: boolean, who: "alice" | "bob") => {
      const [alice, bob] = await pair();
      const times = change(INITIATE, who === "bob", (p) => setAt(setAt(p, 2, 7), 3, 9));
      converse(alice, bob, begin(alice, 1), (command, from) => {
        if (command.id === lose && command.toServer === toServer) return undefined;
        return times(command, from);
      });
      const party = who === "alice" ? alice : bob;
      assert.equal(party.busy, true);
      const { before, at, waited } = party.expire();
      assert.deepEqual([before, at], [NONE, FAILED]);
      assert.deepEqual([party.result.status, party.busy], [0, false]);
      return waited;
    };
    assert.equal(await wait(INITIATE, false, "alice"), 10_000n);
    assert.equal(await wait(EPHEMERAL, false, "alice"), 9_000n);
    assert.equal(await wait(CONFIRM, false, "alice"), 11_000n);
    assert.equal(await wait(EPHEMERAL, true, "bob"), 9_000n);
    assert.equal(await wait(CONFIRM, true, "bob"), 11_000n);
  });

  test("commands that come while we compute wait for the computation", async () => {
    const [alice, bob] = await pair();
    const toBob = begin(alice, 2);
    const toAlice = bob.input(toBob, ALICE) as Command; // bob has not computed a slice
    const ephemeral = alice.input(toAlice, BOB) ?? (alice.compute() as Command);
    assert.equal(bob.input(ephemeral, ALICE), undefined);
    const answer = bob.compute() as Command;
    assert.equal(answer.id, EPHEMERAL);
    assert.equal(alice.input(answer, BOB), undefined);
    const confirm = alice.compute() as Command;
    assert.equal(bob.input(confirm, ALICE), undefined, "bob has its share still to do");
    const last = bob.compute() as Command;
    assert.deepEqual([last.id, bob.result.kind], [CONFIRM, DONE]);
    alice.input(last, BOB);
    assert.deepEqual([alice.result.kind, alice.result.linkKey], [DONE, bob.result.linkKey]);
  });

  test("a certificate of ours that comes back is not accepted", async () => {
    const [alice] = await pair();
    const mirror = begin(alice, 2, ALICE);
    const sent = alice.input({ ...mirror, toServer: false }, ALICE) as Command;
    assert.equal(sent.payload[0], INVALID_CERTIFICATE);
  });

  test("suite-2 certificates of another kind are refused", async () => {
    for (const [at, value] of [
      [0, 1],
      [9, 12],
      [10, 4],
      [36, 0x80],
    ] as const) {
      const [alice, bob] = await pair();
      const sent = converse(
        alice,
        bob,
        begin(alice, 2),
        change(INITIATE, true, (p) => setAt(p, 4 + at, value)),
      );
      assert.equal(terminateOf(sent)[0], INVALID_CERTIFICATE, `octet ${at}`);
    }
  });
});
