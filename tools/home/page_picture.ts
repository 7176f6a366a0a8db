// Takes the pictures of the page, at the sizes of a phone, a computer and a large screen, an evening after the home was made.
//
//   npx tsx tools/home/page_picture.ts docs
import { join, resolve } from "node:path";
import { caughtUp, openBrowser, openPage } from "../../tests/web/browser.ts";
import { Run } from "../../tests/web/kit.ts";
import { program } from "../words/program.ts";

const SIZES = [
  [360, 740],
  [1024, 768],
  [1920, 1080],
] as const;
/** From four in the afternoon. */
const EVENING_MS = 4.4 * 3_600_000;

await program(import.meta.url, async ([folder = "docs"]) => {
  const browser = await openBrowser();
  const run = await Run.open("--home", "docs/homes/flat.yaml", "--seed", "1", "--duration", "1d");
  run.session.pacer.speed = 60;
  run.advance(EVENING_MS);
  const opened = await openPage(browser, run, 1024, 768);
  await caughtUp(opened, run);
  for (const [width, height] of SIZES) {
    await opened.page.setViewportSize({ width, height });
    await opened.page.waitForTimeout(500); // the curve takes its new width
    await opened.page.screenshot({ path: join(resolve(folder), `page-${width}.png`) });
  }
  await browser.close();
  await run.close();
  process.exit(0);
});
