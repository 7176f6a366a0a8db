// The record layer: RFC 5246 section 6.2, with AES-128-CCM-8 once the keys are there (RFC 6655).
//
//   | type 1 | version 2 | length 2 | fragment ... |          protected: | explicit nonce 8 | ciphertext | tag 8 |
import { createCipheriv, createDecipheriv } from "node:crypto";
import { Alert, TlsAlert } from "./alert.ts";

export const RecordType = { ChangeCipherSpec: 20, Alert: 21, Handshake: 22, ApplicationData: 23 } as const;
export const TLS_1_2 = 0x0303;
export const RECORD_HEAD = 5;
/** A fragment of plaintext at most, section 6.2.1. */
export const FRAGMENT_MAX = 16_384;
const EXPLICIT_NONCE = 8;
const TAG = 8;
/** What protection adds to a fragment. */
export const RECORD_SEAL = EXPLICIT_NONCE + TAG;
const CIPHER = "aes-128-ccm";

/** One direction under its key. */
export class RecordCipher {
  private sequence = 0n;

  constructor(
    private readonly key: Uint8Array,
    private readonly nonce: Uint8Array,
  ) {}

  seal(type: number, plaintext: Uint8Array): Buffer {
    const explicit = this.next();
    const cipher = createCipheriv(CIPHER, this.key, Buffer.concat([this.nonce, explicit]), { authTagLength: TAG });
    cipher.setAAD(associated(explicit, type, plaintext.length), { plaintextLength: plaintext.length });
    const sealed = cipher.update(plaintext);
    cipher.final();
    return Buffer.concat([explicit, sealed, cipher.getAuthTag()]);
  }

  open(type: number, fragment: Uint8Array): Buffer {
    const size = fragment.length - EXPLICIT_NONCE - TAG;
    if (size < 0) throw new TlsAlert(Alert.BadRecordMac, "a protected record is shorter than its nonce and tag");
    const explicit = fragment.subarray(0, EXPLICIT_NONCE);
    const decipher = createDecipheriv(CIPHER, this.key, Buffer.concat([this.nonce, explicit]), { authTagLength: TAG });
    decipher.setAuthTag(fragment.subarray(EXPLICIT_NONCE + size));
    decipher.setAAD(associated(this.next(), type, size), { plaintextLength: size });
    try {
      const plaintext = decipher.update(fragment.subarray(EXPLICIT_NONCE, EXPLICIT_NONCE + size));
      decipher.final();
      return plaintext;
    } catch {
      throw new TlsAlert(Alert.BadRecordMac, "a record is not authentic");
    }
  }

  private next(): Buffer {
    const octets = Buffer.alloc(EXPLICIT_NONCE);
    octets.writeBigUInt64BE(this.sequence++);
    return octets;
  }
}

function associated(sequence: Uint8Array, type: number, size: number): Buffer {
  return Buffer.concat([sequence, recordHead(type, size)]);
}

export function recordHead(type: number, size: number): Buffer {
  return Buffer.of(type, TLS_1_2 >> 8, TLS_1_2 & 0xff, size >> 8, size & 0xff);
}
