// Security of APS frames by other code than the stack's: 05-3474 sections 4.4.1 and 4.5.1.
import { createDecipheriv } from "node:crypto";

export { sealAps } from "../intruder.ts";

const MIC = 4;
const LEVEL = 5;
const NAMED = 0x20;

export interface OpenedAps {
  counter: number;
  payload: Buffer;
}

/** Opens a frame whose header has `size` octets; its auxiliary header may leave out who sends, whom `source` then names. */
export function openAps(key: Uint8Array, frame: Buffer, size: number, source: bigint): OpenedAps | undefined {
  const named = ((frame[size] ?? 0) & NAMED) !== 0;
  const end = size + (named ? 13 : 5);
  if (frame.length < end + MIC) return undefined;
  const auxiliary = Buffer.from(frame.subarray(size, end));
  auxiliary[0] |= LEVEL;
  const nonce = Buffer.alloc(13);
  nonce.writeBigUInt64LE(named ? auxiliary.readBigUInt64LE(5) : source, 0);
  nonce.set(auxiliary.subarray(1, 5), 8);
  nonce[12] = auxiliary[0];
  const text = frame.subarray(end, frame.length - MIC);
  const decipher = createDecipheriv("aes-128-ccm", key, nonce, { authTagLength: MIC });
  decipher.setAuthTag(frame.subarray(frame.length - MIC));
  decipher.setAAD(Buffer.concat([frame.subarray(0, size), auxiliary]), { plaintextLength: text.length });
  try {
    const payload = decipher.update(text);
    decipher.final();
    return { counter: auxiliary.readUInt32LE(1), payload };
  } catch {
    return undefined;
  }
}
