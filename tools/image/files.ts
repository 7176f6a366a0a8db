// Files of the command line: bounded when read, whole or not there when written.

import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { InputError, systemReason } from "../../host/load/input_error.ts";

/** Larger than any image in the field by far (the largest public one has 2.1 MB). */
export const FILE_MAX = 64 * 1024 * 1024;
/** Keys, certificates, identities. */
export const SMALL_FILE_MAX = 64 * 1024;
const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** Relative names are meant from where the command was started; compiling moves elsewhere. */
export const folder = process.cwd();

export function fromHere(path: string): string {
  return resolve(folder, path);
}

export function readWhole(path: string, limit = FILE_MAX): Buffer {
  let handle: number;
  try {
    handle = openSync(fromHere(path), "r");
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${systemReason(error)}.`);
  }
  try {
    const { size } = fstatSync(handle);
    if (size > limit) throw new InputError(`${path} has ${size} octets; at most ${limit} are read.`);
    return readUpTo(handle, path, limit);
  } finally {
    closeSync(handle);
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

export function writeWhole(path: string, octets: Uint8Array | string, secret = false): void {
  const draft = `${fromHere(path)}.${process.pid}.part`;
  try {
    writeFileSync(draft, octets, { mode: secret ? PRIVATE_MODE : PUBLIC_MODE });
    renameSync(draft, fromHere(path));
  } catch (error) {
    rmSync(draft, { force: true });
    throw new InputError(`cannot write ${path}: ${systemReason(error)}.`);
  }
}
