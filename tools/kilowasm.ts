// `kilowasm`: one program, one help.
import { InputError } from "../host/load/input_error.ts";
import { PACKAGED } from "../host/modules.ts";
import { ended } from "./words/ended.ts";
import { EXIT_HELP, Exit, programText } from "./words/exit.ts";
import { HELP, quietCommand } from "./words/words.ts";

interface Entry {
  about: string;
  /** Loads what the command needs, and answers its exit code; the words are those behind its name. */
  run(words: readonly string[]): Promise<number>;
}

const ENTRIES: Record<string, Entry> = {
  home: {
    about: "a home of hub, meters and displays on a simulated air, in the terminal or as lines of JSON",
    run: async (words) => (await import("./home/home.ts")).runHome(words),
  },
  image: {
    about: "make, sign, look at, verify and try packages: signed modules for updates over the air",
    run: async (words) => (await import("./image/commands.ts")).run(["image", ...words]),
  },
  vectors: {
    about: "run a file of independent test vectors: vectors KIND FILE",
    run: async (words) => (await import("../host/vectors/run.ts")).runVectors([...words], console.log, console.error),
  },
  trace: {
    about: "show, replay and compare recordings and traces of devices",
    run: async (words) => {
      await (await import("./trace/commands.ts")).traceProgram().parseAsync(words, { from: "user" });
      return Exit.Ok;
    },
  },
  ca: {
    about: "issue Smart Energy test certificates; never use them outside a test",
    run: async (words) => {
      await (await import("./ca.ts")).caProgram().parseAsync(words, { from: "user" });
      return Number(process.exitCode ?? Exit.Ok);
    },
  },
  bench: {
    about: "ratios that do not depend on the machine: round trips, a thousand devices, transfers, deltas",
    run: async (words) => {
      if (PACKAGED) throw new InputError("bench compiles modules and other programs; run it in kilowasm's repository.");
      return (await import("./bench.ts")).runBench(words);
    },
  },
};

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
  for (const [name, { about, run }] of Object.entries(ENTRIES)) {
    top
      .command(name)
      .description(about)
      .helpOption(false)
      .argument("[words...]")
      .allowUnknownOption()
      .passThroughOptions()
      .action(async (rest: string[]) => {
        code = await run(rest);
      });
  }
  try {
    await top.parseAsync(words, { from: "user" });
    return code;
  } catch (error) {
    return ended(error);
  }
}
