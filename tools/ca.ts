// kilowasm ca issue --suite 2 --ieee 0x0011223344556677 --out FILE
// The test certificate authority of phase 1 on the command line; what it is stands in host/crypto/ca.ts.  Phase 2: ca_sep2.ts.

import { type Command, InvalidArgumentError } from "commander";
import { identityRecord, issue, makeCa, type Suite } from "../host/crypto/ca.ts";
import { STANDARD_OUTPUT } from "../host/files/output_file.ts";
import { addSep2 } from "./ca_sep2.ts";
import { writeWhole } from "./image/files.ts";
import { groupCommand } from "./words/words.ts";

function parseSuite(text: string): Suite {
  if (text === "1") return 1;
  if (text === "2") return 2;
  throw new InvalidArgumentError("There are suites 1 (sect163k1) and 2 (sect283k1).");
}

function parseIeee(text: string): bigint {
  const digits = text.replace(/^0x/i, "").replaceAll(/[:-]/g, "");
  if (!/^[0-9a-f]{16}$/i.test(digits)) throw new InvalidArgumentError("An IEEE address is 16 hexadecimal digits.");
  const ieee = BigInt(`0x${digits}`);
  if (ieee === 0n || ieee === 0xffff_ffff_ffff_ffffn) throw new InvalidArgumentError("All zeros and all ones are no addresses.");
  return ieee;
}

interface IssueOptions {
  suite: Suite;
  ieee: bigint;
  seed: string;
  raw?: boolean;
  out?: string;
}

function runIssue(options: IssueOptions): void {
  const identity = issue(makeCa(Buffer.from(options.seed, "utf8")), options.suite, options.ieee);
  const text = {
    suite: options.suite,
    ieee: options.ieee.toString(16).padStart(16, "0"),
    certificate: identity.certificate.toString("hex"),
    privateKey: identity.privateKey.toString("hex"),
    caPublicKey: identity.caPublicKey.toString("hex"),
  };
  const octets = options.raw ? identityRecord(identity) : Buffer.from(`${JSON.stringify(text, null, 2)}\n`);
  writeWhole(options.out ?? STANDARD_OUTPUT, octets, { secret: true }); // it holds a private key
}

export function caProgram(): Command {
  const program = groupCommand("kilowasm ca").description(
    "issues test certificates of Smart Energy 1.x and of IEEE 2030.5; never use them outside a test",
  );
  program
    .command("issue")
    .exitOverride()
    .description("issue a certificate of Smart Energy 1.x and its private key to an IEEE address")
    .requiredOption("--suite <number>", "1 (sect163k1) or 2 (sect283k1)", parseSuite)
    .requiredOption("--ieee <address>", "16 hexadecimal digits", parseIeee)
    .option("--seed <text>", "the authority is a function of this text", "kilowasm test authority")
    .option("--raw", "write the octets of the device's identity record instead of JSON")
    .option("--out <file>", "write here instead of to standard output")
    .action(runIssue);
  addSep2(program);
  return program;
}
