// `kilowasm`: one program, one help.
import type { Command } from "commander";
import { InputError } from "../host/files/input_error.ts";
import { PACKAGED } from "../host/modules.ts";
import { ended } from "./words/ended.ts";
import { EXIT_HELP, Exit, programText } from "./words/exit.ts";
import { HELP, quietCommand } from "./words/words.ts";

interface Entry {
  about: string;
  /** Loads what the command needs; its actions may tell an exit code. */
  program(ended: (code: number) => void): Promise<Command>;
  /** Where more than the program's actions is to be done; the words are those behind its name. */
  run?(words: readonly string[]): Promise<number>;
}

const ENTRIES: Record<string, Entry> = {
  home: {
    about: "a home of hub, meters and displays on a simulated air, in the terminal or as lines of JSON",
    program: async () => (await import("./home/options.ts")).homeProgram(),
    run: async (words) => (await import("./home/home.ts")).runHome(words),
  },
  image: {
    about: "make, sign, look at, verify and try packages: signed modules for updates over the air",
    program: async () => (await import("./image/commands.ts")).imageProgram(),
  },
  vectors: {
    about: "run a file of independent test vectors: vectors KIND FILE",
    program: async (ended) => (await import("./vectors.ts")).vectorsProgram(ended),
  },
  trace: {
    about: "show, replay and compare recordings and traces of devices",
    program: async () => (await import("./trace/commands.ts")).traceProgram(),
  },
  ca: {
    about: "issue Smart Energy test certificates; never use them outside a test",
    program: async () => (await import("./ca.ts")).caProgram(),
  },
  bench: {
    about: "ratios that do not depend on the machine: round trips, a thousand devices, transfers, deltas",
    program: async (ended) => {
      if (PACKAGED) throw new InputError("bench compiles modules and other programs; run it in kilowasm's repository.");
      return (await import("./bench.ts")).benchProgram(ended);
    },
  },
};

/** Every command, by its name. */
export async function programs(): Promise<Map<string, Command>> {
  const found = await Promise.all(
    Object.entries(ENTRIES).map(async ([name, entry]) => [name, await entry.program(() => undefined)] as const),
  );
  return new Map(found);
}

async function runEntry({ program, run }: Entry, words: readonly string[]): Promise<number> {
  if (run) return run(words);
  let code: number = Exit.Ok;
  const command = await program((told) => {
    code = told;
  });
  await command.parseAsync(words, { from: "user" });
  return code;
}

/** Runs the command line; answers the exit code. */
export async function kilowasm(words: readonly string[]): Promise<number> {
  let code: number = Exit.Ok;
  const top = quietCommand("kilowasm")
    .description("A home-area-network stack in WebAssembly: its home, its images, its traces.")
    .version(programText(), "-v, --version", "show the version")
    .enablePositionalOptions()
    .helpCommand(false)
    .configureHelp({ ...HELP, subcommandTerm: (command) => command.name() })
    .addHelpText("after", EXIT_HELP);
  for (const [name, entry] of Object.entries(ENTRIES)) {
    top
      .command(name)
      .description(entry.about)
      .helpOption(false)
      .argument("[words...]")
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (rest: string[]) => {
        code = await runEntry(entry, rest);
      });
  }
  try {
    await top.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    return ended(error);
  }
}
