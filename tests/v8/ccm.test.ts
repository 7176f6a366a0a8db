// CCM* as devices under V8 use it: OpenSSL's octets for every length around a block, in place, and with ranges that overlap.
import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import { test } from "node:test";
import { scheduleOf } from "../../host/crypto/aes.ts";
import { CCM_MIC, CCM_NONCE, ccmOpen, ccmSeal } from "../../host/crypto/ccm.ts";

const MEMORY = 0x2_0000;
const NONCE = 16;
const AAD = 64;
const TEXT = 0x1_0400;

/** Octets that follow from a label, so that a failure repeats. */
function octets(label: string, size: number): Buffer {
  return createHash("shake256", { outputLength: Math.max(1, size) })
    .update(label)
    .digest()
    .subarray(0, size);
}

function openssl(key: Buffer, nonce: Buffer, aad: Buffer, text: Buffer): Buffer {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, { authTagLength: CCM_MIC });
  cipher.setAAD(aad, { plaintextLength: text.length });
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function sameAsOpenssl(label: string, aadSize: number, textSize: number): void {
  const [key, nonce] = [octets(`${label} key`, 16), octets(`${label} nonce`, CCM_NONCE)];
  const [aad, text] = [octets(`${label} aad`, aadSize), octets(`${label} text`, textSize)];
  const memory = Buffer.alloc(MEMORY, 0xa5);
  memory.set(nonce, NONCE);
  memory.set(aad, AAD);
  memory.set(text, TEXT);
  const before = Buffer.from(memory);
  const schedule = scheduleOf(key);
  ccmSeal(schedule, memory, NONCE, AAD, aadSize, TEXT, textSize);
  before.set(openssl(key, nonce, aad, text), TEXT);
  assert.deepEqual(memory, before, `${label}: sealed, and nothing else touched`);
  assert.equal(ccmOpen(schedule, memory, NONCE, AAD, aadSize, TEXT, textSize), true, `${label}: opened`);
  assert.deepEqual(memory.subarray(TEXT, TEXT + textSize), text, label);
}

test("every size around a block gives OpenSSL's octets", () => {
  for (const aadSize of [0, 1, 13, 14, 15, 16, 29, 30, 31, 62])
    for (let textSize = 1; textSize < 70; textSize++) sameAsOpenssl(`${aadSize} and ${textSize}`, aadSize, textSize);
});

test("no text at all still has its MIC", () => sameAsOpenssl("no text", 22, 0));

test("associated data whose size takes six octets, and a long text", () => {
  for (const aadSize of [0xfeff, 0xff00, 0xff01, 0x1_0001]) sameAsOpenssl(`${aadSize}`, aadSize, 20);
  sameAsOpenssl("a text of many blocks", 8, 5000);
});

test("any octet changed is noticed", () => {
  const memory = Buffer.alloc(MEMORY);
  memory.set(octets("memory", 200), 0);
  const schedule = scheduleOf(octets("key", 16));
  ccmSeal(schedule, memory, NONCE, AAD, 20, TEXT, 33);
  const sealed = Buffer.from(memory);
  const places = [NONCE, NONCE + 12, AAD, AAD + 19, TEXT, TEXT + 32, TEXT + 33, TEXT + 36];
  for (const place of places) {
    memory.set(sealed);
    memory[place] ^= 0x80;
    assert.equal(ccmOpen(schedule, memory, NONCE, AAD, 20, TEXT, 33), false, `octet ${place}`);
  }
  for (const place of [NONCE - 1, NONCE + 13, AAD + 20, TEXT + 37]) {
    memory.set(sealed);
    memory[place] ^= 0x80;
    assert.equal(ccmOpen(schedule, memory, NONCE, AAD, 20, TEXT, 33), true, `octet ${place} is none of them`);
  }
});

test("a nonce and associated data that lie in the text count as they were before", () => {
  const key = octets("overlap", 16);
  const text = octets("overlapping text", 60);
  const memory = Buffer.alloc(MEMORY);
  memory.set(text, TEXT);
  ccmSeal(scheduleOf(key), memory, TEXT + 3, TEXT + 5, 40, TEXT, 60);
  const expected = openssl(key, text.subarray(3, 3 + CCM_NONCE), text.subarray(5, 45), text);
  assert.deepEqual(memory.subarray(TEXT, TEXT + 64), expected);
});

test("a key of another size is refused", () => {
  for (const size of [0, 15, 17, 24, 32]) assert.throws(() => scheduleOf(Buffer.alloc(size)), /an AES-128 key has 16 octets/);
});
