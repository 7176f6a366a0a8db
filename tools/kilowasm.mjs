#!/usr/bin/env node
// `npx kilowasm ...`: in the repository the sources are TypeScript, so tsx reads them; the package has them compiled.
import { existsSync } from "node:fs";

const source = new URL("main.ts", import.meta.url);
if (existsSync(source)) {
  (await import("tsx/esm/api")).register();
  await import(source.href);
} else await import("../dist/tools/main.js");
