// `kilowasm vectors`: files of independent test vectors, and other makers' OTA files.
import type { Command } from "commander";
import { OTA_FOLDER } from "../host/vectors/ota.ts";
import { runVectors } from "../host/vectors/run.ts";
import { EXIT_HELP, print, say } from "./words/exit.ts";
import { groupCommand } from "./words/words.ts";

const KINDS: Record<string, string> = {
  cbke: "key establishment, certificates and curves",
  symmetric: "AES-MMO, CCM*, HMAC and CRC",
  wycheproof: "a file of Project Wycheproof",
  se: "frames of Smart Energy clusters, a JSON object a line",
  exi: "documents of IEEE 2030.5 in EXI and XML, a JSON object a line",
};

/** `ended` is told the exit code. */
export function vectorsProgram(ended: (code: number) => void = () => undefined): Command {
  const top = groupCommand("kilowasm vectors")
    .description("Run a file of independent test vectors, or report on OTA files.")
    .addHelpText("after", EXIT_HELP);
  const run = async (words: string[]): Promise<void> => ended(await runVectors(words, print, say));
  for (const [kind, about] of Object.entries(KINDS))
    top
      .command(kind)
      .description(about)
      .argument("<file>", "JSON, or .txt in the layout of tests/vectors")
      .option("--json", "one object: counts, and the lines that are printed otherwise")
      .action((file: string, { json }: { json?: boolean }) => run([kind, file, ...(json ? ["--json"] : [])]));
  top
    .command("ota")
    .description("report on an OTA file, or on each file of a folder: whole, with what it holds, or refused, with where and why")
    .argument("[file]", "a file or a folder", OTA_FOLDER)
    .action((file: string) => run(["ota", file]));
  return top;
}
