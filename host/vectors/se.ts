// ZCL frames in clear against assembly/zigbee/zcl and assembly/sep1: each is parsed, written again, and must come out as it went in.
//
// A file has one JSON object a line, with `cluster` and `zcl` in hexadecimal; lines that begin with # are comments.

import { readFileSync } from "node:fs";
import { labModule } from "../build/labs.ts";
import { BadVectors, isHex, isVector, Report, type Vector } from "./report.ts";

/** The clusters of this stack. */
const CLUSTERS = new Map([
  [0x0000, "Basic"],
  [0x000a, "Time"],
  [0x0700, "Price"],
  [0x0702, "Metering"],
  [0x0800, "Key Establishment"],
]);
/** Answer of the lab for a command that there is no parser for: `Err.NotFound`. */
const NO_PARSER = -7;
const PAGE = 65536;
/** Far from the lab's few octets of state. */
const WRITE_AT = PAGE / 2;
const FRAME_MAX = 0x2000;

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

  private constructor(private readonly exports: WebAssembly.Exports) {
    this.memory = Buffer.from((exports.memory as WebAssembly.Memory).buffer);
  }

  static async open(): Promise<SeLab> {
    const { exports } = new WebAssembly.Instance(labModule("sep1/parsers"), {});
    return new SeLab(exports);
  }

  /** The frame as it comes out, or the reason why it was not accepted. */
  rewrite(cluster: number, frame: Uint8Array): Buffer | number {
    const at = PAGE - frame.length; // a read beyond the frame leaves the memory
    this.memory.set(frame, at);
    this.memory.fill(0xa5, WRITE_AT, WRITE_AT + frame.length + 16);
    const size = (this.exports.rewrite as (...args: number[]) => number)(cluster, at, frame.length, WRITE_AT);
    return size < 0 ? size : Buffer.from(this.memory.subarray(WRITE_AT, WRITE_AT + size));
  }
}

export async function runSe(file: string, print: (line: string) => void = console.log): Promise<SeCounts> {
  const frames = readFrames(file);
  const lab = await SeLab.open();
  const report = new Report(print);
  const skipped = new Map<string, number>();
  for (const { name, cluster, zcl } of frames) {
    const known = CLUSTERS.get(cluster);
    if (known === undefined) {
      count(skipped, `cluster ${hex(cluster)}`);
      continue;
    }
    report.attempt(name, () => {
      const found = lab.rewrite(cluster, zcl);
      if (found === NO_PARSER) count(skipped, `command ${commandOf(zcl)} of ${known}`);
      else if (typeof found === "number") report.fail(name, `refused with ${found}: ${zcl.toString("hex")}`);
      else report.equal(name, found, zcl.toString("hex"));
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

function readFrames(file: string): Frame[] {
  const frames: Frame[] = [];
  readFileSync(file, "utf8")
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === "" || line.startsWith("#")) return;
      frames.push(frameOf(parseLine(line, index + 1), index + 1));
    });
  if (frames.length === 0) throw new BadVectors("it has no frames");
  return frames;
}

function parseLine(line: string, number: number): Vector {
  let content: unknown;
  try {
    content = JSON.parse(line);
  } catch (error) {
    throw new BadVectors(`line ${number} is not JSON: ${(error as Error).message}`);
  }
  if (!isVector(content)) throw new BadVectors(`line ${number} is JSON, but not an object`);
  return content;
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
