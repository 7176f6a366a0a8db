// The profile's signature: ECDSA on both curves beside OpenSSL and RFC 6979, the independent signed file, and all that must be refused.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { issue, makeCa, SUITE_CURVES, type Suite } from "../../host/crypto/ca.ts";
import { Ecdsa } from "../../host/crypto/ecdsa.ts";
import { MmoHash } from "../../host/crypto/mmo.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { integrityAdd, integrityMatch } from "../../host/image/integrity.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { type ProfileAuthority, type ProfileTrust, profileSign, profileVerify } from "../../host/image/profile_signature.ts";
import { readVectors } from "../../host/vectors/run.ts";
import { hasOpenssl, opensslSigns, opensslVerifies } from "./openssl.ts";
import { changed, element, freshSeed, numbers, SIGNED, sample } from "./ota_samples.ts";

const SUITES = [1, 2] as const;
const SIGNER = 0x0012_4b00_0a0b_0c0dn;
const CA = makeCa(Buffer.from("image tests"));
const IDENTITIES = { 1: issue(CA, 1, SIGNER), 2: issue(CA, 2, SIGNER) };
const AUTHORITIES: ProfileAuthority[] = SUITES.map((suite) => ({ suite, issuer: CA.issuer, publicKey: CA.publicKeys[suite] }));
const TRUST: ProfileTrust = { authorities: AUTHORITIES, signers: [SIGNER] };
const UNSIGNED = sample([element(0, Buffer.alloc(9000, 0xa5)), element(3, Buffer.alloc(16, 0xa5))]);
const openssl = hasOpenssl() ? false : "no openssl with binary curves is here";
const EXAMPLES = "tests/vectors/key_establishment.txt";
const vectors = existsSync(SIGNED) ? false : `the file ${SIGNED} is not there`;
type Party = Record<"cert" | "priv" | "pub", string>;
const examples = (): { ca: string; initiator: Party; responder: Party }[] =>
  readVectors(EXAMPLES).cbke as { ca: string; initiator: Party; responder: Party }[];
const KEYS_TRIED = 15;

async function refuses(file: Buffer, trust: ProfileTrust, offset: number, words: RegExp): Promise<void> {
  await assert.rejects(profileVerify(file, trust), (error) => {
    assert.ok(error instanceof ImageError, String(error));
    assert.deepEqual([error.offset, error.reason], [offset, ImageReason.Signatures], error.message);
    assert.match(error.message, words);
    return true;
  });
}

describe("ECDSA on the profile's curves", () => {
  // RFC 6979 annexes A.2.8 and A.2.10, SHA-256: private key, message, r, s.
  const examples: [Suite, string, string, string, string][] = [
    [
      1,
      "09a4d6792295a7f730fc3f2b49cbc0f62e862272f",
      "sample",
      "113a63990598a3828c407c0f4d2438d990df99a7f",
      "1313a2e03f5412ddb296a22e2c455335545672d9f",
    ],
    [
      2,
      "06a0777356e87b89ba1ed3a3d845357be332173c8f7a65bdc7db4fab3c4cc79acc8194e",
      "sample",
      "19e90aa3de5fb20aed22879f92c6fed278d9c9b9293cc5e94922cd952c9dbf20df1753a",
      "135aa7443b6a25d11bb64ac482e04d47902d017752882bd72527114f46cf8bb56c5a8c3",
    ],
  ];

  test("gives the signatures of RFC 6979's examples", async () => {
    const ecdsa = await Ecdsa.open();
    for (const [suite, key, message, r, s] of examples) {
      const size = 2 * SUITE_CURVES[suite].octets;
      const privateKey = Buffer.from(key.padStart(size, "0"), "hex");
      const digest = createHash("sha256").update(message).digest();
      const signature = ecdsa.sign(suite, privateKey, digest);
      assert.deepEqual([signature.r.toString("hex"), signature.s.toString("hex")], [r.padStart(size, "0"), s.padStart(size, "0")]);
      const publicKey = ecdsa.publicKey(suite, privateKey) as Buffer;
      assert.ok(ecdsa.verify(suite, publicKey, digest, signature));
    }
  });

  for (const suite of SUITES) {
    const { name, octets, order } = SUITE_CURVES[suite];
    const scalar = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(2 * octets, "0"), "hex");
    const freshKey = (): Buffer => scalar((BigInt(`0x${randomBytes(octets + 8).toString("hex")}`) % (order - 1n)) + 1n);

    test(`${name}: OpenSSL and we accept each other's signatures, and no digest with a bit changed`, { skip: openssl }, async () => {
      const ecdsa = await Ecdsa.open();
      for (let count = 0; count < KEYS_TRIED; count++) {
        const digest = randomBytes(16);
        const other = changed(digest, count, (digest[count] ^ (1 << (count & 7))).toString(16).padStart(2, "0"));
        const privateKey = freshKey();
        const ours = ecdsa.sign(suite, privateKey, digest);
        const point = ecdsa.publicKey(suite, privateKey) as Buffer;
        assert.ok(opensslVerifies(name, point, digest, ours), privateKey.toString("hex"));
        assert.ok(!opensslVerifies(name, point, other, ours));
        const theirs = opensslSigns(name, digest, octets);
        assert.ok(ecdsa.verify(suite, theirs.point, digest, theirs), JSON.stringify(theirs));
        assert.ok(!ecdsa.verify(suite, theirs.point, other, theirs));
        assert.ok(!ecdsa.verify(suite, point, digest, theirs));
      }
    });

    test(`${name}: digests of zeros, of ones and of other sizes`, { skip: openssl }, async () => {
      const ecdsa = await Ecdsa.open();
      for (const digest of [Buffer.alloc(16), Buffer.alloc(16, 0xff), Buffer.alloc(1, 7), Buffer.alloc(64, 0xff)]) {
        const privateKey = freshKey();
        const signature = ecdsa.sign(suite, privateKey, digest);
        const point = ecdsa.publicKey(suite, privateKey) as Buffer;
        assert.ok(ecdsa.verify(suite, point, digest, signature));
        assert.ok(opensslVerifies(name, point, digest, signature));
      }
    });

    test(`${name}: numbers out of range and keys that are no points are refused`, async () => {
      const ecdsa = await Ecdsa.open();
      const privateKey = freshKey();
      const point = ecdsa.publicKey(suite, privateKey) as Buffer;
      const digest = randomBytes(16);
      const { r, s } = ecdsa.sign(suite, privateKey, digest);
      const more = (value: Buffer): Buffer => scalar(BigInt(`0x${value.toString("hex")}`) + order);
      const zero = Buffer.alloc(octets);
      assert.ok(ecdsa.verify(suite, point, digest, { r, s }));
      for (const wrong of [zero, scalar(order), more(r), Buffer.alloc(octets, 0xff)]) {
        assert.ok(!ecdsa.verify(suite, point, digest, { r: wrong, s }));
        assert.ok(!ecdsa.verify(suite, point, digest, { r, s: wrong }));
      }
      assert.ok(!ecdsa.verify(suite, point, digest, { r, s: more(s) }));
      for (const key of [
        Buffer.of(0),
        zero,
        Buffer.alloc(octets + 1),
        Buffer.concat([Buffer.of(4), point.subarray(1)]),
        point.subarray(1),
      ]) {
        assert.ok(!ecdsa.verify(suite, key, digest, { r, s }));
      }
      assert.ok(!ecdsa.verify(suite, Buffer.concat([Buffer.of(2), zero]), digest, { r, s })); // (0, 1), of order 2
      for (const bad of [zero, scalar(order), Buffer.alloc(octets, 0xff)]) {
        assert.throws(() => ecdsa.sign(suite, bad, digest), RangeError);
        assert.equal(ecdsa.publicKey(suite, bad), undefined);
      }
    });

    test(`${name}: a sum that is infinity is no signature`, async () => {
      // With Q = G, s = 1 and r = -e, both products are there and R = e * G + r * G is O.
      const ecdsa = await Ecdsa.open();
      const one = scalar(1n);
      const generator = ecdsa.publicKey(suite, one) as Buffer;
      const digest = randomBytes(16);
      const r = scalar(order - BigInt(`0x${digest.toString("hex")}`));
      assert.equal(ecdsa.verify(suite, generator, digest, { r, s: one }), false);
    });
  }
});

describe("a file signed by us", () => {
  for (const suite of SUITES) {
    test(`with suite ${suite} verifies, and its integrity code covers the new header`, async () => {
      const file = await profileSign(UNSIGNED, { suite, ...IDENTITIES[suite] });
      const signed = await profileVerify(file, TRUST);
      const { octets } = SUITE_CURVES[suite];
      assert.deepEqual([signed.suite, signed.signer, signed.covered], [suite, SIGNER, file.length - 2 * octets]);
      assert.deepEqual(signed.issuer, CA.issuer);
      assert.equal(integrityMatch(file, otaRead(file).elements), "before the element");
      assert.deepEqual(await profileSign(file, { suite, ...IDENTITIES[suite] }), file, "signing again gives the same octets");
    });

    test(`with suite ${suite} is refused for another signer, issuer, authority's key or nobody`, async () => {
      const file = await profileSign(UNSIGNED, { suite, ...IDENTITIES[suite] });
      const { certificate, signature, covered } = await profileVerify(file, TRUST);
      const [subjectAt, issuerAt, pointAt] = suite === 1 ? [22, 30, 0] : [28, 11, 37];
      const at = certificate.offset + 6;
      const signerAt = signature.offset + 6;
      await refuses(file, { ...TRUST, signers: [] }, signerAt, /not in the list/);
      await refuses(file, { ...TRUST, signers: [SIGNER + 1n] }, signerAt, /not in the list/);
      await profileVerify(file, { ...TRUST, signers: null });
      await refuses(file, { ...TRUST, authorities: [] }, at + issuerAt, /no authority/);
      const other = makeCa(Buffer.from("another"));
      await refuses(
        file,
        { ...TRUST, authorities: [{ suite, issuer: CA.issuer, publicKey: other.publicKeys[suite] }] },
        covered,
        /does not hold/,
      );
      const wrongSuite = AUTHORITIES.filter((each) => each.suite !== suite);
      await refuses(file, { ...TRUST, authorities: wrongSuite }, at + issuerAt, /no authority/);
      await refuses(changed(file, at + subjectAt, "ff"), TRUST, at + subjectAt, /the signer is 00124b000a0b0c0d/);
      await refuses(changed(file, signerAt, "ff"), TRUST, at + subjectAt, /the signer is 00124b000a0b0cff/);
      await refuses(changed(file, at + pointAt, "04"), TRUST, at + pointAt, /no public key/);
      await refuses(UNSIGNED, TRUST, UNSIGNED.length, /no signature/);
      const stranger = await profileSign(UNSIGNED, { suite, ...issue(CA, suite, SIGNER + 1n) });
      await refuses(stranger, TRUST, signerAt, /not in the list/);
      const forged = await profileSign(UNSIGNED, { suite, ...IDENTITIES[suite], privateKey: issue(CA, suite, 7n).privateKey });
      await refuses(forged, TRUST, covered, /does not hold/);
    });
  }

  test("is refused where its certificate of suite 2 is of another kind, not for signatures, or of another time", async () => {
    const file = await profileSign(UNSIGNED, { suite: 2, ...IDENTITIES[2] });
    const at = (await profileVerify(file, TRUST)).certificate.offset + 6;
    await refuses(changed(file, at, "01"), TRUST, at, /type/);
    await refuses(changed(file, at + 9, "0e"), TRUST, at + 9, /curve/);
    await refuses(changed(file, at + 10, "09"), TRUST, at + 10, /hash/);
    await refuses(changed(file, at + 36, "08"), TRUST, at + 36, /not for signatures/);
    const from = file.readUIntBE(at + 19, 5);
    await refuses(file, { ...TRUST, now: from - 1 }, at + 19, /not valid yet/);
    await profileVerify(file, { ...TRUST, now: from });
    const certificate = changed(IDENTITIES[2].certificate, 24, "00000010");
    const short = await profileSign(UNSIGNED, { suite: 2, ...IDENTITIES[2], certificate });
    await refuses(short, { ...TRUST, now: from + 17 }, at + 24, /no longer valid/);
    await refuses(short, { ...TRUST, now: from + 16 }, short.length - 72, /does not hold/);
  });

  test("takes a certificate of its suite only", async () => {
    await assert.rejects(profileSign(UNSIGNED, { suite: 1, ...IDENTITIES[2] }), RangeError);
    await assert.rejects(profileSign(UNSIGNED, { suite: 2, ...IDENTITIES[1] }), RangeError);
  });
});

describe("the independent file signed with the test identity of annex C", { skip: vectors }, () => {
  const file = vectors ? Buffer.alloc(0) : readFileSync(SIGNED);
  const trust: ProfileTrust = {
    authorities: [
      {
        suite: 1,
        issuer: Buffer.from("TESTSECA"),
        publicKey: Buffer.from("0200fde8a7f3d1084224962a4e7c54e69ac3f04da6b8", "hex"),
      },
    ],
    signers: [1n],
  };

  test("verifies, with the tags as the specification has them", async () => {
    const signed = await profileVerify(file, trust);
    assert.deepEqual([signed.suite, signed.signer, signed.signature.tag, signed.certificate.tag], [1, 1n, 0x0001, 0x0002]);
    const swapped = changed(changed(file, signed.certificate.offset, "0100"), signed.signature.offset, "0200");
    await refuses(swapped, trust, signed.certificate.offset + 2, /swapped/);
  });

  test("is what OpenSSL finds signed by the key of that identity", { skip: openssl }, async () => {
    const { covered, signature } = await profileVerify(file, trust);
    const [{ responder }] = examples();
    const [r, s] = [signature.data.subarray(8, 29), signature.data.subarray(29)];
    const digest = new MmoHash().update(file.subarray(0, covered)).digest();
    const point = Buffer.from(responder.pub, "hex");
    assert.ok(opensslVerifies("sect163k1", point, digest, { r, s }));
    assert.ok(!opensslVerifies("sect163k1", point, digest, { r: s, s: r }));
  });

  test("has a twin of suite 2: signed by annex C's identities, files verify, and OpenSSL agrees", { skip: openssl }, async () => {
    const [, { ca, initiator, responder }] = examples();
    const issuer = Buffer.from("1112131415161718", "hex");
    const authorities: ProfileAuthority[] = [{ suite: 2, issuer, publicKey: Buffer.from(ca, "hex") }];
    for (const party of [initiator, responder]) {
      const certificate = Buffer.from(party.cert, "hex");
      const own = await profileSign(UNSIGNED, { suite: 2, certificate, privateKey: Buffer.from(party.priv, "hex") });
      const { covered, signer } = await profileVerify(own, { authorities, signers: [0x0a0b_0c0d_0e0f_1011n, 0x0a0b_0c0d_0e0f_1012n] });
      assert.equal(signer, certificate.readBigUInt64BE(28));
      const [r, s] = [own.subarray(covered, covered + 36), own.subarray(covered + 36)];
      const digest = new MmoHash().update(own.subarray(0, covered)).digest();
      assert.ok(opensslVerifies("sect283k1", Buffer.from(party.pub, "hex"), digest, { r, s }));
    }
  });

  test("is refused with any bit of header, certificate and signature changed, and with sampled bits of its payload", async () => {
    const { certificate } = await profileVerify(file, trust);
    const before = new MmoHash().update(file.subarray(0, certificate.offset));
    const draw = numbers(freshSeed());
    const octets = [
      ...Array(60 + 6).keys(),
      ...Array.from(Array(file.length - certificate.offset).keys(), (index) => certificate.offset + index),
    ];
    const bits = octets.flatMap((octet) => [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => [octet, bit]));
    for (let count = 0; count < 100; count++) bits.push([66 + draw(certificate.offset - 66), draw(8)]);
    let refused = 0;
    for (const [octet, bit] of bits) {
      const flipped = Buffer.from(file);
      flipped[octet] = (flipped[octet] as number) ^ (1 << bit);
      const isTail = octet >= certificate.offset;
      // Behind the image, the hash of what stands before is the same for every bit.
      const hash = (part: Buffer): Buffer => before.copy().update(part.subarray(certificate.offset)).digest();
      await assert.rejects(profileVerify(flipped, isTail ? { ...trust, hash } : trust), ImageError, `bit ${bit} of octet ${octet}`);
      refused++;
    }
    assert.equal(refused, 8 * (66 + 54 + 56) + 100);
  });
});

test("an integrity code tells over what it was taken, from the shortest to the long padding", () => {
  for (const size of [0, 1, 8191 - 62, 8192 - 62, 9000]) {
    const file = integrityAdd(sample([element(0, Buffer.alloc(size, 0xa5))]));
    const { elements } = otaRead(file);
    assert.equal(integrityMatch(file, elements), "before the element");
    const code = elements[1];
    const withHead = Buffer.from(file);
    new MmoHash()
      .update(file.subarray(0, code.offset + 6))
      .digest()
      .copy(withHead, code.offset + 6);
    assert.equal(integrityMatch(withHead, otaRead(withHead).elements), "before the element's data");
    const neither = changed(file, code.offset + 6, "00000000");
    assert.equal(integrityMatch(neither, otaRead(neither).elements), "neither");
    assert.deepEqual(integrityAdd(file), file);
  }
  const none = sample([element(0, Buffer.alloc(5))]);
  assert.equal(integrityMatch(none, otaRead(none).elements), undefined);
});
