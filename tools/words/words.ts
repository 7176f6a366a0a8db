// How commands of `kilowasm` that parse words with commander behave alike, and how a complaint becomes one sentence.
import { Command, Help, Option } from "commander";
import { programText, streams } from "./exit.ts";

export function quietCommand(name: string): Command {
  return quiet(new Command(name));
}

/** A command of commands: none of them has a version of its own. */
export function groupCommand(name: string): Command {
  return quiet(new StrangeFirst(name)).version(programText(), "-v, --version", "show the version").helpCommand(false);
}

function quiet(command: Command): Command {
  return command
    .exitOverride()
    .helpOption("-h, --help", "show this")
    .configureHelp(HELP)
    .configureOutput({ outputError: () => undefined, writeOut: (text) => streams.out(text), writeErr: (text) => streams.errors(text) });
}

/** Tells of an option that there is not before one that is missing: it is the same one, most often. */
class StrangeFirst extends Command {
  override createCommand(name?: string): Command {
    return new StrangeFirst(name);
  }

  override parseOptions(words: string[]): ReturnType<Command["parseOptions"]> {
    const parsed = super.parseOptions(words);
    const [first] = parsed.unknown;
    const asksForHelp = parsed.unknown.some((word) => word === "-h" || word === "--help");
    if (first?.startsWith("-") && !asksForHelp && this.commands.length === 0)
      (this as unknown as { unknownOption(word: string): void }).unknownOption(first);
    return parsed;
  }
}

/** How a help is to read: what must be given says so, and a default is a word and not what the program makes of it. */
export const HELP = {
  optionDescription: (option: Option): string => {
    const shown = new Help().optionDescription(option);
    return option.mandatory ? `${shown} (required)` : shown;
  },
};

/** An option whose default has a value for the program and a word for people. */
export function defaulted<T>(flags: string, about: string, parse: (word: string, before: T) => T, value: T, word: string): Option {
  return new Option(flags, about).argParser(parse).default(value, word);
}

/** commander's complaint: "error: unknown command 'hme'\n(Did you mean home?)". */
export function sentence(message: string): string {
  const plain = message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "");
  return `${plain}; see --help.`;
}
