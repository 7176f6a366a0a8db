// A board's identity of phase 2 under V8: the key and chain in use, a key that waits for its certificate, the roots.
import type { HmacDrbg } from "../drbg.ts";
import { Err } from "../err.ts";
import { verifyChain } from "../tls/chain.ts";
import { publicPoint } from "../tls/p256.ts";
import { makeRequest } from "../tls/request.ts";
import type { TlsIdentity } from "../tls/session.ts";

export class BoardIdentity {
  current: TlsIdentity | undefined;
  private pending: Buffer | undefined;

  constructor(
    readonly roots: Uint8Array[],
    private readonly hardwareType: string,
    private readonly serial: Uint8Array,
    current?: TlsIdentity,
  ) {
    this.current = current;
  }

  make(drbg: HmacDrbg): number {
    const key = Buffer.from(drbg.generate(32));
    key[0] = (key[0] as number) & 0x7f;
    key[31] = (key[31] as number) | 1;
    this.pending = key;
    return Err.Ok;
  }

  request(): Buffer | undefined {
    return this.pending && makeRequest(this.pending, this.hardwareType, this.serial);
  }

  /** Takes the chain for the key that waits, or a new one for the key in use. */
  install(octets: Uint8Array): number {
    const privateKey = this.pending ?? this.current?.privateKey;
    const chain = chainIn(octets);
    if (!privateKey) return Err.NotFound;
    if (!chain) return Err.BadLength;
    try {
      const leaf = verifyChain(chain, this.roots, undefined);
      if (!publicPoint(privateKey).equals(leaf.point)) return Err.Refused;
    } catch {
      return Err.Refused;
    }
    this.current = { privateKey, chain };
    this.pending = undefined;
    return Err.Ok;
  }
}

/** Certificates, each behind its size as a u16. */
function chainIn(octets: Uint8Array): Buffer[] | undefined {
  const view = Buffer.from(octets);
  const chain: Buffer[] = [];
  for (let at = 0; at < view.length; ) {
    if (at + 2 > view.length) return undefined;
    const size = view.readUInt16LE(at);
    if (at + 2 + size > view.length) return undefined;
    chain.push(view.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return chain;
}
