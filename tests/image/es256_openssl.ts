// The openssl program as an oracle of ES256: `openssl dgst -verify`, with key and signature in DER of the test's own making.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** SubjectPublicKeyInfo of P-256 up to the uncompressed point. */
const SPKI_HEAD = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");

/** A folder for one test's files, gone at the end of the process. */
export function scratch(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `kilowasm-${name}-`));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function openssl(...args: string[]): { status: number | null; stdout: Buffer; stderr: Buffer } {
  return spawnSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
}

function integer(octets: Buffer): Buffer {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from++;
  const rest = octets.subarray(from);
  const body = rest[0] & 0x80 ? Buffer.concat([Buffer.of(0), rest]) : rest;
  return Buffer.concat([Buffer.of(2, body.length), body]);
}

export function derOf(signature: Buffer): Buffer {
  const body = Buffer.concat([integer(signature.subarray(0, 32)), integer(signature.subarray(32))]);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

const folder = scratch("openssl");

export function opensslVerifiesEs256(point: Buffer, octets: Buffer, signature: Buffer): boolean {
  const [key, file, data] = ["key.der", "signature.der", "data"].map((name) => join(folder, name));
  writeFileSync(key, Buffer.concat([SPKI_HEAD, point]));
  writeFileSync(file, derOf(signature));
  writeFileSync(data, octets);
  return openssl("dgst", "-sha256", "-verify", key, "-keyform", "DER", "-signature", file, data).status === 0;
}
