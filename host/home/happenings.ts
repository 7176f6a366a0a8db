// What a plan says happens to the home from outside: plugs, moves, noise, updates.
import type { Home } from "./home.ts";
import type { DeviceId, PlanEvent } from "./plan.ts";
import type { UpdateFile } from "./update_file.ts";

/** Events at the same time happen in the order of the plan. */
export function happenAll(home: Home, updates: readonly UpdateFile[]): void {
  home.plan.events.forEach((event, index) => {
    home.clock.at(event.atMs * 1000, () => happen(home, event, `noise ${index + 1}`, updates));
  });
}

function happen(home: Home, event: PlanEvent, noiseId: string, updates: readonly UpdateFile[]): void {
  switch (event.kind) {
    case "plug":
    case "unplug":
      home.power(event.device, event.kind === "plug");
      break;
    case "remove":
      home.remove(event.device);
      break;
    case "admit":
      home.admit(event.device);
      break;
    case "rekey":
      home.rekey(event.device);
      break;
    case "move":
      home.move(event.device, event.place);
      break;
    case "jam":
      home.jam(noiseId, event);
      break;
    case "change":
      home.change(event.device, event.activateAtMs);
      break;
    case "update":
      home.update(event.device, packageFor(event.device, event.path, updates));
      break;
  }
}

function packageFor(id: DeviceId, path: string, updates: readonly UpdateFile[]): UpdateFile {
  const found = updates.find((each) => each.device === id && each.path === path);
  if (!found) throw new Error(`the package of ${id} was not read: ${path}`);
  return found;
}
