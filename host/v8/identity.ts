// A board's identity of phase 2 under V8: the key and chain in use, a key that waits for its certificate, the roots.
import { Record } from "../abi.ts";
import type { HmacDrbg } from "../drbg.ts";
import { Err } from "../err.ts";
import { CHAIN_OCTETS, identityOf, keepIdentity, unpackChain } from "../tls/board_records.ts";
import { verifyChain } from "../tls/chain.ts";
import { publicPoint } from "../tls/p256.ts";
import { makeRequest } from "../tls/request.ts";
import type { TlsIdentity } from "../tls/session.ts";

/** The order of P-256. */
const ORDER = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");

export class BoardIdentity {
  current: TlsIdentity | undefined;
  private pending: Buffer | undefined;
  /** Where a change is kept. */
  private store: Map<number, Uint8Array> | undefined;

  constructor(
    readonly roots: Uint8Array[],
    private readonly hardwareType: string,
    private readonly serial: Uint8Array,
    current?: TlsIdentity,
  ) {
    this.current = current;
  }

  /** As the store's own records have it; changes go there. */
  static of(store: Map<number, Uint8Array>): BoardIdentity {
    const { roots, hardwareType, serial, current, pending } = identityOf(store);
    const identity = new BoardIdentity(roots, hardwareType, serial, current);
    identity.pending = pending && Buffer.from(pending);
    identity.store = store;
    return identity;
  }

  /** Whether there is a hardware name and a root to believe, without which no certificate can be had. */
  get may(): boolean {
    return this.roots.length > 0 && this.hardwareType !== "" && this.serial.length > 0;
  }

  /** The device's IEEE address as on the air. */
  get address(): Uint8Array | undefined {
    const octets = this.store?.get(Record.Address);
    return octets?.length === 8 ? octets : undefined;
  }

  make(drbg: HmacDrbg): number {
    do this.pending = Buffer.from(drbg.generate(32));
    while (this.pending.equals(Buffer.alloc(32)) || Buffer.compare(this.pending, ORDER) >= 0);
    return this.keep();
  }

  request(): Buffer | number {
    if (!this.pending) return Err.NotFound;
    return this.hardwareType ? makeRequest(this.pending, this.hardwareType, this.serial) : Err.NotFound;
  }

  /** Takes the chain for the key that waits, or a new one for the key in use; dates are judged at a moment that is known. */
  install(octets: Uint8Array, nowMs?: number): number {
    const privateKey = this.pending ?? this.current?.privateKey;
    if (octets.length > CHAIN_OCTETS) return Err.NoBuffer;
    const chain = unpackChain(octets);
    if (!privateKey) return Err.NotFound;
    if (!chain) return Err.BadLength;
    try {
      const leaf = verifyChain(chain, this.roots, nowMs);
      if (!publicPoint(privateKey).equals(leaf.point)) return Err.Refused;
    } catch {
      return Err.Refused;
    }
    this.current = { privateKey, chain };
    this.pending = undefined;
    return this.keep();
  }

  private keep(): number {
    const { roots, hardwareType, serial, current, pending } = this;
    if (this.store) keepIdentity(this.store, { roots, hardwareType, serial, current, pending });
    return Err.Ok;
  }
}
