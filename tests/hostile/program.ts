// The program that runs hostile modules under AddressSanitizer.
import { fileURLToPath } from "node:url";
import { buildSanitisedProgram } from "../../host/native/build.ts";

const MAIN = fileURLToPath(new URL("./hostile_main.c", import.meta.url));

/** Its path; builds it where the sources changed. */
export function hostileProgram(say: (line: string) => void = () => undefined): Promise<string> {
  return buildSanitisedProgram(MAIN, "hostile", say);
}
