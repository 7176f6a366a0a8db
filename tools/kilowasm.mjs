#!/usr/bin/env node
// `npx kilowasm ...`: the sources are TypeScript, so tsx reads them.
import { register } from "tsx/esm/api";

register();
await import("./kilowasm.ts");
