// Every program of the repository begins here, so that all end alike: a reader that goes away is no failure, a full disk is one, an error is a
// sentence, and who loses its parent ends.  Needs nothing that another tool generates.
import { pathToFileURL } from "node:url";
import { InputError, systemReason } from "../../host/files/input_error.ts";
import { endWithParent } from "./parent.ts";

/** Gets the words of the command line; answers the exit code, where it is not 0. */
export type Main = (words: string[]) => number | undefined | Promise<number | undefined> | void | Promise<void>;

export interface Ways {
  /** The exit code is a verdict, or a file the result: goes on when nobody reads any more what it prints. */
  unread?: boolean;
}

const FAILED = 1;
const USAGE = 2;
/** Of these we are to blame, and want to know where. */
const OWN_FAULTS = [TypeError, RangeError, ReferenceError];

/** Runs `main` where the module of this URL is the program, and does nothing where somebody imports it. */
export async function program(module: string, main: Main, ways: Ways = {}): Promise<void> {
  const [, path] = process.argv;
  if (path !== undefined && pathToFileURL(path).href === module) await runProgram(main, ways);
}

export async function runProgram(main: Main, { unread = false }: Ways = {}): Promise<void> {
  process.stdout.on("error", unread ? unreadOutput : lostOutput);
  process.stderr.on("error", () => undefined); // nobody is left to be told
  endWithParent();
  try {
    const code = await main(process.argv.slice(2));
    if (code) process.exitCode = code;
  } catch (error) {
    const own = OWN_FAULTS.some((kind) => error instanceof kind);
    process.stderr.write(`${error instanceof Error ? (own && error.stack) || error.message : error}\n`);
    process.exitCode = error instanceof InputError ? USAGE : FAILED;
  }
}

/** Whoever reads the output may have seen enough: `| head` is no failure; a full disk is one. */
function lostOutput(error: NodeJS.ErrnoException): void {
  if (process.exitCode) process.exit(); // the end has been told already
  if (error.code === "EPIPE") process.exit(0);
  sayLost(error);
  process.exit(FAILED);
}

/** The verdict is told all the same, by the exit code; that not all could be written is a failure of its own. */
function unreadOutput(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  if (!process.exitCode) sayLost(error);
  process.exitCode = FAILED;
}

function sayLost(error: Error): void {
  process.stderr.write(`kilowasm: the output cannot be written: ${systemReason(error)}.\n`);
}

/** For a command that looks after its output itself, and has more to end than the process. */
export function ownOutput(): void {
  process.stdout.off("error", lostOutput);
}
