// How commands of `kilowasm` that parse words with commander behave alike, and how a complaint becomes one sentence.
import { Command } from "commander";
import { streams } from "./exit.ts";

export function quietCommand(name: string): Command {
  return new Command(name)
    .exitOverride()
    .helpOption("-h, --help", "show this")
    .configureOutput({ outputError: () => undefined, writeOut: (text) => streams.out(text), writeErr: (text) => streams.errors(text) });
}

/** commander's complaint: "error: unknown command 'hme'\n(Did you mean home?)". */
export function sentence(message: string): string {
  const plain = message
    .replace(/^error: /, "")
    .replace(/\s+/g, " ")
    .replace(/\.$/, "");
  return `${plain}; see --help.`;
}
