// `npm run watch -- FILE ...`: runs test files now and after every change below the folders that they may look at.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import { ensureBuilt } from "../host/build/built.ts";
import { ROOT } from "../host/modules.ts";

const FOLDERS = ["assembly", "boards", "host", "tests", "tools"];
/** An editor writes a file in several steps. */
const SETTLE_MS = 150;

const files = process.argv.slice(2).map((word) => resolve(word));
let tests: ChildProcess | undefined;
let timer: NodeJS.Timeout | undefined;
let building = false;
let again = false;

async function once(): Promise<void> {
  tests?.kill("SIGTERM");
  again = building;
  if (building) return;
  building = true;
  try {
    await ensureBuilt((line) => console.log(line));
    if (!again)
      tests = spawn(process.execPath, ["--import", "tsx", "--test", "--test-reporter=spec", ...files], { cwd: ROOT, stdio: "inherit" });
  } catch (error) {
    console.error((error as Error).message);
  }
  building = false;
  if (again) await once();
}

const missing = files.find((file) => !existsSync(file));
if (files.length === 0 || missing) {
  console.error(missing ? `${missing} does not exist` : "name the test files to run: npm run watch -- tests/nwk/join.test.ts");
  process.exitCode = 1;
} else {
  for (const folder of FOLDERS) {
    watch(join(ROOT, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(once, SETTLE_MS);
    });
  }
  await once();
}
