// Compiles tests/unit/board_probe.ts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../host/modules.ts";
import { compile } from "../../tools/build.ts";

const OUTPUT = join(ROOT, "build/boards/modules");

/** The path of the compiled module. */
export async function probeModule(): Promise<string> {
  process.chdir(ROOT);
  const { wasm } = await compile("tests/unit/board_probe.ts", undefined, ["--config", "asconfig.json"]);
  mkdirSync(OUTPUT, { recursive: true });
  const path = join(OUTPUT, "probe.wasm");
  writeFileSync(path, wasm);
  return path;
}
