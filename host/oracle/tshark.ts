// tshark, the independent decoder, asked about a capture: what is malformed, what it cannot decrypt, what it complains of.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { keyLine, keyTable, readKeysFile, type TableKey } from "../air/keys.ts";
import { readCapture } from "../air/pcapng.ts";

/** Lines kept of each kind; all are counted. */
export const LINES_MAX = 200;

const SEVERITY_NOTE = 0x00400000;
const ERROR_TEXT_MAX = 2_000;
const NOWHERE = "/nonexistent";

const DEFAULT_RESPONSE = 0x0b;
/** Clusters that a Smart Energy device offers without an APS link key: Basic, Identify, Time, Key Establishment (07-5356, 5.4.6). */
const OPEN_CLUSTERS: ReadonlySet<number> = new Set([0x0000, 0x0003, 0x000a, 0x0800]);
const PROFILE_DEVICE = 0x0000;

/** A count, and the first lines: frame number, seconds, protocols, tshark's words. */
export interface Found {
  count: number;
  lines: string[];
}

export interface Verdict {
  frames: number;
  malformed: Found;
  undecrypted: Found;
  expertsAboveNote: Found;
}

export type Keys = readonly TableKey[] | string | "inside";

/** Keys themselves, the path of a keys file, or "inside" for those that the capture carries; those of TLS tshark finds there by itself. */
function keysOf(file: string, keys: Keys): readonly TableKey[] {
  if (keys === "inside") return readCapture(file).keys.map(({ key, kind }) => ({ key, label: kind }));
  return typeof keys === "string" ? readKeysFile(keys) : keys;
}

/** Runs tshark and calls `line` with the fields of each frame. */
export function tsharkFields(
  file: string,
  keys: Keys,
  fields: readonly string[],
  line: (values: string[]) => void,
  filter?: string,
): Promise<void> {
  const options = keysOf(file, keys).flatMap((key) => ["-o", `uat:${keyTable(key)}:${keyLine(key)}`]);
  const wanted = fields.flatMap((field) => ["-e", field]);
  const chosen = filter === undefined ? [] : ["-Y", filter];
  const args = [
    "-n",
    "-r",
    file,
    ...options,
    ...chosen,
    "-T",
    "fields",
    "-E",
    "separator=/t",
    "-E",
    "occurrence=a",
    "-E",
    "aggregator=|",
    ...wanted,
  ];
  return new Promise((resolve, reject) => {
    // Without a home, so that keys and preferences of whoever runs this do not count.
    const env = { ...process.env, HOME: NOWHERE, XDG_CONFIG_HOME: NOWHERE };
    const child = spawn("tshark", args, { stdio: ["ignore", "pipe", "pipe"], env });
    let complaint = "";
    child.stderr.on("data", (octets: Buffer) => {
      complaint = (complaint + octets.toString()).slice(-ERROR_TEXT_MAX);
    });
    let failure: unknown;
    createInterface({ input: child.stdout }).on("line", (text) => {
      try {
        if (failure === undefined) line(text.split("\t"));
      } catch (error) {
        failure = error;
      }
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error("tshark is not installed (apt-get install tshark).") : error);
    });
    child.on("close", (code) => {
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve();
      else reject(new Error(`tshark could not read ${file}: ${complaint.trim()}`));
    });
  });
}

function none(): Found {
  return { count: 0, lines: [] };
}

function note(found: Found, line: string): void {
  found.count++;
  if (found.lines.length < LINES_MAX) found.lines.push(line);
}

/** Looks at every frame of a capture.  A payload counts as undecrypted where tshark says "Encrypted Payload" or could not even try. */
export async function judge(file: string, keys: Keys = "inside"): Promise<Verdict> {
  const verdict: Verdict = { frames: 0, malformed: none(), undecrypted: none(), expertsAboveNote: none() };
  const fields = ["frame.number", "frame.time_relative", "frame.protocols", "_ws.expert.severity", "_ws.expert.message", "_ws.col.Info"];
  await tsharkFields(file, keys, fields, ([number, time, protocols = "", severities = "", messages = "", info = ""]) => {
    verdict.frames++;
    const text = `${number} ${time} ${protocols} ${messages === "" ? info : messages}`;
    if (/malformed|truncat|short/i.test(protocols) || /malformed/i.test(messages)) note(verdict.malformed, text);
    if (/encrypted payload|decrypt/i.test(messages)) note(verdict.undecrypted, text);
    const worst = Math.max(0, ...severities.split("|").map(Number));
    if (worst > SEVERITY_NOTE) note(verdict.expertsAboveNote, text);
  });
  return verdict;
}

/** True when nothing is malformed, undecrypted or complained of. */
export function clean({ malformed, undecrypted, expertsAboveNote }: Verdict): boolean {
  return malformed.count === 0 && undecrypted.count === 0 && expertsAboveNote.count === 0;
}

export interface ClearPayload {
  frame: number;
  cluster: number;
  /** A ZCL Default Response: the profile sends it so when it refuses a frame without a link key. */
  defaultResponse: boolean;
  line: string;
}

/**
 * Frames of clusters that the Smart Energy profile protects whose application payload can be read with the given keys and was not secured by the APS
 * layer.  With no keys this asks what anybody hears; with the network key alone, what every member of the network could read.
 */
export async function clearPayloads(file: string, keys: Keys = []): Promise<ClearPayload[]> {
  const found: ClearPayload[] = [];
  const fields = [
    "frame.number",
    "frame.protocols",
    "zbee_aps.cluster",
    "zbee_aps.profile",
    "zbee_aps.security",
    "zbee_zcl.cmd.id",
    "_ws.col.Info",
  ];
  const filter = "zbee_aps.cluster";
  await tsharkFields(
    file,
    keys,
    fields,
    ([number = "", protocols = "", clusters = "", profiles = "", securities = "", commands = "", info = ""]) => {
      const cluster = Number(clusters.split("|")[0]);
      const profile = Number(profiles.split("|")[0]);
      const secured = /^(1|true)/i.test(securities);
      if (profile === PROFILE_DEVICE || OPEN_CLUSTERS.has(cluster) || secured) return;
      const defaultResponse = protocols.includes("zbee_zcl") && commands.split("|").some((command) => Number(command) === DEFAULT_RESPONSE);
      found.push({ frame: Number(number), cluster, defaultResponse, line: `${number} ${protocols} ${info}` });
    },
    filter,
  );
  return found;
}
