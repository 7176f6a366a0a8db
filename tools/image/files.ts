// Files of the command line: bounded when read, whole or not there when written.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { type OutputHow, STANDARD_OUTPUT, writeWhole as write } from "../../host/files/output_file.ts";
import { InputError, systemReason } from "../../host/load/input_error.ts";

/** Larger than any image in the field by far (the largest public one has 2.1 MB). */
export const FILE_MAX = 64 * 1024 * 1024;
/** Keys, certificates, identities. */
export const SMALL_FILE_MAX = 64 * 1024;

/** As an input, the same name means standard input. */
const STANDARD_INPUT = STANDARD_OUTPUT;

/** Relative names are meant from where the command was started; compiling moves elsewhere. */
export const folder = process.cwd();

export function fromHere(path: string): string {
  return path === STANDARD_OUTPUT ? path : resolve(folder, path);
}

export function readWhole(path: string, limit = FILE_MAX): Buffer {
  let handle: number;
  try {
    handle = path === STANDARD_INPUT ? 0 : openSync(fromHere(path), "r");
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${systemReason(error)}.`);
  }
  try {
    const { size } = fstatSync(handle);
    if (size > limit) throw new InputError(`${path} has ${size} octets; at most ${limit} are read.`);
    return readUpTo(handle, path, limit);
  } finally {
    if (handle !== 0) closeSync(handle);
  }
}

/** A pipe says no size: octets are counted as they come. */
function readUpTo(handle: number, path: string, limit: number): Buffer {
  const parts: Buffer[] = [];
  let have = 0;
  for (;;) {
    const part = Buffer.alloc(Math.min(limit + 1 - have, 1 << 20));
    let count: number;
    try {
      count = readSync(handle, part, 0, part.length, null);
    } catch (error) {
      throw new InputError(`cannot read ${path}: ${systemReason(error)}.`);
    }
    if (count === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    have += count;
    if (have > limit) throw new InputError(`${path} has more than ${limit} octets; at most these are read.`);
  }
}

export function writeWhole(path: string, octets: Uint8Array | string, how?: OutputHow): void {
  write(fromHere(path), octets, how);
}
