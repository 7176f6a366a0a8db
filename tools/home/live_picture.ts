// Takes the README's first picture: the live view of the plain home when dinner is made, as SVG.
//
//   npx tsx tools/home/live_picture.ts docs/home.svg
import { resolve } from "node:path";
import { writeWhole } from "../../host/files/output_file.ts";
import type { Output } from "../../host/home/output.ts";
import { Session } from "../../host/home/session.ts";
import { svg } from "../../host/render/svg.ts";
import { colourful } from "../../host/render/text.ts";
import { view } from "../../host/render/view.ts";
import { say } from "../words/exit.ts";
import { program } from "../words/program.ts";
import { optionsParse, SPEED_ON_TERMINAL } from "./options.ts";

const SIZE = { columns: 80, rows: 24 };
/** An evening: dinner is on the stove, and the curve has a step. */
const PICTURE_AT = "2h50m";

/** Nobody watches: the picture is of the end. */
const unwatched: Output = {
  closed: false,
  failed: false,
  event: () => undefined,
  turn: async () => undefined,
  end: async () => undefined,
};

await program(import.meta.url, async ([path = "docs/home.svg"]) => {
  const options = optionsParse(["--json", "--duration", PICTURE_AT], { folder: process.cwd(), terminal: false, write: () => undefined });
  const session = await Session.open(options, () => unwatched, say);
  await session.run();
  const { status, nowMs } = session.home;
  // As a person at a terminal would see it.
  Object.assign(status, { speed: SPEED_ON_TERMINAL, nowMs });
  const lines = view(status, SIZE, colourful);
  writeWhole(resolve(path), svg(lines, SIZE.columns));
  process.stdout.write(`${lines.join("\n")}\n`);
  process.exit(0);
});
