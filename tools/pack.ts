// `npm pack` calls this first: compiles host/ and tools/ into dist/, a root of its own beside what they read at run time.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureBuilt, targets } from "../host/build/built.ts";
import { ROOT } from "../host/modules.ts";
import { ensurePage } from "../host/web/build_page.ts";
import { program } from "./words/program.ts";

const DIST = join(ROOT, "dist");
/** Files and folders, by their paths from the root. */
const READ = ["package.json", "asconfig.json", "boards", "clusters", "host/load/default-household.csv", "host/native", "build/web"];

function compile(): void {
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.dist.json"], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`dist/ does not compile:\n${stdout}`);
}

function copy(): void {
  const modules = targets().flatMap((name) => [`build/${name}.wasm`, `build/${name}.names`]);
  for (const path of [...READ, ...modules]) {
    mkdirSync(dirname(join(DIST, path)), { recursive: true });
    cpSync(join(ROOT, path), join(DIST, path), { recursive: true, filter: (name) => !name.endsWith(".ts") });
  }
}

await program(import.meta.url, async () => {
  await ensureBuilt((line) => console.error(line));
  await ensurePage();
  rmSync(DIST, { recursive: true, force: true });
  compile();
  copy();
});
