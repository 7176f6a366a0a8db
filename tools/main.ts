// The process of `kilowasm`.
import { kilowasm } from "./kilowasm.ts";
import { runProgram } from "./words/program.ts";

await runProgram(kilowasm);
// Whatever still waits (a socket, a serial line, a terminal's input) must not keep the process; what was printed goes out first.
process.stdout.write("", (error) => {
  if (!error || process.stdout.listenerCount("error") === 0) process.exit(process.exitCode);
});
