// A board's identity in the store's own records, which no module reaches: docs/tls.md has the table.
import * as asn1js from "asn1js";
import type { TlsIdentity } from "./session.ts";

const OWN_FIRST = 0x8100;
const OWN_CHAIN = OWN_FIRST + 1;
const OWN_TRUST = OWN_FIRST + 8;
const OWN_HARDWARE = OWN_FIRST + 10;
const TRUST_MAX = 2;
const FORM = 1;
const HEAD = 6;
const KEY = 32;
const PIECE = 512;
const PIECES = 3;
const HAS_KEY = 1;
const HAS_PENDING = 2;
/** Octets of a chain, each certificate behind its size. */
export const CHAIN_OCTETS = PIECE * PIECES;

export interface BoardRecords {
  roots: Uint8Array[];
  hardwareType: string;
  serial: Uint8Array;
  current?: TlsIdentity | undefined;
  pending?: Uint8Array | undefined;
}

/** Certificates, each behind its size as a u16. */
export function packChain(chain: Uint8Array[]): Buffer {
  return Buffer.concat(chain.flatMap((certificate) => [Buffer.of(certificate.length & 0xff, certificate.length >> 8), certificate]));
}

/** Undefined where sizes and octets do not agree. */
export function unpackChain(octets: Uint8Array): Buffer[] | undefined {
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

/** The records that a factory writes, or that a board with this identity has. */
export function identityRecords({ roots, hardwareType, serial, current, pending }: BoardRecords, bank = 0): Map<number, Uint8Array> {
  const oid = new Uint8Array(new asn1js.ObjectIdentifier({ value: hardwareType }).toBER()).subarray(2);
  const records = new Map<number, Uint8Array>();
  for (const [index, root] of roots.slice(0, TRUST_MAX).entries()) records.set(OWN_TRUST + index, Buffer.from(root));
  records.set(OWN_HARDWARE, Buffer.concat([Buffer.of(oid.length), oid, serial]));
  if (!current && !pending) return records;
  const chain = packChain(current?.chain ?? []);
  const head = Buffer.alloc(HEAD + 2 * KEY);
  head.set([FORM, bank, (current ? HAS_KEY : 0) | (pending ? HAS_PENDING : 0), 0, chain.length & 0xff, chain.length >> 8]);
  if (current) head.set(current.privateKey, HEAD);
  if (pending) head.set(pending, HEAD + KEY);
  const first = OWN_CHAIN + bank * PIECES;
  for (let at = 0; at < chain.length; at += PIECE) records.set(first + at / PIECE, chain.subarray(at, at + PIECE));
  return records.set(OWN_FIRST, head);
}

/** What a store says; a board that was never given a root, a name or a key has none. */
export function identityOf(store: ReadonlyMap<number, Uint8Array>): BoardRecords {
  const roots = [0, 1].flatMap((index) => store.get(OWN_TRUST + index) ?? []);
  const hardware = Buffer.from(store.get(OWN_HARDWARE) ?? Buffer.of(0));
  const size = hardware[0] as number;
  const type = asn1js.fromBER(new Uint8Array([6, size, ...hardware.subarray(1, 1 + size)]).buffer).result;
  const found: BoardRecords = {
    roots,
    hardwareType: type instanceof asn1js.ObjectIdentifier ? type.valueBlock.toString() : "",
    serial: hardware.subarray(1 + size),
  };
  const head = Buffer.from(store.get(OWN_FIRST) ?? Buffer.alloc(0));
  if (head.length !== HEAD + 2 * KEY || head[0] !== FORM) return found;
  if ((head[2] as number) & HAS_PENDING) found.pending = head.subarray(HEAD + KEY);
  const first = OWN_CHAIN + (head[1] as number) * PIECES;
  const pieces = Array.from({ length: PIECES }, (_, piece) => store.get(first + piece) ?? Buffer.alloc(0));
  const chain = unpackChain(Buffer.concat(pieces).subarray(0, head.readUInt16LE(4)));
  if ((head[2] as number) & HAS_KEY && chain && chain.length > 0) found.current = { privateKey: head.subarray(HEAD, HEAD + KEY), chain };
  return found;
}

/**
 * Takes the place of the identity's records in a store, as a board does it: a new chain beside the old one, then the head, and what no
 * longer counts goes last.
 */
export function keepIdentity(store: Map<number, Uint8Array>, identity: BoardRecords): void {
  const bank = store.get(OWN_FIRST)?.[1] ?? 0;
  const before = identityOf(store).current?.chain ?? [];
  const same = packChain(before).equals(packChain(identity.current?.chain ?? []));
  const records = identityRecords(identity, same ? bank : bank ^ 1);
  for (const [record, octets] of records)
    if (!store.get(record) || !Buffer.from(octets).equals(store.get(record) as Uint8Array)) store.set(record, octets);
  for (let record = OWN_CHAIN; record < OWN_TRUST; record++) if (!records.has(record)) store.delete(record);
}
