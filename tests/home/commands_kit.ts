// Every command of `kilowasm` run in this process, and every place of its command line that a file can stand in.
import { createSocket } from "node:dgram";
import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { identityRecord, issue, makeCa } from "../../host/crypto/ca.ts";
import { developmentCertificate, developmentRelease, developmentRoot, privatePem, publicPem } from "../../host/image/keys.ts";
import { HARDWARE_TYPE } from "../../host/tls/authority.ts";
import { makeRequest } from "../../host/tls/request.ts";
import { TraceFile, TraceKind } from "../../host/trace.ts";
import { kilowasm, programs } from "../../tools/kilowasm.ts";
import { streams } from "../../tools/words/exit.ts";
import { ihdModule, smallPackage } from "../image/packages.ts";

export interface Done {
  code: number;
  out: string;
  errors: string;
}

/** Runs a command line that does not end this process: all but a home that comes to its end. */
export async function here(words: readonly string[]): Promise<Done> {
  const before = { ...streams };
  const done: Done = { code: -1, out: "", errors: "" };
  streams.out = (text) => {
    done.out += text;
  };
  streams.errors = (text) => {
    done.errors += text;
  };
  try {
    done.code = await kilowasm(words);
  } finally {
    Object.assign(streams, before);
  }
  return done;
}

/** Commands that do something, by their words. */
export async function commands(): Promise<Map<string, Command>> {
  const found = new Map<string, Command>();
  const walk = (name: string, command: Command): void => {
    if (command.commands.length === 0) found.set(name, command);
    for (const each of command.commands) walk(`${name} ${each.name()}`, each);
  };
  for (const [name, command] of await programs()) walk(name, command);
  return found;
}

export const folder = mkdtempSync(join(tmpdir(), "kilowasm-commands-"));
export const at = (name: string): string => join(folder, name);

const IDENTITY = issue(makeCa(Buffer.from("a test")), 2, 0x0011223344556677n);

/** Files as they should be. */
const GOOD: Record<string, () => Uint8Array | string> = {
  "good.ota": () => smallPackage(),
  "good.wasm": () => ihdModule(),
  "root.pem": () => privatePem(developmentRoot()),
  "root.pub": () => publicPem(developmentRoot().point),
  "release.pem": () => privatePem(developmentRelease()),
  "release.pub": () => publicPem(developmentRelease().point),
  "release.cose": () => developmentCertificate(),
  identity: () => identityRecord(IDENTITY),
  "signer.key": () => IDENTITY.privateKey.toString("hex"),
  "a.csr": () => makeRequest(Buffer.alloc(32, 9), HARDWARE_TYPE, Buffer.from("0011", "hex")),
  "a.recording": () => TraceFile.recording().bytes(),
  "b.recording": () => {
    const seeded = TraceFile.recording();
    seeded.add(TraceKind.Seed, Buffer.alloc(32, 7));
    return seeded.bytes();
  },
  "a.trace": () => TraceFile.trace().bytes(),
};
for (const [name, make] of Object.entries(GOOD)) writeFileSync(at(name), make());

const HUGE = 5 * 2 ** 30;
writeFileSync(at("empty"), "");
writeFileSync(at("noise"), Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197 + 0x8d) & 0xff)));
writeFileSync(at("text"), "an ordinary text\nof two lines\n");
writeFileSync(at("picture"), Buffer.from("89504e470d0a1a0a0000000d494844520000000100000001", "hex"));
writeFileSync(at("huge"), "");
truncateSync(at("huge"), HUGE); // takes no room

/** What is no file that any command wants. */
export const WRONG: Record<string, string> = {
  missing: at("missing"),
  directory: folder,
  empty: at("empty"),
  noise: at("noise"),
  text: at("text"),
  picture: at("picture"),
  huge: at("huge"),
  endless: "/dev/zero",
};

/** Words of options and arguments that are no names of files. */
export const VALUES = new Set(
  "n name number url version role range uuid code type encoding time eui64 profile sectors uri hex text octets address share port eui64=code command list suite".split(
    " ",
  ),
);

/** A command's places for files: `image verify --base`, `image verify file`. */
export function placesOf(name: string, command: Command): string[] {
  const options = command.options.flatMap(({ long, flags }) => {
    const [, word] = /[<[](\S+?)[>\]]/.exec(flags) ?? [];
    return word === undefined || VALUES.has(word) ? [] : [`${name} ${long}`];
  });
  return [...options, ...command.registeredArguments.map((argument) => `${name} ${argument.name()}`)];
}

/** A UDP port that nobody has. */
const PORT = await new Promise<string>((resolve) => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1", () => {
    const { port } = socket.address();
    socket.close(() => resolve(String(port)));
  });
});

/** Places of outputs; in each line @ stands for the file. */
export const OUTPUTS: Record<string, string> = {
  "home --pcap": "home --duration 1s --json --pcap @",
  "home --keys": "home --duration 40s --json --keys @",
  "home --record": "home --duration 1s --json --record @",
  "image build --out": "image build good.wasm --role ihd --version 1.2.3 -o @",
  "image sign --out": "image sign good.ota -o @",
  "image delta --out": "image delta good.wasm good.ota -o @",
  "image pack --out": "image pack --profile raw good.ota -o @",
  "image serve --pcap": "image serve good.ota --zep PORT --duration 1s --pcap @",
  "image serve --keys": "image serve good.ota --zep PORT --duration 6s --keys @",
  "image keygen root --out": "image keygen root -o @",
  "image keygen release --out": "image keygen release -o @",
  "image keygen certify --out": "image keygen certify --root root.pem --release release.pub --epoch 1 -o @",
  "trace replay --out": "trace replay b.recording --module hub_sep1 --out @",
  "ca authority --out": "ca authority --out @",
  "ca device --out": "ca device --serial 0011 --out @",
  "ca sign --out": "ca sign --request a.csr --out @",
  "ca issue --out": "ca issue --suite 2 --ieee 0011223344556677 --out @",
};

/** A line's words: names with a dot are files of the folder. */
export const wordsOf = (line: string, file: string): string[] =>
  line
    .split(" ")
    .map((word) =>
      word === "PORT"
        ? PORT
        : word.includes("@")
          ? word.replace("@", file)
          : /^[a-z]+\.[a-z]*$/.test(word)
            ? at(word.replace(/\.$/, ""))
            : word,
    );
