// What the operating system's refusal means, in a sentence.

import { dirname } from "node:path";

/** An error whose message is one clear sentence for the user. */
export class FileError extends Error {}

export function fileError(error: unknown, path: string, what: string): FileError {
  const code = (error as NodeJS.ErrnoException).code;
  return new FileError(`Cannot ${what} ${path}: ${reason(code, path, error)}.`);
}

function reason(code: string | undefined, path: string, error: unknown): string {
  switch (code) {
    case "ENOENT":
      return `there is no such file, or no directory ${dirname(path)}`;
    case "ENOTDIR":
      return `a part of ${dirname(path)} is not a directory`;
    case "EISDIR":
      return "it is a directory";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EROFS":
      return "the file system is read-only";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EFBIG":
      return "the file would become larger than the system allows";
    case "EPIPE":
      return "nobody reads it any more";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
