// `npm run schema`: writes docs/home.schema.json from the shapes of host/home/home_file.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { homeSchema } from "../host/home/home_file.ts";
import { ROOT } from "../host/modules.ts";

export const SCHEMA_PATH = join(ROOT, "docs/home.schema.json");

export function schemaText(): string {
  return `${JSON.stringify(homeSchema(), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(SCHEMA_PATH, schemaText());
