// `kilowasm image`: the commands, and how their ends become exit codes.

import type { Command } from "commander";
import { ended } from "../words/ended.ts";
import { EXIT_HELP, Exit } from "../words/exit.ts";
import { quietCommand } from "../words/words.ts";
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

export function program(): Command {
  const top = quietCommand("kilowasm")
    .description("Tools of a home-area-network stack in WebAssembly.")
    .enablePositionalOptions()
    .addHelpText("after", EXIT_HELP);
  const image = top
    .command("image")
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
  return top;
}

/** Runs the command line; answers the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(argv, { from: "user" });
    return Exit.Ok;
  } catch (error) {
    return ended(error);
  }
}
