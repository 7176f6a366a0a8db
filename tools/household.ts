// Writes the invented week that a home lives without --load: `npx tsx tools/household.ts`.
import { writeFileSync } from "node:fs";
import { DEFAULT_HOUSEHOLD, householdCsv } from "../host/load/household.ts";
import { program } from "./words/program.ts";

await program(import.meta.url, () => writeFileSync(DEFAULT_HOUSEHOLD, householdCsv()));
