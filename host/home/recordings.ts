// What `--record DIR` writes: for each device of this process its recording, its trace and the module that made them, from its first start to its end or reboot.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../files/file_error.ts";
import { writeWhole } from "../files/output_file.ts";
import { systemReason } from "../load/input_error.ts";
import type { TraceFile } from "../trace.ts";
import type { DeviceId } from "./plan.ts";

interface Recorded {
  recording: TraceFile;
  trace: TraceFile;
}

export class Recordings {
  private readonly devices = new Map<DeviceId, { wasm: Uint8Array; recorded: Recorded }>();

  constructor(private readonly folder: string) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new FileError(`--record cannot write to ${folder}: ${systemReason(error)}.`);
    }
  }

  /** A recording begins with an empty key store, so a device's first boot is the one that can be played again. */
  wants(id: DeviceId): boolean {
    return !this.devices.has(id);
  }

  add(id: DeviceId, wasm: Uint8Array, recorded: Recorded): void {
    this.devices.set(id, { wasm, recorded });
  }

  write(): void {
    for (const [id, { wasm, recorded }] of this.devices) {
      const path = (ending: string): string => join(this.folder, `${id}.${ending}`);
      const how = { what: "write the recording" };
      writeWhole(path("recording"), recorded.recording.bytes(), how);
      writeWhole(path("trace"), recorded.trace.bytes(), how);
      writeWhole(path("wasm"), wasm, how);
    }
  }
}
