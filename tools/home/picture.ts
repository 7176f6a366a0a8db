// Takes the README's picture: the screen of a display that runs on the emulated board, a minute after power-on.
//
//   npx tsx tools/home/picture.ts docs/oled.png
import { resolve } from "node:path";
import type { BoardDevice } from "../../host/home/board_device.ts";
import { Session } from "../../host/home/session.ts";
import { JsonLines } from "../../host/render/json.ts";
import { say } from "../words/exit.ts";
import { program } from "../words/program.ts";
import { optionsParse } from "./options.ts";

/** By then the load has begun and been reported. */
const PICTURE_MS = 60_000;

await program(import.meta.url, async ([path = "docs/oled.png"]) => {
  const options = optionsParse(["--boards", "--duration", "70s"], { folder: process.cwd(), terminal: false, write: () => undefined });
  const output = new JsonLines(process.stdout, say);
  const session = await Session.open(options, () => output, say);
  const display = session.home.device("ihd") as BoardDevice;
  let taken: Promise<void> | null = null;
  session.home.clock.at(PICTURE_MS * 1000, () => {
    taken = display.board.screenshot(resolve(path)).finally(() => session.stop());
  });
  await session.run();
  await (taken ?? Promise.reject(new Error("the run ended before the picture was taken")));
  process.exit(0);
});
