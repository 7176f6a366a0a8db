// The test authority: its certificates hold under assembly/crypto, which shares no code with it.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createECDH } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { identityRecord, issue, makeCa, SUITE_CURVES } from "../../host/crypto/ca.ts";
import { Lab } from "../../host/crypto/lab.ts";
import { programWords } from "../support/program.ts";
import { stream } from "./party.ts";

const IEEE = 0x00124b000a0b0c0dn;
const RECONSTRUCTED = 3;

function run(...args: string[]) {
  return spawnSync(process.execPath, [...programWords(), "ca", ...args], { encoding: "utf8" });
}

test("a certificate gives the public key of the private key that came with it", async () => {
  const lab = await Lab.open({ entropy: stream("ca") });
  const ca = makeCa(Buffer.from("seed"));
  for (const suite of [1, 2] as const) {
    for (const ieee of [IEEE, 1n, 0xffff_ffff_ffff_fffen]) {
      const identity = issue(ca, suite, ieee);
      lab.call("agreementBegin", suite, lab.put(0x200, identity.privateKey), lab.put(0x280, identity.caPublicKey));
      lab.call("agreementCertificate", lab.put(0x300, identity.certificate));
      let happened = 1;
      while (happened > 0 && happened !== RECONSTRUCTED) happened = lab.call("agreementRun");
      assert.equal(happened, RECONSTRUCTED);
      const own = createECDH(SUITE_CURVES[suite].name);
      own.setPrivateKey(identity.privateKey);
      assert.equal((lab.compute("agreementPartner") as Buffer).toString("hex"), own.getPublicKey("hex", "compressed"));
    }
  }
});

test("the authority is a function of its seed, and issues to one address only once", () => {
  const one = makeCa(Buffer.from("one"));
  assert.deepEqual(issue(one, 2, IEEE), issue(makeCa(Buffer.from("one")), 2, IEEE));
  assert.notDeepEqual(issue(one, 2, IEEE), issue(one, 2, IEEE + 1n));
  assert.notDeepEqual(issue(one, 2, IEEE), issue(makeCa(Buffer.from("two")), 2, IEEE));
  const sizes = ([1, 2] as const).map((suite) => identityRecord(issue(one, suite, IEEE)).length);
  assert.deepEqual(sizes, [48 + 21 + 22, 74 + 36 + 37]);
});

test("the tool writes an identity, and says in one sentence what is wrong", () => {
  const folder = mkdtempSync(join(tmpdir(), "ca-"));
  const out = join(folder, "identity.json");
  assert.equal(run("issue", "--suite", "1", "--ieee", "0x00124b000a0b0c0d", "--seed", "one", "--out", out).status, 0);
  const written = JSON.parse(readFileSync(out, "utf8"));
  assert.equal(written.certificate, issue(makeCa(Buffer.from("one")), 1, IEEE).certificate.toString("hex"));
  const raw = join(folder, "identity.bin");
  assert.equal(run("issue", "--suite", "2", "--ieee", "00:12:4b:00:0a:0b:0c:0d", "--seed", "one", "--raw", "--out", raw).status, 0);
  assert.deepEqual(readFileSync(raw), identityRecord(issue(makeCa(Buffer.from("one")), 2, IEEE)));
  for (const args of [
    ["issue", "--suite", "3", "--ieee", "00124b000a0b0c0d"],
    ["issue", "--suite", "1", "--ieee", "12345"],
    ["issue", "--suite", "1", "--ieee", "0000000000000000"],
    ["issue", "--suite", "1"],
    ["issue", "--suite", "1", "--ieee", "00124b000a0b0c0d", "--out", join(folder, "none/identity")],
    ["issue", "--suite", "1", "--ieee", "00124b000a0b0c0d", "--colour", "red"],
  ]) {
    const { status, stderr } = run(...args);
    assert.notEqual(status, 0, args.join(" "));
    assert.equal(stderr.trim().split("\n").length, 1, stderr);
  }
});
