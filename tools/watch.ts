// `npm run watch -- FILE ...`: runs test files now and after every change below the folders that they may look at.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, watch } from "node:fs";
import { join, resolve } from "node:path";
import { ensureBuilt } from "../host/build/built.ts";
import { InputError } from "../host/files/input_error.ts";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

const FOLDERS = ["assembly", "boards", "host", "tests", "tools"];
/** An editor writes a file in several steps. */
const SETTLE_MS = 150;

let files: string[] = [];
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

await program(import.meta.url, async (words) => {
  files = words.map((word) => resolve(word));
  if (files.length === 0) throw new InputError("name the test files to run: npm run watch -- tests/nwk/join.test.ts");
  const missing = files.find((file) => !existsSync(file));
  if (missing) throw new InputError(`${missing} does not exist`);
  for (const folder of FOLDERS) {
    watch(join(ROOT, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(once, SETTLE_MS);
    });
  }
  await once();
});
