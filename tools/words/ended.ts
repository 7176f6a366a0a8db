// How whatever ends a command becomes its exit code and its one sentence.
import { CommanderError } from "commander";
import { FileError, OutputError } from "../../host/files/file_error.ts";
import { InputError } from "../../host/files/input_error.ts";
import { Exit, Refused, say } from "./exit.ts";
import { sentence } from "./words.ts";

/** Says what there is to say; answers the exit code. */
export function ended(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return Exit.Ok;
    if (error.code === "commander.help") return Exit.Usage; // no command was given, and the help was shown
    say(sentence(error.message));
    return Exit.Usage;
  }
  if (error instanceof OutputError && error.left) return Exit.Ok;
  say(error instanceof Error ? error.message : String(error));
  if (error instanceof Refused) return Exit.Refused;
  return error instanceof InputError || error instanceof FileError ? Exit.Usage : Exit.Failed;
}
