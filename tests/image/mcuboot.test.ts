// MCUboot images: imgtool (MCUboot's own) and OpenSSL agree, and the reader refuses what is wrong.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ImageReason } from "../../host/abi.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { developmentRelease, keyPair, privatePem } from "../../host/image/keys.ts";
import { mcubootBuild, mcubootOpen } from "../../host/image/mcuboot.ts";
import { openssl, scratch } from "./es256_openssl.ts";
import { imgtool, imgtoolMissing } from "./imgtool.ts";

const folder = scratch("mcuboot");
const key = developmentRelease();
const IMAGE = Buffer.alloc(5001, 0xa5);
const HEADER_SIZE = 0x200;
const PROTECTED_SIZE = 4 + 4 + 4;
const missing = imgtoolMissing();

function build(more: { counter?: number; image?: Buffer } = {}): Buffer {
  const version = { major: 1, minor: 2, revision: 3, build: 4 };
  return mcubootBuild({ image: IMAGE, version, counter: 7, point: key.point, sign: es256Signer(key.scalar), ...more });
}

/** The unprotected TLVs, read here by their description: type u16, length u16, data. */
function tlvs(file: Buffer, from: number): Map<number, Buffer> {
  assert.equal(file.readUInt16LE(from), 0x6907);
  assert.equal(from + file.readUInt16LE(from + 2), file.length);
  const found = new Map<number, Buffer>();
  for (let at = from + 4; at < file.length; at += 4 + file.readUInt16LE(at + 2))
    found.set(file.readUInt16LE(at), file.subarray(at + 4, at + 4 + file.readUInt16LE(at + 2)));
  return found;
}

function verify(file: Buffer, name: string): { status: number | null; text: string } {
  writeFileSync(join(folder, name), file);
  writeFileSync(join(folder, "key.pem"), privatePem(key));
  const done = imgtool("verify", "-k", join(folder, "key.pem"), join(folder, name));
  return { status: done.status, text: done.stdout + done.stderr };
}

describe("an MCUboot image", () => {
  test("has the header of its description", () => {
    const file = build();
    assert.equal(file.subarray(0, 28).toString("hex"), "3db8f396000000000002" + "0c00" + "89130000" + "00000000" + "01020300" + "04000000");
    assert.ok(file.subarray(28, HEADER_SIZE).every((octet) => octet === 0));
    assert.deepEqual(file.subarray(HEADER_SIZE, HEADER_SIZE + IMAGE.length), IMAGE);
  });

  test("is signed so that OpenSSL agrees, over header, image and protected TLVs", () => {
    const file = build();
    const end = HEADER_SIZE + IMAGE.length + PROTECTED_SIZE;
    const found = tlvs(file, end);
    const covered = file.subarray(0, end);
    assert.deepEqual(found.get(0x10), createHash("sha256").update(covered).digest());
    writeFileSync(join(folder, "private.pem"), privatePem(key));
    const spki = openssl("pkey", "-in", join(folder, "private.pem"), "-pubout", "-outform", "DER").stdout;
    assert.deepEqual(found.get(0x01), createHash("sha256").update(spki).digest());
    const paths = ["covered", "signature", "public.der"].map((name) => join(folder, name));
    writeFileSync(paths[0], covered);
    writeFileSync(paths[1], found.get(0x22) as Buffer);
    writeFileSync(paths[2], spki);
    const verify = (): number | null =>
      openssl("dgst", "-sha256", "-verify", paths[2], "-keyform", "DER", "-signature", paths[1], paths[0]).status;
    assert.equal(verify(), 0);
    writeFileSync(paths[0], Buffer.concat([covered.subarray(0, -1), Buffer.of(0xff)]));
    assert.equal(verify(), 1);
  });

  test("is one that imgtool validates, and refuses with a bit flipped", { skip: missing }, () => {
    const good = verify(build(), "good.img");
    assert.equal(good.status, 0, good.text);
    assert.match(good.text, /correctly validated[\s\S]*1\.2\.3\+4/);
    const flipped = build();
    flipped[HEADER_SIZE + 100] ^= 1;
    assert.notEqual(verify(flipped, "bad.img").status, 0);
  });

  test("is the same octets for the same input", () => assert.deepEqual(build(), build()));

  test("is read back", () => {
    const opened = mcubootOpen(build(), key.point);
    assert.deepEqual(opened.image, IMAGE);
    assert.deepEqual(opened.version, { major: 1, minor: 2, revision: 3, build: 4 });
    assert.equal(opened.counter, 7);
    assert.equal(mcubootOpen(build({ counter: undefined }), key.point).counter, undefined);
  });

  test("is refused for what is wrong with it", () => {
    const refuses = (file: Buffer, reason: number, point = key.point): void =>
      assert.throws(
        () => mcubootOpen(file, point),
        (error) => error instanceof ImageError && error.reason === reason,
      );
    const poked = (at: number): Buffer => {
      const file = build();
      file[at] ^= 1;
      return file;
    };
    refuses(poked(0), ImageReason.Identifier);
    refuses(poked(HEADER_SIZE), ImageReason.ImageDigest);
    refuses(poked(20), ImageReason.ImageDigest);
    refuses(build(), ImageReason.RootSignature, keyPair(Buffer.alloc(32, 3)).point);
    refuses(poked(build().length - 1), ImageReason.RootSignature);
    for (const end of [0, 31, 32, HEADER_SIZE, HEADER_SIZE + IMAGE.length]) refuses(build().subarray(0, end), ImageReason.Truncated);
    refuses(build().subarray(0, -1), ImageReason.ElementLength);
    const huge = build();
    huge.writeUInt32LE(0xffff_ffff, 12);
    refuses(huge, ImageReason.Truncated);
  });
});
