// `npm run crowd -- METERS DISPLAYS MINUTES`: a crowd at one hub, how long it takes until all are served, and what they show then.

import { program } from "../../tools/words/program.ts";
import { crowd, served, settles } from "./crowd.ts";

const PATIENCE_MS = 2 * 3_600_000;

await program(
  import.meta.url,
  (words) => {
    const [meters = 8, displays = 24, minutes = 10] = words.map(Number);
    const all = crowd(`crowd-${meters}-${displays}`, meters, displays);
    const { house } = all;
    const cpuS = (): string => (process.cpuUsage().user / 1e6).toFixed(0);
    process.stdout.write(
      `${meters} meters and ${displays} displays settled after ${settles(all, PATIENCE_MS) / 1000} s; ${cpuS()} s of processor\n`,
    );
    process.stdout.write(`readings in ${minutes} minutes: ${served(all, minutes).join(" ")}; ${cpuS()} s of processor\n`);
    const counts = new Map<string, number>();
    for (const event of house.events) {
      if (event.event !== "failed" && event.event !== "declined") continue;
      const what = `${event.device.replace(/-\d+/, "")} ${event.event} ${event.procedure ?? event.record} ${event.reason}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [what, count] of counts) process.stdout.write(`${count} times ${what}\n`);
    house.sound();
    house.close();
  },
  { unread: true },
);
