// Debian's Chromium without a window, and pages in it that may load nothing but from the run.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";
import { ensure } from "../../host/build/preflight.ts";
import { ensurePage } from "../../host/web/build_page.ts";
import type { Run } from "./kit.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function openBrowser(): Promise<Browser> {
  ensure(["chromium"]);
  await ensurePage();
  const executablePath = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  const args = ["--disable-gpu", "--disable-dev-shm-usage", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])];
  return chromium.launch({ executablePath, args });
}

export interface Opened {
  page: Page;
  /** What the page complained of, and what it asked of others than the run. */
  complaints: string[];
}

export async function openPage(browser: Browser, run: Run, width: number, height: number, dark = false): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: "reduce",
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${run.server.origin}/`) && !request.url().startsWith("data:")) complaints.push(request.url());
  });
  await page.goto(run.server.url);
  await page.locator("#clock").waitFor();
  return { page, complaints };
}

/** Waits until the page shows the run as it is now. */
export async function caughtUp({ page }: Opened, run: Run): Promise<void> {
  run.server.live.turn(true);
  await page.locator(`#clock[data-t="${run.session.home.nowMs}"]`).waitFor({ state: "attached" });
  await page.locator(`#frames-count[data-sent="${run.session.home.status.frames}"][data-whole="true"]`).waitFor({ state: "attached" });
}

/** What axe-core finds, a line each. */
export async function findings({ page }: Opened): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    return (await axe.run()).violations;
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`));
}
