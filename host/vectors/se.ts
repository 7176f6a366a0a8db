// ZCL frames in clear against the codec that devices carry, assembly/zigbee/zcl/walk.ts and foundation.ts, and against the host's own.
//
// A cluster's command: the walker accounts for every octet and refuses it shortened by any number of them where the host's codec does too;
// the host's codec reads it and writes it as it was.  A general command: parsed, written again, and as it went in.
//
// A file has one JSON object a line, with `cluster` and `zcl` in hexadecimal; lines that begin with # are comments.

import { join } from "node:path";
import { labModule } from "../build/labs.ts";
import { ROOT } from "../modules.ts";
import { BadPayload, buildPayload, parsePayload } from "../zcl/codec.ts";
import { type Cluster, type Command, readClusters } from "../zcl/descriptor.ts";
import { linesOf } from "./lines.ts";
import { BadVectors, isHex, Report, type Vector } from "./report.ts";

/** Answer of the lab for a command that no descriptor has: `Err.NotFound`. */
const NO_PARSER = -7;
const PAGE = 65536;
/** Far from the lab's few octets of state. */
const WRITE_AT = PAGE / 2;
const FRAME_MAX = 0x2000;
const CLUSTER_COMMAND = 1;
const MANUFACTURER = 4;
const TO_CLIENT = 8;

export interface SeCounts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Frame {
  name: string;
  cluster: number;
  zcl: Buffer;
}

export class SeLab {
  private readonly memory: Buffer;
  private readonly exports = new WebAssembly.Instance(labModule("sep1/parsers"), {}).exports as Record<
    string,
    (...args: number[]) => number
  >;

  constructor() {
    this.memory = Buffer.from((this.exports.memory as unknown as WebAssembly.Memory).buffer);
  }

  /** The octets of a frame that are known, or the reason why it is refused. */
  walk(cluster: number, frame: Uint8Array): number {
    this.memory.set(frame, PAGE - frame.length); // a read beyond the frame leaves the memory
    return this.exports.walk(cluster, PAGE - frame.length, frame.length);
  }

  /** A frame with a general command as it comes out. */
  rewrite(frame: Uint8Array): Buffer | number {
    this.memory.set(frame, PAGE - frame.length);
    this.memory.fill(0xa5, WRITE_AT, WRITE_AT + frame.length + 16);
    const size = this.exports.rewrite(PAGE - frame.length, frame.length, WRITE_AT);
    return size < 0 ? size : Buffer.from(this.memory.subarray(WRITE_AT, WRITE_AT + size));
  }
}

/** The descriptor of a frame's command, and where its payload begins. */
export function commandIn(clusters: Cluster[], cluster: number, zcl: Buffer): { command?: Command; head: number } {
  const head = zcl[0] & MANUFACTURER ? 5 : 3;
  const to = zcl[0] & TO_CLIENT ? "client" : "server";
  if ((zcl[0] & 3) !== CLUSTER_COMMAND || zcl[0] & MANUFACTURER) return { head };
  const known = clusters.find(({ id }) => id === cluster)?.commands;
  return { command: known?.find((command) => command.to === to && command.id === zcl[head - 1]), head };
}

/** What is wrong with a frame of a cluster's command, or nothing. */
function judge(lab: SeLab, cluster: number, zcl: Buffer, command: Command, head: number): string | undefined {
  const walked = lab.walk(cluster, zcl);
  if (walked !== zcl.length) return `the walker answers ${walked} for ${zcl.length} octets`;
  const { values } = parsePayload(command, zcl.subarray(head));
  const again = buildPayload(command, values).toString("hex");
  if (again !== zcl.toString("hex", head)) return `comes out as ${again}`;
  for (let size = head; size < zcl.length; size++) {
    const walked = lab.walk(cluster, zcl.subarray(0, size));
    const read = knownOf(command, zcl.subarray(head, size));
    if (read === undefined ? walked >= 0 : walked !== head + read)
      return `cut to ${size} octets, the walker answers ${walked}, the host ${read}`;
  }
  return undefined;
}

function knownOf(command: Command, payload: Buffer): number | undefined {
  try {
    return parsePayload(command, payload).known;
  } catch (error) {
    if (error instanceof BadPayload) return undefined;
    throw error;
  }
}

export async function runSe(text: string, print: (line: string) => void): Promise<SeCounts> {
  const frames = linesOf(text, "frames", frameOf);
  const clusters = readClusters(join(ROOT, "clusters"));
  const lab = new SeLab();
  const report = new Report(print);
  const skipped = new Map<string, number>();
  for (const { name, cluster, zcl } of frames) {
    report.attempt(name, () => {
      const { command, head } = commandIn(clusters, cluster, zcl);
      const isCommand = (zcl[0] & 3) === CLUSTER_COMMAND;
      if (isCommand && !command) count(skipped, `command ${commandOf(zcl)} of cluster ${hex(cluster)}`);
      else if (command) {
        const wrong = judge(lab, cluster, zcl, command, head);
        if (wrong) report.fail(name, `${wrong}: ${zcl.toString("hex")}`);
        else report.pass();
      } else {
        const found = lab.rewrite(zcl);
        if (found === NO_PARSER) count(skipped, `general command ${commandOf(zcl)}`);
        else if (typeof found === "number") report.fail(name, `refused with ${found}: ${zcl.toString("hex")}`);
        else report.equal(name, found, zcl.toString("hex"));
      }
    });
  }
  let total = 0;
  for (const [what, frames] of [...skipped].sort()) {
    print(`skipped ${what}: ${frames}`);
    total += frames;
  }
  if (total > 0) print(`${total} skipped`);
  return { passed: report.passed, failed: report.failed, skipped: total };
}

function frameOf(vector: Vector, number: number): Frame {
  const { cluster, zcl } = vector;
  if (typeof cluster !== "string" || !/^(0x)?[0-9a-f]{1,4}$/i.test(cluster))
    throw new BadVectors(`line ${number}: its field "cluster" is no cluster number`);
  if (!isHex(zcl)) throw new BadVectors(`line ${number}: its field "zcl" is ${zcl === undefined ? "missing" : "not hexadecimal"}`);
  const octets = Buffer.from(zcl.replaceAll(/\s/g, ""), "hex");
  if (octets.length > FRAME_MAX) throw new BadVectors(`line ${number}: a frame of ${octets.length} octets is none`);
  const message = typeof vector.message === "string" ? vector.message : "frame";
  return { name: `line ${number} ${message}`, cluster: Number.parseInt(cluster, 16), zcl: octets };
}

function commandOf(zcl: Buffer): string {
  const control = zcl[0] ?? 0;
  const manufacturer = control & 4 ? `, manufacturer ${hex(zcl.readUInt16LE(1))}` : "";
  const command = zcl[control & 4 ? 4 : 2] ?? 0;
  return `0x${command.toString(16).padStart(2, "0")} to the ${control & 8 ? "client" : "server"}${manufacturer}`;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}
