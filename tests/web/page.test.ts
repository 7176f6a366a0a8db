// The page in Chromium: its numbers are the run's at every step of a day, its buttons act, it fits a phone and a large screen, and axe-core
// finds nothing.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Browser } from "playwright-core";
import type { WholeFrame } from "../../host/web/answers.ts";
import { PAGE } from "../../host/web/build_page.ts";
import { glowOf } from "../../host/web/map.ts";
import { caughtUp, findings, type Opened, openBrowser, openPage } from "./browser.ts";
import { Run } from "./kit.ts";

const HOUR_MS = 3_600_000;
/** Of the page, compressed. */
const OCTETS_MAX = 250_000;
let browser: Browser;
let run: Run;
let opened: Opened;

before(async () => {
  browser = await openBrowser();
  run = await Run.open("--seed", "7", "--duration", "2d");
  opened = await openPage(browser, run, 1024, 768);
});
after(async () => {
  await browser.close();
  await run.close();
});

const textOf = (place: string): Promise<string> => opened.page.locator(place).innerText();

/** What the page shows of display and register is what the newest events said. */
async function agrees(): Promise<void> {
  const [reading, register] = [run.newest("reading"), run.newest("register")];
  const data = (place: string, name: string): Promise<string | null> => opened.page.locator(place).getAttribute(name);
  assert.deepEqual(
    [
      await data("#shown-wh", "data-wh"),
      await data("#shown-w", "data-w"),
      await data("#register-wh", "data-wh"),
      await data("#register-w", "data-w"),
    ],
    [reading.importWh, reading.powerW, register.importWh, register.powerW].map(String),
  );
  assert.ok((await textOf("#shown-wh")).startsWith(`${((reading.importWh ?? 0) / 1000).toFixed(3)} kWh`));
  assert.equal(await textOf("#cost-today"), `£${(reading.costToday ?? 0).toFixed(4)}`);
  const glow = glowOf({ ...reading, t: 0 });
  if (glow !== "off") assert.equal(await textOf("#glow"), `Glow: ${glow}`);
  const lines = run.session.home.status.device("ihd").screen;
  const label = (await data("#screen", "aria-label")) ?? "";
  for (const line of lines) assert.ok(label.includes(line.trimEnd()), `${label} has not "${line}"`);
}

test("at every step of a day the page's numbers are those of the display and of the register", async () => {
  const seen = new Set<string>();
  await caughtUp(opened, run); // nobody is served while three hours go by, and the run keeps little more than their frames
  for (let step = 0; step < 8; step++) {
    run.advance(3 * HOUR_MS);
    await caughtUp(opened, run);
    await agrees();
    seen.add(await textOf("#glow"));
  }
  assert.ok(seen.size > 1, `the glow changes in a day: ${[...seen]}`);
  assert.doesNotMatch(await textOf("#frames-count"), /gone/, "no frame of the list is missing");
  const { json } = await run.get("/api/half-hours");
  const day = (start: string): string => new Date(start).toLocaleDateString("en-CA", { timeZone: "Europe/London" });
  const today = json.halfHours.filter(({ start }: { start: string }) => day(start) === day(run.newest("register").date ?? ""));
  const wh = today.reduce((sum: number, each: { wh: number }) => sum + each.wh, 0);
  assert.equal(await textOf("#today-wh"), `${(wh / 1000).toFixed(3)} kWh`);
});

test("a frame that is opened has every field of every layer, and its octets", async () => {
  const { page } = opened;
  await page.getByLabel("layer").selectOption("zcl");
  const line = page.locator(".air-list .layer-zcl [data-frame]").last();
  await line.waitFor();
  await line.click();
  // The list goes on; what was under the pointer is what was opened.
  const number = Number(/^Frame (\d+):/.exec(await textOf("#opened-title"))?.[1]);
  const whole = run.watch.frames.whole(number) as WholeFrame;
  const rows = await page
    .locator("#opened tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map(({ textContent }) => textContent)));
  assert.deepEqual(
    rows,
    whole.layers.flatMap(({ fields }) => fields.map(({ name, value }) => [name, value])),
  );
  const octets = await page.locator("#opened .octet").allTextContents();
  assert.equal(octets.join("").replaceAll(" ", ""), whole.plain);
  assert.ok(whole.layers.length === 4);
  await page.getByLabel("octets as on the air").check();
  assert.equal((await page.locator("#opened .octet").allTextContents()).join("").replaceAll(" ", ""), whole.octets);
});

test("nothing is wider than a phone, a computer or a large screen, and axe-core finds nothing at any", async () => {
  for (const [width, height] of [
    [360, 740],
    [1024, 768],
    [1920, 1080],
  ]) {
    await opened.page.setViewportSize({ width, height });
    assert.ok((await opened.page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${width} px`);
    assert.deepEqual(await findings(opened), [], `${width} px`);
  }
  const dark = await openPage(browser, run, 1024, 768, true);
  assert.deepEqual(await findings(dark), [], "on dark ground");
  assert.deepEqual(dark.complaints, []);
  await dark.page.context().close();
});

test("a meter that its button unplugs makes the page say that the reading is stale; plugged in again it heals", async () => {
  const { page } = opened;
  await page.getByRole("button", { name: "Unplug meter" }).click();
  await page.getByRole("button", { name: "Plug in meter" }).waitFor();
  assert.equal(run.newest("unplugged").device, "meter");
  run.advance(600_000);
  await caughtUp(opened, run);
  assert.equal(run.newest("reading").stale, true);
  assert.match(await textOf("#shown-wh"), /\(stale\)$/);
  assert.match(await textOf("#agreement"), /^Stale/);
  assert.equal(await textOf("#glow"), "Glow: off, the reading is stale");
  // By the keyboard.
  await page.getByRole("button", { name: "Plug in meter" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Unplug meter" }).waitFor();
  run.advance(600_000);
  await caughtUp(opened, run);
  assert.equal(run.newest("reading").stale, false);
  assert.doesNotMatch(await textOf("#shown-wh"), /stale/);
  await agrees();
});

test("time stands still and goes on by a frame where a person wants it to", async () => {
  const { page } = opened;
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  const { frames } = run.session.home.status;
  await page.getByRole("button", { name: "Step a frame" }).click();
  await page.locator(`#frames-count[data-sent="${frames + 1}"]`).waitFor();
  await page.getByRole("button", { name: "700×" }).click();
  await page.locator('button[aria-pressed="true"]', { hasText: "700×" }).waitFor();
  assert.deepEqual([run.session.pacer.paused, run.session.pacer.speed], [true, 700]);
});

test("the token leaves the address at once; who opens the page without it looks on", async () => {
  assert.equal(new URL(opened.page.url()).hash, "");
  const stranger = await browser.newContext();
  const page = await stranger.newPage();
  await page.goto(`${run.server.origin}/`);
  await page.getByText("You look on.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Unplug meter" }).isDisabled(), true);
  await stranger.close();
});

test("the page asked nobody but the run, broke no policy and complained of nothing", () => {
  assert.deepEqual(opened.complaints, []);
});

test(`the page is at most ${OCTETS_MAX} octets, compressed`, () => {
  const sizes = readdirSync(PAGE).map((name) => gzipSync(readFileSync(join(PAGE, name))).length);
  assert.ok(sizes.length === 3);
  assert.ok(sizes.reduce((sum, size) => sum + size) <= OCTETS_MAX, `${sizes}`);
});
