// Takes the README's picture of an update: the live view when the display's package is on its way, as SVG.
//
//   npx tsx tools/home/update_picture.ts docs/update.svg
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Output } from "../../host/home/output.ts";
import { KINDS } from "../../host/home/plan.ts";
import { Session } from "../../host/home/session.ts";
import type { Status } from "../../host/home/status.ts";
import { packageBuild } from "../../host/image/package.ts";
import { moduleBytes } from "../../host/modules.ts";
import { svg } from "../../host/render/svg.ts";
import { colourful } from "../../host/render/text.ts";
import { view } from "../../host/render/view.ts";
import { say } from "../words/exit.ts";
import { optionsParse } from "./options.ts";

const SIZE = { columns: 80, rows: 26 };
const VERSION = 0x00020000;
/** By then the display has shown a few readings. */
const UPDATE_AT = "5m";
/** Two thirds of the package. */
const PART = 2 / 3;

const [path = "docs/update.svg"] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "kilowasm-picture-"));
const words = (["meter", "ihd"] as const).flatMap((device) => {
  const file = join(folder, `${device}.ota`);
  writeFileSync(file, packageBuild({ wasm: moduleBytes(KINDS[device].module), role: KINDS[device].image, version: VERSION, counter: 2 }));
  return ["--update", `${device}=${file}`];
});
const options = optionsParse(["--json", "--duration", "10m", "--update-at", UPDATE_AT, ...words], {
  folder,
  terminal: false,
  write: () => undefined,
});

class Picture implements Output {
  closed = false;
  readonly failed = false;
  event(): void {
    const { update } = session.home.status.device("ihd");
    if (!this.closed && update?.status === "loading" && update.offset > PART * update.size) this.take(session.home.status);
  }

  async turn(): Promise<void> {
    // Nobody watches.
  }

  async end(): Promise<void> {
    // Nothing to give back.
  }

  private take(status: Status): void {
    status.speed = 10;
    status.nowMs = session.home.nowMs;
    const lines = view(status, SIZE, colourful);
    writeFileSync(resolve(path), svg(lines, SIZE.columns));
    process.stdout.write(`${lines.join("\n")}\n`);
    this.closed = true;
  }
}

const picture = new Picture();
const session = await Session.open(options, () => picture, say);
await session.run();
process.exit(picture.closed ? 0 : 1);
