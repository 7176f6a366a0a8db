// Packages: versions are exact, hashes are there, and nothing but esbuild wants to run a script of its own while it is installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";

interface Locked {
  version?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

/** Works without it: the script only looks after the binary, which comes as a package. */
const MAY_SCRIPT = ["node_modules/esbuild"];
const LOCKS = ["package-lock.json", "tests/peers/package-lock.json"];

const read = (path: string): Record<string, unknown> => JSON.parse(readFileSync(join(ROOT, path), "utf8"));
const locked = (path: string): [string, Locked][] =>
  Object.entries(read(path).packages as Record<string, Locked>).filter(([name]) => name !== "");

test("no package but esbuild has an install script", () => {
  const scripted = LOCKS.flatMap((path) => locked(path).filter(([, { hasInstallScript }]) => hasInstallScript));
  assert.deepEqual(
    scripted.map(([name]) => name),
    MAY_SCRIPT,
  );
});

test("every package is held to a hash", () => {
  for (const path of LOCKS) {
    const all = locked(path);
    assert.ok(all.length > 0, path);
    const loose = all.filter(([, { integrity, link }]) => !link && !/^sha512-/.test(integrity ?? ""));
    assert.deepEqual(
      loose.map(([name]) => name),
      [],
      path,
    );
  }
});

test("there is one copy of the optimiser, and no package manager", () => {
  const copies = (name: string): string[] =>
    locked("package-lock.json").flatMap(([path]) => (path.endsWith(`node_modules/${name}`) ? [path] : []));
  assert.deepEqual(copies("binaryen"), ["node_modules/binaryen"]);
  for (const name of ["npm", "yarn", "pnpm"]) assert.deepEqual(copies(name), []);
});

test("what we ask for is asked for exactly", () => {
  for (const path of ["package.json", "tests/peers/package.json"]) {
    const { dependencies, devDependencies, overrides } = read(path) as Record<string, Record<string, string> | undefined>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...overrides }))
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${path}: ${name}`);
  }
});
