// A public key as X.509 carries it (RFC 5480), for curves given by name, in DER and nothing but DER:
//
//   30 n { 30 n { 06 n id-ecPublicKey, 06 n curve }, 03 n 00 point }

const TAG_SEQUENCE = 0x30;
const TAG_OBJECT = 0x06;
const TAG_BITS = 0x03;
const ID_EC_PUBLIC_KEY = "2a8648ce3d0201";

export interface PublicKey {
  /** Object identifier of the curve, its contents in hexadecimal. */
  curve: string;
  point: Buffer;
}

/** The key; undefined where the octets are anything else. */
export function parseSpki(octets: Buffer): PublicKey | undefined {
  const whole = only(octets, TAG_SEQUENCE);
  const algorithm = whole && element(whole, TAG_SEQUENCE);
  const bits = algorithm && only(algorithm.rest, TAG_BITS);
  const kind = algorithm && element(algorithm.contents, TAG_OBJECT);
  const curve = kind && only(kind.rest, TAG_OBJECT);
  if (!bits || !kind || !curve) return undefined;
  if (kind.contents.toString("hex") !== ID_EC_PUBLIC_KEY) return undefined;
  if (bits.length < 2 || bits[0] !== 0) return undefined; // whole octets
  return { curve: curve.toString("hex"), point: bits.subarray(1) };
}

interface Element {
  contents: Buffer;
  rest: Buffer;
}

/** The contents of an element with nothing behind it. */
function only(octets: Buffer, tag: number): Buffer | undefined {
  const found = element(octets, tag);
  return found?.rest.length === 0 ? found.contents : undefined;
}

function element(octets: Buffer, tag: number): Element | undefined {
  if (octets.length < 2 || octets[0] !== tag) return undefined;
  let size = octets[1] as number;
  let from = 2;
  if (size >= 0x80) {
    const count = size & 0x7f;
    if (count < 1 || count > 2 || octets.length < 2 + count) return undefined; // no indefinite length, none beyond 64 KiB
    size = octets.readUIntBE(2, count);
    from += count;
    if (size < (count === 1 ? 0x80 : 0x100)) return undefined; // the shortest form only
  }
  if (octets.length - from < size) return undefined;
  return { contents: octets.subarray(from, from + size), rest: octets.subarray(from + size) };
}
