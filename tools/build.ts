// `npm run build`: the modules of asconfig.json, where they are older than their sources.
import { ensureBuilt } from "../host/build/built.ts";
import { program } from "./words/program.ts";

await program(import.meta.url, () => ensureBuilt((line) => console.error(line)));
