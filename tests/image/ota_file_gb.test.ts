// Files of the GB profile: read as such only where a person says so, and refused by the reader of elements.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gbRead, gbVerify, gbWrite } from "../../host/image/gb_profile.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { type OtaHeader, otaExamine, otaRead } from "../../host/image/ota_file.ts";
import { changed, element, hexOctets, sample } from "./ota_samples.ts";

const HEADER: OtaHeader = {
  manufacturer: 0x1234,
  imageType: 0x5678,
  fileVersion: 0x01020304,
  stackVersion: 2,
  headerString: "sample",
  hardware: { minimum: 1, maximum: 2 },
};
const IMAGE = Buffer.alloc(777, 0xa5);
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const FILE = gbWrite(HEADER, IMAGE, true, privateKey);

function pointOf(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: "jwk" });
  return Buffer.concat([x, y].map((part) => Buffer.from(part as string, "base64url")));
}

function refuses(file: Buffer, offset: number, key: KeyObject | Buffer = publicKey): void {
  assert.throws(
    () => gbVerify(file, key),
    (error) => error instanceof ImageError && error.offset === offset,
  );
}

test("a file is laid out as the profile has it", () => {
  const options = hexOctets("01000200");
  const parts = [IMAGE, hexOctets("0140"), FILE.subarray(-64)];
  assert.equal(FILE.toString("hex"), sample(parts, { control: 4, options }).toString("hex"));
  assert.deepEqual(gbRead(FILE), { header: HEADER, image: IMAGE, forceReplace: true, signature: FILE.subarray(-64) });
  assert.equal(gbRead(gbWrite(HEADER, IMAGE, false, privateKey)).forceReplace, false);
});

test("the signature holds for the manufacturer's key, given as a key or as its point, and OpenSSL agrees", () => {
  assert.deepEqual(gbVerify(FILE, publicKey).image, IMAGE);
  assert.deepEqual(gbVerify(FILE, pointOf(publicKey)).image, IMAGE);
  const folder = mkdtempSync(join(tmpdir(), "gb-"));
  const path = (name: string, octets: Uint8Array | string): string => {
    writeFileSync(join(folder, name), octets);
    return join(folder, name);
  };
  const number = (octets: Buffer): Buffer => Buffer.concat([Buffer.of(0x02, octets.length + 1, 0), octets]);
  const shortest = (octets: Buffer): Buffer => {
    let from = 0;
    while (octets[from] === 0) from++;
    return octets.subarray(from);
  };
  const integer = (octets: Buffer): Buffer => {
    const rest = shortest(octets);
    return (rest[0] as number) & 0x80 ? number(rest) : Buffer.concat([Buffer.of(0x02, rest.length), rest]);
  };
  const numbers = Buffer.concat([integer(FILE.subarray(-64, -32)), integer(FILE.subarray(-32))]);
  const signature = path("signature", Buffer.concat([Buffer.of(0x30, numbers.length), numbers]));
  const key = path("key.pem", publicKey.export({ type: "spki", format: "pem" }));
  const found = spawnSync("openssl", ["dgst", "-sha256", "-verify", key, "-signature", signature, path("image", IMAGE)]);
  assert.equal(found.status, 0, String(found.stdout));
});

test("another key, a changed image or signature, and every broken rule are refused where they stand", () => {
  const end = FILE.length - 66;
  const signatureAt = FILE.length - 64;
  refuses(FILE, signatureAt, generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
  refuses(changed(FILE, 60, "a4"), signatureAt);
  refuses(changed(FILE, end - 1, "a4"), signatureAt);
  refuses(changed(FILE, signatureAt, "00".repeat(64)), signatureAt);
  refuses(changed(FILE, signatureAt, "ff".repeat(64)), signatureAt);
  refuses(changed(FILE, end, "02"), end);
  refuses(changed(FILE, end + 1, "3f"), end + 1);
  refuses(FILE.subarray(0, -1), FILE.length - 1);
  refuses(Buffer.concat([FILE, Buffer.of(0)]), FILE.length);
  refuses(sample([hexOctets("0140"), Buffer.alloc(64)], { control: 4, options: hexOctets("01000200") }), 60);
  refuses(sample([IMAGE, hexOctets("0140"), Buffer.alloc(64)]), 8);
  refuses(changed(FILE, 0, "00"), 0);
  assert.throws(() => gbVerify(FILE, Buffer.alloc(63)), RangeError);
  assert.throws(() => gbVerify(FILE, createPublicKey(generateKeyPairSync("ed25519").privateKey)), Error);
  assert.throws(() => gbWrite({ ...HEADER, hardware: undefined }, IMAGE, false, privateKey), ImageError);
  assert.throws(() => gbWrite({ ...HEADER, destination: 1n }, IMAGE, false, privateKey), ImageError);
});

test("the reader of elements refuses such a file, and this one refuses a file of elements", () => {
  assert.throws(() => otaRead(FILE), ImageError);
  assert.equal(otaExamine(FILE).file, undefined);
  for (const first of ["0000", "00f0", "ffff"]) {
    const image = changed(IMAGE, 0, `${first}ffffffff`);
    assert.throws(() => otaRead(gbWrite(HEADER, image, false, privateKey)), ImageError);
  }
  assert.throws(() => otaRead(gbWrite(HEADER, element(0, IMAGE), false, privateKey)), ImageError, "an image that is an element itself");
  const elements = sample([element(0, IMAGE)], { control: 4, options: hexOctets("01000200") });
  assert.ok(otaRead(elements));
  assert.throws(() => gbRead(elements), ImageError);
});
