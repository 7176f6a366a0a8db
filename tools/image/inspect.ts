// `image inspect`: what is in a file, ours or another vendor's, whether or not it may be believed.

import type { Command } from "commander";
import { isMcuboot } from "../../host/image/mcuboot.ts";
import { EXIT_HELP, print, Refused } from "../words/exit.ts";
import { type Examined, examine } from "./examine.ts";
import { readWhole } from "./files.ts";
import { root } from "./keyring.ts";
import { examineMcuboot, mcubootKey } from "./mcuboot_file.ts";
import { type Branch, shown, treeText } from "./tree.ts";

export function inspectCommand(parent: Command): void {
  parent
    .command("inspect <file>")
    .description("show what is in an OTA file or an MCUboot image, as a tree or as JSON")
    .option("--json", "as one JSON object")
    .option("--root <file>", "the root key, or an MCUboot image's key, PEM (default: the development keys)")
    .addHelpText("after", EXIT_HELP)
    .action((path: string, options: { json?: boolean; root?: string }) => {
      const file = readWhole(path);
      const found = isMcuboot(file) ? examineMcuboot(file, mcubootKey(options.root).point) : examine(file, root(options.root).point);
      print(options.json ? JSON.stringify({ file: path, ...found }, null, 2) : treeText(tree(path, found)));
      if (!found.error) return;
      const { offset, rule, reason } = found.error;
      throw new Refused(`${path}: at octet ${offset}: ${rule} (${reason}).`);
    });
}

function tree(path: string, found: Examined): Branch {
  const branches: Branch[] = [];
  if (found.header) branches.push({ name: "header", branches: leaves(found.header) });
  if (found.elements.length > 0) {
    const elements = found.elements.map(({ tag, name, offset, size }) => ({ name: tag, value: `${name}, ${size} octets at ${offset}` }));
    branches.push({ name: "elements", branches: elements });
  }
  if (found.releaseKey)
    branches.push({ name: "release key", branches: leaves({ id: found.releaseKey.id, epoch: found.releaseKey.epoch }) });
  if (found.manifest) branches.push({ name: "manifest", branches: leaves(found.manifest) });
  if (found.signatures)
    branches.push({ name: "signatures", value: found.signatures, mood: found.signatures === "verified" ? "good" : "bad" });
  if (found.integrity) {
    const value =
      found.integrity === "neither" ? "wrong: the hash of nothing that it could be of" : `right, over what stands ${found.integrity}`;
    branches.push({ name: "integrity code", value, mood: found.integrity === "neither" ? "bad" : "good" });
  }
  if (found.profileSignature) {
    const { suite, signer, issuer } = found.profileSignature;
    branches.push({ name: "profile signature", value: `suite ${suite}, by ${signer}, certified by ${issuer}; verify --ca proves it` });
  }
  for (const remark of found.remarks) branches.push({ name: "remark", value: shown(remark) });
  return { name: path, value: `${found.kind}, ${found.size} octets`, mood: found.error ? "bad" : "good", branches };
}

function leaves(values: Record<string, string | number>): Branch[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: shown(String(value)) }));
}
