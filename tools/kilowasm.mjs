#!/usr/bin/env node
// `npx kilowasm ...` in this repository: the sources are TypeScript, so tsx reads them.
import { register } from "tsx/esm/api";

register();
await import("./main.ts");
