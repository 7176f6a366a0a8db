// Test files, and the program that some of them start, as plain JavaScript, made in one pass before they run: a loader of TypeScript in every
// process takes a second of each, and most files need less for what they test.  What a file is told of its own place is its source's.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { type BuildFailure, build, formatMessages, type Plugin } from "esbuild";
import { ROOT } from "../host/modules.ts";

/** One folder below it for each run, named by its process. */
const RUNS = join(ROOT, "build/run");
const PROGRAM = join(ROOT, "tools/main.ts");
const PLACES = { "import.meta.url": "moduleUrl", "import.meta.dirname": "moduleFolder" };

export interface Bundle {
  /** Where the JavaScript is, by the path of its source. */
  made: ReadonlyMap<string, string>;
  /** That of tools/main.ts. */
  program: string;
  remove(): void;
}

/** In front of a source's first line, which stays the first. */
const places: Plugin = {
  name: "places",
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/, namespace: "file" }, ({ path }) => {
      const [url, folder] = [pathToFileURL(path).href, dirname(path)].map((each) => JSON.stringify(each));
      const contents = `const moduleUrl = ${url}, moduleFolder = ${folder}; ${readFileSync(path, "utf8")}`;
      return { loader: path.endsWith("ts") ? "ts" : "js", contents };
    });
  },
};

async function make(folder: string, entries: ReadonlyMap<string, string>, write = true): Promise<void> {
  await build({
    entryPoints: [...entries].map(([source, out]) => ({ in: source, out: relative(folder, out).replace(/\.mjs$/, "") })),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.11",
    packages: "external",
    sourcemap: "linked",
    sourcesContent: false,
    define: PLACES,
    plugins: [places],
    logLevel: "silent",
    write,
  });
}

/** A file that cannot be made says why when it runs: what is broken in one place stops nobody else. */
async function makeWhole(folder: string, entries: Map<string, string>): Promise<void> {
  const whole = new Map(entries);
  for (const [source, out] of entries) {
    try {
      await make(folder, new Map([[source, out]]), false);
    } catch (error) {
      const said = await formatMessages((error as BuildFailure).errors ?? [], { kind: "error" });
      mkdirSync(dirname(out), { recursive: true });
      writeFileSync(out, `throw new Error(${JSON.stringify(said.join("\n") || String(error))});\n`);
      whole.delete(source);
    }
  }
  await make(folder, whole);
}

/** Runs that were killed left theirs behind. */
function removeLeft(): void {
  for (const name of existsSync(RUNS) ? readdirSync(RUNS) : []) {
    try {
      process.kill(Number(name), 0);
    } catch {
      rmSync(join(RUNS, name), { recursive: true, force: true });
    }
  }
}

export async function bundle(files: readonly string[]): Promise<Bundle> {
  removeLeft();
  const folder = join(RUNS, String(process.pid));
  mkdirSync(folder, { recursive: true });
  const entries = new Map(
    [PROGRAM, ...files].map((source, index) => {
      const path = relative(ROOT, source);
      const name = path.startsWith("..") ? join("outside", String(index), basename(source)) : path;
      return [source, join(folder, name.replace(/\.ts$/, ".mjs"))];
    }),
  );
  await make(folder, entries).catch(() => makeWhole(folder, entries));
  return { made: entries, program: entries.get(PROGRAM) as string, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
