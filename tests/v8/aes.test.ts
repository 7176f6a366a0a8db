// The block under CCM* and AES-MMO of devices under V8: that of FIPS 197, and OpenSSL's for many keys.
import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import { test } from "node:test";
import { aesEncrypt, scheduleOf } from "../../host/crypto/aes.ts";

const KEYS = 500;

function encrypted(key: Buffer, block: Buffer): string {
  const words = Int32Array.from({ length: 4 }, (_, index) => block.readInt32LE(4 * index));
  aesEncrypt(scheduleOf(key), words);
  const out = Buffer.alloc(16);
  for (const [index, word] of words.entries()) out.writeInt32LE(word, 4 * index);
  return out.toString("hex");
}

test("the example of FIPS 197 appendix C.1", () => {
  const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
  const block = Buffer.from("00112233445566778899aabbccddeeff", "hex");
  assert.equal(encrypted(key, block), "69c4e0d86a7b0430d8cdb78070b4c55a");
});

test("every key and block is OpenSSL's", () => {
  for (let index = 0; index < KEYS; index++) {
    const octets = createHash("sha256").update(`block ${index}`).digest();
    const [key, block] = [octets.subarray(0, 16), octets.subarray(16)];
    const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    assert.equal(encrypted(key, block), cipher.update(block).toString("hex"), `block ${index}`);
  }
});
