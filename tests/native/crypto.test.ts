// The boards' cryptography against vectors of others and against OpenSSL.
import assert from "node:assert/strict";
import { createCipheriv, createECDH, createHash, createSign, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Field } from "../../host/abi.ts";
import { hashMmo, hmacMmo } from "../../host/crypto/mmo.ts";
import { HmacDrbg } from "../../host/drbg.ts";
import { native } from "../../host/native/addon.ts";
import type { Vector } from "../../host/vectors/report.ts";
import { readVectors } from "../../host/vectors/run.ts";

const SHARED = new URL("../../../shared/vectors/", import.meta.url);
const skip = existsSync(SHARED) ? false : "no ../shared/vectors";
const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ""), "hex");
// biome-ignore lint/suspicious/noExplicitAny: the vectors have a schema per file, and the assertions look at every field they use
const load = (name: string): any => JSON.parse(readFileSync(new URL(name, SHARED), "utf8"));

const symmetric: [string, () => Vector, string | false][] = [
  ["the values of 05-3474 annex C", () => readVectors(fileURLToPath(new URL("../vectors/symmetric.txt", import.meta.url))), false],
  ["the values of others' tests", () => load("zigbee-symmetric.json"), skip],
];

for (const [whose, read, absent] of symmetric) {
  test(`AES-MMO, its keyed hash, key variants and CCM* give ${whose}`, { skip: absent }, () => {
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const vectors = read() as any;
    const { ccmSeal, ccmOpen, hashMmo: mmo, hmacMmo: hmac, keyVariant } = native();
    for (const v of vectors.mmo) {
      const message = v.msg === undefined ? Buffer.from(Array.from({ length: v.seqLen }, (_, i) => i & 255)) : hex(v.msg);
      assert.equal(mmo(message).toString("hex"), v.hash, v.name);
    }
    for (const v of vectors.hmac) assert.equal(hmac(hex(v.key), hex(v.msg)).toString("hex"), v.mac, v.name);
    for (const v of vectors.keyHash ?? []) {
      assert.equal(hmac(hex(v.key), hex(v.input)).toString("hex"), v.mac, v.name);
      const variant = { "00": 1, "02": 2 }[v.input as string];
      if (variant) assert.equal(keyVariant(hex(v.key), variant)?.toString("hex"), v.mac, v.name);
    }
    for (const v of vectors.ccm) {
      const sealed = ccmSeal(hex(v.key), hex(v.nonce), hex(v.aad), hex(v.plain), v.tag.length / 2);
      assert.equal(sealed?.toString("hex"), v.cipher + v.tag, v.name);
      assert.equal(ccmOpen(hex(v.key), hex(v.nonce), hex(v.aad), hex(v.cipher + v.tag), v.tag.length / 2)?.toString("hex"), v.plain);
    }
  });
}

test("AES-CCM passes all of Wycheproof", { skip }, () => {
  const { ccmSeal, ccmOpen } = native();
  let count = 0;
  for (const group of load("wycheproof/aes_ccm_test.json").testGroups) {
    for (const v of group.tests) {
      const name = `tcId ${v.tcId} ${v.comment}`;
      const opened = ccmOpen(hex(v.key), hex(v.iv), hex(v.aad), hex(v.ct + v.tag), v.tag.length / 2);
      assert.equal(opened !== null, v.result === "valid", name);
      if (opened) {
        assert.equal(opened.toString("hex"), v.msg, name);
        assert.equal(ccmSeal(hex(v.key), hex(v.iv), hex(v.aad), hex(v.msg), v.tag.length / 2)?.toString("hex"), v.ct + v.tag, name);
      }
      count++;
    }
  }
  assert.ok(count > 500, `${count} vectors`);
});

test("AES-CCM is OpenSSL's for every tag size, nonce size and length around a block", () => {
  const { ccmSeal, ccmOpen } = native();
  for (let i = 0; i < 400; i++) {
    const [key, nonce, aad, text] = [randomBytes(16), randomBytes(7 + (i % 7)), randomBytes((i * 7) % 40), randomBytes(1 + (i % 130))];
    const tagSize = 4 + 2 * (i % 7);
    const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: tagSize });
    cipher.setAAD(aad, { plaintextLength: text.length });
    const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    assert.deepEqual(ccmSeal(key, nonce, aad, text, tagSize), expected);
    assert.deepEqual(ccmOpen(key, nonce, aad, expected, tagSize), text);
    expected[i % expected.length] ^= 1;
    assert.equal(ccmOpen(key, nonce, aad, expected, tagSize), null);
  }
  for (const size of [0, 15, 17, 31, 33])
    assert.equal(ccmSeal(Buffer.alloc(size), Buffer.alloc(13), Buffer.alloc(0), Buffer.alloc(4), 4), null);
  for (const size of [0, 2, 3, 5, 7, 15, 17])
    assert.equal(ccmSeal(Buffer.alloc(16), Buffer.alloc(13), Buffer.alloc(0), Buffer.alloc(4), size), null);
  for (const size of [0, 6, 14]) assert.equal(ccmSeal(Buffer.alloc(16), Buffer.alloc(size), Buffer.alloc(0), Buffer.alloc(4), 4), null);
});

test("AES-MMO is the host's for every length around the padding's edges", () => {
  const { hashMmo: mmo, hmacMmo: hmac } = native();
  const sizes = [...Array.from({ length: 70 }, (_, i) => i), ...Array.from({ length: 40 }, (_, i) => 8170 + i), 20000];
  for (const size of sizes) {
    const data = randomBytes(size);
    assert.deepEqual(mmo(data), hashMmo(data), `${size} octets`);
    const key = randomBytes(1 + (size % 40));
    assert.deepEqual(hmac(key, data), hmacMmo(key, data), `${size} octets, keyed`);
  }
});

test("HMAC_DRBG is the host's, generate call by generate call", () => {
  const seed = randomBytes(32);
  for (const size of [0, 1, 16, 32, 33, 100]) {
    const host = new HmacDrbg(seed);
    const expected = Buffer.concat(Array.from({ length: 5 }, () => host.generate(size)));
    assert.deepEqual(native().drbg(seed, size, 5), expected, `${size} octets`);
  }
});

test("SHA-256 is OpenSSL's", () => {
  for (let size = 0; size < 130; size++) {
    const data = randomBytes(size);
    assert.deepEqual(native().sha256(data), createHash("sha256").update(data).digest());
  }
});

test("the product of two elements and its squarings are the schoolbook's", () => {
  const schoolbook = (a: bigint, b: bigint): bigint => {
    let product = 0n;
    for (let bit = 0n; a >> bit; bit++) if ((a >> bit) & 1n) product ^= b << bit;
    return product;
  };
  const modulo = (a: bigint, polynomial: bigint, degree: bigint): bigint => {
    let rest = a;
    for (let bit = 576n; bit >= degree; bit--) if ((rest >> bit) & 1n) rest ^= polynomial << (bit - degree);
    return rest;
  };
  const number = (octets: Buffer): bigint => BigInt(`0x${Buffer.from(octets).reverse().toString("hex")}`);
  const { gf2Multiply } = native();
  const FIELDS = [
    { field: Field.Sect163k1, degree: 163n, polynomial: (1n << 163n) | 0b1100_1001n },
    { field: Field.Sect283k1, degree: 283n, polynomial: (1n << 283n) | 0b1_0000_1010_0001n },
  ];
  for (const { field, degree, polynomial } of FIELDS) {
    const below = (octets: Buffer): bigint => number(octets) & ((1n << degree) - 1n);
    for (let i = 0; i < 60; i++) {
      const [a, b] = i === 0 ? [Buffer.alloc(36, 0xff), Buffer.alloc(36, 0xff)] : [randomBytes(36), randomBytes(36)];
      const right = i % 3 === 1 ? a : b;
      const squarings = i < 55 ? i % 5 : 282 - (i - 55);
      let expected = modulo(schoolbook(below(a), below(right)), polynomial, degree);
      for (let count = 0; count < squarings; count++) expected = modulo(schoolbook(expected, expected), polynomial, degree);
      const product = gf2Multiply(field, a, right, squarings);
      assert.ok(product);
      assert.equal(number(product), expected, `field ${field}, ${squarings} squarings`);
    }
    assert.equal(gf2Multiply(field, Buffer.alloc(36), Buffer.alloc(36), 283), null);
    assert.equal(gf2Multiply(field, Buffer.alloc(40), Buffer.alloc(40), 0), null);
  }
  for (const field of [0, 3]) assert.equal(gf2Multiply(field, Buffer.alloc(36), Buffer.alloc(36), 0), null);
});

test("P-256 signatures are OpenSSL's both ways, and agreement gives the same secret", () => {
  const { p256Verify, p256Sign, p256Agree } = native();
  for (let i = 0; i < 8; i++) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const jwk = privateKey.export({ format: "jwk" });
    const [d, x, y] = [jwk.d, jwk.x, jwk.y].map((part) => Buffer.from(part as string, "base64url"));
    const point = Buffer.concat([Buffer.of(4), x, y]);
    const message = randomBytes(50);
    const digest = createHash("sha256").update(message).digest();
    const theirs = createSign("sha256").update(message).sign({ key: privateKey, dsaEncoding: "ieee-p1363" });
    assert.equal(p256Verify(point, digest, theirs), true);
    theirs[i * 8] ^= 1;
    assert.equal(p256Verify(point, digest, theirs), false);
    const ours = p256Sign(d, digest);
    assert.ok(ours);
    assert.equal(verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, ours), true);
    const other = createECDH("prime256v1");
    other.generateKeys();
    assert.deepEqual(p256Agree(d, other.getPublicKey()), other.computeSecret(point));
    const off = Buffer.from(other.getPublicKey());
    off[40] ^= 1;
    assert.equal(p256Agree(d, off), null);
  }
});

test("P-256 verification passes all of Wycheproof", { skip }, () => {
  let count = 0;
  for (const group of load("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json").testGroups) {
    const key = group.publicKey ?? group.key;
    for (const v of group.tests) {
      const digest = createHash("sha256").update(hex(v.msg)).digest();
      const verdict = native().p256Verify(hex(key.uncompressed), digest, hex(v.sig));
      if (v.result !== "acceptable") assert.equal(verdict, v.result === "valid", `tcId ${v.tcId} ${v.comment}`);
      count++;
    }
  }
  assert.ok(count > 200, `${count} vectors`);
});
