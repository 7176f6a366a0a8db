// Packages: what is written can be read, is signed so that others agree, and every way of being wrong has its own reason.

import assert from "node:assert/strict";
import { createHash, webcrypto } from "node:crypto";
import { describe, test } from "node:test";
import { ImageReason, Role } from "../../host/abi.ts";
import { coseDigest, es256Signer, sigStructure } from "../../host/image/cose.ts";
import { ImageError, reasonName } from "../../host/image/image_error.ts";
import { certify, developmentIdentity, developmentRelease, developmentRoot, keyId, keyPair } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { packageFits, packageImage, packageOpen } from "../../host/image/package.ts";
import { manifestFits } from "../../host/image/stream.ts";
import { opensslVerifiesEs256 } from "./es256_openssl.ts";
import { CASES, OTHER_KEY } from "./package_reasons.ts";
import { type ManifestMap, smallPackage, VERSION, WASM, withElements, withManifest } from "./packages.ts";

const STORED = { epoch: 1, counter: 5, running: 0x0102_0002 };

/** The reason why the development display refuses a file. */
function refusal(file: Buffer): number {
  try {
    return packageFits(packageOpen(file), developmentIdentity(Role.Ihd), STORED);
  } catch (error) {
    if (error instanceof ImageError) return error.reason;
    throw error;
  }
}

/** RFC 9052 section 4.4 by hand: ["Signature1", h'a10126', h'', payload]. */
function signedOctets(payload: Buffer): Buffer {
  const head = payload.length < 256 ? Buffer.of(0x58, payload.length) : Buffer.of(0x59, payload.length >> 8, payload.length & 0xff);
  return Buffer.concat([Buffer.from("846a5369676e61747572653143a1012640", "hex"), head, payload]);
}

/** A COSE_Sign1 by hand: d2 84 43 a10126 a0 payload 58 40 signature. */
function parts(message: Buffer): { payload: Buffer; signature: Buffer } {
  assert.equal(message.subarray(0, 7).toString("hex"), "d28443a10126a0");
  const two = message[7] === 0x59;
  const [at, size] = two ? [10, message.readUInt16BE(8)] : [9, message[8]];
  assert.equal(message.subarray(at + size, at + size + 2).toString("hex"), "5840");
  assert.equal(message.length, at + size + 2 + 64);
  return { payload: message.subarray(at, at + size), signature: message.subarray(-64) };
}

async function othersAgree(message: Buffer, point: Buffer): Promise<void> {
  const { payload, signature } = parts(message);
  const octets = signedOctets(payload);
  const uncompressed = Buffer.concat([Buffer.of(4), point]);
  assert.equal(await byWebCrypto(uncompressed, signature, octets), true);
  assert.equal(opensslVerifiesEs256(point, octets, signature), true);
  octets[octets.length - 1] ^= 1;
  assert.equal(await byWebCrypto(uncompressed, signature, octets), false);
  assert.equal(opensslVerifiesEs256(point, octets, signature), false);
}

async function byWebCrypto(point: Buffer, signature: Buffer, octets: Buffer): Promise<boolean> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const key = await webcrypto.subtle.importKey("raw", point, curve, false, ["verify"]);
  return webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, octets);
}

describe("a package", () => {
  test("is read as it was written", () => {
    const opened = packageOpen(smallPackage({ notBefore: 836_000_000, destination: 0x0011_2233_4455_6677n }));
    assert.deepEqual(
      { ...opened.header, destination: opened.header.destination?.toString(16) },
      {
        manufacturer: 0xfff1,
        imageType: 3,
        fileVersion: VERSION,
        stackVersion: 2,
        headerString: "kilowasm ihd 1.2.3",
        destination: "11223344556677",
        hardware: { minimum: 1, maximum: 1 },
      },
    );
    assert.equal(opened.manifest.notBefore, 836_000_000);
    assert.equal(opened.manifest.memory, 4096);
    assert.deepEqual(opened.manifest.imageDigest, createHash("sha256").update(WASM).digest());
    assert.deepEqual(packageImage(opened), WASM);
  });

  test("has its elements in the order of docs/image.md", () => {
    assert.deepEqual(
      otaRead(smallPackage({ integrity: true })).elements.map(({ tag }) => tag),
      [0xf001, 0xf000, 0x0000, 0x0003],
    );
  });

  test("is the same octets for the same input", () => {
    assert.deepEqual(smallPackage(), smallPackage());
    assert.notDeepEqual(smallPackage({ counter: 6 }), smallPackage());
  });

  for (const encoding of [Encoding.Compressed, Encoding.Delta]) {
    test(`gives its module back in encoding ${encoding}`, () => {
      const base = Buffer.concat([WASM, Buffer.from("an older end")]);
      const opened = packageOpen(smallPackage({ encoding, base }));
      assert.ok(opened.payload.length < WASM.length / 2);
      assert.deepEqual(packageImage(opened, base), WASM);
    });
  }

  test("that is a delta is refused on another base, and without one", () => {
    const opened = packageOpen(smallPackage({ encoding: Encoding.Delta, base: WASM.subarray(0, 2000) }));
    for (const base of [undefined, WASM.subarray(0, 1999)])
      assert.throws(
        () => packageImage(opened, base),
        (error) => error instanceof ImageError && error.reason === ImageReason.Base,
      );
    const stored = { ...STORED, base: createHash("sha256").update("another module").digest() };
    assert.equal(packageFits(opened, developmentIdentity(Role.Ihd), stored), ImageReason.Base);
  });

  test("fits the board that it is for, and its device alone", () => {
    assert.equal(refusal(smallPackage()), ImageReason.None);
    const forOne = packageOpen(smallPackage({ destination: 7n }));
    const ihd = developmentIdentity(Role.Ihd);
    assert.equal(packageFits(forOne, ihd, { ...STORED, address: 7n }), ImageReason.None);
    assert.equal(packageFits(forOne, ihd, { ...STORED, address: 8n }), ImageReason.Destination);
    assert.equal(packageFits(forOne, ihd, STORED), ImageReason.Destination);
    assert.deepEqual(forOne.manifest.destination, { manufacturer: 0xfff1, imageType: 3, address: 7n });
    // The manifest alone says it as well: what lies in a slot has no header.
    const { manifest } = forOne;
    assert.equal(manifestFits(manifest, ihd, 7n), ImageReason.None);
    for (const address of [8n, 0n, undefined]) assert.equal(manifestFits(manifest, ihd, address), ImageReason.Destination);
    assert.equal(manifestFits(manifest, { ...ihd, type: 2 }, 7n), ImageReason.ImageType);
    assert.equal(manifestFits(manifest, { ...ihd, manufacturer: 1 }, 7n), ImageReason.Manufacturer);
    assert.equal(packageFits(packageOpen(smallPackage()), ihd, { ...STORED, capacity: WASM.length - 1 }), ImageReason.Size);
  });

  test("may carry elements of the manufacturer's that nobody reads", () => {
    assert.equal(
      refusal(withElements((all) => [{ tag: 0xf002, data: Buffer.from("x") }, ...all, { tag: 0xfabc, data: Buffer.alloc(0) }])),
      ImageReason.None,
    );
  });
});

describe("others agree with the signatures", () => {
  const opened = packageOpen(smallPackage());
  test("of the manifest: OpenSSL and WebCrypto", () => othersAgree(opened.manifestMessage, developmentRelease().point));
  test("of the release key: OpenSSL and WebCrypto", () => othersAgree(opened.certificate, developmentRoot().point));

  test("what is signed is the structure of RFC 9052 section 4.4", () => {
    const { payload } = parts(opened.manifestMessage);
    assert.deepEqual(sigStructure(payload), signedOctets(payload));
    assert.deepEqual(coseDigest(payload), createHash("sha256").update(signedOctets(payload)).digest());
  });

  test("which are those of RFC 6979 appendix A.2.5", () => {
    const key = keyPair(Buffer.from("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721", "hex"));
    assert.equal(key.point.toString("hex").slice(0, 16), "60fed4ba255a9d31");
    const digest = createHash("sha256").update("sample").digest();
    const r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
    const s = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
    assert.equal(es256Signer(key.scalar)(digest).toString("hex").toUpperCase(), r + s);
  });

  test("a key id is the beginning of the point's SHA-256", () => {
    const { point } = developmentRelease();
    const whole = createHash("sha256")
      .update(Buffer.concat([Buffer.of(4), point]))
      .digest();
    assert.deepEqual(keyId(point), whole.subarray(0, 8));
  });
});

describe("every way of being wrong has its own reason", () => {
  for (const { name, file, reason } of CASES)
    test(`${name}: ${reasonName(reason)}`, () => {
      assert.equal(reasonName(refusal(file())), reasonName(reason));
    });

  const decoding = (file: Buffer, base?: Buffer): number => {
    try {
      packageImage(packageOpen(file), base);
      return ImageReason.None;
    } catch (error) {
      if (error instanceof ImageError) return error.reason;
      throw error;
    }
  };

  test("a payload that is not the signed one: PayloadDigest", () => {
    const changed = withElements((all) =>
      all.map((each) => (each.tag === 0 ? { ...each, data: Buffer.from(each.data.map((o, i) => (i === 7 ? ~o : o))) } : each)),
    );
    assert.equal(refusal(changed), ImageReason.PayloadDigest);
  });

  test("a signed payload that makes another module, more of it, or none: ImageDigest, Overflow, Encoding", () => {
    const compressed = smallPackage({ encoding: Encoding.Compressed });
    assert.equal(decoding(compressed), ImageReason.None);
    const lying = (change: (map: ManifestMap) => void): Buffer => withManifest(change, undefined, compressed);
    assert.equal(decoding(lying((map) => map.set(10, [-16, Buffer.alloc(32)]))), ImageReason.ImageDigest);
    assert.equal(decoding(lying((map) => map.set(9, 100))), ImageReason.Overflow);
    assert.equal(decoding(lying((map) => map.set(9, 1 << 20))), ImageReason.Encoding);
    assert.equal(decoding(lying((map) => map.set(9, 0xffff_ffff))), ImageReason.Size);
  });

  test("another root key believes nothing", () => {
    assert.throws(
      () => packageOpen(smallPackage(), { root: OTHER_KEY.point }),
      (error) => error instanceof ImageError && error.reason === ImageReason.RootSignature && error.offset === 60,
    );
  });

  test("a key that the root never certified signs nothing", () => {
    const certificate = certify(es256Signer(OTHER_KEY.scalar), OTHER_KEY.point, 9);
    const file = smallPackage({ certificate, sign: es256Signer(OTHER_KEY.scalar) });
    assert.equal(refusal(file), ImageReason.RootSignature);
  });

  test("a bit in every octet of header and element heads, and in some of the rest", () => {
    const file = smallPackage();
    const { payloadAt } = packageOpen(file);
    const inString = (at: number): boolean => at >= 20 && at < 52; // for people: no device reads it
    for (let at = 0; at < file.length; at += at < 70 ? 1 : at < payloadAt ? 3 : 97) {
      const changed = Buffer.from(file);
      changed[at] ^= 1 << (at % 8);
      if (inString(at)) assert.equal(refusal(changed), ImageReason.None, `octet ${at}`);
      else assert.notEqual(refusal(changed), ImageReason.None, `octet ${at}`);
    }
  });

  test("an end at, before and behind every element", () => {
    const file = smallPackage({ integrity: true });
    const ends = otaRead(file).elements.flatMap(({ offset }) => [offset - 1, offset, offset + 1, offset + 6]);
    for (const end of [...ends, 0, 1, 4, 55, 56, 59, 60, file.length - 1])
      assert.equal(refusal(file.subarray(0, end)), ImageReason.Truncated, `${end} octets`);
    assert.equal(refusal(Buffer.concat([file, Buffer.of(0xa5)])), ImageReason.TotalSize);
  });
});
