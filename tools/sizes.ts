// `npm run sizes [-- --json]`: what each device module is made of, per layer and per function.

import { compile, entryOf, targets } from "../host/build/built.ts";
import { ROOT } from "../host/modules.ts";
import { moduleSizes } from "../host/wasm.ts";
import { program } from "./words/program.ts";

const FUNCTIONS_SHOWN = 25;

/** `assembly/zigbee/nwk/nwk/nwkSend` belongs to `zigbee/nwk`. */
function folderOf(name: string): string {
  const match = /^assembly\/(.+)\/[^/]+\/[^/]+$/.exec(name);
  return match ? match[1] : "other";
}

async function report(target: string) {
  const { wasm, names, memory } = await compile(entryOf(target), target);
  const { code, data, functions } = moduleSizes(wasm, names);
  const folders = new Map<string, number>();
  for (const { name, size } of functions) folders.set(folderOf(name), (folders.get(folderOf(name)) ?? 0) + size);
  return {
    module: target,
    octets: wasm.length,
    code,
    data,
    memory,
    folders: Object.fromEntries([...folders].sort((a, b) => b[1] - a[1])),
    functions,
  };
}

async function main(words: string[]): Promise<void> {
  process.chdir(ROOT);
  const reports = [];
  for (const target of targets().filter((name) => name !== "software")) reports.push(await report(target));
  if (words.includes("--json")) {
    console.log(JSON.stringify(reports, null, 2));
    return;
  }
  for (const { module, octets, code, data, memory, folders, functions } of reports) {
    console.log(`\n${module}: ${octets} octets of module, ${code} of code, ${data} of data, ${memory} of linear memory`);
    for (const [folder, size] of Object.entries(folders)) console.log(`  ${String(size).padStart(6)}  ${folder}`);
    console.log("  largest functions");
    for (const { name, size } of functions.slice(0, FUNCTIONS_SHOWN))
      console.log(`  ${String(size).padStart(6)}  ${name.replace(/^assembly\//, "")}`);
  }
}

await program(import.meta.url, main);
