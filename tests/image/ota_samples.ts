// OTA files made octet by octet, apart from host/image, and what may be done to them.

import { randomBytes } from "node:crypto";

export const VENDORS = "../shared/vectors/ota";
export const SIGNED = `${VENDORS}/suite1-signed.ota`;

/** A header of 56 octets: manufacturer 0x1234, type 0x5678, version 0x01020304, stack 2, "sample". */
const HEAD = `1ef1ee0b 0001 3800 0000 3412 7856 04030201 0200 ${Buffer.from("sample").toString("hex").padEnd(64, "0")} 00000000`;

export function hexOctets(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

/** An element; a length that is not that of the data may be claimed. */
export function element(tag: number, data: Uint8Array, length = data.length): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(tag, 0);
  head.writeUInt32LE(length, 2);
  return Buffer.concat([head, data]);
}

export interface SampleHeader {
  control?: number;
  /** Octets behind the first 56. */
  options?: Uint8Array;
  /** Claimed instead of the true one. */
  total?: number;
}

/** A file of a header and whatever follows it. */
export function sample(parts: Uint8Array[], { control = 0, options = Buffer.alloc(0), total }: SampleHeader = {}): Buffer {
  const file = Buffer.concat([hexOctets(HEAD), options, ...parts]);
  file.writeUInt16LE(56 + options.length, 6);
  file.writeUInt16LE(control, 8);
  file.writeUInt32LE(total ?? file.length, 52);
  return file;
}

export function changed(file: Buffer, at: number, octets: string): Buffer {
  const copy = Buffer.from(file);
  hexOctets(octets).copy(copy, at);
  return copy;
}

/** Numbers that a seed gives: mulberry32. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

export function freshSeed(): number {
  return randomBytes(4).readUInt32LE();
}

/** A file with one to four of its octets, numbers or stretches changed, mostly where lengths stand. */
export function mutated(file: Buffer, draw: (below: number) => number): Buffer {
  let copy = Buffer.from(file);
  for (let count = 1 + draw(4); count > 0; count--) {
    const at = draw(4) === 0 ? draw(copy.length) : draw(Math.min(copy.length, 200));
    const kind = draw(7);
    if (kind === 0) copy[at] = (copy[at] as number) ^ (1 << draw(8));
    else if (kind === 1) copy[at] = draw(256);
    else if (kind === 2) copy.fill(draw(2) ? 0xff : 0, at, Math.min(copy.length, at + 4));
    else if (kind === 3) copy = copy.subarray(0, at + 1);
    else if (kind === 4) copy = Buffer.concat([copy, Buffer.alloc(1 + draw(40), draw(256))]);
    else if (kind === 5) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + Math.min(draw(9), copy.length - at - 1))]);
    else copy = Buffer.concat([copy.subarray(0, at), Buffer.alloc(draw(9), draw(256)), copy.subarray(at)]);
    copy = Buffer.from(copy);
  }
  // Most changes of size are made good in the header, so that what lies behind that check is reached.
  if (draw(3) > 0 && copy.length >= 56) copy.writeUInt32LE(copy.length, 52);
  return copy;
}
