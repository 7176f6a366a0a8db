// The key computations of TLS 1.2, RFC 5246 sections 5 and 6.3, and of EAP-TLS, RFC 5216 section 2.3.
import { createHmac } from "node:crypto";

const DIGEST = 32;
const MASTER_SECRET = 48;
const VERIFY_DATA = 12;
/** MSK and EMSK are 64 octets each; PANA takes the first. */
export const MSK_SIZE = 64;

/** The traffic keys of both directions: AES-128 and the implicit half of its nonce. */
export interface TrafficKeys {
  clientKey: Buffer;
  serverKey: Buffer;
  clientNonce: Buffer;
  serverNonce: Buffer;
}

/** PRF with SHA-256: `size` octets from a secret, an ASCII label and a seed. */
export function prf(secret: Uint8Array, label: string, seed: Uint8Array, size: number): Buffer {
  const whole = Buffer.concat([Buffer.from(label, "ascii"), seed]);
  const hmac = (...parts: Uint8Array[]): Buffer => createHmac("sha256", secret).update(Buffer.concat(parts)).digest();
  const parts: Buffer[] = [];
  let a: Buffer = whole;
  for (let have = 0; have < size; have += DIGEST) {
    a = hmac(a);
    parts.push(hmac(a, whole));
  }
  return Buffer.concat(parts).subarray(0, size);
}

export function masterSecret(premaster: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Buffer {
  return prf(premaster, "master secret", Buffer.concat([clientRandom, serverRandom]), MASTER_SECRET);
}

/** The key block of a CCM suite, RFC 6655 section 3: no MAC keys, four octets of nonce a side. */
export function trafficKeys(master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): TrafficKeys {
  const block = prf(master, "key expansion", Buffer.concat([serverRandom, clientRandom]), 40);
  return {
    clientKey: block.subarray(0, 16),
    serverKey: block.subarray(16, 32),
    clientNonce: block.subarray(32, 36),
    serverNonce: block.subarray(36, 40),
  };
}

/** What a Finished message carries. */
export function verifyData(master: Uint8Array, server: boolean, transcript: Uint8Array): Buffer {
  return prf(master, server ? "server finished" : "client finished", transcript, VERIFY_DATA);
}

export function eapMsk(master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array): Buffer {
  return prf(master, "client EAP encryption", Buffer.concat([clientRandom, serverRandom]), MSK_SIZE);
}
