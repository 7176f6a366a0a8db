// Everything that a person names as an input is read here: bounded, whether or not the system knows its size beforehand.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InputError, systemReason } from "./input_error.ts";

/** Larger than any image in the field by far (the largest public one has 2.1 MB). */
export const FILE_MAX = 64 * 1024 * 1024;
const STANDARD_INPUT = 0;
const PART = 1 << 20;

/** Why a file cannot be read, in the words behind "cannot be read: ". */
export class Unread extends Error {
  constructor(
    reason: string,
    /** There is more than the limit. */
    readonly large = false,
  ) {
    super(reason);
  }
}

/** The octets of a file, or of standard input where there is no name; throws an `Unread`. */
export function octetsRead(path: string | null, limit = FILE_MAX): Buffer {
  let handle = STANDARD_INPUT;
  try {
    if (path !== null) handle = openSync(path, "r");
    const { size } = fstatSync(handle);
    if (size > limit) throw new Unread(`it has ${size} octets; at most ${limit} are read`, true);
    return upTo(handle, limit);
  } catch (error) {
    throw error instanceof Unread ? error : new Unread(systemReason(error));
  } finally {
    if (handle !== STANDARD_INPUT) closeSync(handle);
  }
}

/** A pipe or a device says no size: octets are counted as they come. */
function upTo(handle: number, limit: number): Buffer {
  const parts: Buffer[] = [];
  for (let have = 0; ; ) {
    const part = Buffer.alloc(Math.min(limit + 1 - have, PART));
    const count = readSync(handle, part, 0, part.length, null);
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    have += count;
    if (have > limit) throw new Unread(`it has more than ${limit} octets; at most these are read`, true);
  }
}

/** The same, with one sentence about what cannot be read, which calls it `name`. */
export function inputRead(name: string, limit = FILE_MAX, path: string | null = name): Buffer {
  try {
    return octetsRead(path, limit);
  } catch (error) {
    const { message, large } = error as Unread;
    throw new InputError(large ? `${name} ${message.replace(/^it /, "")}.` : `cannot read ${name}: ${message}.`);
  }
}
