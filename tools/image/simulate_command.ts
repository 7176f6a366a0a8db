// `image simulate`: the power-cut sweep of simulate.ts on one package.

import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { developmentIdentity, type Identity } from "../../host/image/keys.ts";
import { Encoding } from "../../host/image/manifest.ts";
import { type Package, packageBuild, packageImage, packageOpen } from "../../host/image/package.ts";
import { EXIT_HELP, judging, print, Refused } from "../words/exit.ts";
import { readWhole } from "./files.ts";
import { root, sayDevelopment } from "./keyring.ts";
import { duration, progress } from "./progress.ts";
import { simulateSweep } from "./simulate.ts";
import type { SweepReport } from "./simulate_report.ts";
import * as words from "./words.ts";

interface SimulateWords {
  before?: string;
  root?: string;
  sample: number;
  seed: number;
  secondCuts: number;
  json?: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const SECOND_CUTS_MAX = 1000;

export function simulateCommand(parent: Command): void {
  parent
    .command("simulate <file>")
    .description("install a package with the power failing in every program and every erase, in every way, and again in the recovery")
    .option("--before <file>", "the package that the device runs (default: one of the same module and the version below)")
    .option("--root <file>", "the device's root key, PEM (default: the development root)")
    .option("--sample <share>", "of the whole sweep, such as 0.05", share, 1)
    .option("--seed <n>", "what a torn write leaves, and which runs are in the sample", words.whole("--seed"), 1)
    .option(
      "--second-cuts <n>",
      "operations of each recovery in which the power fails again",
      words.whole("--second-cuts", SECOND_CUTS_MAX),
      11,
    )
    .option("--json", "the report as one JSON object")
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

function share(word: string): number {
  const number = /^(0?\.\d{1,6}|1|1\.0|0\.\d{1,6})$/.test(word) ? Number(word) : Number.NaN;
  if (number > 0 && number <= 1) return number;
  throw new InputError(`--sample takes a share above 0 and up to 1, not "${word}".`);
}

async function run(path: string, options: SimulateWords): Promise<void> {
  const { point, development } = root(options.root);
  const file = readWhole(path);
  const opened = judging(path, () => packageOpen(file, { root: point }));
  const before = options.before ? readWhole(options.before) : older(path, opened, development);
  const modules = modulesOf(path, options.before ?? "the package before", opened, before, point);
  if (development) sayDevelopment("the device believes", "give --root for another one");
  const bar = progress("power cuts");
  let report: SweepReport;
  let stopping = false;
  const stop = (): void => {
    stopping = true;
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    report = await simulateSweep(before, file, {
      identity: identityOf(opened, point),
      address: addressOf(opened),
      modules,
      sample: options.sample,
      seed: options.seed,
      secondCuts: options.secondCuts,
      onProgress: bar.update,
      stop: () => stopping,
    }).catch((error: Error) => {
      throw new Refused(`${path}: ${error.message}.`);
    });
  } finally {
    bar.stop();
    for (const signal of SIGNALS) process.off(signal, stop);
  }
  print(options.json ? JSON.stringify({ file: path, ...report }, null, 2) : summary(path, report));
  const { failed, failures, stoppedAt } = report;
  if (failed > 0) throw new Refused(`${path}: ${failed} of the runs end wrong; the first: ${failures[0]}.`);
  if (stoppedAt !== undefined) throw new Error(`${path}: stopped early, ${Math.floor(100 * stoppedAt)} % of the sweep was done.`);
}

/** The board that the package is for. */
function identityOf({ header, manifest }: Package, point: Buffer): Identity {
  return {
    ...developmentIdentity(manifest.role),
    root: point,
    vendor: manifest.vendor,
    classId: manifest.classId,
    manufacturer: header.manufacturer,
    type: header.imageType,
    hardware: manifest.hardware.maximum,
    role: manifest.role,
    phases: 1 << manifest.phase,
    nativeVersion: manifest.nativeMinimum,
  };
}

/** The only device that the package is for; any where it names none. */
function addressOf({ manifest }: Package): Buffer | undefined {
  const address = manifest.destination?.address;
  if (address === undefined) return undefined;
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(address);
  return octets;
}

/** The same module with a mark in a custom section, one version below. */
function older(path: string, opened: Package, development: boolean): Buffer {
  const { header, manifest } = opened;
  if (!development) throw new InputError("--before is needed with --root: only the owner of the key can sign what the device runs.");
  if (manifest.encoding === Encoding.Delta) throw new InputError(`${path} is a delta; give --before, the package that it is against.`);
  if (manifest.version === 0) throw new InputError(`--before is needed for ${path}.`);
  const mark = Buffer.from("\u0000\u0007\u0006before", "latin1");
  return packageBuild({
    wasm: Buffer.concat([judging(path, () => packageImage(opened)), mark]),
    role: manifest.role,
    version: manifest.version - 1,
    counter: 0,
    encoding: Encoding.Plain,
    manufacturer: header.manufacturer,
    imageType: header.imageType,
    destination: header.destination,
    phase: manifest.phase,
    hardware: manifest.hardware,
    vendor: manifest.vendor,
    classId: manifest.classId,
    nativeMinimum: 0,
  });
}

function modulesOf(path: string, name: string, opened: Package, before: Buffer, point: Buffer): { before: Buffer; after: Buffer } {
  const old = judging(name, () => packageImage(packageOpen(before, { root: point })));
  return { before: old, after: judging(path, () => packageImage(opened, old)) };
}

function summary(path: string, report: SweepReport): string {
  const { updateOperations, revertOperations, firstCuts, secondCuts, flips, distinct, ranBefore, ranAfter, failed, failures, stoppedAt } =
    report;
  const runs = firstCuts + secondCuts;
  return [
    `${path}: ${updateOperations} programs and erases in the update, ${revertOperations} in the revert`,
    `${runs} runs: ${firstCuts} with one cut, ${secondCuts} with a second one in the recovery; ${distinct} left different octets`,
    `${flips} boots with a bit of state, head or module flipped`,
    `${ranBefore} went on with the old module and ${ranAfter} with the new one, and took a later update`,
    `${failed === 0 ? "none" : failed} failed, in ${duration(report.milliseconds / 1000)}`,
    ...failures.map((failure) => `  ${failure}`),
    ...(failed > failures.length ? [`  and ${failed - failures.length} more`] : []),
    ...(stoppedAt === undefined ? [] : [`stopped early: ${Math.floor(100 * stoppedAt)} % of the sweep was done`]),
  ].join("\n");
}
