// Makes the three devices: modules under V8 or wasm3 in this process, or meter and display on emulated boards.
import { createHash } from "node:crypto";
import type { Engine, Surroundings } from "../engine.ts";
import { builtPath, moduleBytes } from "../modules.ts";
import { KeySlots } from "../v8/crypto.ts";
import { V8Engine } from "../v8/engine.ts";
import type { BoardDevice } from "./board_device.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import { DEVICES, type DeviceName } from "./events.ts";
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
  const maker = options.engine === "wasm3" ? await wasm3Maker() : v8Maker;
  const modules = new Map(DEVICES.map((name) => [name, moduleBytes(moduleName(name))]));
  const boards = options.boards ? await boardBuilder(say) : null;
  return {
    build: (name, factory, edge, site) => {
      if (boards && name !== "hub") return boards.build(name, factory, edge, site);
      return new ModuleDevice(name, site.medium, maker(modules.get(name) as Uint8Array, factory), edge);
    },
    close: async () => boards?.close(),
  };
}

const moduleName = (name: DeviceName): string => `${name}_sep1`;

type Maker = (wasm: Uint8Array, factory: Factory) => (surroundings: Surroundings) => Engine;

const v8Maker: Maker = (wasm, factory) => {
  const keys = new KeySlots();
  const seed = seeds(factory);
  return (surroundings) => new V8Engine({ wasm, seed: seed(), surroundings, store: factory.records, keys });
};

/** The engine of the boards in this process; the add-on is built when it is needed for the first time, and says so. */
async function wasm3Maker(): Promise<Maker> {
  const { blankFlash, native, Wasm3Engine } = await import("../native/index.ts");
  native();
  return (wasm, factory) => {
    const nor = blankFlash();
    const seed = seeds(factory);
    let made = false;
    return (surroundings) => {
      const engine = new Wasm3Engine({ wasm, seed: seed(), surroundings, nor });
      if (!made) for (const [record, octets] of factory.records) engine.writeRecord(record, octets);
      made = true;
      return engine;
    };
  };
}

/** A board's noise source never says the same twice, so every boot has a seed of its own. */
function seeds(factory: Factory): () => Buffer {
  let boots = 0;
  return () => createHash("sha256").update(factory.seed).update(String(boots++)).digest();
}

/** Firmware of meter and display, built where it is older than its sources. */
async function boardBuilder(say: (line: string) => void): Promise<Builder> {
  const { buildFirmware } = await import("../board/build.ts");
  const { BoardDevice } = await import("./board_device.ts");
  const firmware = new Map<DeviceName, string>();
  for (const name of DEVICES.filter((each) => each !== "hub")) {
    firmware.set(name, await buildFirmware({ name: moduleName(name), wasm: builtPath(moduleName(name)), say }));
  }
  const boards: BoardDevice[] = [];
  return {
    build: (name, factory, edge, { medium, enter }) => {
      const board = new BoardDevice({ name, firmware: firmware.get(name) as string, factory, medium, edge, enter });
      boards.push(board);
      return board;
    },
    close: async () => {
      await Promise.all(boards.map((board) => board.remove()));
    },
  };
}
