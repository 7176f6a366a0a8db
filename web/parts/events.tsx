// What happened lately, the newest first.
import type { HomeEvent } from "../../host/home/events.ts";
import type { Model } from "../model.ts";
import { elapsed } from "../words.ts";

const HEAD = ["t", "date", "device", "event", "phase"];

function words(event: HomeEvent): string {
  const fields = Object.entries(event).filter(([name, value]) => !HEAD.includes(name) && value !== null && typeof value !== "object");
  return [event.event, fields.map(([name, value]) => `${name} ${value}`).join(", ")].filter(Boolean).join(": ");
}

export function Events({ model }: { model: Model }) {
  const newest = [...model.events].reverse();
  return (
    <section aria-labelledby="events-title" class="events">
      <h2 id="events-title">What happened</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Events, the newest first">
        <ol>
          {newest.map((event, index) => (
            <li key={`${event.t} ${newest.length - index}`}>
              <span class="when">{elapsed(event.t)}</span> <strong>{event.device}</strong> {words(event)}
            </li>
          ))}
        </ol>
      </section>
    </section>
  );
}
