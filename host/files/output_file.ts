// Everything that an option names as an output is opened here.  A regular file that is written at once is replaced by rename, so it is whole or as it was;
// devices, pipes and what links lead to are written where they are; `-` is standard output.
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, fileReason, OutputError } from "./file_error.ts";

/** The name that means standard output. */
export const STANDARD_OUTPUT = "-";
const STANDARD_HANDLE = 1;
const LINKS_MAX = 40;
const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;
/** A pipe that somebody else made non-blocking is tried again after so long. */
const FULL_PIPE_MS = 5;
/** Where no file can be made beside the old one, or put in its place, the old one is written. */
const NO_REPLACING = new Set(["EACCES", "EPERM", "EROFS", "EBUSY", "EXDEV"]);
const HANDLE_NAME = new RegExp(`^/(?:dev|proc/(?:self|${process.pid}))/fd/(\\d{1,6})$`);

export interface OutputHow {
  /** In an error's sentence: "write the capture". */
  what?: string;
  /** Readable by nobody else. */
  secret?: boolean;
  /** Refused where something has that name already. */
  fresh?: boolean;
}

/** What a name leads to: an open handle, or a place with what is there now. */
type Place = { handle: number } | { path: string; status: Stats | undefined };

/** Whether a file may be written beside it under a longer name. */
export function isPlainOutput(path: string): boolean {
  try {
    const place = placeOf(path);
    return !("handle" in place) && (place.status === undefined || place.status.isFile());
  } catch {
    return true; // told when it is written
  }
}

/** The two names lead to one regular file. */
export function sameOutput(one: string, other: string): boolean {
  try {
    const [a, b] = [placeOf(one), placeOf(other)];
    if ("handle" in a || "handle" in b) return "handle" in a && "handle" in b && a.handle === b.handle;
    if (a.status && b.status) return a.status.isFile() && a.status.ino === b.status.ino && a.status.dev === b.status.dev;
    return !a.status && !b.status && a.path === b.path;
  } catch {
    return resolve(one) === resolve(other);
  }
}

/** Writes the whole of an output; a `FileError` where it cannot be opened, an `OutputError` where it cannot be written to its end. */
export function writeWhole(path: string, octets: Uint8Array | string, how: OutputHow = {}): void {
  const data = typeof octets === "string" ? Buffer.from(octets) : octets;
  const place = opening(path, how, () => placeOf(path));
  if ("handle" in place) {
    writing(path, how, place.handle === STANDARD_HANDLE, () => writeAll(place.handle, data));
    return;
  }
  if (how.fresh && place.status) throw new FileError(`Cannot ${how.what ?? "write"} ${path}: something has that name already.`);
  if (isStream(place.status) || !replace(path, place.path, place.status, data, how)) writeInto(path, place.path, data, how);
}

/** A device, a pipe or a socket. */
function isStream(status: Stats | undefined): boolean {
  return status !== undefined && !status.isFile();
}

/** False where no other file can take the place of the one that is there. */
function replace(path: string, target: string, status: Stats | undefined, data: Uint8Array, how: OutputHow): boolean {
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  try {
    writeDraft(draft, data, how.secret ? SECRET_MODE : status ? status.mode & 0o777 : PUBLIC_MODE);
    renameSync(draft, target);
    return true;
  } catch (error) {
    rmSync(draft, { force: true });
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    if (status && NO_REPLACING.has(code)) return false;
    throw syscall === "write" || syscall === "fsync" ? lost(error, path, how, false) : refused(error, path, how);
  }
}

function writeDraft(draft: string, data: Uint8Array, mode: number): void {
  const handle = openSync(draft, "w", mode);
  try {
    writeAll(handle, data);
    fsyncSync(handle); // some file systems tell only now that they are full
  } finally {
    closeSync(handle);
  }
}

function writeInto(path: string, target: string, data: Uint8Array, how: OutputHow): void {
  const handle = opening(path, how, () => openSync(target, constants.O_WRONLY | constants.O_TRUNC));
  try {
    writing(path, how, false, () => writeAll(handle, data));
  } finally {
    closeSync(handle);
  }
}

/** An output that grows during a run.  Writing never throws, for it happens inside of devices; `check` tells the run. */
export class OutputFile {
  private failure: OutputError | undefined;
  private open = true;
  private readonly handle: number;
  private readonly owned: boolean;

  constructor(
    readonly path: string,
    private readonly how: OutputHow = {},
  ) {
    const place = opening(path, how, () => placeOf(path));
    this.owned = !("handle" in place);
    this.handle = "handle" in place ? place.handle : opening(path, how, () => openSync(place.path, flags(place.status)));
  }

  write(octets: Uint8Array): void {
    if (this.failure || !this.open) return;
    try {
      writeAll(this.handle, octets);
    } catch (error) {
      this.failure = lost(error, this.path, this.how, this.handle === STANDARD_HANDLE);
    }
  }

  /** Throws what has been lost. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    if (this.owned) closeSync(this.handle);
  }
}

/** A pipe has to be opened for writing alone: then opening waits for its reader, and the reader's leave is noticed. */
function flags(status: Stats | undefined): number {
  return isStream(status) ? constants.O_WRONLY : constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
}

/** Follows links to what is written: the last one that leads nowhere is where a file will be made. */
function placeOf(path: string): Place {
  if (path === STANDARD_OUTPUT) return { handle: STANDARD_HANDLE };
  let at = resolve(path);
  for (let links = 0; links <= LINKS_MAX; links++) {
    const [, handle] = HANDLE_NAME.exec(at) ?? [];
    if (handle) return { handle: Number(handle) };
    const status = lstatSync(at, { throwIfNoEntry: false });
    if (!status?.isSymbolicLink()) {
      if (status?.isDirectory()) throw Object.assign(new Error("it is a directory"), { code: "EISDIR" });
      return { path: at, status };
    }
    at = resolve(realpathSync(dirname(at)), readlinkSync(at));
  }
  throw Object.assign(new Error("too many symbolic links"), { code: "ELOOP" });
}

function writeAll(handle: number, octets: Uint8Array): void {
  for (let at = 0; at < octets.length; ) {
    try {
      at += writeSync(handle, octets, at, octets.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
    }
  }
}

function opening<T>(path: string, how: OutputHow, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw refused(error, path, how);
  }
}

function writing(path: string, how: OutputHow, standard: boolean, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw lost(error, path, how, standard);
  }
}

function refused(error: unknown, path: string, { what = "write" }: OutputHow): FileError {
  return new FileError(`Cannot ${what} ${path}: ${fileReason(error, path)}.`);
}

function lost(error: unknown, path: string, { what = "write" }: OutputHow, standard: boolean): OutputError {
  const left = standard && (error as NodeJS.ErrnoException).code === "EPIPE";
  return new OutputError(`Cannot ${what} ${path === STANDARD_OUTPUT ? "standard output" : path}: ${fileReason(error, path)}.`, left);
}
