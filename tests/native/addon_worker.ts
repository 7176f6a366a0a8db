// What addon_use.test.ts does in a thread.
import { parentPort, workerData } from "node:worker_threads";
import { Random } from "../../host/air/random.ts";
import { randomModule } from "../differential/random_module.ts";
import { device, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const MODULES = 400;

/** Loads and runs modules, small arenas among them, so that each thread allocates, evicts and burns fuel all the time. */
function many(): string {
  const random = new Random(7, "modules of a thread");
  for (let index = 0; index < MODULES; index++) {
    const d = device(randomModule(random), {
      memoryLimit: 0,
      arenaSize: index % 3 === 0 ? 90_000 : 200_000,
      fuel: 20_000,
      shake: index % 2,
    });
    if (d.stop().code === 0 && d.start(0n, 0)) for (let now = 0n; now < 4n && d.poll(now) !== null; now++);
    d.close();
  }
  return "done";
}

/** Goes as deep as V8 lets it, and there into a module that calls itself. */
function deep(): string {
  const recursive = w.withPoll([0x20, 0, 0x10, 2]);
  const kinds = new Set<string>();
  const down = (): void => {
    const d = device(recursive, { surroundings: surroundings() });
    try {
      if (d.stop().code === 0 && d.start(0n, 0)) d.poll(1n);
      down();
    } catch (error) {
      kinds.add((error as Error).name);
    } finally {
      d.close();
    }
  };
  down();
  return [...kinds].join();
}

parentPort?.postMessage(workerData.what === "deep" ? deep() : many());
