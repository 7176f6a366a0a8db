// `npx kilowasm image ...`
import { run } from "./image/commands.ts";

// Whoever reads the output may have seen enough: `| head` is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await run(process.argv.slice(2));
