// Certificate and manifest: what deterministic CBOR and both signatures leave of everything that could be sent.
import assert from "node:assert/strict";
import { createPublicKey, verify as verifySignature } from "node:crypto";
import { test } from "node:test";
import { decode as cborDecode, encode } from "cborg";
import { ImageReason } from "../../host/abi.ts";
import { native } from "../../host/native/addon.ts";
import { type CborMap, certificateMap, content, keyId, manifestMap, OTHER_KEY, RELEASE_KEY, ROOT_KEY, sign1 } from "./package_builder.ts";

const CERTIFICATE = sign1(encode(certificateMap()), ROOT_KEY);
const MANIFEST = sign1(encode(manifestMap(content())), RELEASE_KEY);

const read = (certificate: Uint8Array, manifest: Uint8Array): ReturnType<ReturnType<typeof native>["manifestRead"]> =>
  native().manifestRead(ROOT_KEY.point, certificate, manifest);

const ofKey = (certificate: Uint8Array): number => read(certificate, Buffer.alloc(0)).keyReason;
const ofManifest = (manifest: Uint8Array): number => {
  const { keyReason, manifestReason } = read(CERTIFICATE, manifest);
  assert.equal(keyReason, 0);
  return manifestReason;
};

test("both envelopes are read, and node:crypto and cborg agree with their signatures", () => {
  const { keyReason, manifestReason, key } = read(CERTIFICATE, MANIFEST);
  assert.deepEqual([keyReason, manifestReason], [0, 0]);
  assert.deepEqual(key.id, keyId(RELEASE_KEY.point));
  for (const [message, by] of [
    [CERTIFICATE, ROOT_KEY],
    [MANIFEST, RELEASE_KEY],
  ] as const) {
    const [head, , payload, signature] = cborDecode(message.subarray(1), { useMaps: true, strict: true });
    const data = encode(["Signature1", head, new Uint8Array(0), payload]);
    assert.ok(verifySignature("sha256", data, { key: createPublicKey(by.key), dsaEncoding: "ieee-p1363" }, signature));
  }
});

test("any flipped bit of the certificate is refused", () => {
  for (let bit = 0; bit < CERTIFICATE.length * 8; bit++) {
    const flipped = Buffer.from(CERTIFICATE);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    const reason = ofKey(flipped);
    assert.ok(reason === ImageReason.ReleaseKey || reason === ImageReason.RootSignature, `bit ${bit}: ${reason}`);
  }
});

test("any flipped bit of the manifest is refused", () => {
  const reasons = new Set<number>([ImageReason.Manifest, ImageReason.KeyId, ImageReason.ManifestSignature]);
  for (let bit = 0; bit < MANIFEST.length * 8; bit++) {
    const flipped = Buffer.from(MANIFEST);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    const reason = ofManifest(flipped);
    assert.ok(reasons.has(reason), `bit ${bit}: ${reason}`);
  }
});

test("an envelope cut at any octet, or longer by one, is refused", () => {
  for (let size = 0; size < CERTIFICATE.length; size++) assert.equal(ofKey(CERTIFICATE.subarray(0, size)), ImageReason.ReleaseKey);
  for (let size = 0; size < MANIFEST.length; size++) assert.equal(ofManifest(MANIFEST.subarray(0, size)), ImageReason.Manifest);
  assert.equal(ofKey(Buffer.concat([CERTIFICATE, Buffer.from([0])])), ImageReason.ReleaseKey);
  assert.equal(ofManifest(Buffer.concat([MANIFEST, Buffer.from([0])])), ImageReason.Manifest);
});

test("the signature of one envelope does not serve the other, nor another key's", () => {
  assert.equal(ofKey(sign1(encode(certificateMap()), RELEASE_KEY)), ImageReason.RootSignature);
  assert.equal(ofManifest(sign1(encode(manifestMap(content())), ROOT_KEY)), ImageReason.ManifestSignature);
  assert.equal(ofManifest(sign1(encode(manifestMap(content(), OTHER_KEY)), OTHER_KEY)), ImageReason.KeyId);
  const swapped = Buffer.concat([MANIFEST.subarray(0, -64), CERTIFICATE.subarray(-64)]);
  assert.equal(ofManifest(swapped), ImageReason.ManifestSignature);
});

test("a public key that is no point of the curve signs nothing", () => {
  const point = Buffer.from(RELEASE_KEY.point);
  point[63] ^= 1;
  const map = certificateMap().set(2, keyId(point)).set(4, point);
  const manifest = sign1(encode(manifestMap(content()).set(19, keyId(point))), RELEASE_KEY);
  const { keyReason, manifestReason } = read(sign1(encode(map), ROOT_KEY), manifest);
  assert.deepEqual([keyReason, manifestReason], [0, ImageReason.ManifestSignature]);
});

/** Payloads that the right key signed, and that are malformed all the same. */
const signedMap = (change: (map: CborMap) => void): Buffer => {
  const map = manifestMap(content());
  change(map);
  return sign1(encode(map), RELEASE_KEY);
};
const MAPS: [string, (map: CborMap) => void][] = [
  ...[...Array(20).keys()]
    .filter((key) => key + 1 !== 14 && key + 1 !== 18)
    .map((key): [string, (map: CborMap) => void] => [`no key ${key + 1}`, (map) => map.delete(key + 1)]),
  ["format 2", (map) => map.set(1, 2)],
  ["key 0", (map) => map.set(0, 1)],
  ["a destination that is no array", (map) => map.set(21, 1)],
  ["a destination of one part", (map) => map.set(21, [1])],
  ["a destination of four parts", (map) => map.set(21, [1, 2, Buffer.alloc(8), 4])],
  ["a manufacturer of 17 bits", (map) => map.set(21, [0x10000, 2])],
  ["an image type of 17 bits", (map) => map.set(21, [1, 0x10000])],
  ["an address of 7 octets", (map) => map.set(21, [1, 2, Buffer.alloc(7)])],
  ["an address that is a number", (map) => map.set(21, [1, 2, 3])],
  ["key 22", (map) => map.set(22, 1)],
  ["key 22 behind a destination", (map) => map.set(21, [1, 2]).set(22, 1)],
  ["key -1", (map) => map.set(-1, 1)],
  ["a base without a delta", (map) => map.set(14, Buffer.alloc(32))],
  ["a delta without a base", (map) => map.set(13, 2)],
  ["a not-before that is text", (map) => map.set(18, "now")],
  ["a not-before of 33 bits", (map) => map.set(18, 2 ** 32)],
  ["a counter of 33 bits", (map) => map.set(2, 2 ** 32)],
  ["a negative counter", (map) => map.set(2, -1)],
  ["a vendor of 15 octets", (map) => map.set(3, Buffer.alloc(15))],
  ["a class of 17 octets", (map) => map.set(4, Buffer.alloc(17))],
  ["role 256", (map) => map.set(5, 256)],
  ["phase 256", (map) => map.set(6, 256)],
  ["hardware from high to low", (map) => map.set(8, [3, 2])],
  ["hardware of 17 bits", (map) => map.set(8, [0, 0x10000])],
  ["hardware of one number", (map) => map.set(8, [1])],
  ["hardware of three numbers", (map) => map.set(8, [1, 2, 3])],
  ["another digest algorithm", (map) => map.set(10, [-43, Buffer.alloc(32)])],
  ["a digest of 31 octets", (map) => map.set(12, [-16, Buffer.alloc(31)])],
  ["encoding 256", (map) => map.set(13, 256)],
  ["an ABI range from high to low", (map) => map.set(15, [2, 1])],
  ["memory that is true", (map) => map.set(16, true)],
  ["a key id of 9 octets", (map) => map.set(19, Buffer.alloc(9))],
  ["an SBOM digest of 33 octets", (map) => map.set(20, Buffer.alloc(33))],
];
for (const [name, change] of MAPS) {
  test(`a manifest with ${name} is malformed although its signature is right`, () => {
    assert.equal(ofManifest(signedMap(change)), ImageReason.Manifest);
  });
}

for (const optional of [14, 18, 21]) {
  test(`each of the fields that need not be there may stand alone: ${optional}`, () => {
    const delta = optional === 14 ? { base: Buffer.from("base"), encoding: 2 } : {};
    const map = manifestMap(content({ ...delta, ...(optional === 18 ? { notBefore: 9 } : {}) }));
    if (optional === 21) map.set(21, [0xfff1, 3, Buffer.alloc(8, 7)]);
    const found = read(CERTIFICATE, sign1(encode(map), RELEASE_KEY));
    assert.equal(found.manifestReason, 0);
    const whom = { manufacturer: 0xfff1, type: 3, address: Buffer.alloc(8, 7) };
    assert.deepEqual(found.manifest.destination, optional === 21 ? whom : undefined);
  });
}

const CERTIFICATES: [string, (map: CborMap) => void][] = [
  ["no epoch", (map) => map.delete(3)],
  ["format 2", (map) => map.set(1, 2)],
  ["key 5", (map) => map.set(5, 0)],
  ["an epoch of 33 bits", (map) => map.set(3, 2 ** 32)],
  ["a key id of 7 octets", (map) => map.set(2, keyId(RELEASE_KEY.point).subarray(1))],
  ["a point of 65 octets", (map) => map.set(4, Buffer.concat([Buffer.from([4]), RELEASE_KEY.point]))],
  ["another point than its id", (map) => map.set(4, OTHER_KEY.point)],
];
for (const [name, change] of CERTIFICATES) {
  test(`a certificate with ${name} is malformed although the root signed it`, () => {
    const map = certificateMap();
    change(map);
    assert.equal(ofKey(sign1(encode(map), ROOT_KEY)), ImageReason.ReleaseKey);
  });
}

test("CBOR that no deterministic encoder writes is refused although the root signed it", () => {
  const good = Buffer.from(encode(certificateMap()));
  const epoch = good.indexOf(Buffer.from("0303", "hex"));
  const put = (at: number, size: number, hex: string): Buffer =>
    Buffer.concat([good.subarray(0, at), Buffer.from(hex, "hex"), good.subarray(at + size)]);
  const variants: [string, Buffer][] = [
    ["a number in two octets that fits in one", put(epoch, 2, "031803")],
    ["a number in three octets", put(epoch, 2, "03190003")],
    ["a number in five octets", put(epoch, 2, "031a00000003")],
    ["a number in nine octets", put(epoch, 2, "031b0000000000000003")],
    ["a key in two octets", put(epoch, 2, "180303")],
    ["a reserved argument", put(epoch, 2, "031c")],
    ["an indefinite map", Buffer.concat([Buffer.from("bf", "hex"), good.subarray(1), Buffer.from("ff", "hex")])],
    ["an indefinite string", put(good.indexOf(Buffer.from("0248", "hex")), 10, `025f48${keyId(RELEASE_KEY.point).toString("hex")}ff`)],
    ["a length in a longer form", put(good.indexOf(Buffer.from("0248", "hex")), 2, "025808")],
    ["a string of 0xffffffff octets", put(good.indexOf(Buffer.from("0248", "hex")), 2, "025affffffff")],
    ["a key twice", Buffer.concat([Buffer.from("a5", "hex"), good.subarray(1), Buffer.from("0303", "hex")])],
    ["keys out of order", Buffer.concat([good.subarray(0, 1), good.subarray(3, 13), good.subarray(1, 3), good.subarray(13)])],
    ["an octet too many", Buffer.concat([good, Buffer.from("00", "hex")])],
    ["a tag", Buffer.concat([Buffer.from("c1", "hex"), good])],
    ["nothing", Buffer.alloc(0)],
  ];
  for (const [name, payload] of variants) assert.equal(ofKey(sign1(payload, ROOT_KEY)), ImageReason.ReleaseKey, name);
});

test("a COSE_Sign1 that is another one is refused", () => {
  const payloadHead = 7; // d2 84 43a10126 a0
  assert.equal(CERTIFICATE.toString("hex", 0, payloadHead), "d28443a10126a0");
  const head = (hex: string): Buffer => Buffer.concat([Buffer.from(hex, "hex"), CERTIFICATE.subarray(payloadHead)]);
  const heads: [string, string][] = [
    ["no tag", "8443a10126a0"],
    ["COSE_Mac0", "d18443a10126a0"],
    ["five parts", "d28543a10126a0"],
    ["ES384", "d28444a1013822a0"],
    ["EdDSA", "d28443a10127a0"],
    ["no algorithm at all", "d28440a0"],
    ["an algorithm that is not protected", "d28440a10126"],
    ["an unprotected header", "d28443a10126a10401"],
    ["a long tag", "d8128443a10126a0"],
  ];
  for (const [name, hex] of heads) assert.equal(ofKey(head(hex)), ImageReason.ReleaseKey, name);
  assert.equal(ofKey(head("d28443a10126a0")), 0);
});
