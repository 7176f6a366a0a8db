// Writes everything that follows from clusters/; `--check` compares instead.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readClusters } from "../host/zcl/descriptor.ts";
import { readInstances } from "../host/zcl/instances.ts";
import { conformanceText } from "./clusters/conformance.ts";
import { labFile } from "./clusters/lab.ts";
import { seedFile } from "./clusters/seeds.ts";
import { tableFile } from "./clusters/tables.ts";
import { clustersFile, viewFile } from "./clusters/views.ts";
import { program } from "./words/program.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Every generated file with its text. */
export function clusterFiles(folder = join(ROOT, "clusters")): Map<string, string> {
  const clusters = readClusters(folder);
  const devices = readInstances(join(folder, "instances.json"), clusters);
  const rows = devices.flatMap(({ endpoints }) => endpoints.flatMap(({ instances }) => instances));
  const used = clusters.filter((cluster) => rows.some((row) => row.cluster === cluster && row.role !== "none"));
  return new Map([
    ["assembly/sep1/clusters.ts", clustersFile(clusters)],
    ["tests/labs/sep1/commands.ts", labFile(clusters)],
    ["tests/fuzz/seeds/clusters.txt", seedFile(clusters)],
    ["docs/conformance.md", conformanceText(readFileSync(join(ROOT, "docs/conformance.md"), "utf8"), clusters, devices)],
    ...used.map((cluster): [string, string] => [`assembly/sep1/descriptors/${cluster.key}.ts`, viewFile(cluster, devices)]),
    ...devices.map((device): [string, string] => [`assembly/sep1/instances/${device.key}.ts`, tableFile(device)]),
  ]);
}

function main(words: string[]): number {
  const check = words.includes("--check");
  let stale = 0;
  for (const [path, text] of clusterFiles()) {
    const file = join(ROOT, path);
    if (!check) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } else if (readFileSync(file, "utf8") !== text) {
      console.error(`${path} does not follow clusters/; run "npm run clusters"`);
      stale++;
    }
  }
  return stale ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
