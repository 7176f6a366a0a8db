// The process of `kilowasm`.
import { kilowasm } from "./kilowasm.ts";
import { watchOutput } from "./words/exit.ts";
import { endWithParent } from "./words/parent.ts";

watchOutput();
endWithParent();
const code = await kilowasm(process.argv.slice(2));
process.exitCode = code;
// Whatever still waits (a socket, a serial line, a terminal's input) must not keep the process; what was printed goes out first.
process.stdout.write("", (error) => {
  if (!error) process.exit(process.exitCode);
});
