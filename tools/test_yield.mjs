// Loaded into every test file's process before the file: what is not bound to real time yields the processor to emulated boards, which are.
// A failure's lines are those of the sources.
import { existsSync, readdirSync } from "node:fs";
import { setPriority } from "node:os";

process.setSourceMapsEnabled(true);

const TASKS = "/proc/self/task";
/** A third of the weight: boards come first, and a run on a shared machine still gets on. */
const NICENESS = 5;

if (!process.argv[1]?.includes("/tests/boards/")) {
  // On Linux each thread has a priority of its own, and Node has several by now.
  for (const thread of existsSync(TASKS) ? readdirSync(TASKS) : [0]) {
    try {
      setPriority(Number(thread), NICENESS);
    } catch {
      // the thread has ended, or the system does not let us: it is only slower then
    }
  }
}

// What a test starts is none of ours.
const others = (process.env.NODE_OPTIONS ?? "").replace(`--import=${import.meta.url}`, "").trim();
if (others) process.env.NODE_OPTIONS = others;
else delete process.env.NODE_OPTIONS;
