// The command line of `kilowasm home`.
import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { STANDARD_OUTPUT, sameOutput } from "../../host/files/output_file.ts";
import { DEFAULT_PLAN, DEVICES_PLAN_MAX, type Phase, planIds } from "../../host/home/plan.ts";
import { type Options, STORIES, type Story, UNPACED, type UpdateOption, WEB_PORT } from "../../host/home/run_options.ts";
import { spanMs } from "../../host/home/span.ts";
import { programText } from "../words/exit.ts";
import { HELP, sentence } from "../words/words.ts";

export const SPEED_MAX = 700;
/** A minute a second: the day's shape shows while one watches. */
export const SPEED_ON_TERMINAL = 60;
/** An update takes a minute or two: slow enough to be seen, fast enough to be waited for. */
export const SPEED_OF_UPDATES = 10;

/** What the parser needs to know of the process. */
export interface Surroundings {
  /** Folder that relative paths start from. */
  folder: string;
  /** The output is a terminal that can be drawn on. */
  terminal: boolean;
  write(text: string): void;
}

/** `--help` was asked for and written. */
export class HelpShown extends Error {}

interface Raw {
  home?: string;
  nodes?: number;
  phase?: Phase;
  story?: Story;
  load?: string;
  speed?: number;
  seed?: number;
  duration?: number;
  json?: boolean;
  pcap?: string;
  keys?: string;
  zep?: number;
  tap?: string;
  engine: "v8" | "wasm3";
  boards?: boolean;
  suite?: 1 | 2;
  record?: string;
  web?: number | false;
  root?: string;
  update?: UpdateOption[];
  updateAt?: number;
  mqtt?: string;
  mqttCa?: string;
}

const NOWHERE: Surroundings = { folder: "/", terminal: false, write: () => undefined };

export function homeProgram(): Command {
  return describe(NOWHERE);
}

export function optionsParse(words: readonly string[], surroundings: Surroundings): Options {
  const command = describe(surroundings);
  try {
    command.parse(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpShown();
    throw new InputError(sentence(error.message));
  }
  if (command.args.length > 0) throw new InputError(`there is no argument "${command.args[0]}", only options; see --help.`);
  return decide(command.opts<Raw>(), surroundings);
}

function describe(surroundings: Surroundings): Command {
  const command = new Command("kilowasm home")
    .usage("[options]      or: npm start -- [options]")
    .description("A hub, a smart meter and an in-home display, or a home of your own, on one simulated, secured ZigBee Smart Energy air.")
    .option("--home <file>", "the home in this YAML file: devices, places, walls, tariff, loads, and what happens when", text("--home"))
    .option("--nodes <n>", `a home of so many devices, 1 to ${DEVICES_PLAN_MAX}, in houses as full as a hub can serve`, nodes)
    .option(
      "--phase <n>",
      "1: Smart Energy 1.x on ZigBee PRO; 2: ZigBee IP, the display behind the meter (default: 1, or the home file's)",
      phase,
    )
    .option("--story <name>", "upgrade: the home changes to phase 2 over the air, its hub first, its displays last", story)
    .option(
      "--load <file>",
      "replay this consumption: a British supplier's half-hourly CSV, or time,watts (default: an invented week)",
      text("--load"),
    )
    .option(
      "--speed <n>",
      `simulated time over real time, 1 to ${SPEED_MAX}, or max (default: ${SPEED_ON_TERMINAL} on a terminal, ${SPEED_OF_UPDATES} with --update, slower at first; else max)`,
      speed,
    )
    .option(
      "--duration <time>",
      "end after this much simulated time, such as 90s, 2h or 3d (default: the home file's, else with the load)",
      duration("--duration"),
    )
    .option("--seed <n>", "a whole number; the same one gives the same run (default: 1, or the home file's)", seed)
    .option("--json", "write one JSON object a line, as without a terminal")
    .option("--pcap <file>", "write every frame to this pcapng file, with the keys in it", text("--pcap"))
    .option("--keys <file>", "write the keys as tshark's zigbee_pc_keys table, in phase 2 as ieee802154_keys", text("--keys"))
    .option("--zep <port>", "put the air on this UDP port as ZEP version 2, at speed 1; a partner hears it once it has sent a frame", port)
    .option(
      "--tap <name>",
      "in phase 2: make the hub's Ethernet this TAP interface of Linux, at speed 1, with the meters' ports open; takes root",
      tap,
    )
    .option("--engine <name>", "what runs the modules: v8 or wasm3", engine, "v8")
    .option("--boards", "run everything but hubs on emulated Cortex-M4 boards, at speed 1")
    .option("--record <dir>", "write recording, trace and module of each boot to this folder: see kilowasm trace", text("--record"))
    .option("--suite <n>", "key establishment with suite 1 (sect163k1) or 2 (sect283k1) only", suite)
    .option(
      "--update <device=file>",
      "update this device (hub, meter, ihd, or one of the home file) over the air with this package; may be repeated",
      update,
    )
    .option(
      "--root <file>",
      "the root key that the devices believe, PEM (default: the development root); they start as the factory made them",
      text("--root"),
    )
    .option("--update-at <time>", "begin the updates at this simulated time (default: when the home is settled)", duration("--update-at"))
    .helpOption("-h, --help", "show this")
    .version(programText(), "-v, --version", "show the version")
    .configureHelp(HELP)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeOut: (out) => surroundings.write(out), writeErr: () => undefined, outputError: () => undefined });
  return withOutside(command);
}

/** Who else looks on. */
function withOutside(command: Command): Command {
  return command
    .option(
      "--web <port>",
      `serve a page of the home at this port of the loopback interface, 0 for any (on a terminal: ${WEB_PORT}, or any)`,
      webPort,
    )
    .option("--no-web", "serve no page")
    .option(
      "--mqtt <url>",
      "tell readings to this broker as a Glow display does, and Home Assistant what there is: mqtt[s]://[user:password@]host",
      broker,
    )
    .option("--mqtt-ca <file>", "the certificates that an mqtts broker's is signed by, PEM (default: the system's)", text("--mqtt-ca"));
}

/** The options together: what one means for another, and what two may not mean. */
function decide(raw: Raw, surroundings: Surroundings): Options {
  const path = (name: string | undefined): string | null => (name === undefined ? null : resolve(surroundings.folder, name));
  const output = (name: string | undefined): string | null => (name === STANDARD_OUTPUT ? name : path(name));
  const updates = (raw.update ?? []).map(({ device, path: name }) => ({ device, path: resolve(surroundings.folder, name) }));
  if (raw.home !== undefined && raw.nodes !== undefined)
    throw new InputError("--home and --nodes both say what the home is; give one of them.");
  if (raw.home === undefined && raw.nodes === undefined) (raw.update ?? []).forEach(ofDefaultPlan);
  const packages = updates.map(({ device, path: name }) => [`--update ${device}`, name]);
  const files = {
    "--home": path(raw.home),
    "--load": path(raw.load),
    "--pcap": output(raw.pcap),
    "--keys": output(raw.keys),
    "--mqtt-ca": path(raw.mqttCa),
    ...Object.fromEntries(packages),
  };
  const given = Object.entries(files).filter(([, name]) => name !== null);
  for (const [option, name] of given) {
    const other = given.find(([another, same]) => another !== option && sameOutput(same as string, name as string));
    if (other) throw new InputError(`${option} and ${other[0]} name the same file ${name}; give each its own.`);
  }
  const actual = raw.zep !== undefined ? "--zep" : raw.tap !== undefined ? "--tap" : raw.boards ? "--boards" : null;
  if (actual && raw.speed !== undefined && raw.speed !== 1)
    throw new InputError(`${actual} runs in real time; leave --speed away or give 1.`);
  if (raw.record !== undefined && (raw.engine !== "v8" || raw.boards))
    throw new InputError("--record needs devices under v8; leave --engine and --boards away.");
  if (raw.mqttCa !== undefined && !raw.mqtt?.startsWith("mqtts:")) throw new InputError("--mqtt-ca needs an --mqtt mqtts://... broker.");
  if (raw.updateAt !== undefined && updates.length === 0) throw new InputError("--update-at needs an --update.");
  const standard = given.find(([, name]) => name === STANDARD_OUTPUT)?.[0];
  if (standard && raw.json) throw new InputError(`--json and ${standard} - both write to standard output; name a file.`);
  const json = raw.json === true || (!surroundings.terminal && !standard);
  const lively = updates.length > 0 || raw.story !== undefined ? SPEED_OF_UPDATES : SPEED_ON_TERMINAL;
  return {
    home: files["--home"],
    nodes: raw.nodes ?? null,
    phase: raw.phase ?? null,
    story: raw.story ?? null,
    load: files["--load"],
    speed: actual ? 1 : (raw.speed ?? (json || standard ? UNPACED : lively)),
    slowStart: !json && !standard && !actual && raw.speed === undefined,
    seed: raw.seed ?? (raw.home === undefined ? 1 : null),
    durationMs: raw.duration ?? null,
    json,
    silent: standard !== undefined,
    result: standard !== undefined || (!raw.json && !surroundings.terminal),
    pcap: files["--pcap"],
    keys: files["--keys"],
    zep: raw.zep ?? null,
    tap: raw.tap ?? null,
    engine: raw.engine,
    boards: raw.boards === true,
    suite: raw.suite ?? null,
    web: typeof raw.web === "number" ? { port: raw.web } : raw.web === false || json || standard ? null : { port: null },
    record: path(raw.record),
    root: path(raw.root),
    updates,
    updateAtMs: raw.updateAt ?? null,
    mqtt: raw.mqtt === undefined ? null : { url: raw.mqtt, ca: files["--mqtt-ca"] },
  };
}

function text(option: string): (word: string) => string {
  return (word) => {
    if (word === "" || word.startsWith("--")) throw new InputError(`${option} takes a file name, not "${word}".`);
    return word;
  };
}

function whole(word: string): number {
  return /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN;
}

function speed(word: string): number {
  if (word === "max") return UNPACED;
  const number = /^\d{1,6}(\.\d{1,6})?$/.test(word) ? Number(word) : Number.NaN;
  if (!(number >= 1 && number <= SPEED_MAX)) throw new InputError(`--speed takes a number from 1 to ${SPEED_MAX} or max, not "${word}".`);
  return number;
}

function duration(option: string): (word: string) => number {
  return (word) => spanMs(option, word);
}

function phase(word: string): Phase {
  if (word !== "1" && word !== "2") throw new InputError(`--phase takes 1 or 2, not "${word}".`);
  return word === "1" ? 1 : 2;
}

function story(word: string): Story {
  const found = STORIES.find((each) => each === word);
  if (!found) throw new InputError(`--story takes ${STORIES.join(" or ")}, not "${word}".`);
  return found;
}

function seed(word: string): number {
  const number = whole(word);
  if (Number.isNaN(number)) throw new InputError(`--seed takes a whole number, not "${word}".`);
  return number;
}

function port(word: string): number {
  const number = whole(word);
  if (!(number >= 1 && number <= 65_535)) throw new InputError(`--zep takes a UDP port from 1 to 65535, not "${word}".`);
  return number;
}

function broker(word: string): string {
  const url = URL.canParse(word) ? new URL(word) : null;
  if (!url || !["mqtt:", "mqtts:"].includes(url.protocol) || url.hostname === "" || !["", "/"].includes(url.pathname))
    throw new InputError(`--mqtt takes an address such as mqtt://user:password@192.168.1.2, not "${word.replace(/:[^:@]*@/, ":...@")}".`);
  return word;
}

function webPort(word: string): number {
  const number = whole(word);
  if (!(number <= 65_535)) throw new InputError(`--web takes a TCP port from 1 to 65535, or 0 for any, not "${word}".`);
  return number;
}

function tap(word: string): string {
  if (!/^[A-Za-z][\w-]{0,14}$/.test(word))
    throw new InputError(`--tap takes an interface's name of 1 to 15 letters and digits, not "${word}".`);
  return word;
}

function update(word: string, before: UpdateOption[] = []): UpdateOption[] {
  const [device, ...rest] = word.split("=");
  const path = rest.join("=");
  if (device === "" || path === "") throw updateError(word);
  if (before.some((other) => other.device === device)) throw new InputError(`--update names the ${device} twice; give it one package.`);
  return [...before, { device, path }];
}

function ofDefaultPlan({ device, path }: UpdateOption): void {
  if (!planIds(DEFAULT_PLAN).includes(device)) throw updateError(`${device}=${path}`);
}

function updateError(word: string): InputError {
  const names = planIds(DEFAULT_PLAN).map((name) => `${name}=FILE`);
  return new InputError(`--update takes ${listed(names)}, not "${word}".`);
}

function nodes(word: string): number {
  const number = whole(word);
  if (!(number >= 1 && number <= DEVICES_PLAN_MAX))
    throw new InputError(`--nodes takes a whole number from 1 to ${DEVICES_PLAN_MAX}, not "${word}".`);
  return number;
}

/** a, b or c */
function listed(words: readonly string[]): string {
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${words.at(-1)}` : words.join("");
}

function engine(word: string): "v8" | "wasm3" {
  if (word !== "v8" && word !== "wasm3") throw new InputError(`--engine takes v8 or wasm3, not "${word}".`);
  return word;
}

function suite(word: string): 1 | 2 {
  if (word !== "1" && word !== "2") throw new InputError(`--suite takes 1 or 2, not "${word}".`);
  return word === "1" ? 1 : 2;
}
