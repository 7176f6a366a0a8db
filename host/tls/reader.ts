// Reads the vectors of TLS messages, RFC 5246 section 4.3; what leaves its bounds is a decode_error.
import { Alert, TlsAlert } from "./alert.ts";

export class Reader {
  private at = 0;

  constructor(
    private readonly octets: Uint8Array,
    private readonly what: string,
  ) {}

  get left(): number {
    return this.octets.length - this.at;
  }

  number(size: 1 | 2 | 3): number {
    let value = 0;
    for (const octet of this.take(size)) value = value * 256 + octet;
    return value;
  }

  take(size: number): Uint8Array {
    if (size > this.left) throw new TlsAlert(Alert.DecodeError, `${this.what} ends too early`);
    this.at += size;
    return this.octets.subarray(this.at - size, this.at);
  }

  /** A vector whose length has `size` octets. */
  vector(size: 1 | 2 | 3): Uint8Array {
    return this.take(this.number(size));
  }

  reader(size: 1 | 2 | 3): Reader {
    return new Reader(this.vector(size), this.what);
  }

  end(): void {
    if (this.left > 0) throw new TlsAlert(Alert.DecodeError, `${this.what} has ${this.left} octets too many`);
  }
}

/** A vector with its length in front. */
export function vector(size: 1 | 2 | 3, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(size);
  head.writeUIntBE(body.length, 0, size);
  return Buffer.concat([head, body]);
}

export function number16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
