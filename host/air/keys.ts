// A run's keys in the format of a table of Wireshark's, one line a key.
//
//   phase 1, zigbee_pc_keys:    "hex","byte order","label"
//   phase 2, ieee802154_keys:   "hex","key index","hash"     the network key, of which Wireshark makes that of the MAC, and the key of MLE
//
// The file can be copied to a Wireshark profile under the table's name, and each line can follow `-o uat:` and that name.

import { readFileSync } from "node:fs";
import { fileError, OutputError } from "../files/file_error.ts";
import { OutputFile } from "../files/output_file.ts";

/** Keys that a file may hold. */
export const KEYS_MAX = 4_096;

const LINE = /^"((?:[0-9a-f]{2}:?){16})","(?:(Normal|Reverse)","([^"]*)|(\d{1,3})","(ZigBee IP|No) hash)"$/i;

export interface NamedKey {
  key: Uint8Array;
  label: string;
}

/** A key of a network of phase 2: of the whole network, or as it is used. */
export interface IndexedKey {
  key: Uint8Array;
  /** As frames name it: 1 to 255. */
  index: number;
  isNetworkKey: boolean;
  label?: undefined;
}

export type TableKey = NamedKey | IndexedKey;

/** The table of Wireshark's that a key belongs in. */
export function keyTable(key: TableKey): string {
  return key.label === undefined ? "ieee802154_keys" : "zigbee_pc_keys";
}

export function keyLine(named: TableKey): string {
  const { key } = named;
  if (key.length !== 16) throw new RangeError(`A ZigBee key has 16 octets, not ${key.length}.`);
  const hex = Buffer.from(key).toString("hex");
  if (named.label === undefined) return `"${hex}","${named.index}","${named.isNetworkKey ? "ZigBee IP" : "No"} hash"`;
  return `"${hex}","Normal","${named.label.replace(/[^\x20-\x7e]|"/g, "?")}"`;
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
  add(key: TableKey): void {
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
export function readKeysFile(path: string): TableKey[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileError(error, path, "read the keys file");
  }
  const keys: TableKey[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const parts = LINE.exec(line.trim());
    if (parts === null)
      throw new Error(
        `Line ${index + 1} of ${path} is not "32 hex digits","Normal","label", nor "32 hex digits","index","ZigBee IP hash".`,
      );
    const key = Buffer.from((parts[1] as string).replaceAll(":", ""), "hex");
    if (parts[4] !== undefined) keys.push({ key, index: Number(parts[4]), isNetworkKey: parts[5]?.toLowerCase() !== "no" });
    else keys.push({ key: parts[2]?.toLowerCase() === "reverse" ? key.reverse() : key, label: parts[3] as string });
  }
  return keys;
}
