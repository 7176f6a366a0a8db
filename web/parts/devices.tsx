// A card for each device: how it stands, and what a person may do to it.
import { useState } from "preact/hooks";
import type { Device, State } from "../../host/web/answers.ts";
import { mayAct } from "../api.ts";
import type { Model } from "../model.ts";
import { ago } from "../words.ts";

const NOISE = "30s";
/** In a larger home the rest is in the interface. */
const CARDS_MAX = 40;

export function standing(device: Device): string {
  if (!device.powered) return "off";
  if (!device.joined) return device.role === "hub" ? "forming" : "joining";
  if (device.role === "hub") return "network formed";
  return device.phase === 1 && device.suite === 0 ? "establishing a key" : "joined";
}

function channelOf(state: State, { hub }: Device): number {
  const network = state.devices.find(({ id }) => id === hub)?.network ?? "";
  return Number(/channel (\d+)/.exec(network)?.[1] ?? 11);
}

function Move({ device, model, done }: { device: Device; model: Model; done: () => void }) {
  const [x, setX] = useState(String(device.place?.x ?? 0));
  const [y, setY] = useState(String(device.place?.y ?? 0));
  const go = (event: Event): void => {
    event.preventDefault();
    void model.act("/api/actions", { move: device.id, to: [Number(x), Number(y)] });
    done();
  };
  return (
    <form onSubmit={go} class="buttons">
      <label>
        x <input type="number" step="any" value={x} onInput={(event) => setX(event.currentTarget.value)} /> m
      </label>
      <label>
        y <input type="number" step="any" value={y} onInput={(event) => setY(event.currentTarget.value)} /> m
      </label>
      <button type="submit">Carry it there</button>
    </form>
  );
}

function Card({ device, model, state }: { device: Device; model: Model; state: State }) {
  const [moving, setMoving] = useState(false);
  const { id, label, role } = device;
  const still = !mayAct() || state.ended;
  const act = (body: Record<string, unknown>): void => void model.act("/api/actions", body);
  const button = (words: string, body: Record<string, unknown>, name: string) => (
    <button type="button" disabled={still} onClick={() => act(body)} aria-label={`${words} ${label}`} data-act={`${name} ${id}`}>
      {words}
    </button>
  );
  const near = device.place ? { near: [device.place.x, device.place.y] } : {};
  const facts: [string, string][] = [
    ["phase", device.phase === 1 ? "1, Smart Energy 1.x" : "2, ZigBee IP"],
    ["version", device.version || "unknown"],
    ["address", device.address || (role === "hub" && device.joined ? "0x0000" : "none")],
    ["through", device.parent ?? (role === "hub" ? device.network : "nobody")],
    ["last heard", ago(device.lastHeardMs, state.t)],
    ["frames sent", String(device.frames)],
    ["power", device.sleepy ? "battery: its radio sleeps" : "mains"],
  ];
  if (device.update) facts.push(["update", `${device.update.version ?? ""} ${device.update.status} ${percent(device.update)}`]);
  return (
    <li class={`card ${device.powered ? "" : "off"}`}>
      <h3>
        {label} <span class="standing">{standing(device)}</span>
      </h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="buttons">
        {device.powered ? button("Unplug", { unplug: id }, "unplug") : button("Plug in", { plug: id }, "plug")}
        <button type="button" disabled={still} aria-expanded={moving} onClick={() => setMoving(!moving)} aria-label={`Move ${label}`}>
          Move
        </button>
        {button(`Jam ${NOISE}`, { jam: channelOf(state, device), for: NOISE, ...near }, "jam")}
        {role === "hub" ? button("New key", { rekey: id }, "rekey") : device.phase === 1 && button("Remove", { remove: id }, "remove")}
        {role !== "hub" && device.phase === 1 && !device.joined && device.powered && button("Admit", { admit: id }, "admit")}
      </div>
      {moving && <Move device={device} model={model} done={() => setMoving(false)} />}
    </li>
  );
}

function percent({ offset, size }: NonNullable<Device["update"]>): string {
  return size > 0 && offset < size ? `${Math.floor((100 * offset) / size)} %` : "";
}

export function Devices({ model, state }: { model: Model; state: State }) {
  const rest = state.devices.length - CARDS_MAX;
  return (
    <section aria-labelledby="devices-title" class="devices">
      <h2 id="devices-title">Devices</h2>
      <ul class="cards">
        {state.devices.slice(0, CARDS_MAX).map((device) => (
          <Card key={device.id} device={device} model={model} state={state} />
        ))}
      </ul>
      {rest > 0 && <p>And {rest} more, in /api/devices.</p>}
    </section>
  );
}
