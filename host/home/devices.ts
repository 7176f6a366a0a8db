// Makes the three devices: modules under V8 or wasm3 in this process, or meter and display on emulated boards.
import { moduleBytes } from "../modules.ts";
import type { BoardDevice } from "./board_device.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import { DEVICES, type DeviceName } from "./events.ts";
import { firstPackage, programVersion, v8Machine, wasm3Machines } from "./machine.ts";
import { ModuleDevice } from "./module_device.ts";
import type { Options } from "./options.ts";
import type { Factory } from "./provision.ts";
import type { Site } from "./site.ts";

export interface Builder {
  build(name: DeviceName, factory: Factory, edge: DeviceEdge, site: Site): HomeDevice;
  /** After the devices are closed. */
  close(): Promise<void>;
}

/** Everything that takes real time or may be missing is done here; `say` is told what takes long. */
export async function deviceBuilder(options: Options, say: (line: string) => void): Promise<Builder> {
  const machine = options.engine === "wasm3" ? await wasm3Machines() : v8Machine;
  const version = programVersion();
  const boards = options.boards ? await boardBuilder(version, say) : null;
  return {
    build: (name, factory, edge, site) => {
      if (boards && name !== "hub") return boards.build(name, factory, edge, site);
      const installed = firstPackage(name, moduleBytes(moduleName(name)), version);
      return new ModuleDevice(name, site.medium, machine({ name, factory, installed }), edge);
    },
    close: async () => boards?.close(),
  };
}

const moduleName = (name: DeviceName): string => `${name}_sep1`;

/** Firmware of meter and display, built where it is older than its sources. */
async function boardBuilder(version: number, say: (line: string) => void): Promise<Builder> {
  const { deviceFirmware } = await import("../board/firmware.ts");
  const { BoardDevice } = await import("./board_device.ts");
  const firmware = new Map<DeviceName, string>();
  for (const name of DEVICES.filter((each) => each !== "hub")) {
    firmware.set(name, await deviceFirmware(name, say));
  }
  const boards: BoardDevice[] = [];
  return {
    build: (name, factory, edge, { medium, enter }) => {
      const installed = firstPackage(name, moduleBytes(moduleName(name)), version);
      const board = new BoardDevice({ name, firmware: firmware.get(name) as string, factory, installed, medium, edge, enter });
      boards.push(board);
      return board;
    },
    close: async () => {
      await Promise.all(boards.map((board) => board.remove()));
    },
  };
}
