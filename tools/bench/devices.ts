// A thousand devices in homes as large as a hub holds, on one core: how much faster than real time they live once they are settled.
import { deviceBuilder } from "../../host/home/devices.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { type Plan, planOf, planRow } from "../../host/home/plan.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { cpuUs } from "./cpu.ts";

const HOMES = 125;
const METERS = 4;
const DISPLAYS = 3;
/** All have joined and made their keys. */
const SETTLED_S = 600;
const MEASURED_S = 300;

export interface Devices {
  devices: number;
  homes: number;
  /** Simulated seconds, and those of the processor that they took. */
  simulated: number;
  processor: number;
  ratio: number;
}

/** A hub with seven, meters and displays in turn. */
function homeOfEight(): Plan {
  const rows = [planRow("hub", "hub", "hub")];
  for (let count = 1; count <= METERS; count++) {
    rows.push(planRow(`meter${count}`, "meter", "hub"));
    if (count <= DISPLAYS) rows.push(planRow(`ihd${count}`, "ihd", "hub"));
  }
  return planOf(rows);
}

/** `say` is told how far it is. */
export async function thousandDevices(say: (line: string) => void): Promise<Devices> {
  const plan = homeOfEight();
  const builder = await deviceBuilder({ engine: "v8" }, plan, say);
  const load = loadRead(DEFAULT_HOUSEHOLD);
  const keyed = new Set<string>();
  const homes = Array.from({ length: HOMES }, (_, index) => {
    const tell = ({ device, event }: { device: string; event: string }): void => {
      if (event === "key") keyed.add(`${index} ${device}`);
      if (event === "trouble") throw new Error(`home ${index}: ${device} is in trouble`);
    };
    return new Home({
      plan,
      seed: index + 1,
      suite: null,
      load,
      build: builder.build,
      enter: (action) => action(),
      keyring: new Keyring(plan),
      tell,
    });
  });
  for (const [index, home] of homes.entries()) {
    home.start();
    home.advance(SETTLED_S * 1e6);
    if (index % 25 === 24) say(`${index + 1} homes have settled`);
  }
  const expected = HOMES * (METERS + DISPLAYS);
  if (keyed.size < expected) throw new Error(`only ${keyed.size} of ${expected} devices have a key after ${SETTLED_S} s`);
  const begun = cpuUs();
  for (let second = 1; second <= MEASURED_S; second++) for (const home of homes) home.advance((SETTLED_S + second) * 1e6);
  const processor = (cpuUs() - begun) / 1e6;
  for (const home of homes) home.close();
  return { devices: HOMES * plan.rows.length, homes: HOMES, simulated: MEASURED_S, processor, ratio: MEASURED_S / processor };
}
