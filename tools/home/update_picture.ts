// Takes the README's picture of an update: the live view when the display's package is on its way, as SVG.
//
//   npx tsx tools/home/update_picture.ts docs/update.svg
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { writeWhole } from "../../host/files/output_file.ts";
import type { Home } from "../../host/home/home.ts";
import type { Output } from "../../host/home/output.ts";
import { KINDS } from "../../host/home/plan.ts";
import type { Options } from "../../host/home/run_options.ts";
import { Session } from "../../host/home/session.ts";
import { packageBuild } from "../../host/image/package.ts";
import { moduleBytes } from "../../host/modules.ts";
import { svg } from "../../host/render/svg.ts";
import { colourful } from "../../host/render/text.ts";
import { view } from "../../host/render/view.ts";
import { say } from "../words/exit.ts";
import { program } from "../words/program.ts";
import { optionsParse } from "./options.ts";

const SIZE = { columns: 80, rows: 26 };
const VERSION = 0x00020000;
/** By then the display has shown a few readings. */
const UPDATE_AT = "5m";
/** Two thirds of the package. */
const PART = 2 / 3;

/** The options of a home whose meter and display are updated, with the packages in a folder. */
function optionsOf(folder: string): Options {
  const words = (["meter", "ihd"] as const).flatMap((device) => {
    const file = join(folder, `${device}.ota`);
    writeFileSync(file, packageBuild({ wasm: moduleBytes(KINDS[device].module), role: KINDS[device].image, version: VERSION, counter: 2 }));
    return ["--update", `${device}=${file}`];
  });
  return optionsParse(["--json", "--duration", "10m", "--update-at", UPDATE_AT, ...words], {
    folder,
    terminal: false,
    write: () => undefined,
  });
}

class Picture implements Output {
  session: Session | undefined;
  closed = false;
  readonly failed = false;

  constructor(private readonly path: string) {}

  event(): void {
    const update = this.session?.home.status.device("ihd").update;
    if (this.session && !this.closed && update?.status === "loading" && update.offset > PART * update.size) this.take(this.session.home);
  }

  async turn(): Promise<void> {
    // Nobody watches.
  }

  async end(): Promise<void> {
    // Nothing to give back.
  }

  private take({ status, nowMs }: Home): void {
    status.speed = 10;
    status.nowMs = nowMs;
    const lines = view(status, SIZE, colourful);
    writeWhole(resolve(this.path), svg(lines, SIZE.columns));
    process.stdout.write(`${lines.join("\n")}\n`);
    this.closed = true;
  }
}

await program(import.meta.url, async ([path = "docs/update.svg"]) => {
  const picture = new Picture(path);
  picture.session = await Session.open(optionsOf(mkdtempSync(join(tmpdir(), "kilowasm-picture-"))), () => picture, say);
  await picture.session.run();
  process.exit(picture.closed ? 0 : 1);
});
