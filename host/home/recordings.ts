// What `--record DIR` writes: for each boot of each device of this process its recording, its trace and the module that made them.
// The first boot's are NAME.recording, NAME.trace and NAME.wasm, the second's NAME.2.recording and so on.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../files/file_error.ts";
import { systemReason } from "../files/input_error.ts";
import { writeWhole } from "../files/output_file.ts";
import type { TraceFile } from "../trace.ts";
import type { DeviceId } from "./plan.ts";

interface Recorded {
  recording: TraceFile;
  trace: TraceFile;
}

/** Of one device: one that reboots again and again does not fill the disk. */
export const RECORDED_BOOTS_MAX = 100;

interface Boot {
  number: number;
  wasm: Uint8Array;
  recorded: Recorded;
}

export class Recordings {
  /** The boot of each device that runs; those before are written. */
  private readonly running = new Map<DeviceId, Boot>();

  constructor(private readonly folder: string) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new FileError(`--record cannot write to ${folder}: ${systemReason(error)}.`);
    }
  }

  /** Whether another boot of a device is recorded. */
  wants(id: DeviceId): boolean {
    return (this.running.get(id)?.number ?? 0) < RECORDED_BOOTS_MAX;
  }

  /** A device boots: what it did before is complete. */
  add(id: DeviceId, wasm: Uint8Array, recorded: Recorded): void {
    const before = this.running.get(id);
    if (before) this.put(id, before);
    this.running.set(id, { number: (before?.number ?? 0) + 1, wasm, recorded });
  }

  write(): void {
    for (const [id, boot] of this.running) this.put(id, boot);
  }

  private put(id: DeviceId, { number, wasm, recorded }: Boot): void {
    const name = number === 1 ? id : `${id}.${number}`;
    const path = (ending: string): string => join(this.folder, `${name}.${ending}`);
    const how = { what: "write the recording" };
    writeWhole(path("recording"), recorded.recording.bytes(), how);
    writeWhole(path("trace"), recorded.trace.bytes(), how);
    writeWhole(path("wasm"), wasm, how);
  }
}
