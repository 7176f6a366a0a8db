// Files of the command line: bounded when read, whole or not there when written.

import { resolve } from "node:path";
import { FILE_MAX, inputRead } from "../../host/files/input_file.ts";
import { type OutputHow, STANDARD_OUTPUT, writeWhole as write } from "../../host/files/output_file.ts";

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
  return inputRead(path, limit, path === STANDARD_INPUT ? null : fromHere(path));
}

export function writeWhole(path: string, octets: Uint8Array | string, how?: OutputHow): void {
  write(fromHere(path), octets, how);
}
