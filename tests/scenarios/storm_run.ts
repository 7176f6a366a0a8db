// `npm run storm`: 500 storms, or as many as the first word says from the seed of the second; the median and the longest until all is well.

import { program } from "../../tools/words/program.ts";
import { median, type Storm, storm } from "./storm.ts";

await program(
  import.meta.url,
  (words) => {
    const [count = 500, first = 1] = words.map(Number);
    const all: Storm[] = [];
    const failed: number[] = [];
    const began = performance.now();
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`;

    for (let index = 0; index < count; index++) {
      try {
        all.push(storm(first + index));
      } catch (error) {
        failed.push(first + index);
        process.stderr.write(`${(error as Error).message}\n`);
      }
      if ((index + 1) % 10 === 0) {
        const left = ((performance.now() - began) / (index + 1)) * (count - index - 1);
        process.stderr.write(`${index + 1} of ${count} storms, ${failed.length} not healed, ${seconds(left)} to go\n`);
      }
    }
    const times = all.map(({ healedMs }) => healedMs);
    const cuts = all.reduce((sum, { cuts }) => sum + cuts, 0);
    process.stdout.write(
      `${all.length} of ${count} healed without a power cycle, after ${cuts} power cuts in all: median ${seconds(median(times))}, longest ${seconds(Math.max(...times))} (seed ${all.find(({ healedMs }) => healedMs === Math.max(...times))?.seed})\n`,
    );
    if (failed.length > 0) process.stdout.write(`not healed: seeds ${failed.join(", ")}\n`);
    process.exitCode = failed.length > 0 ? 1 : 0;
  },
  { unread: true },
);
