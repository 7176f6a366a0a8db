// Homes other than the default one: several displays, meters and hubs, walls, moves, plugs and noise, from the examples of docs/homes.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DEFAULT_PLAN, DEVICES_PLAN_MAX, membersOf, type Plan, planIds, planOf, planRow } from "../../host/home/plan.ts";
import { HOUSE_DEVICES, planCopies, planNodes } from "../../host/home/plan_nodes.ts";
import { planRead } from "../../host/home/plan_read.ts";
import { Status } from "../../host/home/status.ts";
import { ROOT } from "../../host/modules.ts";
import { clean, clearPayloads, judge } from "../../host/oracle/tshark.ts";
import { plain } from "../../host/render/text.ts";
import { lastWords, view } from "../../host/render/view.ts";
import { type Lived, live } from "./plan_kit.ts";
import { linesOf, run } from "./process.ts";
import { packageOf, saved } from "./update_kit.ts";

const HOMES = join(ROOT, "docs/homes");

/** Everyone has a key with its hub, and every display shows what a meter of its own hub has told; in phase 2 everyone was answered. */
function whole(lived: Lived): void {
  const { plan } = lived.home;
  if (plan.phase === 1) wholePhase1(lived);
  for (const { id, role } of plan.phase === 1 ? [] : plan.rows)
    assert.ok(role === "hub" || lived.of(id, "answer").some(({ status }) => status === 200), `${id} was not answered`);
}

function wholePhase1({ home, of }: Lived): void {
  const { rows } = home.plan;
  for (const { id, role, hub } of rows) {
    if (role !== "hub")
      assert.ok(
        of(id, "key").some(({ suite }) => suite === 2),
        `${id} has no key`,
      );
    if (role !== "ihd") continue;
    const meters = membersOf(home.plan, hub).filter((row) => row.role === "meter");
    const shown = of(id, "reading").at(-1);
    assert.ok(shown && typeof shown.importWh === "number", `${id} shows nothing`);
    assert.ok(
      meters.some((meter) => of(meter.id, "register").some(({ importWh }) => importWh === shown.importWh)),
      `${id} shows ${shown.importWh} Wh, which no meter of ${hub} told`,
    );
  }
}

test("the default plan of the examples is the one without a file", async () => {
  const { plan } = await planRead(join(HOMES, "default.yaml"));
  assert.deepEqual(plan, DEFAULT_PLAN);
});

test("every example is a home that runs", async () => {
  const names = readdirSync(HOMES).filter((name) => name.endsWith(".yaml"));
  assert.ok(names.length >= 3);
  for (const name of names) {
    const { plan, seed } = await planRead(join(HOMES, name));
    whole(await live(planOf(plan.rows, { ...plan, events: [] }), 120_000, seed ?? 1));
  }
});

test("a flat: two displays of one meter; one is carried behind a wall and goes on through the meter, one loses its power", async () => {
  const { plan, seed } = await planRead(join(HOMES, "flat.yaml"));
  const lived = await live(plan, 11 * 60_000, seed ?? 1);
  whole(lived);
  const { of } = lived;
  const [meter] = of("cellar", "joined");
  assert.deepEqual(
    ["kitchen", "hall"].map((id) => of(id, "bound")[0].partner),
    [meter.address, meter.address],
  );
  const [moved] = of("hall", "moved");
  assert.deepEqual([moved.t, moved.x, moved.y], [240_000, 12, 8]);
  assert.deepEqual(
    of("hall", "joined").map(({ t, parent }) => [t > moved.t, parent]),
    [
      [false, "0x0000"],
      [true, meter.address],
    ],
  );
  assert.ok(of("hall", "reading").some(({ t }) => t > moved.t + 60_000));
  const dark = of("kitchen", "reading").filter(({ t }) => t > 360_000 && t < 420_000);
  assert.deepEqual([of("kitchen", "unplugged")[0].t, of("kitchen", "plugged")[0].t, dark.length], [360_000, 420_000, 0]);
  assert.ok(of("kitchen", "reading").some(({ t }) => t > 420_000));
  assert.deepEqual(
    of("home", "jammed").map(({ t, channel, seconds }) => [t, channel, seconds]),
    [[600_000, 11, 20]],
  );
  const heard = (from: number, to: number): number => of("kitchen", "reading").filter(({ t }) => t > from && t < to).length;
  assert.deepEqual([heard(600_100, 620_000) > 0, heard(620_000, 660_000) > 0], [false, true]);
});

test("a street: neighbours hear each other, and each display finds the meter of its own hub", async () => {
  const { plan, seed } = await planRead(join(HOMES, "street.yaml"));
  const lived = await live(planOf(plan.rows, { ...plan, events: [] }), 120_000, seed ?? 1);
  whole(lived);
  const pans = ["1", "2", "3"].map((house) => {
    const [{ pan }] = lived.of(`hub-${house}`, "formed");
    const [meter] = lived.of(`meter-${house}`, "joined");
    const [ihd] = lived.of(`ihd-${house}`, "joined");
    assert.deepEqual([meter.pan, ihd.pan, lived.of(`ihd-${house}`, "bound")[0].partner], [pan, pan, meter.address]);
    return pan;
  });
  assert.equal(new Set(pans).size, 3);
});

test("a hub serves a house full of devices, and the same seed gives the same run", async () => {
  const plan = planNodes(HOUSE_DEVICES);
  const [first, second] = [await live(plan, 90_000, 3), await live(plan, 90_000, 3)];
  whole(first);
  assert.equal(first.events.length, second.events.length);
  assert.deepEqual(first.events, second.events);
});

test("a plan of any size is made of full houses that are out of each other's range", () => {
  for (const count of [1, 2, 3, 9, 10, 11, 100, 1000, DEVICES_PLAN_MAX]) {
    const { rows, rangeMetres } = planNodes(count);
    assert.equal(rows.length, count);
    assert.equal(new Set(rows.map(({ id }) => id)).size, count);
    const hubs = rows.filter(({ role }) => role === "hub");
    assert.equal(hubs.length, Math.ceil(count / HOUSE_DEVICES));
    for (const hub of hubs) assert.ok(membersOf({ rows }, hub.id).length < HOUSE_DEVICES);
    const far = (one: Plan["rows"][number], other: Plan["rows"][number]): number =>
      Math.hypot((one.place?.x ?? 0) - (other.place?.x ?? 0), (one.place?.y ?? 0) - (other.place?.y ?? 0));
    for (const one of rows.slice(0, 30)) {
      for (const other of rows) assert.equal(far(one, other) <= rangeMetres, one.hub === other.hub, `${one.id} ${other.id}`);
    }
  }
  assert.deepEqual(planIds(planNodes(3)), planIds(DEFAULT_PLAN));
  for (const count of [0, -1, 1.5, DEVICES_PLAN_MAX + 1]) assert.throws(() => planNodes(count), RangeError);
});

test("the full house of the examples is what --nodes sets side by side", async () => {
  const { plan } = await planRead(join(HOMES, "full.yaml"));
  assert.deepEqual(plan, planNodes(HOUSE_DEVICES));
  const walled = await planRead(join(HOMES, "street.yaml"));
  const copies = planCopies(walled.plan, 3 * walled.plan.rows.length);
  assert.deepEqual([copies.walls.length, copies.events.length], [3 * walled.plan.walls.length, 0]);
  for (const one of copies.rows) assert.equal(copies.rows.find(({ id }) => id === one.hub)?.role, "hub");
  const [last] = walled.plan.rows.slice(-1);
  const near = copies.rows.filter(
    ({ place }) => Math.hypot((place?.x ?? 0) - (last.place?.x ?? 0), (place?.y ?? 0) - (last.place?.y ?? 0)) <= 30,
  );
  assert.deepEqual(
    near,
    walled.plan.rows.filter((row) => near.some(({ id }) => id === row.id)),
  );
});

test("a package for two displays at once, told by the plan: one file in the library, both run it", async () => {
  const path = saved("both.ota", packageOf("ihd"));
  const { plan } = await planRead(join(HOMES, "flat.yaml"));
  const update = (device: string) => ({ kind: "update" as const, atMs: 60_000, device, path });
  const { of } = await live(planOf(plan.rows, { events: [update("kitchen"), update("hall")] }), 10 * 60_000, 4);
  for (const id of ["kitchen", "hall"]) {
    assert.deepEqual(
      of(id, "boot").map(({ version }) => version),
      ["0.1.0", "0.2.0"],
      id,
    );
    assert.equal(of(id, "update").at(-1)?.status, "activated", id);
  }
  assert.ok(of("hub", "library")[0].t >= 60_000);
});

test("from the command line: the file's devices tell, and an independent decoder opens all of a capture with two displays", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-plan-"));
  const [pcap, keys] = [join(folder, "flat.pcapng"), join(folder, "flat.keys")];
  const ended = await run("--home", join(HOMES, "flat.yaml"), "--duration", "3m", "--pcap", pcap, "--keys", keys);
  assert.equal(ended.status, 0, ended.error);
  const last = linesOf(ended).at(-1);
  assert.deepEqual([last?.hub, last?.cellar, last?.kitchen, last?.hall], ["0.1.0", "0.1.0", "0.1.0", "0.1.0"]);
  const reading = linesOf(ended).findLast(({ device, event }) => device === "hall" && event === "reading");
  assert.deepEqual([reading?.price, reading?.currency], [0.2815, "GBP"]);
  const verdict = await judge(pcap);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
  assert.deepEqual(await clearPayloads(pcap, keys), []);
});

test("the view lists what is no hub with one meter and one display, and sums up what has no room", () => {
  const few = new Status(
    [planRow("hub", "hub", "hub"), planRow("cellar", "meter", "hub"), planRow("hall", "ihd", "hub")].concat(planRow("attic", "ihd", "hub")),
  );
  few.take({ t: 1, device: "cellar", event: "joined", address: "0x1234", pan: "0x0001", parent: "0x0000", channel: 11 });
  few.take({ t: 1, device: "cellar", event: "key", suite: 2, partner: "" });
  few.take({ t: 2, device: "attic", event: "started", reason: "powerOn" });
  const lines = view(few, { columns: 80, rows: 30 }, plain);
  assert.ok(
    lines.some((line) => /cellar +✓ joined 0x1234 +✓ key, suite 2/.test(line)),
    lines.join("\n"),
  );
  assert.ok(lines.some((line) => /attic +joining/.test(line)));
  assert.ok(lines.some((line) => /╭─ hall ─+╮/.test(line)));
  const many = new Status(planNodes(1000).rows);
  const tall = view(many, { columns: 80, rows: 40 }, plain);
  assert.ok(
    tall.some((line) => line.includes("and 991 more: 0 on a network, 0 with a key")),
    tall.join("\n"),
  );
  assert.match(lastWords(many, { wallMs: 1 }), /versions: unknown \(1000 devices\)/);
});
