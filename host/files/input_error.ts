/** What a person gave is wrong.  The message is one sentence that says where, what, and what to do. */
export class InputError extends Error {}

/** The sentence of a system call that failed, for the errors a person can cause; anything else keeps its own words. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file or directory",
    ENOTDIR: "a part of the path is not a directory",
    EISDIR: "it is a directory",
    EACCES: "permission is denied",
    EPERM: "permission is denied",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    EDQUOT: "the disk is full",
    EFBIG: "the file would become larger than the system allows",
    EPIPE: "nobody reads it any more",
    ENXIO: "nobody is at its other end",
    EBADF: "it is not open for that",
    ECONNREFUSED: "nobody listens there",
    EIO: "the device reports an error",
    EMFILE: "too many files are open",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "too many symbolic links",
    EADDRINUSE: "it is already in use",
  };
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
}

/** A cell in an error message: short, and without what could move the cursor. */
export function shown(text: string): string {
  const clean = text.replace(/\p{C}/gu, "?");
  return clean.length > 40 ? `${clean.slice(0, 40)}...` : clean;
}
