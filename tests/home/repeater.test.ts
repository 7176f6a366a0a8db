// A repeater: a device that is a router and nothing else, in the home of docs/homes/garden.yaml.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type PlanEvent, planOf } from "../../host/home/plan.ts";
import { planRead } from "../../host/home/plan_read.ts";
import { soldModule } from "../../host/home/sold_module.ts";
import { ROOT } from "../../host/modules.ts";
import { type Lived, live } from "./plan_kit.ts";
import { packageOf, saved } from "./update_kit.ts";

const MINUTE = 60_000;
const { plan } = await planRead(join(ROOT, "docs/homes/garden.yaml"));
const garden = (events: PlanEvent[] = []): typeof plan => planOf(plan.rows, { ...plan, events });

/** What the display in the garden showed from then on is what the meter told from then on. */
function shows({ of }: Lived, fromMs: number, untilMs: number): void {
  const told = of("meter", "register")
    .filter(({ t }) => t >= fromMs)
    .map(({ importWh }) => importWh);
  const shown = of("garden", "reading").filter(({ t, stale, importWh }) => t >= fromMs && t < untilMs && !stale && importWh !== null);
  assert.ok(shown.length > 0, `nothing is shown from ${fromMs} to ${untilMs} ms`);
  assert.ok(told.includes(shown.at(-1)?.importWh), `${shown.at(-1)?.importWh} Wh was not told`);
}

test("a display that hears neither hub nor meter has its readings through a repeater", async () => {
  const lived = await live(garden(), 5 * MINUTE);
  const { of } = lived;
  const [repeater] = of("terrace", "joined");
  assert.equal(of("garden", "joined")[0]?.parent, repeater.address, "the display's parent is the repeater");
  assert.deepEqual(
    of("terrace", "key").map(({ suite }) => suite),
    [2],
    "it has a key of its own with the hub",
  );
  shows(lived, 2 * MINUTE, 5 * MINUTE);
  assert.equal(of("garden", "reading").at(-1)?.price, 0.2703, "and the price");
  assert.deepEqual(
    lived.events.filter(({ event }) => event === "trouble"),
    [],
  );
});

test("without it the display is alone", async () => {
  const rows = plan.rows.filter(({ role }) => role !== "repeater");
  const { of } = await live(planOf(rows, { ...plan, events: [] }), 5 * MINUTE);
  assert.deepEqual(of("garden", "joined"), []);
});

test("a repeater that was without power is in the network again, and carries on for its child", async () => {
  const lived = await live(
    garden([
      { kind: "unplug", atMs: 4 * MINUTE, device: "terrace" },
      { kind: "plug", atMs: 5 * MINUTE, device: "terrace" },
    ]),
    12 * MINUTE,
  );
  assert.equal(lived.of("terrace", "key").length, 1, "nobody establishes its key again");
  shows(lived, 9 * MINUTE, 12 * MINUTE);
});

test("a repeater is updated over the air, and its child is served meanwhile and after", async () => {
  const path = saved("garden.ota", packageOf("repeater"));
  const lived = await live(garden([{ kind: "update", atMs: 3 * MINUTE, device: "terrace", path }]), 16 * MINUTE);
  assert.deepEqual(
    lived.of("terrace", "boot").map(({ version, trial }) => [version, trial]),
    [
      ["0.1.0", false],
      ["0.2.0", true],
    ],
  );
  assert.equal(lived.of("terrace", "health").at(-1)?.step, "confirmed");
  shows(lived, 14 * MINUTE, 16 * MINUTE);
});

test("it measures nothing, shows nothing, and is smaller than the meter that routes as it does", async () => {
  const { of, home } = await live(garden(), 2 * MINUTE);
  assert.deepEqual([...of("terrace", "register"), ...of("terrace", "reading"), ...of("terrace", "bound")], []);
  assert.deepEqual(home.status.device("terrace").screen.join(""), "");
  assert.ok(soldModule("repeater_sep1").length < soldModule("meter_sep1").length);
});
