// What the operating system's refusal of a file means, in a sentence.
import { dirname } from "node:path";
import { systemReason } from "./input_error.ts";

/** A file cannot be opened or read: its name is wrong, or its rights.  The message is one clear sentence for the user. */
export class FileError extends Error {}

/** A file that was opened cannot be written to its end: the machine's fault, a full disk most often. */
export class OutputError extends Error {
  constructor(
    message: string,
    /** Who read standard output has seen enough: no failure. */
    readonly left = false,
  ) {
    super(message);
  }
}

export function fileError(error: unknown, path: string, what: string): FileError {
  return new FileError(`Cannot ${what} ${path}: ${fileReason(error, path)}.`);
}

export function fileReason(error: unknown, path: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return `there is no such file, or no directory ${dirname(path)}`;
    case "ENOTDIR":
      return `a part of ${dirname(path)} is not a directory`;
    default:
      return systemReason(error);
  }
}
