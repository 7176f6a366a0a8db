// `image serve`: an OTA server for whoever joins, on the simulated air (ZEP over UDP) or through a radio co-processor on real air.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Record } from "../../host/abi.ts";
import { KeysFile } from "../../host/air/keys.ts";
import { Medium } from "../../host/air/medium.ts";
import { CaptureWriter } from "../../host/air/pcapng.ts";
import { ZepGate } from "../../host/air/zep.ts";
import { ensureBuilt } from "../../host/build/built.ts";
import { InputError } from "../../host/files/input_error.ts";
import { STANDARD_OUTPUT, sameOutput } from "../../host/files/output_file.ts";
import { type EventLine, extendedName } from "../../host/home/events.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { OtaServer, SERVED_MAX } from "../../host/home/ota_server.ts";
import { Pacer } from "../../host/home/pacer.ts";
import { addressOctets, type Factory, provision } from "../../host/home/provision.ts";
import { spanMs } from "../../host/home/span.ts";
import { packageInMemory } from "../../host/home/update_source.ts";
import { versionParse } from "../../host/image/manifest.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { ROOT } from "../../host/modules.ts";
import { Dongle } from "../../host/spinel/dongle.ts";
import { EXIT_HELP, judging, print, Refused, say, streams } from "../words/exit.ts";
import { defaulted } from "../words/words.ts";
import { fromHere, readWhole, SMALL_FILE_MAX } from "./files.ts";
import { admitted } from "./install_code.ts";
import { root, sayDevelopment } from "./keyring.ts";
import { BAUD, openLine } from "./line.ts";
import { duration } from "./progress.ts";
import * as words from "./words.ts";

interface ServeWords {
  zep?: number;
  dongle?: string;
  baud?: number;
  flowControl?: boolean;
  admit: string[];
  identity: string[];
  root?: string;
  seed: number;
  atOnce: number;
  duration?: number;
  pcap?: string;
  keys?: string;
  json?: boolean;
}

const PORT_MAX = 65_535;
const DONGLE_PATIENCE_MS = 5000;
/** What a UDP partner may be late with an acknowledgement. */
const ZEP_GRACE_US = 20_000;
/** Octets of the identity records, certificate first, and where the certificate names its subject. */
const IDENTITIES = [
  { record: Record.IdentitySuite1, size: 48 + 21 + 22, subject: 22 },
  { record: Record.IdentitySuite2, size: 74 + 36 + 37, subject: 28 },
];

export function serveCommand(parent: Command): void {
  const many = (word: string, before: string[]): string[] => [...before, word];
  parent
    .command("serve <files...>")
    .description("be the hub of a network and serve packages to the devices that join it, until interrupted")
    .option(
      "--zep <port>",
      "on the simulated air at this UDP port of the loopback interface; a partner hears it once it has sent a frame",
      words.whole("--zep", PORT_MAX, 1),
    )
    .option("--dongle <path>", "on real air: a radio co-processor (OpenThread RCP) at a serial port such as /dev/ttyACM0, or at HOST:PORT")
    .option("--baud <n>", `of the serial port (default: ${BAUD})`, words.whole("--baud", 4_000_000, 1200))
    .option("--flow-control", "the serial port has RTS and CTS")
    .addOption(
      defaulted(
        "--admit <eui64=code>",
        "a device that may join, with its install code, or the text of its QR code; repeatable",
        many,
        [] as string[],
        "nobody",
      ),
    )
    .addOption(
      defaulted(
        "--identity <file>",
        "the hub's certificate, private key and authority's key, as `kilowasm ca issue --raw` writes them; repeatable",
        many,
        [] as string[],
        "of --seed",
      ),
    )
    .option(
      "--seed <n>",
      "without --identity: the home of `npm start --seed N`, whose devices share its authority",
      words.whole("--seed"),
      1,
    )
    .option("--root <file>", "the root key under which the hub verifies packages, PEM (default: the development root)")
    .option("--at-once <n>", "devices that load at the same time", words.whole("--at-once", 16, 1), 2)
    .option("--duration <time>", "end after this time, such as 90s, 2h or 3d (default: never)", (word) => spanMs("--duration", word))
    .option("--pcap <file>", "write every frame of the simulated air, with the keys in it")
    .option("--keys <file>", "write the keys as tshark's zigbee_pc_keys table")
    .option("--json", "one JSON object a line")
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

/** What was given, read and judged before anything is opened. */
function givenOf(paths: string[], options: ServeWords) {
  if ((options.zep === undefined) === (options.dongle === undefined))
    throw new InputError("serve takes one of --zep and --dongle: the air it is to be on.");
  if (options.dongle !== undefined && options.pcap)
    throw new InputError("--pcap writes the simulated air; on real air use a sniffer, and --keys.");
  if (paths.length > SERVED_MAX) throw new InputError(`${paths.length} files were given; a hub's library has room for ${SERVED_MAX}.`);
  const { point, development } = root(options.root);
  const given = {
    silent: outputsOf(options),
    files: paths.map(packageAt),
    admit: options.admit.map(admitted),
    factory: factoryOf(options),
    root: development ? undefined : point,
  };
  if (development) sayDevelopment("the hub believes", "give --root for another one");
  return given;
}

/** Capture and keys, as far as they are wanted. */
async function openOutputs({ pcap, keys: keysPath }: ServeWords, medium: Medium, originMs: number) {
  const keyring = new Keyring();
  const capture = pcap ? new CaptureWriter(fromHere(pcap), { epochUs: BigInt(originMs) * 1000n }) : null;
  const keys = keysPath ? new KeysFile(fromHere(keysPath)) : null;
  keyring.open(capture, keys);
  if (capture) medium.onFrame((frame) => capture.frame(frame.timeUs, frame.psdu));
  return {
    keyring,
    flush: async () => {
      keys?.check();
      capture?.flush();
    },
    close: () => {
      keys?.close();
      capture?.close();
    },
  };
}

async function run(paths: string[], options: ServeWords): Promise<void> {
  const { silent, files, factory, ...given } = givenOf(paths, options);
  await ensureBuilt(say);
  const medium = new Medium({ seed: options.seed, ackGraceUs: options.zep === undefined ? 0 : ZEP_GRACE_US });
  const originMs = Date.now();
  let pacer: Pacer | undefined;
  const enter = (action: () => void): void => (pacer ? pacer.enter(action) : action());
  let lost: string | undefined;
  const dongle = await dongleOf(options, enter, (sentence) => {
    lost ??= sentence;
  });
  const gate = options.zep === undefined ? undefined : await ZepGate.open(medium, { port: options.zep, enter });
  const closeAir = async (): Promise<void> => {
    dongle?.close();
    await gate?.close();
  };
  const outputs = await openOutputs(options, medium, originMs).catch(async (error) => {
    await closeAir();
    throw error;
  });
  const told = options.json
    ? (event: EventLine) => print(JSON.stringify({ date: new Date(originMs + event.t).toISOString(), ...event }))
    : narrator(silent ? (line) => streams.errors(`${line}\n`) : print);
  const tell = (event: EventLine): void => {
    // A hub that heard nothing takes the air for free; it was no formation where none of its frames went out.
    if (event.event === "formed" && dongle?.counters.accepted === 0)
      lost ??= "no network was formed: the radio's co-processor sent nothing";
    if (lost === undefined) told(event);
  };
  if (dongle) dongle.onTrouble = (sentence) => tell({ t: Math.floor(server.nowUs / 1000), device: "hub", event: "trouble", sentence });
  const server = new OtaServer({
    medium,
    factory,
    version: versionParse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version),
    ...given,
    files: files.map(packageInMemory),
    atOnce: options.atOnce,
    originMs,
    ...(dongle ? { radio: () => dongle } : {}),
    tell,
    key: (slot, key) => outputs.keyring.add("hub", slot, key),
  });
  pacer = new Pacer(server, 1, options.duration === undefined ? Number.MAX_SAFE_INTEGER : options.duration * 1000);
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => (stopping = true));
  say(`the hub is ${extendedName(factory.extended)}; Ctrl-C ends it`);
  try {
    server.start();
    await pacer.run(() => stopping || lost !== undefined || server.refused.size === files.length, outputs.flush);
  } finally {
    server.close();
    await closeAir();
    outputs.close();
  }
  if (lost !== undefined) throw new Error(`${lost}.`);
  const [refused] = server.refused;
  if (refused) throw new Refused(`${paths[refused[0]]}: the hub refuses it: ${refused[1]}.`);
}

/** The co-processor, ready; what it is has been said. */
async function dongleOf(
  options: ServeWords,
  enter: (action: () => void) => void,
  lost: (sentence: string) => void,
): Promise<Dongle | undefined> {
  const { dongle: name, baud, flowControl } = options;
  if (name === undefined && (baud !== undefined || flowControl)) throw new InputError("--baud and --flow-control need --dongle.");
  if (name === undefined) return undefined;
  const dongle = new Dongle(await openLine(name, { baud, flowControl }), enter);
  dongle.onLost = lost;
  await dongle.begin(DONGLE_PATIENCE_MS).catch((error: Error) => {
    throw new Error(`${name}: ${error.message.replace(/[.?]?$/, (end) => end || ".")}`);
  });
  say(`the radio's co-processor is ${dongle.about}.`);
  return dongle;
}

/** Whether an output takes the place of the lines for people. */
function outputsOf({ pcap, keys, json }: ServeWords): boolean {
  const silent = [pcap, keys].includes(STANDARD_OUTPUT);
  if (silent && json) throw new InputError("--json and an output named - both write to standard output; name a file.");
  if (pcap && keys && sameOutput(fromHere(pcap), fromHere(keys)))
    throw new InputError("--pcap and --keys name the same file; give each its own.");
  return silent;
}

function packageAt(path: string): Buffer {
  const file = readWhole(path);
  judging(path, () => otaRead(file));
  return file;
}

/** The hub as its factory left it. */
function factoryOf(options: ServeWords): Factory {
  const simulated = provision(options.seed, null).get("hub") as Factory;
  if (options.identity.length === 0) return simulated;
  const records = new Map<number, Uint8Array>();
  let extended: bigint | undefined;
  for (const path of options.identity) {
    const octets = readWhole(path, SMALL_FILE_MAX);
    const kind = IDENTITIES.find(({ size }) => size === octets.length);
    if (!kind)
      throw new InputError(
        `${path} has ${octets.length} octets; an identity has ${IDENTITIES.map(({ size }) => size).join(" or ")}, as \`kilowasm ca issue --raw\` writes it.`,
      );
    const subject = octets.readBigUInt64BE(kind.subject);
    if (extended !== undefined && subject !== extended)
      throw new InputError(
        `${path} is of ${extendedName(subject)}, and the identity before of ${extendedName(extended)}; a hub has one address.`,
      );
    extended = subject;
    records.set(kind.record, octets);
  }
  const address = extended as bigint;
  records.set(Record.Address, addressOctets(address));
  return { ...simulated, extended: address, records };
}

/** Lines for people: what happened, and of a transfer the share, the rate and the time left. */
function narrator(write: (line: string) => void): (event: EventLine) => void {
  const begun = new Map<string, { t: number; offset: number }>();
  return (event) => {
    const { t, device, event: name, ...fields } = event;
    const at = `${(t / 1000).toFixed(1).padStart(8)} s`;
    if (name !== "device") {
      const text = Object.entries(fields)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => `${key} ${value}`);
      return write(`${at}  ${device} ${name}  ${text.join(", ")}`);
    }
    const [partner, offset, size] = [String(fields.partner), Number(fields.offset), Number(fields.size)];
    const first = begun.get(partner);
    if (fields.status !== "loading" || !first || offset < first.offset) begun.set(partner, { t, offset });
    const rate = first && t > first.t ? ((offset - first.offset) * 1000) / (t - first.t) : 0;
    const left = rate > 0 ? `, ${(rate / 1000).toFixed(1)} kB a second, ${duration((size - offset) / rate)} left` : "";
    const share = size > 0 && fields.status === "loading" ? ` ${Math.floor((100 * offset) / size)} %${left}` : "";
    write(`${at}  ${partner} ${fields.status} ${fields.version}${share}`);
  };
}
