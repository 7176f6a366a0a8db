// The process of `kilowasm`.
import { kilowasm } from "./kilowasm.ts";

// Whoever reads the output may have seen enough: `| head` is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await kilowasm(process.argv.slice(2));
