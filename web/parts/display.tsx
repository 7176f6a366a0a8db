// A display as it is: its lines in the board's font, its glow; beside it the register of its meter.
import { useEffect, useRef } from "preact/hooks";
import type { Device, State } from "../../host/web/answers.ts";
import type { Model } from "../model.ts";
import { ago, kilowattHours, money, watts } from "../words.ts";

/** Columns of each character, bit 0 on top: boards/mps2-an386/font.txt, put here by the build. */
declare const FONT: Record<string, number[]>;

const CELL = { width: 6, height: 9 };
const SCALE = 3;
const LINES_MIN = 4;
const GLYPH_ROWS = 8;

function Screen({ lines, label }: { lines: readonly string[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = lines.slice(0, Math.max(LINES_MIN, lines.findLastIndex((line) => line.trim()) + 1));
  const columns = Math.max(16, ...shown.map((line) => line.trimEnd().length));
  const [width, height] = [columns * CELL.width + 2, shown.length * CELL.height + 2];
  const text = shown.join("\n");
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, width * SCALE, height * SCALE);
    context.fillStyle = "#d9fbff";
    text.split("\n").forEach((line, row) => {
      for (let column = 0; column < line.length; column++) {
        (FONT[line.charCodeAt(column)] ?? FONT[0]).forEach((bits, x) => {
          for (let y = 0; y < GLYPH_ROWS; y++)
            if ((bits >> y) & 1)
              context.fillRect((column * CELL.width + x + 1) * SCALE, (row * CELL.height + y + 1) * SCALE, SCALE - 0.4, SCALE - 0.4);
        });
      }
    });
  }, [text, width, height]);
  return <canvas ref={canvas} width={width * SCALE} height={height * SCALE} role="img" aria-label={`${label}: ${text}`} id="screen" />;
}

function glowWords({ glow, reading }: Device): string {
  if (glow !== "off") return `Glow: ${glow}`;
  return reading?.stale ? "Glow: off, the reading is stale" : "Glow: off, no reading";
}

function Readings({ device, meter, state }: { device: Device; meter: Device | undefined; state: State }) {
  const { reading } = device;
  const register = meter?.register ?? null;
  const same = reading?.importWh !== null && reading?.importWh === register?.importWh;
  return (
    <>
      <table class="readings">
        <thead>
          <tr>
            <td />
            <th scope="col">the display shows</th>
            <th scope="col">the meter’s register</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Energy</th>
            <td id="shown-wh" data-wh={reading?.importWh ?? ""} class={reading?.stale ? "stale" : ""}>
              {kilowattHours(reading?.importWh)}
              {reading?.stale && " (stale)"}
            </td>
            <td id="register-wh" data-wh={register?.importWh ?? ""}>
              {kilowattHours(register?.importWh)}
            </td>
          </tr>
          <tr>
            <th scope="row">Power</th>
            <td id="shown-w" data-w={reading?.powerW ?? ""} class={reading?.stale ? "stale" : ""}>
              {watts(reading?.powerW)}
              {reading?.stale && " (stale)"}
            </td>
            <td id="register-w" data-w={register?.powerW ?? ""}>
              {watts(register?.powerW)}
            </td>
          </tr>
          <tr>
            <th scope="row">Heard</th>
            <td>{reading ? ago(reading.t, state.t) : "never"}</td>
            <td>{register ? ago(register.t, state.t) : "never"}</td>
          </tr>
        </tbody>
      </table>
      <p id="agreement" class={reading?.stale || (meter && !meter.powered) ? "warn" : ""}>
        {!reading
          ? "The display has no reading yet."
          : reading.stale
            ? "Stale: the display has not heard the meter for a while."
            : meter && !meter.powered
              ? "The meter has no power: what the display shows is the last that it heard."
              : same
                ? "The display shows what the register has."
                : "A report is under way."}
      </p>
      {reading && (
        <p class="cost">
          Today <strong id="cost-today">{money(reading.costToday, reading.currency, 4)}</strong>, now{" "}
          {money(reading.costPerHour, reading.currency, 4)} an hour at {money(reading.price, reading.currency, 4)} a kWh
        </p>
      )}
    </>
  );
}

export function Display({ model, state }: { model: Model; state: State }) {
  const displays = state.devices.filter(({ role }) => role === "ihd");
  const device = displays.find(({ id }) => id === model.chosen.display);
  const meter = state.devices.find(({ id }) => id === model.chosen.meter);
  const choose = (display: string): void => {
    model.chosen = { ...model.chosen, display };
    void model.refresh();
  };
  return (
    <section aria-labelledby="display-title" class="display">
      <h2 id="display-title">The display</h2>
      {displays.length > 1 && (
        <label>
          Which one{" "}
          <select value={device?.id} onChange={(event) => choose(event.currentTarget.value)}>
            {displays.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        </label>
      )}
      {!device && <p>This home has no display.</p>}
      {device && (
        <>
          <div class={`case glow-${device.glow}`}>
            <Screen lines={device.screen} label={`The screen of the ${device.label}`} />
          </div>
          <p class="glow-words" id="glow">
            {glowWords(device)}
          </p>
          <Readings device={device} meter={meter} state={state} />
        </>
      )}
    </section>
  );
}
