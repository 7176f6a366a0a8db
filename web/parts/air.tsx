// The air: a list of frames that keeps up with the run, and one of them opened.  Only the lines that are seen are in the page.
import { useEffect, useRef, useState } from "preact/hooks";
import type { FrameLine, State, WholeFrame } from "../../host/web/answers.ts";
import type { Model } from "../model.ts";
import { elapsed } from "../words.ts";

const ROW = 28;
const SEEN = 12;
const BESIDE = 4;
const LAYERS = { mac: "IEEE 802.15.4", nwk: "network", aps: "application support", zdo: "device objects", zcl: "clusters" };

function Row({ frame, model }: { frame: FrameLine; model: Model }) {
  const opened = model.opened?.frame.number === frame.number;
  return (
    <tr class={`layer-${frame.layer} ${frame.collided ? "collided" : ""}`} aria-selected={opened}>
      <td>
        <button type="button" class="plain" data-frame={frame.number} onClick={() => void model.open(opened ? null : frame.number)}>
          <span class="unseen">Frame </span>
          {frame.number}
        </button>
      </td>
      <td>{elapsed(frame.us / 1000)}</td>
      <td>{frame.source}</td>
      <td>{frame.target === "*" ? "all" : frame.target}</td>
      <td>{frame.cluster}</td>
      <td class="about">
        {frame.about}
        {frame.collided ? " (collided)" : ""}
      </td>
    </tr>
  );
}

/** Follows the newest while its end is in sight. */
function List({ model }: { model: Model }) {
  const place = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const follows = useRef(true);
  const { frames } = model;
  useEffect(() => {
    const { current } = place;
    if (current && follows.current) current.scrollTop = current.scrollHeight;
  }, [frames]);
  const scrolled = (): void => {
    const { current } = place;
    if (!current) return;
    follows.current = current.scrollTop + current.clientHeight >= current.scrollHeight - ROW;
    setTop(current.scrollTop);
  };
  const first = Math.max(0, Math.min(frames.length - SEEN, Math.floor(top / ROW)) - BESIDE);
  const last = Math.min(frames.length, first + SEEN + 2 * BESIDE);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section class="scroll air-list" ref={place} onScroll={scrolled} tabIndex={0} aria-label="Frames, the newest last">
      <table style={{ marginTop: `${first * ROW}px`, marginBottom: `${(frames.length - last) * ROW}px` }}>
        <thead>
          <tr>
            <th scope="col">frame</th>
            <th scope="col">time</th>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col">cluster</th>
            <th scope="col">what</th>
          </tr>
        </thead>
        <tbody>
          {frames.slice(first, last).map((frame) => (
            <Row key={frame.number} frame={frame} model={model} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The layer that each octet belongs to, by its number from the bottom. */
function layerAt({ layers }: WholeFrame, octet: number): number {
  return layers.findLastIndex(({ fields }) => fields.some(({ at, size }) => octet >= at && octet < at + size));
}

function Opened({ whole, model }: { whole: WholeFrame; model: Model }) {
  const [sealed, setSealed] = useState(false);
  const [lit, setLit] = useState<{ at: number; size: number } | null>(null);
  const octets = (sealed ? whole.octets : whole.plain).match(/../g) ?? [];
  const { frame } = whole;
  return (
    <article class="opened" aria-labelledby="opened-title" id="opened">
      <h3 id="opened-title">
        Frame {frame.number}: {frame.about}
      </h3>
      <div class="buttons">
        <button type="button" onClick={() => void model.open(null)}>
          Close
        </button>
        <label>
          <input type="checkbox" checked={sealed} onChange={() => setSealed(!sealed)} /> octets as on the air
        </label>
      </div>
      <p class="octets">
        <span class="unseen">Octets, hexadecimal: </span>
        {octets.map((octet, at) => {
          const on = lit && at >= lit.at && at < lit.at + lit.size;
          return (
            <span key={at} class={`octet octet-${layerAt(whole, at)} ${on ? "lit" : ""}`}>
              {octet}{" "}
            </span>
          );
        })}
      </p>
      {whole.layers.map(({ name, fields }, index) => (
        <details key={name} open>
          <summary>
            <span class={`swatch octet-${index}`} aria-hidden="true" /> {name}
          </summary>
          <table>
            <thead class="unseen">
              <tr>
                <th scope="col">field</th>
                <th scope="col">value</th>
              </tr>
            </thead>
            <tbody>
              {fields.map((field) => (
                <tr key={`${field.at} ${field.name}`} onMouseEnter={() => setLit(field)} onMouseLeave={() => setLit(null)}>
                  <th scope="row">{field.name}</th>
                  <td>{field.value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      ))}
    </article>
  );
}

export function Air({ model, state }: { model: Model; state: State }) {
  const { filter } = model;
  return (
    <section aria-labelledby="air-title" class="air">
      <h2 id="air-title">The air</h2>
      <div class="buttons">
        <label>
          device{" "}
          <select value={filter.device} onChange={(event) => void model.sift({ ...filter, device: event.currentTarget.value })}>
            <option value="">all</option>
            {state.devices.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          layer{" "}
          <select value={filter.layer} onChange={(event) => void model.sift({ ...filter, layer: event.currentTarget.value })}>
            <option value="">all</option>
            {Object.entries(LAYERS).map(([layer, words]) => (
              <option key={layer} value={layer}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <a href="/api/capture" download="kilowasm.pcapng" class="button">
          Save pcapng
        </a>
      </div>
      <p id="frames-count" data-sent={state.framesSent} data-whole={String(model.isWhole)}>
        {state.framesSent} frames so far, the newest {model.frames.length} {filter.device || filter.layer ? "that you asked for " : ""}are
        here.
        {model.missed > 0 && ` ${model.missed} were gone before this page asked.`}
      </p>
      <List model={model} />
      {model.opened && <Opened whole={model.opened} model={model} key={model.opened.frame.number} />}
    </section>
  );
}
