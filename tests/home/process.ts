// Runs `npm start`'s program as a process, and reads its lines.
import { type ChildProcess, spawn } from "node:child_process";
import { ROOT } from "../../host/modules.ts";
import { programWords } from "../support/program.ts";

export interface Ended {
  status: number | null;
  out: string;
  error: string;
}

export interface Line {
  t: number;
  device: string;
  event: string;
  [field: string]: unknown;
}

/** The program itself, with the command among its words. */
export function kilowasm(...words: string[]): Promise<Ended> {
  return startProgram(words, 120_000).ended;
}

export function start(words: readonly string[], timeoutMs = 120_000): { child: ChildProcess; ended: Promise<Ended> } {
  return startProgram(["home", ...words], timeoutMs);
}

function startProgram(words: readonly string[], timeoutMs: number): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...programWords(), ...words], { cwd: ROOT, timeout: timeoutMs });
  const result: Ended = { status: null, out: "", error: "" };
  child.stdout.on("data", (octets) => {
    result.out += octets;
  });
  child.stderr.on("data", (octets) => {
    result.error += octets;
  });
  return { child, ended: new Promise((resolve) => child.on("close", (status) => resolve({ ...result, status }))) };
}

export function run(...words: string[]): Promise<Ended> {
  return start(words).ended;
}

export function linesOf(ended: Ended): Line[] {
  return ended.out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

/** What a run printed, without what depends on how fast the machine is. */
export function bodyOf(text: string): string {
  return text.replace(/"wallMs":\d+/, "").replace(/^.*"event":"progress".*\n/gm, "");
}
