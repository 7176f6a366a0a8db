// A home and what it has told so far: how a scenario lets time pass and looks.
import type { EventLine } from "../../host/home/events.ts";
import type { Home } from "../../host/home/home.ts";
import type { DeviceId } from "../../host/home/plan.ts";

export abstract class Watch {
  abstract readonly home: Home;
  readonly events: EventLine[] = [];

  get nowMs(): number {
    return this.home.nowMs;
  }

  run(ms: number): void {
    this.home.advance(this.home.nowUs + ms * 1000);
  }

  /** Runs until `condition` holds; false when it does not within `ms`. */
  until(condition: () => boolean, ms: number, stepMs = 250): boolean {
    for (const end = this.nowMs + ms; this.nowMs < end; this.run(stepMs)) if (condition()) return true;
    return condition();
  }

  of(device: DeviceId, event: string, fromMs = 0): EventLine[] {
    return this.events.filter((each) => each.device === device && each.event === event && each.t >= fromMs);
  }

  last(device: DeviceId, event: string): EventLine | undefined {
    return this.events.findLast((each) => each.device === device && each.event === event);
  }

  /** The display shows, after `fromMs`, what the meter told after `fromMs`. */
  agrees(fromMs = 0): boolean {
    const told = this.last("meter", "register");
    const shown = this.last("ihd", "reading");
    return told !== undefined && shown !== undefined && told.t >= fromMs && shown.t >= fromMs && told.importWh === shown.importWh;
  }
}
