// `kilowasm image`: the commands, and how their ends become exit codes.

import { Command, CommanderError } from "commander";
import { InputError } from "../../host/load/input_error.ts";
import { EXIT_HELP, Exit, Refused, say, streams } from "../words/exit.ts";
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
  const top = new Command("kilowasm")
    .description("Tools of a home-area-network stack in WebAssembly.")
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeOut: (text) => streams.out(text), writeErr: (text) => streams.errors(text) })
    .showSuggestionAfterError(false)
    .addHelpText("after", EXIT_HELP);
  const image = top
    .command("image")
    .description("make, sign, look at, verify and try packages: signed modules for updates over the air")
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

function ended(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return Exit.Ok;
    if (error.code === "commander.help") return Exit.Usage; // no command was given, and the help was shown
    say(sentence(error.message));
    return Exit.Usage;
  }
  say(error instanceof Error ? error.message : String(error));
  if (error instanceof Refused) return Exit.Refused;
  return error instanceof InputError ? Exit.Usage : Exit.Failed;
}

function sentence(message: string): string {
  const plain = message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "");
  return `${plain}; see --help.`;
}
