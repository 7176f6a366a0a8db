// Simulated time for a whole process: timers and clocks follow `advance`, and files are written at once, so that a process in which nothing
// waits for the machine does the same in every run, and a day takes as long as its work.
import fs from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";

const require = createRequire(import.meta.url);
const turn = setImmediate;
/** Where the day of the process begins. */
const ORIGIN_MS = Date.UTC(2025, 2, 24, 16, 0);

let now = 0;
let order = 0;
const timers = new Set();

class Timer {
  constructor(action, ms, every, args) {
    Object.assign(this, { action, every, args, ms: Math.max(1, Math.trunc(Number(ms) || 1)), order: order++ });
    this.refresh();
  }
  refresh() {
    this.due = now + this.ms;
    timers.add(this);
    return this;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  hasRef() {
    return true;
  }
  close() {
    timers.delete(this);
    return this;
  }
}

const first = () => {
  let found;
  for (const timer of timers) {
    if (!found || timer.due < found.due || (timer.due === found.due && timer.order < found.order)) found = timer;
  }
  return found;
};

/** When the next timer is due, in ms since the beginning; null when none runs. */
export const nextMs = () => first()?.due ?? null;

/** Lets everything that waits for nothing but its turn come to its end. */
export async function settle() {
  for (let round = 0; round < 2; round++) await new Promise((done) => turn(done));
}

/** Goes on to `ms`, and runs what is due by then in its order. */
export async function advance(ms) {
  for (let timer = first(); timer && timer.due <= ms; timer = first()) {
    now = Math.max(now, timer.due);
    timers.delete(timer);
    if (timer.every) timer.refresh();
    timer.action(...timer.args);
    await settle();
  }
  now = Math.max(now, ms);
}

/** Numbers that are the same in every run. */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const RealDate = Date;
class SimulatedDate extends RealDate {
  constructor(...args) {
    super(...(args.length ? args : [ORIGIN_MS + now]));
  }
  static now() {
    return ORIGIN_MS + now;
  }
}

/** To be called before anything is loaded that has a sense of time. */
export function install(seed) {
  const start = (action, ms, ...args) => new Timer(action, ms, false, args);
  const repeat = (action, ms, ...args) => new Timer(action, ms, true, args);
  const stop = (timer) => timer?.close?.();
  const after = (ms, value) => new Promise((done) => start(done, ms, value));
  const replaced = { setTimeout: start, setInterval: repeat, clearTimeout: stop, clearInterval: stop };
  Object.assign(globalThis, replaced, { Date: SimulatedDate });
  Object.assign(require("node:timers"), replaced);
  Object.assign(require("node:timers/promises"), { setTimeout: after });
  performance.now = () => now;
  const hrtime = () => [Math.floor(now / 1000), (now % 1000) * 1e6];
  hrtime.bigint = () => BigInt(now) * 1_000_000n;
  process.hrtime = hrtime;
  Math.random = seeded(seed);
  for (const name of ["writeFile", "readFile", "rm", "unlink", "mkdir", "rename", "copyFile", "access", "stat"]) {
    fs.promises[name] = async (...args) => fs[`${name}Sync`](...args);
  }
  syncBuiltinESMExports();
}
