// What `import ... from "kilowasm"` gives: docs/library.md.

export type { Place } from "../air/space.ts";
export type { Dropped } from "../drops.ts";
export type { EventFields, EventName } from "../home/event_table.ts";
export type { EventOf, HomeEvent } from "../home/events.ts";
export type { DeviceId, DeviceRole } from "../home/plan.ts";
export { Home, type HomeOptions, type Noise } from "./home.ts";
