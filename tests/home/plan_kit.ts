// Homes of any plan in a test's hands.
import { deviceBuilder } from "../../host/home/devices.ts";
import type { EventLine } from "../../host/home/events.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import type { DeviceId, Plan } from "../../host/home/plan.ts";
import { updatesRead } from "../../host/home/update_file.ts";
import { loadParse } from "../../host/load/file.ts";

/** A watt-hour a second: every report tells another reading. */
const BRISK = "time,watts\n0,3600\n";

export interface Lived {
  home: Home;
  events: EventLine[];
  of(device: DeviceId, event: string): EventLine[];
}

/** Runs a plan under V8 for some simulated time. */
export async function live(plan: Plan, ms: number, seed = 1): Promise<Lived> {
  const builder = await deviceBuilder({ engine: "v8" }, plan, () => {});
  const events: EventLine[] = [];
  const home = new Home({
    plan,
    seed,
    suite: null,
    load: loadParse("the test's load", BRISK),
    build: builder.build,
    enter: (action) => action(),
    keyring: new Keyring(plan),
    tell: (event) => void events.push(event),
    packages: updatesRead(
      plan.events.filter((event) => event.kind === "update"),
      plan,
    ),
  });
  home.start();
  home.advance(ms * 1000);
  home.close();
  return { home, events, of: (device, event) => events.filter((each) => each.device === device && each.event === event) };
}
