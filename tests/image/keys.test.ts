// Key files: OpenSSL reads ours, we read OpenSSL's, and everything else is named.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  DEVELOPMENT_CLASS,
  DEVELOPMENT_VENDOR,
  derFromSignature,
  developmentRelease,
  developmentRoot,
  keyGenerate,
  privateFromPem,
  privatePem,
  publicFromPem,
  publicPem,
  signatureFromDer,
  uuidFromName,
  uuidText,
} from "../../host/image/keys.ts";
import { derOf, openssl, scratch } from "./es256_openssl.ts";

const folder = scratch("keys");
const path = (name: string): string => join(folder, name);

test("OpenSSL reads our private and public keys", () => {
  const key = keyGenerate();
  writeFileSync(path("ours.pem"), privatePem(key));
  writeFileSync(path("ours.pub"), publicPem(key.point));
  const made = openssl("pkey", "-in", path("ours.pem"), "-pubout");
  assert.equal(made.status, 0, made.stderr.toString());
  assert.equal(made.stdout.toString(), publicPem(key.point));
  assert.match(openssl("pkey", "-pubin", "-in", path("ours.pub"), "-noout", "-text").stdout.toString(), /prime256v1/);
});

for (const [form, args] of [
  ["PKCS #8", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"]],
  ["SEC 1", ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out"]],
] as const)
  test(`we read OpenSSL's keys in ${form}`, () => {
    assert.equal(openssl(...args, path("theirs.pem")).status, 0);
    const key = privateFromPem(readFileSync(path("theirs.pem")));
    assert.equal(key.scalar.length, 32);
    assert.equal(publicPem(key.point), openssl("pkey", "-in", path("theirs.pem"), "-pubout").stdout.toString());
    assert.deepEqual(publicFromPem(publicPem(key.point)), key.point);
  });

test("a key on another curve, an encrypted one and no key at all are named", () => {
  openssl("ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", path("p384.pem"));
  assert.throws(() => privateFromPem(readFileSync(path("p384.pem"))), /not on the curve P-256/);
  writeFileSync(path("plain.pem"), privatePem(developmentRoot()));
  openssl("pkcs8", "-topk8", "-in", path("plain.pem"), "-passout", "pass:x", "-out", path("locked.pem"));
  assert.throws(() => privateFromPem(readFileSync(path("locked.pem"))), /encrypted/);
  assert.throws(() => privateFromPem("text"), /no private key/);
  assert.throws(() => publicFromPem("text"), /no key/);
});

test("signatures are written as DER and read back, leading zeros and all", () => {
  for (const [r, s] of [
    [0x80, 0x7f],
    [0x00, 0xff],
  ]) {
    const signature = Buffer.concat([Buffer.alloc(32, r), Buffer.alloc(32, s)]);
    if (r === 0) signature[31] = 1;
    if (s === 0xff) signature[32] = 0x0f;
    assert.deepEqual(derFromSignature(signature), derOf(signature));
    assert.deepEqual(signatureFromDer(derOf(signature)), signature);
  }
  assert.equal(signatureFromDer(Buffer.alloc(70, 0x30)), undefined);
});

test("the development keys are two, and always the same two", () => {
  assert.equal(developmentRoot().point.toString("hex"), developmentRoot().point.toString("hex"));
  assert.notDeepEqual(developmentRoot().point, developmentRelease().point);
});

test("names become UUIDs as RFC 9562 section 5.5 and its example have it", () => {
  const dns = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex");
  assert.equal(uuidText(uuidFromName(dns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  assert.deepEqual(DEVELOPMENT_VENDOR, uuidFromName(dns, "kilowasm.example"));
  assert.deepEqual(DEVELOPMENT_CLASS, uuidFromName(DEVELOPMENT_VENDOR, "han-node"));
});
