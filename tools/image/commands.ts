// `kilowasm image`: the commands, and how their ends become exit codes.

import type { Command } from "commander";
import { ended } from "../words/ended.ts";
import { EXIT_HELP, Exit } from "../words/exit.ts";
import { groupCommand } from "../words/words.ts";
import { buildCommand } from "./build.ts";
import { deltaCommand } from "./delta.ts";
import { diffCommand } from "./diff.ts";
import { gateCommand } from "./gate.ts";
import { inspectCommand } from "./inspect.ts";
import { keygenCommand } from "./keygen.ts";
import { packCommand } from "./pack.ts";
import { serveCommand } from "./serve.ts";
import { signCommand } from "./sign.ts";
import { simulateCommand } from "./simulate_command.ts";
import { verifyCommand } from "./verify.ts";

export function imageProgram(): Command {
  const image = groupCommand("kilowasm image")
    .description("make, sign, look at, verify and try packages: signed modules for updates over the air")
    .enablePositionalOptions()
    .addHelpText("after", EXIT_HELP);
  for (const add of [
    keygenCommand,
    buildCommand,
    signCommand,
    verifyCommand,
    inspectCommand,
    diffCommand,
    deltaCommand,
    packCommand,
    gateCommand,
    serveCommand,
    simulateCommand,
  ])
    add(image);
  return image;
}

/** Runs the words behind `kilowasm image`; answers the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await imageProgram().parseAsync(argv, { from: "user" });
    return Exit.Ok;
  } catch (error) {
    return ended(error);
  }
}
