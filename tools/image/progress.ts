// Long work on a terminal: how much is done, how fast it goes, how long it takes yet.  Nothing where nobody watches.

import { Presets, SingleBar } from "cli-progress";

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };
const FORMAT = "{what} {bar} {percentage} %  {value} of {total}  {rate} a second  {left} left";

/** Writes to standard error, so that results stay alone on standard output. */
export function progress(what: string): Progress {
  if (process.stderr.isTTY !== true || process.env.TERM === "dumb") return SILENT;
  const bar = new SingleBar(
    { format: FORMAT, stream: process.stderr, hideCursor: true, clearOnComplete: true, fps: 5 },
    Presets.shades_classic,
  );
  const begun = performance.now();
  let started = false;
  return {
    update: (done, total) => {
      const seconds = (performance.now() - begun) / 1000;
      const rate = seconds > 0 ? done / seconds : 0;
      const words = { what, rate: rate.toFixed(0), left: rate > 0 ? duration((total - done) / rate) : "?" };
      if (!started) bar.start(total, done, words);
      started = true;
      bar.setTotal(total);
      bar.update(done, words);
    },
    stop: () => bar.stop(),
  };
}

export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
