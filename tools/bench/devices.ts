// Copies of a home file's house on one core: how much faster than real time they live once they are settled.
import { join } from "node:path";
import { InputError } from "../../host/files/input_error.ts";
import { deviceBuilder } from "../../host/home/devices.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import type { Plan } from "../../host/home/plan.ts";
import { planCopies } from "../../host/home/plan_nodes.ts";
import { planRead } from "../../host/home/plan_read.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { ROOT } from "../../host/modules.ts";
import { cpuUs } from "./cpu.ts";

/** Of nine devices, a quarter of what a hub has room for. */
export const FULL_HOUSE = join(ROOT, "docs/homes/full.yaml");
export const DEVICES = 1000;
const SEED = 1;
/** Until when all have joined and made their keys: houses of nine, and a hub with all that it has room for. */
const SETTLED_S = 600;
const PATIENCE_S = 3600;
const MEASURED_S = 300;
const STEP_S = 60;

export interface Devices {
  devices: number;
  homes: number;
  /** Simulated seconds, and those of the processor that they took. */
  simulated: number;
  processor: number;
  ratio: number;
}

/** The file's house as often as it takes for whole houses of at least so many devices. */
export async function street(path: string, count: number): Promise<Plan> {
  const { plan } = await planRead(path);
  const nowhere = plan.rows.find(({ place }) => place === null);
  if (nowhere) throw new InputError(`${path}: ${nowhere.id} has no place, and copies of the home would all be beside it; give it an at.`);
  const board = plan.rows.find((row) => row.board);
  if (board) throw new InputError(`${path}: ${board.id} is on a board, which keeps real time; a bench has devices in this process only.`);
  return planCopies(plan, Math.ceil(count / plan.rows.length) * plan.rows.length);
}

/** `say` is told how far it is. */
export async function manyDevices(plan: Plan, say: (line: string) => void): Promise<Devices> {
  const hubs = plan.rows.filter(({ role }) => role === "hub").length;
  const builder = await deviceBuilder({ engine: "v8" }, plan, say);
  const load = loadRead(DEFAULT_HOUSEHOLD);
  const keyed = new Set<string>();
  const tell = ({ device, event }: { device: string; event: string }): void => {
    if (event === "key") keyed.add(device);
    if (event === "trouble") throw new Error(`${device} is in trouble`);
  };
  const enter = (action: () => void): void => action();
  const home = new Home({ plan, seed: SEED, suite: null, load, build: builder.build, enter, keyring: new Keyring(plan), tell });
  home.start();
  let settled = 0;
  while (settled < SETTLED_S || (keyed.size < plan.rows.length && settled < PATIENCE_S)) {
    settled += STEP_S;
    home.advance(settled * 1e6);
    say(`${settled} s: ${keyed.size} of ${plan.rows.length} devices have a key`);
  }
  const without = plan.rows.find(({ id }) => !keyed.has(id));
  if (without) throw new Error(`${without.id} has no key after ${settled} s, as ${plan.rows.length - keyed.size} in all`);
  const begun = cpuUs();
  home.advance((settled + MEASURED_S) * 1e6);
  const processor = (cpuUs() - begun) / 1e6;
  home.close();
  await builder.close();
  return { devices: plan.rows.length, homes: hubs, simulated: MEASURED_S, processor, ratio: MEASURED_S / processor };
}
