// Makes the devices of a plan: modules under V8 or wasm3 in this process, or emulated boards.
import type { BoardDevice } from "./board_device.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import { firstPackage, programVersion, v8Machine, wasm3Machines } from "./machine.ts";
import { ModuleDevice } from "./module_device.ts";
import { changesPhase, type DeviceRole, type Plan, type PlanRow, phaseOfModule } from "./plan.ts";
import type { Factory } from "./provision.ts";
import { Recordings } from "./recordings.ts";
import type { Options } from "./run_options.ts";
import type { Site } from "./site.ts";
import { soldModule } from "./sold_module.ts";

export interface Builder {
  build(row: PlanRow, factory: Factory, edge: DeviceEdge, site: Site): HomeDevice;
  /** After the devices are closed. */
  close(): Promise<void>;
}

/** Everything that takes real time or may be missing is done here; `say` is told what takes long. */
export async function deviceBuilder(
  options: Pick<Options, "engine"> & Partial<Pick<Options, "record">>,
  plan: Plan,
  say: (line: string) => void,
  /** A maker's root key; the development's when absent. */
  root?: Buffer,
): Promise<Builder> {
  // Before anything is compiled: a device whose module cannot run would only be silent.
  const modules = new Map(plan.rows.map(({ module }) => [module, soldModule(module)]));
  const machine = options.engine === "wasm3" ? await wasm3Machines() : v8Machine;
  const version = programVersion();
  const onBoards = plan.rows.filter(({ board }) => board);
  const boards = onBoards.length > 0 ? await boardBuilder(onBoards, version, say, changesPhase(plan), root) : null;
  const sold = new Map<string, Buffer>();
  const recordings = options.record ? new Recordings(options.record) : null;
  return {
    build: (row, factory, edge, site) => {
      if (boards && row.board) return boards.build(row, factory, edge, site);
      const { id, role, module } = row;
      const maker = root && { root, module: modules.get(module) as Uint8Array };
      const installed = maker
        ? undefined
        : (sold.get(`${role} ${module}`) ?? firstPackage(role, modules.get(module) as Uint8Array, version, phaseOfModule(module)));
      if (installed) sold.set(`${role} ${module}`, installed);
      return new ModuleDevice(
        id,
        site.medium,
        machine({ role, factory, installed, maker, recorded: recordings ? { id, recordings } : undefined }),
        edge,
      );
    },
    close: async () => {
      recordings?.write();
      await boards?.close();
    },
  };
}

/** Firmware of each kind of board, built where it is older than its sources. */
async function boardBuilder(
  rows: readonly PlanRow[],
  version: number,
  say: (line: string) => void,
  changes: boolean,
  root?: Buffer,
): Promise<Builder> {
  const { bothFirmware, deviceFirmware } = await import("./firmware.ts");
  const { BoardDevice } = await import("./board_device.ts");
  const firmware = new Map<DeviceRole, string>();
  for (const { role } of rows)
    if (!firmware.has(role)) firmware.set(role, changes ? await bothFirmware(role, say) : await deviceFirmware(role, say, root));
  const boards: BoardDevice[] = [];
  return {
    build: (row, factory, edge, { medium, enter }) => {
      const installed = root ? undefined : firstPackage(row.role, soldModule(row.module), version);
      const board = new BoardDevice({ row, firmware: firmware.get(row.role) as string, factory, installed, medium, edge, enter });
      boards.push(board);
      return board;
    },
    close: async () => {
      await Promise.all(boards.map((board) => board.remove()));
    },
  };
}
