// How a command ends: its exit code, and the one sentence that says why.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ImageError } from "../../host/image/image_error.ts";
import { ROOT } from "../../host/modules.ts";

export const Exit = {
  Ok: 0,
  /** The tool's own fault, or the machine's. */
  Failed: 1,
  /** Wrong words on the command line, or a file that cannot be read or is of no known kind. */
  Usage: 2,
  /** The package, image or module is refused, or does not verify. */
  Refused: 3,
} as const;

export const EXIT_HELP = `
Exit codes: 0 done, 1 internal failure, 2 wrong usage or input, 3 refused or not verified.`;

/** What was asked to be judged is judged and found wrong. */
export class Refused extends Error {}

/** Runs what judges the octets of a file; what is found wrong is said with the file's name, offset, rule and reason. */
export function judging<T>(name: string, judge: () => T, hint = ""): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new Refused(`${name}: ${error.message}${hint} (${error.reasonName}).`);
  }
}

/** Where results go, and where everything else. */
export interface Streams {
  out: (text: string) => void;
  errors: (text: string) => void;
}

export const streams: Streams = {
  out: (text) => process.stdout.write(text),
  errors: (text) => process.stderr.write(text),
};

/** For everything that is no result. */
export function say(line: string): void {
  streams.errors(`kilowasm: ${line}\n`);
}

export function print(text: string): void {
  streams.out(text.endsWith("\n") ? text : `${text}\n`);
}

/** The version of this program. */
export function programText(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
}
