// `image gate`: may this module or package run on that board, and if not, why.

import type { Command } from "commander";
import { ImageReason } from "../../host/abi.ts";
import { EngineStopped, type Surroundings } from "../../host/engine.ts";
import { reasonName } from "../../host/image/image_error.ts";
import { developmentIdentity, type Identity } from "../../host/image/keys.ts";
import { Encoding, versionText } from "../../host/image/manifest.ts";
import { packageFits, packageImage, packageOpen, sha256 } from "../../host/image/package.ts";
import { roleText } from "../../host/image/package_format.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { native, Wasm3Engine } from "../../host/native/index.ts";
import { EXIT_HELP, judging, print, Refused } from "../words/exit.ts";
import { defaulted } from "../words/words.ts";
import { readWhole } from "./files.ts";
import { root, sayDevelopment } from "./keyring.ts";
import { isOta, moduleOf } from "./source.ts";
import * as words from "./words.ts";

interface GateWords {
  board: number;
  root?: string;
  vendor?: Buffer;
  class?: Buffer;
  manufacturer?: number;
  type?: number;
  hardware?: number;
  native?: number;
  memory?: number;
  slot?: number;
  address?: bigint;
  epoch: number;
  counter: number;
  running: number | string;
  base?: string;
}

const PAGE_SIZE = 65_536;
/** More than any board has: the question is the module, not one board's memory for translated code. */
const ARENA_SIZE = 8 * 1024 * 1024;

export function gateCommand(parent: Command): void {
  parent
    .command("gate <file>")
    .description("say whether a board would take this package, or load this module")
    .requiredOption("--board <role>", `${words.ROLES}: the development board of this role; what follows changes it`, words.role("--board"))
    .option("--root <file>", "its root key, PEM (default: the development root)")
    .option("--vendor <uuid>", "its vendor", words.uuid("--vendor"))
    .option("--class <uuid>", "its class", words.uuid("--class"))
    .option("--manufacturer <code>", "its manufacturer code", words.whole("--manufacturer", 0xffff))
    .option("--type <type>", "its image type", words.whole("--type", 0xffff))
    .option("--hardware <n>", "its hardware version", words.whole("--hardware", 0xffff))
    .option("--native <version>", "its native firmware's version", words.version("--native"))
    .option("--memory <octets>", "linear memory that it can give", words.whole("--memory", PAGE_SIZE, 1))
    .option("--slot <octets>", "module octets that fit one of its slots", words.whole("--slot"))
    .option("--address <eui64>", "its IEEE address", words.eui64("--address"))
    .option("--epoch <n>", "the key epoch that it has stored", words.whole("--epoch"), 0)
    .option("--counter <n>", "the security counter that it has stored", words.whole("--counter"), 0)
    .addOption(defaulted("--running <version>", "the version that it runs", words.version("--running"), 0, "none"))
    .option("--base <file>", "the module or package that it runs, for a delta")
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

function run(path: string, options: GateWords): void {
  const octets = readWhole(path);
  const board = boardOf(options);
  const module = isOta(octets) ? packageModule(path, octets, board, options) : moduleOf(path);
  const need = moduleNeed(path, module);
  const report = native().gate(module, need); // a board gives no more than what the module asks for
  if (!report.ok) throw new Refused(`${path}: the load gate refuses the module at octet ${report.offset}: ${report.reason} (Gate).`);
  loads(path, module, need);
  if (need > board.memoryMax)
    throw new Refused(`${path}: the module needs ${need} octets of linear memory, the board gives ${board.memoryMax} (Memory).`);
  print(`${path}: may run on this ${roleText(board.role)}: ${module.length} octets of module, ${need} of linear memory.`);
}

function moduleNeed(path: string, module: Buffer): number {
  const need = memoryNeed(module) || PAGE_SIZE;
  if (need > PAGE_SIZE)
    throw new Refused(`${path}: the module asks for ${need} octets of linear memory; there is one page of ${PAGE_SIZE} (Memory).`);
  return need;
}

/** What the gate leaves to the interpreter: its validator takes each function, and translates it, before the module runs. */
function loads(path: string, wasm: Buffer, memoryLimit: number): void {
  const surroundings: Surroundings = {
    radioSend: () => 0,
    radioSet: () => 0,
    sense: () => 0,
    display: () => undefined,
    uplinkSend: () => 0,
    log: () => undefined,
    keySet: () => undefined,
  };
  try {
    new Wasm3Engine({ wasm, seed: Buffer.alloc(32), surroundings, memoryLimit, arenaSize: ARENA_SIZE, eager: true }).close();
  } catch (error) {
    if (!(error instanceof EngineStopped)) throw error;
    throw new Refused(`${path}: the interpreter does not load it: ${error.message}.`);
  }
}

function boardOf(options: GateWords): Identity {
  const board = developmentIdentity(options.board);
  const { point, development } = root(options.root);
  if (development) sayDevelopment("the board believes", "give --root for another one");
  return {
    ...board,
    root: point,
    vendor: options.vendor ?? board.vendor,
    classId: options.class ?? board.classId,
    manufacturer: options.manufacturer ?? board.manufacturer,
    type: options.type ?? board.type,
    hardware: options.hardware ?? board.hardware,
    nativeVersion: options.native ?? board.nativeVersion,
    memoryMax: options.memory ?? board.memoryMax,
  };
}

/** The module of a package that the board takes. */
function packageModule(path: string, octets: Buffer, board: Identity, options: GateWords): Buffer {
  const opened = judging(path, () => packageOpen(octets, { root: board.root }));
  const base = options.base ? moduleOf(options.base) : undefined;
  const reason = packageFits(opened, board, {
    epoch: options.epoch,
    counter: options.counter,
    running: Number(options.running),
    capacity: options.slot,
    base: base && sha256(base),
    address: options.address,
  });
  if (reason !== ImageReason.None)
    throw new Refused(`${path}: the board refuses the package: ${why(reason, opened.manifest, board, options)} (${reasonName(reason)}).`);
  if (opened.manifest.encoding === Encoding.Delta && !base)
    throw new Refused(`${path}: a delta; give --base, the module that the board runs (Base).`);
  return judging(path, () => packageImage(opened, base));
}

type Found = ReturnType<typeof packageOpen>["manifest"];

function why(reason: number, m: Found, board: Identity, options: GateWords): string {
  const sentences: Record<number, string> = {
    [ImageReason.Manufacturer]: "it is for another manufacturer's devices",
    [ImageReason.ImageType]: "it is for another image type",
    [ImageReason.Destination]: "it is for the device with another IEEE address; say --address",
    [ImageReason.Hardware]: `it is for hardware ${m.hardware.minimum} to ${m.hardware.maximum}, the board is ${board.hardware}`,
    [ImageReason.Revoked]: `its release key's epoch is below the stored ${options.epoch}`,
    [ImageReason.Vendor]: "it is for another vendor's devices",
    [ImageReason.Class]: "it is for another class of devices",
    [ImageReason.Role]: `it is for a ${roleText(m.role)}, the board is a ${roleText(board.role)}`,
    [ImageReason.Phase]: `the board cannot run phase ${m.phase}`,
    [ImageReason.HostAbi]: "it needs another version of the host's contract",
    [ImageReason.Memory]: `it needs ${m.memory} octets of linear memory, the board gives ${board.memoryMax}`,
    [ImageReason.Native]: `it needs native firmware ${versionText(m.nativeMinimum)}, the board has ${versionText(board.nativeVersion)}`,
    [ImageReason.Counter]: `its security counter ${m.counter} is below the stored ${options.counter}`,
    [ImageReason.Version]: `its version ${versionText(m.version)} is not above the running ${versionText(Number(options.running))}`,
    [ImageReason.Size]: `its module has ${m.imageSize} octets, the slot takes ${options.slot}`,
    [ImageReason.Base]: "it is a delta against another module",
  };
  return sentences[reason] ?? "for a reason of its own";
}
