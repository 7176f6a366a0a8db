// `npm run build`: the modules of asconfig.json, where they are older than their sources, and the page.
import { ensureBuilt } from "../host/build/built.ts";
import { ensurePage } from "../host/web/build_page.ts";
import { program } from "./words/program.ts";

await program(import.meta.url, async () => {
  await ensureBuilt((line) => console.error(line));
  await ensurePage();
});
