// Words for Node that run `kilowasm` from its sources, as JavaScript where the runner has made some (tools/test_bundle.ts).

export const PROGRAM_VARIABLE = "KW_PROGRAM";

/** Behind them come the program's own words, in the repository's root. */
export function programWords(): string[] {
  const made = process.env[PROGRAM_VARIABLE];
  return made ? ["--enable-source-maps", made] : ["--import", "tsx", "tools/main.ts"];
}
