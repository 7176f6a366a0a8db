// A run's keys in the format of Wireshark's table `zigbee_pc_keys`: one line a key, "hex","byte order","label".
//
// The file can be copied to a Wireshark profile under that name, and each line can follow `-o uat:zigbee_pc_keys:`.

import { readFileSync } from "node:fs";
import { fileError, OutputError } from "../files/file_error.ts";
import { OutputFile } from "../files/output_file.ts";

/** Keys that a file may hold. */
export const KEYS_MAX = 4_096;

const LINE = /^"((?:[0-9a-f]{2}:?){16})","(Normal|Reverse)","([^"]*)"$/i;

export interface NamedKey {
  key: Uint8Array;
  label: string;
}

export function keyLine({ key, label }: NamedKey): string {
  if (key.length !== 16) throw new RangeError(`A ZigBee key has 16 octets, not ${key.length}.`);
  return `"${Buffer.from(key).toString("hex")}","Normal","${label.replace(/[^\x20-\x7e]|"/g, "?")}"`;
}

/** The file of one run: a line whenever a key becomes known, so that it is whole at any time. */
export class KeysFile {
  private readonly output: OutputFile;
  private readonly known = new Set<string>();
  private overflow: OutputError | undefined;

  constructor(readonly path: string) {
    this.output = new OutputFile(path, { what: "write the keys file" });
  }

  /** Never throws: devices hand their keys over while they run. */
  add(key: NamedKey): void {
    const hex = Buffer.from(key.key).toString("hex");
    if (this.known.has(hex) || this.overflow) return;
    if (this.known.size >= KEYS_MAX) {
      this.overflow = new OutputError(`More than ${KEYS_MAX} keys for ${this.path}.`);
      return;
    }
    this.known.add(hex);
    this.output.write(Buffer.from(`${keyLine(key)}\n`));
  }

  /** Throws what could not be written. */
  check(): void {
    if (this.overflow) throw this.overflow;
    this.output.check();
  }

  close(): void {
    this.output.close();
  }
}

/** Reads such a file; lines with # are comments. */
export function readKeysFile(path: string): NamedKey[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, path, "read the keys file");
  }
  const keys: NamedKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const parts = LINE.exec(line.trim());
    if (parts === null) throw new Error(`Line ${index + 1} of ${path} is not "32 hex digits","Normal","label".`);
    const key = Buffer.from((parts[1] as string).replaceAll(":", ""), "hex");
    keys.push({ key: parts[2]?.toLowerCase() === "reverse" ? key.reverse() : key, label: parts[3] as string });
  }
  return keys;
}
