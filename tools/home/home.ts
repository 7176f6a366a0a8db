// `kilowasm home` and `npm start`: the home in a terminal, or as lines of JSON.
import { X509Certificate } from "node:crypto";
import { InputError } from "../../host/files/input_error.ts";
import type { Output } from "../../host/home/output.ts";
import type { Options } from "../../host/home/run_options.ts";
import { Session } from "../../host/home/session.ts";
import { textRead } from "../../host/load/file.ts";
import { JsonLines } from "../../host/render/json.ts";
import { MqttOutput } from "../../host/render/mqtt/output.ts";
import { Silent } from "../../host/render/silent.ts";
import { Terminal } from "../../host/render/terminal.ts";
import { lastWords } from "../../host/render/view.ts";
import { ended } from "../words/ended.ts";
import { Exit, programText, say, streams } from "../words/exit.ts";
import { ownOutput } from "../words/program.ts";
import { HelpShown, optionsParse, SPEED_MAX } from "./options.ts";

const EXIT_FAILED = 1;
const CERTIFICATES_MAX = 1 << 20;
/** npm hands a signal on that the terminal has sent to everyone already; a person needs longer for the second one. */
const IMPATIENT_MS = 500;
/** Speeds of the keys + and -. */
const SPEEDS = [1, 2, 5, 10, 20, 60, 120, 300, SPEED_MAX];

/** npm runs scripts in the package's folder; names on the command line are meant from where the person stands. */
function folder(): string {
  return process.env.npm_lifecycle_event === "start" && process.env.INIT_CWD ? process.env.INIT_CWD : process.cwd();
}

async function main(words: readonly string[]): Promise<void> {
  const terminal = process.stdout.isTTY === true && process.env.TERM !== "dumb";
  const options = optionsParse(words, { folder: folder(), terminal, write: streams.out });
  let output: Output | null = null;
  const session = await Session.open(options, () => output as Output, say);
  const page = options.web ? await (await import("../../host/web/open.ts")).openPage(session, options, words) : null;
  if (page) say(`the home's page is at ${page.url}`);
  endOnSignals(session);
  ownOutput();
  if (options.silent) output = new Silent();
  else output = options.json ? new JsonLines(process.stdout, say) : screen(session, options.boards || options.zep !== null);
  if (options.mqtt) output = await told(options.mqtt, output, session);
  if (page) output = page.beside(output);
  try {
    await session.run();
  } finally {
    await output.end();
  }
  const result = lastWords(session.home.status, session.summary());
  if (!options.json && !options.silent) process.stdout.write(result);
  else if (options.result && !output.closed) process.stderr.write(result); // lines for programs, a result for people
  // Whatever still waits (a socket, a terminal's input) must not keep the process.
  const outcomes = session.outcomes();
  for (const { sentence } of outcomes) say(sentence);
  process.exit(output.failed ? EXIT_FAILED : outcomes.some(({ refused }) => refused) ? Exit.Refused : Exit.Ok);
}

/** The output, and a broker beside it; without the broker there is no run. */
async function told({ url, ca }: NonNullable<Options["mqtt"]>, output: Output, session: Session): Promise<Output> {
  try {
    const certificates = ca === null ? null : certificatesRead(ca);
    return await MqttOutput.open({ url, ca: certificates }, output, session.home.status, programText());
  } catch (error) {
    await output.end();
    await session.close();
    throw error;
  }
}

function certificatesRead(path: string): Buffer {
  const text = Buffer.from(textRead(path, CERTIFICATES_MAX, "PEM"));
  try {
    new X509Certificate(text);
  } catch {
    throw new InputError(`${path} has no certificate in PEM; name the file of those that the broker's is signed by.`);
  }
  return text;
}

/** The first signal ends the run with its summary; one that comes later than npm's copy of the first ends the process. */
function endOnSignals(session: Session): void {
  let asked = Number.POSITIVE_INFINITY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - asked > IMPATIENT_MS) process.exit(EXIT_FAILED);
      asked = Math.min(asked, now);
      session.stop();
    });
  }
}

/** `real`: boards or UDP partners keep real time, so there is nothing to pause or to speed up. */
function screen(session: Session, real: boolean): Terminal {
  const { pacer } = session;
  const step = (by: number): void => {
    if (real) return;
    const nearest = SPEEDS.findIndex((speed) => speed >= pacer.speed);
    pacer.speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (nearest < 0 ? SPEEDS.length - 1 : nearest) + by))];
  };
  const controls = {
    quit: () => session.stop(),
    pause: () => {
      pacer.paused = !pacer.paused && !real;
    },
    faster: () => step(1),
    slower: () => step(-1),
  };
  return new Terminal(process.stdout, process.stdin.isTTY ? process.stdin : null, controls, process.env);
}

/** Answers the exit code; a run that comes to its end ends the process by itself. */
export async function runHome(words: readonly string[]): Promise<number> {
  try {
    await main(words);
    return 0;
  } catch (error) {
    if (error instanceof HelpShown) return 0;
    return ended(error);
  }
}
