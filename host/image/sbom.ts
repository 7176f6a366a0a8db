// A small bill of materials, CycloneDX 1.5 in JSON: what a module was made of.  Without times and random numbers, so that it repeats.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../modules.ts";
import { uuidFromName, uuidText } from "./keys.ts";
import { versionText } from "./manifest.ts";
import { roleText, sha256 } from "./package_format.ts";

export interface SbomSource {
  module: Uint8Array;
  role: number;
  version: number;
  /** SHA-256 over the sources that the module was compiled from, where they are known. */
  sources?: string;
}

const NAMESPACE_URL = Buffer.from("6ba7b8119dad11d180b400c04fd430c8", "hex");

export function sbomWrite(source: SbomSource): Buffer {
  const { version: stack, license, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const compiler: string = devDependencies.assemblyscript;
  const module = sha256(source.module).toString("hex");
  const bom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    serialNumber: `urn:uuid:${uuidText(uuidFromName(NAMESPACE_URL, `kilowasm:${module}:${source.sources ?? ""}`))}`,
    version: 1,
    metadata: {
      component: {
        type: "firmware",
        "bom-ref": "module",
        name: `kilowasm ${roleText(source.role)}`,
        version: versionText(source.version),
        hashes: [{ alg: "SHA-256", content: module }],
      },
      tools: {
        components: [{ type: "application", name: "assemblyscript", version: compiler, purl: `pkg:npm/assemblyscript@${compiler}` }],
      },
    },
    components: [
      {
        type: "library",
        "bom-ref": "stack",
        name: "kilowasm",
        version: stack,
        licenses: [{ license: { id: license } }],
        ...(source.sources ? { hashes: [{ alg: "SHA-256", content: source.sources }] } : {}),
      },
    ],
    dependencies: [{ ref: "module", dependsOn: ["stack"] }],
  };
  return Buffer.from(`${JSON.stringify(bom, null, 2)}\n`);
}
