// Power as a curve, energy and cost by half-hours of the day.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { HalfHoursAnswer, PowerAnswer, State } from "../../host/web/answers.ts";
import type { Model } from "../model.ts";
import { clockOf, dayOf, kilowattHours, money } from "../words.ts";

const HEIGHT = 180;
const HALF_HOURS = 48;
const LONDON = "Europe/London";

function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function Curve({ power }: { power: PowerAnswer }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data: uPlot.AlignedData = [power.points.map(({ date }) => Date.parse(date) / 1000), power.points.map(({ w }) => w)];
  useEffect(() => {
    const { current } = place;
    if (!current) return;
    const axis = { stroke: ink("--ink"), grid: { stroke: ink("--line"), width: 1 }, ticks: { stroke: ink("--line") } };
    const made = new uPlot(
      {
        width: Math.max(200, current.clientWidth),
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), LONDON),
        legend: { show: false },
        cursor: { y: false },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map((seconds) => clockOf(new Date(seconds * 1000).toISOString())) },
          { ...axis, size: 60, values: (_, ticks) => ticks.map((w) => `${w} W`) },
        ],
        scales: { y: { range: (_, __, most) => [0, Math.max(100, most * 1.1)] } },
        series: [{}, { stroke: ink("--power"), fill: ink("--power-soft"), width: 2, paths: uPlot.paths.stepped?.({ align: 1 }) }],
      },
      data,
      current,
    );
    chart.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: Math.max(200, current.clientWidth), height: HEIGHT }));
    watch.observe(current);
    return () => {
      watch.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [power]);
  const now = power.points.at(-1);
  return <div ref={place} class="curve" role="img" aria-label={`Power of the last day; now ${now?.w ?? 0} W`} />;
}

function Bars({ today }: { today: HalfHoursAnswer["halfHours"] }) {
  const most = Math.max(1, ...today.map(({ wh }) => wh));
  const slot = (start: string): number => {
    const [hours, minutes] = clockOf(start).split(":").map(Number);
    return 2 * hours + (minutes >= 30 ? 1 : 0);
  };
  return (
    <svg viewBox="0 0 480 110" class="bars" role="img" aria-label={`Energy by half-hours of today; at most ${kilowattHours(most)}`}>
      {today.map(({ start, wh }) => (
        <rect key={start} x={slot(start) * 10 + 1} y={90 - (wh / most) * 86} width="8" height={(wh / most) * 86} />
      ))}
      <line x1="0" y1="90" x2="480" y2="90" />
      {[0, 6, 12, 18].map((hour) => (
        <text key={hour} x={(hour / 24) * HALF_HOURS * 10 + 2} y="106">
          {`${String(hour).padStart(2, "0")}:00`}
        </text>
      ))}
    </svg>
  );
}

export function Power({ model, state }: { model: Model; state: State }) {
  const { power, halfHours } = model;
  const today = halfHours?.halfHours.filter(({ start }) => dayOf(start) === dayOf(state.date)) ?? [];
  const sum = today.reduce((total, { wh, cost }) => ({ wh: total.wh + wh, cost: total.cost + cost }), { wh: 0, cost: 0 });
  return (
    <section aria-labelledby="power-title">
      <h2 id="power-title">Power and energy</h2>
      {power && power.points.length > 0 ? <Curve power={power} key={power.device} /> : <p>There is no report of a meter yet.</p>}
      {halfHours && (
        <>
          <p>
            Today <strong id="today-wh">{kilowattHours(sum.wh)}</strong>, {money(sum.cost, halfHours.currency)}
          </p>
          <Bars today={today} />
          <details>
            <summary>Half-hours of today as a table</summary>
            <table>
              <thead>
                <tr>
                  <th scope="col">from</th>
                  <th scope="col">energy</th>
                  <th scope="col">cost</th>
                </tr>
              </thead>
              <tbody>
                {today.map(({ start, wh, cost }) => (
                  <tr key={start}>
                    <td>{clockOf(start)}</td>
                    <td>{kilowattHours(wh)}</td>
                    <td>{money(cost, halfHours.currency, 4)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        </>
      )}
    </section>
  );
}
