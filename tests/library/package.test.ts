// The package: packed, installed in an empty folder outside of the repository without a network, and used there as docs/library.md says.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-package-"));
const at = (...names: string[]): string => join(FOLDER, ...names);

interface Locked {
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
}

/** What a person's `npm install` brings beside the package, taken from this repository's own folder in place of the registry. */
function needed(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
  return Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path && !dev && !optional && !devOptional)
    .filter(([path]) => path.lastIndexOf("node_modules/") === 0) // of a name that is there twice the other one comes from the registry
    .map(([path]) => `file:${realpathSync(join(ROOT, path))}`);
}

function node(...words: string[]): { status: number | null; out: string; error: string } {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_PATH: "" };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: FOLDER, encoding: "utf8", env });
  return { status, out: stdout, error: stderr };
}

function npm(cwd: string, ...words: string[]): void {
  execFileSync("npm", words, { cwd, encoding: "utf8", stdio: "pipe", env: { ...process.env, NODE_OPTIONS: "" } });
}

before(() => {
  npm(ROOT, "pack", "--silent", "--pack-destination", FOLDER);
  const [file] = readdirSync(FOLDER);
  writeFileSync(at("package.json"), '{ "private": true, "type": "module" }\n');
  npm(FOLDER, "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--install-links", `./${file}`, ...needed());
});
after(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the example of docs/library.md runs from the installed package", () => {
  const [, example] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/library.md"), "utf8")) as RegExpExecArray;
  writeFileSync(at("example.js"), example);
  const { status, out, error } = node("example.js");
  assert.equal(status, 0, error);
  assert.equal(error, "", "a library does not write to standard error");
  assert.match(out, /^meter has joined as 0x[0-9a-f]{4}$/m);
  assert.match(out, /^the display shows \d+ Wh and \d+ W$/m);
  assert.match(out, /^stale at \d+ ms: true$/m);
  assert.match(out, /^480000 ms, \d+ frames$/m);
});

test("its types are those of the example, and refuse what the home does not have", () => {
  const program = (words: string): string => `import { Home, type HomeOptions } from "kilowasm";\n${words}\n`;
  writeFileSync(at("right.ts"), program("const o: HomeOptions = { seed: 1 };\nexport const h: Promise<Home> = Home.open(o);"));
  writeFileSync(at("wrong.ts"), program('export const h: Promise<Home> = Home.open({ seed: "one" } as HomeOptions);'));
  const compiler = [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "--strict", "--module", "nodenext", "--target", "es2022"];
  const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
  const right = node(...compiler, ...types, "right.ts");
  assert.equal(right.status, 0, right.out);
  const wrong = node(...compiler, ...types, "wrong.ts");
  assert.match(wrong.out, /wrong\.ts\(2,/);
});

test("the program of the package serves the page", () => {
  const { status, error } = node("node_modules/kilowasm/tools/kilowasm.mjs", "home", "--json", "--duration", "1s", "--web", "0");
  assert.equal(status, 0, error);
  assert.match(error, /^kilowasm: the home's page is at http:\/\/127\.0\.0\.1:\d+\/#[\w-]{22}\n$/);
  assert.deepEqual(readdirSync(at("node_modules/kilowasm/dist/build/web")).sort(), ["index.html", "main.css", "main.js"]);
});

test("the program of the package runs a home, without anything that reads TypeScript", () => {
  const { status, out, error } = node("node_modules/kilowasm/tools/kilowasm.mjs", "home", "--json", "--duration", "60s");
  assert.equal(status, 0, error);
  assert.match(out, /"event":"reading"/);
  assert.deepEqual(readdirSync(at("node_modules", ".bin")).includes("kilowasm"), true);
  const installed = readdirSync(at("node_modules"));
  for (const name of ["tsx", "typescript", "assemblyscript", "esbuild"]) assert.ok(!installed.includes(name), name);
  const packed = readdirSync(at("node_modules", "kilowasm"), { recursive: true }) as string[];
  assert.deepEqual(
    packed.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")),
    [],
  );
});

test("what only the repository can do is refused in a sentence; a package is made of the modules that are there", () => {
  const bench = node("node_modules/kilowasm/tools/kilowasm.mjs", "bench");
  assert.equal(bench.status, 2);
  assert.match(bench.error, /^kilowasm: [^\n]+repository\.\n$/);
  const built = node("node_modules/kilowasm/tools/kilowasm.mjs", "image", "build", "ihd_sep1", "--version", "0.2.0", "--out", "ihd.ota");
  assert.equal(built.status, 0, built.error);
  const inspected = node("node_modules/kilowasm/tools/kilowasm.mjs", "image", "inspect", "ihd.ota");
  assert.equal(inspected.status, 0, inspected.error);
  assert.match(inspected.out, /0\.2\.0/);
});
