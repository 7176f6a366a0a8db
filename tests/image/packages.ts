// Packages for tests, and the ways in which one can be wrong: each way breaks one thing and signs everything else anew.

import { readFileSync } from "node:fs";
import { decode, encode, rfc8949EncodeOptions, Tagged } from "cborg";
import { Role } from "../../host/abi.ts";
import { coseSign, es256Signer } from "../../host/image/cose.ts";
import { developmentCertificate, developmentRelease } from "../../host/image/keys.ts";
import { manifestWrite } from "../../host/image/manifest.ts";
import { type OtaElement, type OtaHeader, otaRead, otaWrite } from "../../host/image/ota_file.ts";
import { type PackageOptions, packageBuild, packageOpen } from "../../host/image/package.ts";

/** A module in no more than its name: packages do not look inside. */
export const WASM = Buffer.concat([Buffer.from("0061736d01000000", "hex"), Buffer.alloc(3000, 0xa5)]);
export const VERSION = 0x0102_0003;

export function smallPackage(more: Partial<PackageOptions> = {}): Buffer {
  return packageBuild({ wasm: WASM, role: Role.Ihd, version: VERSION, counter: 5, encoding: 0, memory: 4096, ...more });
}

export type ManifestMap = Map<number, unknown>;

/** The package with its manifest's map changed and signed again. */
export function withManifest(change: (map: ManifestMap) => void, release = developmentRelease().scalar, from = smallPackage()): Buffer {
  const opened = packageOpen(from);
  const map = decode(manifestWrite(opened.manifest), { useMaps: true }) as ManifestMap;
  change(map);
  const sorted = new Map([...map].sort(([a], [b]) => a - b));
  return withMessage(coseSign(encode(sorted, rfc8949EncodeOptions), es256Signer(release)), undefined, from);
}

/** The package with another manifest message. */
export function withMessage(message: Uint8Array, certificate?: Uint8Array, from = smallPackage()): Buffer {
  return withParts((header, elements) => {
    elements[1].data = Buffer.from(message);
    if (certificate) elements[0].data = Buffer.from(certificate);
    return [header, elements];
  }, from);
}

export function withParts(change: (header: OtaHeader, elements: OtaElement[]) => [OtaHeader, OtaElement[]], from = smallPackage()): Buffer {
  const { header, elements } = otaRead(from);
  return otaWrite(
    ...change(
      { ...header },
      elements.map(({ tag, data }) => ({ tag, data: Buffer.from(data) })),
    ),
  );
}

export function withHeader(change: Partial<OtaHeader>, from = smallPackage()): Buffer {
  return withParts((header, elements) => [{ ...header, ...change }, elements], from);
}

export function withElements(change: (elements: OtaElement[]) => OtaElement[]): Buffer {
  return withParts((header, elements) => [header, change(elements)]);
}

export function poke(change: (file: Buffer) => void): Buffer {
  const file = smallPackage();
  change(file);
  return file;
}

/** A COSE_Sign1 of the test's own making, not of host/image/cose.ts. */
export function ownSign1(payload: Uint8Array, scalar: Uint8Array, parts: Partial<Record<0 | 1 | 2 | 3, unknown>> = {}, tag = 18): Buffer {
  const message = decode(coseSign(payload, es256Signer(scalar)), { tags: { 18: (inner) => inner() }, useMaps: true }) as unknown[];
  const changed = message.map((part, index) => (index in parts ? parts[index as 0] : part));
  return Buffer.from(encode(new Tagged(tag, changed), rfc8949EncodeOptions));
}

export const CERTIFICATE = developmentCertificate();
export const ihdModule = (): Buffer => readFileSync(new URL("../../build/ihd_sep1.wasm", import.meta.url));
