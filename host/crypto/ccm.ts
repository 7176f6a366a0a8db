// CCM* of ZigBee security level 5 (M = 4, L = 2; 05-3474 annex A) in place, in the memory of a module.
//
//   B0 = flags 1 | nonce 13 | size of the text 2        A(i) = 01 | nonce 13 | i 2
//   chain = the CBC-MAC over B0, the associated data behind its size, the text; each filled up with zeros
//   MIC = the chain's first four octets, under the key stream of A(0); the text is under those of A(1), A(2) ...
import { AES_BLOCK, aesEncrypt, type Schedule } from "./aes.ts";

export const CCM_NONCE = 13;
export const CCM_MIC = 4;
/** L = 2: the text's size has two octets. */
export const CCM_TEXT_MAX = 0xffff;

const FLAGS_COUNTER = 0x01;
const FLAGS_MAC = 0x09;
const FLAG_ASSOCIATED = 0x40;
/** From here on the size of the associated data takes six octets. */
const ASSOCIATED_SHORT_END = 0xff00;

/** Words of the CBC-MAC, of the key stream, and of the counter block without its counter.  One call at a time uses them. */
const chain = new Int32Array(4);
const stream = new Int32Array(4);
const counter = new Int32Array(4);

/** `nonce`, `aad` and `text` are addresses in `memory`, whose ranges the caller has checked; the associated data may lie in the text.  Encrypts
 * `size` octets in place and writes the MIC behind them. */
export function ccmSeal(key: Schedule, memory: Uint8Array, nonce: number, aad: number, aadSize: number, text: number, size: number): void {
  begin(key, memory, nonce, aad, aadSize, size);
  pass(key, memory, text, size, true);
  mic(key);
  for (let index = 0; index < CCM_MIC; index++) memory[text + size + index] = chain[0] >>> (8 * index);
}

/** Decrypts in place; false when the MIC behind the text is not its own. */
export function ccmOpen(
  key: Schedule,
  memory: Uint8Array,
  nonce: number,
  aad: number,
  aadSize: number,
  text: number,
  size: number,
): boolean {
  begin(key, memory, nonce, aad, aadSize, size);
  pass(key, memory, text, size, false);
  mic(key);
  let wrong = 0;
  for (let index = 0; index < CCM_MIC; index++) wrong |= memory[text + size + index] ^ ((chain[0] >>> (8 * index)) & 0xff);
  return wrong === 0;
}

/** The chain after B0 and the associated data. */
function begin(key: Schedule, memory: Uint8Array, nonce: number, aad: number, aadSize: number, size: number): void {
  counter.fill(0);
  chain.fill(0);
  counter[0] = FLAGS_COUNTER;
  for (let index = 0; index < CCM_NONCE; index++) xorOctet(counter, index + 1, memory[nonce + index]);
  chain.set(counter);
  chain[0] ^= FLAGS_COUNTER ^ FLAGS_MAC ^ (aadSize > 0 ? FLAG_ASSOCIATED : 0);
  xorOctet(chain, 14, size >>> 8);
  xorOctet(chain, 15, size & 0xff);
  aesEncrypt(key, chain);
  if (aadSize === 0) return;
  let fill = sizeAbsorb(aadSize);
  for (let index = 0; index < aadSize; index++) {
    xorOctet(chain, fill++, memory[aad + index]);
    if (fill < AES_BLOCK) continue;
    aesEncrypt(key, chain);
    fill = 0;
  }
  if (fill > 0) aesEncrypt(key, chain);
}

/** The octets before the associated data; answers how many. */
function sizeAbsorb(size: number): number {
  let at = 0;
  if (size >= ASSOCIATED_SHORT_END) {
    for (const octet of [0xff, 0xfe, size >>> 24, (size >>> 16) & 0xff]) xorOctet(chain, at++, octet);
  }
  xorOctet(chain, at++, (size >>> 8) & 0xff);
  xorOctet(chain, at++, size & 0xff);
  return at;
}

/** The text through the key stream, and the plain text into the chain. */
function pass(key: Schedule, memory: Uint8Array, text: number, size: number, seal: boolean): void {
  for (let done = 0, block = 1; done < size; done += AES_BLOCK, block++) {
    streamOf(key, block);
    const part = Math.min(AES_BLOCK, size - done);
    for (let index = 0; index < part; index++) {
      const before = memory[text + done + index];
      const after = before ^ ((stream[index >> 2] >>> (8 * (index & 3))) & 0xff);
      memory[text + done + index] = after;
      xorOctet(chain, index, seal ? before : after);
    }
    aesEncrypt(key, chain);
  }
}

function mic(key: Schedule): void {
  streamOf(key, 0);
  chain[0] ^= stream[0];
}

function streamOf(key: Schedule, block: number): void {
  stream[0] = counter[0];
  stream[1] = counter[1];
  stream[2] = counter[2];
  stream[3] = counter[3] | ((block >>> 8) << 16) | (block << 24);
  aesEncrypt(key, stream);
}

function xorOctet(words: Int32Array, index: number, octet: number): void {
  words[index >> 2] ^= octet << (8 * (index & 3));
}
