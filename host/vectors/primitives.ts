// The symmetric algorithms and P-256 as a board offers them, in the shape in which vectors ask for them.

import { createCipheriv, createDecipheriv, createPublicKey, verify } from "node:crypto";
import { AES_BLOCK, scheduleOf } from "../crypto/aes.ts";
import { CCM_MIC, CCM_NONCE, ccmOpen, ccmSeal } from "../crypto/ccm.ts";
import { hashMmo, hmacMmo } from "../crypto/mmo.ts";
import { native } from "../native/addon.ts";

export interface Sealed {
  text: Uint8Array;
  tag: Uint8Array;
}

export interface Primitives {
  /** Whose code is tested. */
  readonly name: string;
  hashMmo(data: Uint8Array): Uint8Array;
  hmacMmo(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Undefined where these sizes do not exist in CCM. */
  ccmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, tagSize: number): Sealed | undefined;
  /** Undefined where the message is not authentic or the sizes do not exist in CCM. */
  ccmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Sealed): Uint8Array | undefined;
  /** ECDSA over SHA-256: `point` is 04 || x || y, `signature` r || s. */
  p256Verify(point: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

function ccmSizes(key: Uint8Array, nonce: Uint8Array, tagSize: number): boolean {
  return [16, 24, 32].includes(key.length) && nonce.length >= 7 && nonce.length <= 13 && tagSize >= 4 && tagSize <= 16 && tagSize % 2 === 0;
}

/** The boards' own: boards/common, compiled for this machine. */
export function boardPrimitives(): Primitives {
  const board = native();
  return {
    name: "boards/common",
    hashMmo: (data) => board.hashMmo(data),
    hmacMmo: (key, data) => board.hmacMmo(key, data),
    ccmSeal(key, nonce, aad, text, tagSize) {
      const sealed = board.ccmSeal(key, nonce, aad, text, tagSize);
      return sealed ? { text: sealed.subarray(0, text.length), tag: sealed.subarray(text.length) } : undefined;
    },
    ccmOpen: (key, nonce, aad, { text, tag }) => board.ccmOpen(key, nonce, aad, Buffer.concat([text, tag]), tag.length) ?? undefined,
    p256Verify: (point, message, signature) => board.p256Verify(point, board.sha256(message), signature),
  };
}

/** Level 5 of ZigBee: what host/crypto/ccm.ts is for; other sizes, which only the vectors have, are OpenSSL's. */
function isLevel5(key: Uint8Array, nonce: Uint8Array, tagSize: number): boolean {
  return key.length === AES_BLOCK && nonce.length === CCM_NONCE && tagSize === CCM_MIC;
}

/** One after the other, as in a module's memory: nonce, associated data, text, MIC. */
function laid(nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, tag: Uint8Array): { memory: Buffer; aadAt: number; textAt: number } {
  return { memory: Buffer.concat([nonce, aad, text, tag]), aadAt: nonce.length, textAt: nonce.length + aad.length };
}

/** What devices under V8 use: host/crypto, and P-256 of OpenSSL. */
export const v8Primitives: Primitives = {
  name: "host/crypto and OpenSSL",
  hashMmo,
  hmacMmo,

  ccmSeal(key, nonce, aad, text, tagSize) {
    if (!ccmSizes(key, nonce, tagSize)) return undefined;
    if (isLevel5(key, nonce, tagSize)) {
      const { memory, aadAt, textAt } = laid(nonce, aad, text, new Uint8Array(CCM_MIC));
      ccmSeal(scheduleOf(key), memory, 0, aadAt, aad.length, textAt, text.length);
      return { text: memory.subarray(textAt, textAt + text.length), tag: memory.subarray(textAt + text.length) };
    }
    const cipher = createCipheriv(`aes-${key.length * 8}-ccm` as "aes-128-ccm", key, nonce, { authTagLength: tagSize });
    cipher.setAAD(aad, { plaintextLength: text.length });
    const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
    return { text: sealed, tag: cipher.getAuthTag() };
  },

  ccmOpen(key, nonce, aad, sealed) {
    if (!ccmSizes(key, nonce, sealed.tag.length)) return undefined;
    if (isLevel5(key, nonce, sealed.tag.length)) {
      const { memory, aadAt, textAt } = laid(nonce, aad, sealed.text, sealed.tag);
      const authentic = ccmOpen(scheduleOf(key), memory, 0, aadAt, aad.length, textAt, sealed.text.length);
      return authentic ? memory.subarray(textAt, textAt + sealed.text.length) : undefined;
    }
    const algorithm = `aes-${key.length * 8}-ccm` as "aes-128-ccm";
    const cipher = createDecipheriv(algorithm, key, nonce, { authTagLength: sealed.tag.length });
    cipher.setAuthTag(sealed.tag);
    cipher.setAAD(aad, { plaintextLength: sealed.text.length });
    try {
      const text = cipher.update(sealed.text);
      return Buffer.concat([text, cipher.final()]);
    } catch {
      return undefined;
    }
  },

  p256Verify(point, message, signature) {
    const coordinate = (from: number) => Buffer.from(point.subarray(from, from + 32)).toString("base64url");
    const jwk = { kty: "EC", crv: "P-256", x: coordinate(1), y: coordinate(33) };
    return verify("sha256", message, { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" }, signature);
  },
};
