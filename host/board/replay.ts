// Runs a recording on the emulated board, for its trace or for its cost in instructions.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensure } from "../build/preflight.ts";
import { memoryNeed } from "../memory_need.ts";
import { FLASH_SIZE } from "./board.ts";
import { buildReplay } from "./build.ts";

const TIMEOUT_MS = 300_000;

export interface ReplayOptions {
  wasm: Uint8Array;
  recording: Uint8Array;
  /** Octets of linear memory; what the module's build measured when absent. */
  memoryLimit?: number;
  arenaSize?: number;
  /** Writing a trace costs instructions, so a run either traces or measures well. */
  trace?: boolean;
  timeoutMs?: number;
  say?: (line: string) => void;
}

export interface Call {
  kind: "start" | "poll";
  now: bigint;
  instructions: number;
}

export interface ReplayResult {
  /** docs/abi.md; empty without `trace`. */
  trace: Buffer;
  calls: Call[];
  /** What boards/mps2-an386/replay.c reports at its end. */
  values: Map<string, number>;
  /** Why the module was refused or stopped last; empty when it was not. */
  reason: string;
}

/** `end` of the report, boards/common/replay.h. */
const REPLAY_BAD = 1;
const REPLAY_REFUSED = 2;

export async function replayOnBoard(options: ReplayOptions): Promise<ReplayResult> {
  ensure(["qemu-system-arm"]);
  const firmware = await replayFirmware(options);
  const folder = mkdtempSync(join(tmpdir(), "kw-replay-"));
  try {
    const path = (file: string): string => join(folder, file);
    writeFileSync(path("flash"), Buffer.alloc(FLASH_SIZE, 0xff));
    writeFileSync(path("wasm"), options.wasm);
    writeFileSync(path("recording"), options.recording);
    const settings = [
      "nor=flash",
      "wasm=wasm",
      "recording=recording",
      "report=report",
      `memory=${options.memoryLimit ?? memoryNeed(options.wasm)}`,
    ];
    if (options.trace) settings.push("trace=trace");
    await emulate(firmware, folder, settings, options.timeoutMs ?? TIMEOUT_MS);
    const result = { ...parseReport(readFileSync(path("report"), "latin1")), trace: Buffer.alloc(0) };
    if (existsSync(path("trace"))) result.trace = readFileSync(path("trace"));
    const end = result.values.get("end");
    // What has stopped takes no event.
    if (end === REPLAY_BAD && result.reason) throw new Error(`stops: ${result.reason}`);
    if (end === REPLAY_BAD) throw new Error("the emulated board cannot read the recording, or dropped an event of it");
    if (end === REPLAY_REFUSED)
      throw new Error(`the emulated board refuses the module: ${result.reason} (octet ${result.values.get("offset")})`);
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const built = new Map<string, Promise<string>>();

/** One for each size of the arena, built once in a process. */
function replayFirmware({ arenaSize, say }: ReplayOptions): Promise<string> {
  const name = arenaSize === undefined ? "replay" : `replay-${arenaSize}`;
  const firmware = built.get(name) ?? buildReplay({ name, arenaSize, say });
  built.set(name, firmware);
  return firmware;
}

/** Relative names keep the command line short: the emulator runs in the folder. */
function emulate(firmware: string, folder: string, settings: string[], timeoutMs: number): Promise<void> {
  const words = settings.map((setting) => `,arg=${setting}`).join("");
  const machine = ["-M", "mps2-an386", "-display", "none", "-nodefaults", "-nic", "none", "-icount", "shift=0"];
  const semihosting = ["-semihosting-config", `enable=on,target=native,arg=replay${words}`];
  const emulator = spawn("qemu-system-arm", [...machine, ...semihosting, "-kernel", firmware], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const kill = (): void => void emulator.kill("SIGKILL");
  process.once("exit", kill);
  let complaint = "";
  emulator.stderr.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-1000);
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      kill();
      reject(new Error(`the emulated board did not end the recording within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    emulator.once("error", reject);
    emulator.once("close", (code) => {
      clearTimeout(timer);
      process.removeListener("exit", kill);
      if (code === 0) resolve();
      else reject(new Error(`the emulated board failed during the recording: exit code ${code} ${complaint.trim()}`));
    });
  });
}

function parseReport(text: string): Omit<ReplayResult, "trace"> {
  const calls: Call[] = [];
  const values = new Map<string, number>();
  let reason = "";
  for (const line of text.split("\n")) {
    const call = /^(start|poll) (\d+) (\d+)$/.exec(line);
    if (call) calls.push({ kind: call[1] as Call["kind"], now: BigInt(call[2]), instructions: Number(call[3]) });
    const value = /^([a-z_]+)=(.*)$/.exec(line);
    if (value?.[1] === "reason") reason = value[2];
    else if (value) values.set(value[1], Number(value[2]));
  }
  return { calls, values, reason };
}
