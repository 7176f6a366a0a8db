// The cross compiler.
import { type ExecFileException, execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { objectsOf, replace, type Unit } from "../build/objects.ts";
import { PRODUCTS } from "./paths.ts";

const run = promisify(execFile);

export const CROSS = "arm-none-eabi-";
const MACHINE = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"];
const COMPILE = [
  ...["-std=gnu11", "-Os", "-g", "-ffunction-sections", "-fdata-sections", "-fomit-frame-pointer", "-fno-strict-aliasing", "-fno-common"],
];

/** Runs a tool of the cross compiler; its complaints become the message of the error. */
export async function tool(name: string, parameters: string[]): Promise<string> {
  try {
    const { stdout } = await run(CROSS + name, parameters, { maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const failure = error as ExecFileException & { stderr?: string };
    if (failure.code === "ENOENT")
      throw new Error(`${CROSS}${name} is missing; type: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi`);
    throw new Error(`${CROSS}${name}: ${failure.stderr ?? failure.message}`);
  }
}

/** Compiles what has no object yet and answers the objects in the order of the units. */
export function compile(units: Unit[], say: (line: string) => void): Promise<string[]> {
  const compiler = { folder: join(PRODUCTS, "objects"), flags: [...MACHINE, ...COMPILE], run: (words: string[]) => tool("gcc", words) };
  return objectsOf(compiler, units, (missing) => say(`compiling ${missing} of ${units.length} files for the emulated board`));
}

export async function link(objects: string[], script: string, flags: string[], target: string): Promise<void> {
  const parameters = [
    ...MACHINE,
    "-nostartfiles",
    "--specs=nano.specs",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
    "-Wl,--no-warn-rwx-segments",
  ];
  await replace(target, (draft) => tool("gcc", [...parameters, ...flags, "-T", script, ...objects, "-o", draft]));
}
