// npm run vectors -- KIND FILE
// Runs a file of independent test vectors, prints each failure by name and closes with the counts.
// Exit code 0: all passed; 1: some failed; 2: there is nothing to run.

import { runVectors } from "../host/vectors/run.ts";

process.exitCode = await runVectors(process.argv.slice(2), console.log, console.error);
