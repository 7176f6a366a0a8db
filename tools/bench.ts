// `npm run bench`: ratios that do not depend on the machine: a package over one hop against the air's own limit, and how small an update is.
import { parseArgs } from "node:util";
import { moduleBytes } from "../host/modules.ts";
import { compressedFigure, type DeltaFigure, deltaFigures } from "./bench/deltas.ts";
import { padded } from "./bench/padding.ts";
import { packageOf, type Transfer, transfer } from "./bench/transfer.ts";
import { ensureBuilt } from "./build.ts";

const SIZES = [101_000, 200_000, 256_000];
const RATIO_SIZE = 200_000;
const RATIO_AIM = 1.25;
const DELTA_AIM_PERCENT = 5;
const SEED = 1;

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

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  await ensureBuilt((text) => console.error(text));
  const transfers: Transfer[] = [];
  for (const size of SIZES) {
    process.stderr.write(`a package of ${size} octets over the air ...\n`);
    transfers.push(transfer(packageOf(padded(moduleBytes("meter_sep1"), size, SEED)), SEED));
  }
  process.stderr.write("modules with one line changed ...\n");
  const deltas = await deltaFigures();
  const compressed = compressedFigure();
  if (values.json) console.log(JSON.stringify({ transfers, deltas, compressed }));
  else {
    const text = [
      ...transferText(transfers),
      "",
      ...deltaText(deltas),
      "",
      line("compressed", compressed.module, compressed.compressed, compressed.percent.toFixed(1)),
    ];
    console.log(text.join("\n"));
  }
  const ratio = transfers.find(({ octets }) => Math.abs(octets - RATIO_SIZE) < 2000)?.ratio ?? Number.POSITIVE_INFINITY;
  const worst = Math.max(...deltas.map(({ percent }) => percent));
  const missed = [
    ratio > RATIO_AIM ? `the transfer takes ${ratio.toFixed(3)} times what the air alone would; the aim is ${RATIO_AIM}` : null,
    worst > DELTA_AIM_PERCENT ? `a delta has ${worst.toFixed(1)} % of its module; the aim is ${DELTA_AIM_PERCENT} %` : null,
  ].filter((each) => each !== null);
  for (const each of missed) console.error(each);
  process.exitCode = missed.length > 0 ? 1 : 0;
}

await main();
