// `npm run schema`: writes what follows from the shapes of home files and from the table of events.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventsPage, eventsSchema } from "../host/home/event_table.ts";
import { homeSchema } from "../host/home/home_file.ts";
import { ROOT } from "../host/modules.ts";
import { openapi } from "../host/web/openapi.ts";
import { program } from "./words/program.ts";

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Paths from the root, and what each holds. */
export function schemaFiles(): Map<string, string> {
  return new Map([
    ["docs/home.schema.json", json(homeSchema())],
    ["docs/events.schema.json", json(eventsSchema())],
    ["docs/events.md", eventsPage()],
    ["docs/openapi.json", json(openapi())],
  ]);
}

await program(import.meta.url, () => {
  for (const [path, text] of schemaFiles()) writeFileSync(join(ROOT, path), text);
});
