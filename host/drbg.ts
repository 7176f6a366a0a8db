// HMAC_DRBG with SHA-256, NIST SP 800-90A section 10.1.2, without additional input: a device's `entropy` in Node.
import { createHmac } from "node:crypto";

const OUTPUT = 32;

export class HmacDrbg {
  private key: Buffer = Buffer.alloc(OUTPUT, 0);
  private value: Buffer = Buffer.alloc(OUTPUT, 1);

  /** `seed` is entropy input, nonce and personalisation in one, as a recording carries it. */
  constructor(seed: Uint8Array) {
    this.update(seed);
  }

  /** One generate call, section 10.1.2.5. */
  generate(size: number): Buffer {
    const parts: Buffer[] = [];
    for (let have = 0; have < size; have += OUTPUT) {
      this.value = this.hmac(this.value);
      parts.push(this.value);
    }
    this.update(new Uint8Array(0));
    return Buffer.concat(parts).subarray(0, size);
  }

  /** New entropy, section 10.1.2.4: what was is mixed with what comes. */
  reseed(seed: Uint8Array): void {
    this.update(seed);
  }

  private hmac(...data: Uint8Array[]): Buffer {
    const mac = createHmac("sha256", this.key);
    for (const item of data) mac.update(item);
    return mac.digest();
  }

  private update(provided: Uint8Array): void {
    for (const round of provided.length ? [0, 1] : [0]) {
      this.key = this.hmac(this.value, Uint8Array.of(round), provided);
      this.value = this.hmac(this.value);
    }
  }
}
