// `npm run bench`: ratios that do not depend on the machine: a round trip against another program's, a thousand devices against real time, a package
// over one hop against the air's own limit, and how small an update is.

import type { Command } from "commander";
import { ensureBuilt } from "../host/build/built.ts";
import { InputError } from "../host/files/input_error.ts";
import { DEVICES_PLAN_MAX } from "../host/home/plan.ts";
import { moduleBytes } from "../host/modules.ts";
import { compressedFigure, type DeltaFigure, deltaFigures } from "./bench/deltas.ts";
import { DEVICES, type Devices, FULL_HOUSE, manyDevices, street } from "./bench/devices.ts";
import { type RoundTrip, roundTrip } from "./bench/round_trip.ts";
import { packageOf, type Transfer, transfer } from "./bench/transfer.ts";
import { print, say } from "./words/exit.ts";
import { groupCommand } from "./words/words.ts";

const SIZES = [101_000, 200_000, 256_000];
const RATIO_SIZE = 200_000;
const RATIO_AIM = 1.25;
const DELTA_AIM_PERCENT = 5;
const ROUND_TRIP_AIM = 4;
const DEVICES_AIM = 10;
const SEED = 1;
/** Whole houses of any size must fit into a plan. */
const DEVICES_MAX = DEVICES_PLAN_MAX / 2;

function devicesOf(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > DEVICES_MAX) throw new InputError(`--devices takes a whole number from 1 to ${DEVICES_MAX}, not "${text}".`);
  return count;
}

function line(...cells: (string | number)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(34) : String(cell).padStart(12))).join("");
}

function transferText(all: Transfer[]): string[] {
  return [
    line("one hop, hub to meter", "seconds", "air alone", "ratio", "octets"),
    ...all.map((each) =>
      line(
        `${each.octets} octets`,
        each.seconds.toFixed(1),
        each.shortest.toFixed(1),
        each.ratio.toFixed(3),
        `${each.block} in ${each.frame}`,
      ),
    ),
  ];
}

function deltaText(all: DeltaFigure[]): string[] {
  return [
    line("delta of the display's module", "module", "delta", "%"),
    ...all.map((each) => line(each.what, each.module, each.delta, each.percent.toFixed(2))),
  ];
}

function roundTripText({ ours, other, ratio }: RoundTrip): string[] {
  const perSecond = (us: number): string => `${Math.round(1e6 / us)}`;
  const rows = [
    line("round trip, read and answer", "a second", "us", "ratio"),
    line("our meter", perSecond(ours), ours.toFixed(1), ratio?.toFixed(2) ?? "-"),
  ];
  return [
    ...rows,
    other === null
      ? line("zigbee-on-host: npm test installs it", "-", "-", "-")
      : line("zigbee-on-host", perSecond(other), other.toFixed(1), 1),
  ];
}

function devicesText({ devices, homes, simulated, processor, ratio }: Devices): string[] {
  return [
    line("devices on one core", "homes", "simulated s", "processor s", "ratio"),
    line(devices, homes, simulated, processor.toFixed(1), ratio.toFixed(1)),
  ];
}

/** What misses its aim, a sentence each. */
function missed(trip: RoundTrip, devices: Devices, transfers: Transfer[], deltas: DeltaFigure[]): string[] {
  const ratio = transfers.find(({ octets }) => Math.abs(octets - RATIO_SIZE) < 2000)?.ratio ?? Number.POSITIVE_INFINITY;
  const worst = Math.max(...deltas.map(({ percent }) => percent));
  const tripRatio = trip.ratio ?? 0;
  return [
    tripRatio < ROUND_TRIP_AIM
      ? `a round trip is ${tripRatio.toFixed(2)} times as fast as zigbee-on-host's; the aim is ${ROUND_TRIP_AIM}`
      : null,
    devices.ratio < DEVICES_AIM
      ? `${devices.devices} devices live ${devices.ratio.toFixed(1)} times as fast as they should; the aim is ${DEVICES_AIM}`
      : null,
    ratio > RATIO_AIM ? `the transfer takes ${ratio.toFixed(3)} times what the air alone would; the aim is ${RATIO_AIM}` : null,
    worst > DELTA_AIM_PERCENT ? `a delta has ${worst.toFixed(1)} % of its module; the aim is ${DELTA_AIM_PERCENT} %` : null,
  ].filter((each) => each !== null);
}

interface BenchWords {
  json?: boolean;
  home?: string;
  devices: number;
}

/** `ended` is told the exit code: 1 when an aim is missed. */
export function benchProgram(ended: (code: number) => void = () => undefined): Command {
  return groupCommand("kilowasm bench")
    .description("Ratios that do not depend on the machine.")
    .option("--json", "one JSON object")
    .option("--home <file>", "copies of this home file's house are timed (default: docs/homes/full.yaml)")
    .option("--devices <n>", `so many of them at least, 1 to ${DEVICES_MAX}`, devicesOf, DEVICES)
    .action(async (values: BenchWords) => ended(await runBench(values)));
}

async function runBench(values: BenchWords): Promise<number> {
  const plan = await street(values.home ?? FULL_HOUSE, values.devices);
  await ensureBuilt((text) => console.error(text));
  process.stderr.write("round trips of our meter and of zigbee-on-host ...\n");
  const trip = await roundTrip();
  process.stderr.write(`${values.devices} devices ...\n`);
  const devices = await manyDevices(plan, (text) => process.stderr.write(`${text}\n`));
  // Late: tsx translates binaryen's 13 MB first, and wrong words need not wait for that.
  const { padded } = await import("./bench/padding.ts");
  const transfers: Transfer[] = [];
  for (const size of SIZES) {
    process.stderr.write(`a package of ${size} octets over the air ...\n`);
    transfers.push(transfer(packageOf(padded(moduleBytes("meter_sep1"), size, SEED)), SEED));
  }
  process.stderr.write("modules with one line changed ...\n");
  const deltas = await deltaFigures();
  const compressed = compressedFigure();
  if (values.json) print(JSON.stringify({ roundTrip: trip, devices, transfers, deltas, compressed }));
  else {
    const text = [
      ...roundTripText(trip),
      "",
      ...devicesText(devices),
      "",
      ...transferText(transfers),
      "",
      ...deltaText(deltas),
      "",
      line("compressed", compressed.module, compressed.compressed, compressed.percent.toFixed(1)),
    ];
    print(text.join("\n"));
  }
  const misses = missed(trip, devices, transfers, deltas);
  for (const each of misses) say(`${each}.`);
  return misses.length > 0 ? 1 : 0;
}
