// The board's symmetric cryptography for modules that run under V8, on node:crypto.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { keyVariant } from "../crypto/mmo.ts";
import { Err } from "../err.ts";

export const KEY_SLOTS = 24;
const MIC_SIZE = 4;
const OPTIONS = { authTagLength: MIC_SIZE } as const;

/** The sealed keys of one device: no way leads from here into the module. */
export class KeySlots {
  private readonly keys = new Map<number, Buffer>();

  set(slot: number, key: Uint8Array): number {
    if (slot >= KEY_SLOTS) return Err.NoBuffer;
    this.keys.set(slot, Buffer.from(key));
    return Err.Ok;
  }

  clear(slot: number): number {
    if (slot >= KEY_SLOTS) return Err.NoBuffer;
    this.keys.delete(slot);
    return Err.Ok;
  }

  /** `selector` is slot | variant << 8; nothing for an empty slot or an unknown variant. */
  find(selector: number): Buffer | undefined {
    const key = this.keys.get(selector & 0xff);
    const variant = selector >>> 8;
    if (!key || variant > 2) return undefined;
    return variant === 0 ? key : keyVariant(key, variant);
  }

  entries(): [number, Buffer][] {
    return [...this.keys];
  }
}

/** Encrypts in place and appends the MIC; `text` has room for both. */
export function ccmSeal(key: Buffer, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, textSize: number): number {
  const cipher = createCipheriv("aes-128-ccm", key, nonce, OPTIONS);
  cipher.setAAD(aad, { plaintextLength: textSize });
  text.set(cipher.update(text.subarray(0, textSize)));
  cipher.final();
  text.set(cipher.getAuthTag(), textSize);
  return textSize + MIC_SIZE;
}

/** Decrypts in place; a wrong MIC leaves zeros. */
export function ccmOpen(key: Buffer, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): number {
  const size = text.length - MIC_SIZE;
  if (size < 0) return Err.Truncated;
  const decipher = createDecipheriv("aes-128-ccm", key, nonce, OPTIONS);
  decipher.setAuthTag(text.subarray(size));
  decipher.setAAD(aad, { plaintextLength: size });
  try {
    const plain = decipher.update(text.subarray(0, size));
    decipher.final();
    text.set(plain);
    return size;
  } catch {
    text.fill(0);
    return Err.BadMic;
  }
}
