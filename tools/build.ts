// `npm run build`: the modules of asconfig.json, where they are older than their sources.
import { ensureBuilt } from "../host/build/built.ts";

try {
  await ensureBuilt((line) => console.error(line));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
