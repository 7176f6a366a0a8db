// The agreement that tests use at the far end, against the profile's worked examples: what it is held against must not be the stack's own.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { ROOT } from "../../host/modules.ts";
import { isVector, listOf, octetsOf, type Vector } from "../../host/vectors/report.ts";
import { vectorsOf } from "../../host/vectors/text.ts";
import { agree, confirmation, ephemeralPublic, keysOf, subjectOf } from "../support/mqv.ts";

const file = vectorsOf(readFileSync(join(ROOT, "tests/vectors/key_establishment.txt"), "utf8"));
const OCTETS: Record<Suite, number> = { 1: 21, 2: 36 };
const CERTIFICATE: Record<Suite, number> = { 1: 48, 2: 74 };

test("both ends of every worked example come to its numbers", () => {
  const examples = listOf(file, "cbke");
  assert.deepEqual(
    examples.map(({ suite }) => suite),
    [1, 2],
  );
  for (const example of examples) {
    const suite = example.suite as Suite;
    const { initiator, responder } = example as { initiator: Vector; responder: Vector };
    assert.ok(isVector(initiator) && isVector(responder));
    const field = (party: Vector, name: string, size: number): Buffer => Buffer.from(octetsOf(party, name, size));
    const certificate = (party: Vector): Buffer => field(party, "cert", CERTIFICATE[suite]);
    // One of them is beyond the order, and means what is left of it.
    const secret = (party: Vector): Buffer => {
      const left = BigInt(`0x${field(party, "ephPriv", OCTETS[suite]).toString("hex")}`) % SUITE_CURVES[suite].order;
      return Buffer.from(left.toString(16).padStart(2 * OCTETS[suite], "0"), "hex");
    };
    const ephemeral = (party: Vector): Buffer => ephemeralPublic(suite, secret(party));
    for (const [own, partner] of [
      [initiator, responder],
      [responder, initiator],
    ]) {
      const privateKey = field(own, "priv", OCTETS[suite]);
      const identity = { certificate: certificate(own), privateKey, caPublicKey: field(example, "ca", OCTETS[suite] + 1) };
      const share = { own: identity, ephemeral: secret(own), partnerCertificate: certificate(partner) };
      const z = agree(suite, { ...share, partnerEphemeral: ephemeral(partner) });
      const { mac, link } = keysOf(z);
      assert.deepEqual(
        [z, mac, link].map((each) => each.toString("hex")),
        [example.Z, example.macKey, example.linkKey],
      );
      const [u, v] = [subjectOf(suite, certificate(initiator)), subjectOf(suite, certificate(responder))];
      const [eu, ev] = [ephemeral(initiator), ephemeral(responder)];
      assert.equal(confirmation(mac, 2, u, v, eu, ev).toString("hex"), example.macU);
      assert.equal(confirmation(mac, 3, v, u, ev, eu).toString("hex"), example.macV);
    }
  }
});
