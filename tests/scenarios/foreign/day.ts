// Some hours of our devices behind a coordinator of another make: what they are told, what they tell, and that they stay.
import assert from "node:assert/strict";
import { clean, judge } from "../../../host/oracle/tshark.ts";
import { u16 } from "../stranger.ts";
import { CLUSTER } from "./esi.ts";
import { ForeignHome, type ForeignOptions } from "./home.ts";

const HOUR_MS = 3_600_000;
/** A sleeping display fetches a report with its next poll, and the relay beside the package has no second try. */
const LATE_MS = 15_000;
const SUMMATION = 0x0000;
const UINT48 = 0x25;
const INT24_OCTETS = 3;
const REPORT = 0x0a;
const READ_ANSWER = 0x01;
const CONFIGURE = 0x06;
const REPORT_MIN_S = 30;
const REPORT_MAX_S = 300;

export interface ForeignDay {
  hours: number;
  reports: number;
  answers: number;
  readings: number;
  frames: number;
  exchanges: number;
  cpuMs: number;
}

/** Joined, keyed, bound, and a reading that is the register's. */
export async function settled(home: ForeignHome, patienceMs: number): Promise<void> {
  const done = await home.passUntil(() => home.of("ihd", "bound").length > 0 && home.agrees(), patienceMs);
  assert.ok(done, `not complete after ${patienceMs} ms; ${home.tail()}`);
}

/** The interface binds the meter to itself, configures its reports, and asks for its register each hour. */
function subscribe(home: ForeignHome): { reports: Told[]; answers: Told[] } {
  const { esi } = home;
  const meter = home.extended("meter");
  const heard = { reports: [] as Told[], answers: [] as Told[] };
  esi.onZcl = ({ from, cluster, command, payload }) => {
    if (from !== meter || cluster !== CLUSTER.metering) return;
    const head = command === REPORT ? 2 : 3;
    if (command !== REPORT && command !== READ_ANSWER) return;
    // The display has the demand reported as well: that may be in front, or alone.
    const at = payload.readUInt16LE(0) === SUMMATION ? 0 : head + 1 + INT24_OCTETS;
    if (payload.length < at + head + 7) return;
    const told = { t: home.nowMs, wh: payload.readUIntLE(at + head + 1, 6) };
    if (command === REPORT) heard.reports.push(told);
    else heard.answers.push(told);
  };
  esi.bind(meter, CLUSTER.metering);
  const intervals = Buffer.concat([u16(REPORT_MIN_S), u16(REPORT_MAX_S), Buffer.of(1, 0, 0, 0, 0, 0)]);
  const record = Buffer.concat([Buffer.of(0), u16(SUMMATION), Buffer.of(UINT48), intervals]);
  esi.command(meter, CLUSTER.metering, 0x00, CONFIGURE, record);
  const ask = (): void => {
    esi.read(meter, CLUSTER.metering, [SUMMATION]);
    home.home.clock.after(HOUR_MS * 1000, ask);
  };
  ask();
  return heard;
}

interface Told {
  t: number;
  wh: number;
}

/** Every number is what the register was, now or at most `LATE_MS` ago. */
function agree(home: ForeignHome, who: string, told: readonly Told[], from: number): void {
  const registers = home.of("meter", "register").map(({ t, importWh }) => ({ t, wh: Number(importWh) }));
  let last = -1;
  for (const { t, wh } of told) {
    if (t < from) continue;
    // The register is told when it is reported to a display; an answer in between may be a later one.
    const low = registers.findLast((each) => each.t <= t - LATE_MS)?.wh ?? 0;
    const high = registers.find((each) => each.t > t)?.wh ?? Number.POSITIVE_INFINITY;
    assert.ok(wh >= low && wh <= high, `${who}: ${wh} Wh at ${t} ms; the register was ${low}, and is at most ${high}`);
    assert.ok(wh >= last, `${who}: ${wh} Wh after ${last}`);
    last = wh;
  }
  assert.ok(last > 0, `${who}: nothing`);
}

export async function foreignDay(name: string, options: ForeignOptions, hours: number): Promise<ForeignDay> {
  const home = new ForeignHome(name, options);
  const before = process.cpuUsage();
  let frames = 0;
  home.onFrame = () => void frames++;
  try {
    await settled(home, 180_000);
    const from = home.nowMs;
    const heard = subscribe(home);
    await home.pass(hours * HOUR_MS);
    const { user, system } = process.cpuUsage(before);
    const readings = home.of("ihd", "reading", from).map(({ t, importWh }) => ({ t, wh: Number(importWh) }));
    agree(home, "the display", readings, from);
    agree(home, "reports to the interface", heard.reports, from);
    agree(home, "answers to the interface", heard.answers, from);
    assert.ok(heard.reports.length >= (hours * HOUR_MS) / (REPORT_MAX_S * 1000) - 1, `${heard.reports.length} reports in ${hours} hours`);
    assert.ok(heard.answers.length >= hours, `${heard.answers.length} answers`);
    assert.ok(readings.length >= hours * 30, `${readings.length} readings`);
    stayed(home, from);
    home.close();
    const verdict = await judge(home.path);
    assert.ok(clean(verdict), `${home.path}: ${JSON.stringify(verdict).slice(0, 2000)}`);
    const { exchanges } = home.outside;
    const [reports, answers] = [heard.reports.length, heard.answers.length];
    return { hours, reports, answers, readings: readings.length, frames, exchanges, cpuMs: (user + system) / 1000 };
  } finally {
    home.close();
  }
}

/** Nobody left, came again, made a key anew or was at a loss since. */
function stayed(home: ForeignHome, from: number): void {
  for (const device of ["meter", "ihd"] as const) {
    for (const event of ["joined", "left", "failed", "started", "key", "trouble"]) {
      assert.deepEqual(home.of(device, event, from), [], `${device}: ${event}; ${home.tail()}`);
    }
    assert.deepEqual(home.plug(device).troubles, []);
  }
  assert.ok(!home.of("ihd", "reading", from).some(({ stale }) => stale), "never stale");
  assert.deepEqual(home.saidOf("left"), []);
  assert.deepEqual(home.saidOf("fatal"), []);
  assert.deepEqual(home.saidOf("failed"), []);
  assert.deepEqual(home.esi.troubles, []);
  assert.deepEqual([home.esi.unopened, home.esi.unacknowledged], [0, 0], "frames that nobody could open, or nobody acknowledged");
}
