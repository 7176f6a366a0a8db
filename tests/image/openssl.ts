// The openssl program as an oracle of ECDSA over digests: curves by OpenSSL's names, keys in files, signatures in DER.

import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "openssl-"));

const OBJECTS: Record<string, string> = {
  sect163k1: "06052b81040001",
  sect283k1: "06052b81040010",
};
const ID_EC_PUBLIC_KEY = "06072a8648ce3d0201";

function run(args: string[]): { status: number | null; stdout: Buffer } {
  return spawnSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] });
}

export function hasOpenssl(): boolean {
  const { stdout } = run(["ecparam", "-list_curves"]);
  return stdout?.includes("sect163k1") && stdout.includes("sect283k1");
}

function file(name: string, octets: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const contents = Buffer.concat(parts);
  if (contents.length > 127) throw new RangeError("no long form is needed here");
  return Buffer.concat([Buffer.of(tag, contents.length), contents]);
}

/** A public key in DER, from its point in any form of SEC 1. */
function spki(curve: string, point: Buffer): Buffer {
  const algorithm = der(0x30, Buffer.from(ID_EC_PUBLIC_KEY + OBJECTS[curve], "hex"));
  return der(0x30, algorithm, der(0x03, Buffer.of(0), point));
}

function integer(octets: Buffer): Buffer {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from++;
  const rest = octets.subarray(from);
  return der(0x02, (rest[0] as number) & 0x80 ? Buffer.concat([Buffer.of(0), rest]) : rest);
}

/** Whether OpenSSL finds a signature of a digest good. */
export function opensslVerifies(curve: string, point: Buffer, digest: Buffer, { r, s }: { r: Buffer; s: Buffer }): boolean {
  const key = file("public.der", spki(curve, point));
  const paths = ["-in", file("digest", digest), "-sigfile", file("signature", der(0x30, integer(r), integer(s)))];
  return run(["pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key, ...paths]).status === 0;
}

/** A private key made by OpenSSL, and its signature of a digest; both numbers `octets` long. */
export function opensslSigns(curve: string, digest: Buffer, octets: number): { point: Buffer; r: Buffer; s: Buffer } {
  const key = join(folder, "private.pem");
  must(["ecparam", "-name", curve, "-genkey", "-noout", "-out", key]);
  const publicKey = must(["ec", "-in", key, "-pubout", "-conv_form", "compressed", "-outform", "DER"]);
  const signature = must(["pkeyutl", "-sign", "-inkey", key, "-in", file("digest", digest)]);
  const rSize = signature[3] as number;
  const r = signature.subarray(4, 4 + rSize);
  const s = signature.subarray(6 + rSize);
  return { point: publicKey.subarray(-octets - 1), r: fixed(r, octets), s: fixed(s, octets) };
}

function fixed(number: Buffer, octets: number): Buffer {
  return Buffer.concat([Buffer.alloc(octets), number]).subarray(-octets);
}

function must(args: string[]): Buffer {
  const { status, stdout } = run(args);
  if (status !== 0) throw new Error(`openssl ${args.join(" ")} fails`);
  return stdout;
}
