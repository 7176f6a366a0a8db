// Long work on a terminal: how much is done, how fast it goes, how long it takes yet.

import { Presets, SingleBar } from "cli-progress";
import { say } from "../words/exit.ts";

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

const FORMAT = "{what} {bar} {percentage} %  {value} of {total}  {rate} a second  {left} left";
/** Without a terminal there is a line now and then, in the log of whoever waits. */
const LINE_MS = 10_000;

/** Writes to standard error, so that results stay alone on standard output. */
export function progress(what: string): Progress {
  if (process.stderr.isTTY !== true || process.env.TERM === "dumb") return lines(what);
  const bar = new SingleBar(
    { format: FORMAT, stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 5 },
    Presets.shades_classic,
  );
  const pace = pacing();
  let started = false;
  return {
    update: (done, total) => {
      const words = { what, ...pace(done, total) };
      if (!started) bar.start(total, done, words);
      started = true;
      bar.setTotal(total);
      bar.update(done, words);
    },
    stop: () => bar.stop(),
  };
}

function lines(what: string): Progress {
  const pace = pacing();
  let told = performance.now();
  return {
    update: (done, total) => {
      const now = performance.now();
      if (now - told < LINE_MS) return;
      told = now;
      const { rate, left } = pace(done, total);
      say(`${what}: ${done} of ${total}, ${rate} a second, ${left} left`);
    },
    stop: () => undefined,
  };
}

function pacing(): (done: number, total: number) => { rate: string; left: string } {
  const begun = performance.now();
  return (done, total) => {
    const seconds = (performance.now() - begun) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    return { rate: rate.toFixed(0), left: rate > 0 ? duration((total - done) / rate) : "?" };
  };
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
