// `npm run arena [-- SIZE ...]`: what an arena costs each device of a home, as docs/memory.md has it.  A device's row ends with the size in
// which it stops: what must be there at once no longer fits.

import { replayOnBoard } from "../host/board/replay.ts";
import { ensureBuilt } from "../host/build/built.ts";
import { InputError } from "../host/files/input_error.ts";
import { DEFAULT_PLAN } from "../host/home/plan.ts";
import { recordHome } from "../host/measure/record.ts";
import { moduleBytes } from "../host/modules.ts";
import { program } from "./words/program.ts";

const HOME_MS = 31 * 60_000;
const SETTLED_MS = 5n * 60_000n;
const SIZES = [221_184, 155_648, 147_456, 139_264, 131_072, 122_880, 114_688, 98_304];
const TIMEOUT_MS = 15 * 60_000;

const millions = (count: number, digits: number): string => (count / 1e6).toFixed(digits);

/** M instructions in all polls; in those of the settled home; functions translated again; the longest poll in M. */
async function cost(module: string, recording: Uint8Array, arenaSize: number): Promise<string> {
  const { calls, values, reason } = await replayOnBoard({ wasm: moduleBytes(module), recording, arenaSize, timeoutMs: TIMEOUT_MS });
  if (reason) return reason;
  const polls = calls.filter(({ kind }) => kind === "poll");
  const sum = (of: typeof polls): number => of.reduce((total, { instructions }) => total + instructions, 0);
  const [all, settled] = [sum(polls), sum(polls.filter(({ now }) => now > SETTLED_MS))];
  const again = (values.get("retranslations") ?? Number.NaN).toLocaleString("en");
  return `${millions(all, 0)}; ${millions(settled, 1)}; ${again}; ${millions(values.get("poll_longest") ?? Number.NaN, 1)}`;
}

async function table(sizes: number[]): Promise<void> {
  await ensureBuilt((line) => console.error(line));
  const { recordings } = recordHome(2, HOME_MS);
  console.log(`| arena | ${DEFAULT_PLAN.rows.map(({ id }) => id).join(" | ")} |`);
  console.log(`|---|${DEFAULT_PLAN.rows.map(() => "---|").join("")}`);
  const stopped = new Set<string>();
  for (const size of sizes) {
    const cells: string[] = [];
    for (const { id, module } of DEFAULT_PLAN.rows) {
      const recording = recordings.get(id);
      if (!recording) throw new Error(`the ${id} never started in the recorded home`);
      if (stopped.has(id)) cells.push("");
      else {
        const cell = await cost(module, recording, size).catch((error: Error) => error.message);
        if (!cell.includes(";")) stopped.add(id);
        cells.push(cell);
      }
    }
    console.log(`| ${size.toLocaleString("en")} | ${cells.join(" | ")} |`);
  }
}

await program(import.meta.url, async (words) => {
  const sizes = words.map(Number);
  if (sizes.some((size) => !Number.isInteger(size) || size < 4096))
    throw new InputError("usage: npm run arena [-- SIZE ...], each a number of octets");
  await table(sizes.length ? sizes : SIZES);
});
