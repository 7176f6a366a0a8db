// Takes the README's picture of the upgrade: the live view when the meter has changed to phase 2 and the display has not yet, as SVG.
//
//   npx tsx tools/home/upgrade_picture.ts docs/upgrade.svg
import { resolve } from "node:path";
import { writeWhole } from "../../host/files/output_file.ts";
import type { Output } from "../../host/home/output.ts";
import { Session } from "../../host/home/session.ts";
import { svg } from "../../host/render/svg.ts";
import { colourful } from "../../host/render/text.ts";
import { view } from "../../host/render/view.ts";
import { say } from "../words/exit.ts";
import { program } from "../words/program.ts";
import { optionsParse } from "./options.ts";

const SIZE = { columns: 80, rows: 26 };
/** Of three devices the hub and the meter. */
const CHANGED = 2;

class Picture implements Output {
  session: Session | undefined;
  closed = false;
  readonly failed = false;

  constructor(private readonly path: string) {}

  event(): void {
    // The view is taken between two slices of the run.
  }

  async turn(): Promise<void> {
    const { session } = this;
    const change = session?.home.status.change;
    if (!session || this.closed || change?.changed !== CHANGED) return;
    const { status, nowMs } = session.home;
    status.speed = 10;
    status.nowMs = nowMs;
    const lines = view(status, SIZE, colourful);
    writeWhole(resolve(this.path), svg(lines, SIZE.columns));
    process.stdout.write(`${lines.join("\n")}\n`);
    this.closed = true;
  }

  async end(): Promise<void> {
    // Nothing to give back.
  }
}

await program(import.meta.url, async ([path = "docs/upgrade.svg"]) => {
  const options = optionsParse(["--story", "upgrade", "--json"], { folder: process.cwd(), terminal: false, write: () => undefined });
  const picture = new Picture(path);
  picture.session = await Session.open(options, () => picture, say);
  await picture.session.run();
  process.exit(picture.closed ? 0 : 1);
});
