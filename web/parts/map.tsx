// The home as a map, with two layers: who hears whom by radio, and who tells whom under which key.
import { useState } from "preact/hooks";
import type { Device, State } from "../../host/web/answers.ts";
import { standing } from "./devices.tsx";

interface Spot {
  x: number;
  y: number;
}

const [WIDTH, HEIGHT, MARGIN] = [480, 320, 56];
/** A link is in use when somebody sent something over it in the last minute of the home's time. */
const USED_MS = 60_000;
const LETTERS: Record<Device["role"], string> = { hub: "H", meter: "M", ihd: "D", repeater: "R" };

/** Places where they are known; who stands beside everyone is put around the middle. */
function spotsOf(devices: readonly Device[]): Map<string, Spot> {
  const placed = devices.filter(({ place }) => place);
  if (placed.length < devices.length || devices.length === 0)
    return new Map(devices.map(({ id, role }, index) => [id, aroundMiddle(role === "hub" && index === 0, index, devices.length)]));
  const xs = placed.map(({ place }) => place?.x ?? 0);
  const ys = placed.map(({ place }) => place?.y ?? 0);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(1, Math.max(...xs) - left),
    (HEIGHT - 2 * MARGIN) / Math.max(1, Math.max(...ys) - top),
  );
  const free = { x: (WIDTH - (Math.max(...xs) - left) * scale) / 2, y: (HEIGHT - (Math.max(...ys) - top) * scale) / 2 };
  return new Map(
    placed.map(({ id, place }) => [id, { x: free.x + ((place?.x ?? 0) - left) * scale, y: free.y + ((place?.y ?? 0) - top) * scale }]),
  );
}

function aroundMiddle(middle: boolean, index: number, count: number): Spot {
  if (middle) return { x: WIDTH / 2, y: HEIGHT / 2 - 60 };
  const angle = Math.PI * (0.15 + (0.7 * (index - 0.5)) / Math.max(1, count - 1));
  return { x: WIDTH / 2 - Math.cos(angle) * 170, y: HEIGHT / 2 - 40 + Math.sin(angle) * 130 };
}

function linkClass({ parent, usedMs }: State["links"][number], nowMs: number): string {
  const used = usedMs !== null && nowMs - usedMs < USED_MS;
  return `link ${parent ? "parent" : ""} ${used ? "used" : ""}`;
}

function Links({ state, spots }: { state: State; spots: Map<string, Spot> }) {
  return (
    <g>
      {state.links.map((link) => {
        const [one, other] = [spots.get(link.from), spots.get(link.to)];
        if (!one || !other) return null;
        return (
          <line
            key={`${link.from} ${link.to}`}
            class={linkClass(link, state.t)}
            x1={one.x}
            y1={one.y}
            x2={other.x}
            y2={other.y}
            stroke-width={1 + (link.lqi / 255) * 3}
          >
            <title>{`${link.from} and ${link.to}: ${link.rssi} dBm, quality ${link.lqi} of 255${link.parent ? ", joined" : ""}`}</title>
          </line>
        );
      })}
    </g>
  );
}

function Bindings({ state, spots }: { state: State; spots: Map<string, Spot> }) {
  return (
    <g>
      {state.bindings.map(({ from, to, cluster, name, key }) => {
        const [one, other] = [spots.get(from), spots.get(to)];
        if (!one || !other) return null;
        const [mx, my] = [(one.x + other.x) / 2, (one.y + other.y) / 2];
        const length = Math.max(1, Math.hypot(other.x - one.x, other.y - one.y));
        const bend = { x: mx - ((other.y - one.y) / length) * 46, y: my + ((other.x - one.x) / length) * 46 };
        const end = {
          x: other.x - ((other.x - bend.x) / Math.max(1, Math.hypot(other.x - bend.x, other.y - bend.y))) * 26,
          y: other.y - ((other.y - bend.y) / Math.max(1, Math.hypot(other.x - bend.x, other.y - bend.y))) * 26,
        };
        return (
          <g key={`${from} ${to} ${cluster}`}>
            <path class="binding" d={`M${one.x} ${one.y} Q${bend.x} ${bend.y} ${end.x} ${end.y}`} marker-end="url(#arrow)">
              <title>{`${from} tells ${to} ${name}, under ${key}`}</title>
            </path>
            <text class="binding-words" x={(bend.x + mx) / 2} y={(bend.y + my) / 2 + 4}>
              {name || cluster}
            </text>
          </g>
        );
      })}
    </g>
  );
}

export function HomeMap({ state }: { state: State }) {
  const [layers, setLayers] = useState({ radio: true, bindings: true });
  const spots = spotsOf(state.devices);
  const toggle = (name: "radio" | "bindings"): void => setLayers({ ...layers, [name]: !layers[name] });
  const told = state.bindings.map(({ from, to, name, key }) => `${from} tells ${to} ${name}, under ${key}`);
  return (
    <section aria-labelledby="map-title">
      <h2 id="map-title">The home</h2>
      <div class="legend">
        <label class="radio">
          <input type="checkbox" checked={layers.radio} onChange={() => toggle("radio")} /> radio
        </label>
        <label class="bindings">
          <input type="checkbox" checked={layers.bindings} onChange={() => toggle("bindings")} /> bindings
        </label>
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        class="map"
        role="img"
        aria-label={`Map of ${state.devices.length} devices. ${told.join(". ")}`}
      >
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 L8 4 L0 8 z" />
          </marker>
        </defs>
        {layers.radio && <Links state={state} spots={spots} />}
        {layers.bindings && <Bindings state={state} spots={spots} />}
        {state.devices.map((device) => {
          const { x, y } = spots.get(device.id) ?? { x: 0, y: 0 };
          return (
            <g
              key={device.id}
              class={`device ${device.role} ${device.powered ? (device.joined ? "joined" : "joining") : "off"}`}
              transform={`translate(${x} ${y})`}
            >
              <title>{`${device.label}: ${standing(device)}`}</title>
              <circle r="18" />
              <text class="letter" y="6">
                {LETTERS[device.role]}
              </text>
              <text class="name" y="34">
                {device.label}
              </text>
              <text class="state" y="48">
                {standing(device)}
              </text>
            </g>
          );
        })}
      </svg>
      <p class="legend-words">
        <span class="radio">
          Lines: who hears whom, wider for better; whole where one joined the other, bright where a frame went lately.
        </span>{" "}
        <span class="bindings">Arrows: who tells whom.</span>
      </p>
      {told.length > 0 && (
        <ul class="told">
          {told.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
