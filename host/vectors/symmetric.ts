// AES-MMO, its keyed hash, CCM*, install codes and key hashes: 05-3474 annex C.

import type { Primitives } from "./primitives.ts";
import { BadVectors, isHex, listOf, nameOf, octetsOf, Report, type Vector } from "./report.ts";

const KINDS = ["mmo", "hmac", "ccm", "installCodeCrc", "keyHash"] as const;
const SEQUENCE_MAX = 16 * 1024 * 1024;

export function runSymmetric(file: Vector, primitives: Primitives, print: (line: string) => void): Report {
  const report = new Report(print);
  let count = 0;
  for (const kind of KINDS) {
    for (const vector of listOf(file, kind)) {
      const name = `${kind} ${nameOf(vector, `[${count}]`)}`;
      report.attempt(name, () => runVector(report, primitives, kind, name, vector));
      count++;
    }
  }
  if (count === 0) throw new BadVectors(`it has none of ${KINDS.join(", ")}`);
  return report;
}

function runVector(report: Report, primitives: Primitives, kind: (typeof KINDS)[number], name: string, vector: Vector): void {
  if (kind === "mmo") report.equal(name, primitives.hashMmo(message(vector)), vector.hash);
  else if (kind === "hmac") report.equal(name, primitives.hmacMmo(octetsOf(vector, "key"), message(vector)), vector.mac);
  else if (kind === "keyHash") report.equal(name, primitives.hmacMmo(octetsOf(vector, "key"), octetsOf(vector, "input")), vector.mac);
  else if (kind === "ccm") runCcm(report, primitives, name, vector);
  else report.equal(name, crcX25(octetsOf(vector, "code")), vector.crcLE);
}

/** A message as octets, or as so many octets that count up. */
function message(vector: Vector): Buffer {
  if (vector.msg !== undefined) return octetsOf(vector, "msg");
  const size = Number(vector.seqLen);
  if (!Number.isInteger(size) || size < 0 || size > SEQUENCE_MAX) throw new Error("it has neither msg nor a seqLen within reason");
  return Buffer.from(Uint8Array.from({ length: size }, (_, index) => index & 255));
}

function runCcm(report: Report, primitives: Primitives, name: string, vector: Vector): void {
  const [key, nonce, aad, plain] = ["key", "nonce", "aad", "plain"].map((field) => octetsOf(vector, field)) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  const tag = octetsOf(vector, "tag");
  const sealed = primitives.ccmSeal(key, nonce, aad, plain, tag.length);
  if (!sealed) throw new Error(`CCM does not have a nonce of ${nonce.length} with a tag of ${tag.length} octets`);
  report.equal(`${name} cipher`, sealed.text, vector.cipher);
  report.equal(`${name} tag`, sealed.tag, vector.tag);
  if (!isHex(vector.cipher)) return;
  const opened = primitives.ccmOpen(key, nonce, aad, { text: octetsOf(vector, "cipher"), tag });
  if (opened) report.equal(`${name} plain`, opened, vector.plain);
  else report.fail(`${name} plain`, "the message is not found authentic");
}

/** CRC-16 of X.25 in the order in which an install code carries it. */
function crcX25(octets: Uint8Array): Buffer {
  let crc = 0xffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  const out = Buffer.alloc(2);
  out.writeUInt16LE(~crc & 0xffff);
  return out;
}
