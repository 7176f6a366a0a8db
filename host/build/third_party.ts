// Brings wasm3 and BearSSL into build/thirdparty, each by its package manager, at the version and hash that boards/thirdparty pins.
//
//   build/thirdparty/wasm3/source/    wasm3 0.9.0, from the crate wasm3x-sys
//   build/thirdparty/bearssl/         BearSSL 0.6, from the Debian source package
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cargoPath, ensure } from "./preflight.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PINS = join(ROOT, "boards/thirdparty");
export const THIRD_PARTY = join(ROOT, "build/thirdparty");
const WASM3 = join(THIRD_PARTY, "wasm3");
export const WASM3_SOURCE = join(WASM3, "source");
export const BEARSSL = join(THIRD_PARTY, "bearssl");

/** Makes both trees present; does nothing when they are. */
export function fetchThirdParty(say: (line: string) => void): void {
  fetchOnce("wasm3", sha256(readFileSync(join(PINS, "Cargo.lock"))), say, fetchWasm3);
  fetchOnce("bearssl", pinnedTarball().hash, say, fetchBearSsl);
}

/** Says which trees are there: what an object of theirs is named by, in place of the headers that it reads. */
export const wasm3Pin = (): string => String(pinOf(WASM3));
export const bearSslPin = (): string => String(pinOf(BEARSSL));

/** Fetches into a folder of its own and renames it, so that two processes at once, or a cut-off one, leave a whole tree or none. */
function fetchOnce(
  name: string,
  pin: string,
  say: (line: string) => void,
  fetch: (work: string, say: (line: string) => void) => string,
): void {
  const target = join(THIRD_PARTY, name);
  if (pinOf(target) === pin) return;
  mkdirSync(THIRD_PARTY, { recursive: true });
  const work = mkdtempSync(join(THIRD_PARTY, `.${name}-`));
  try {
    say(`fetching ${name} into build/thirdparty`);
    const tree = fetch(work, say);
    writeFileSync(join(tree, ".pin"), pin);
    // What another process has put there meanwhile is the same, and its readers have begun: it stays.
    if (pinOf(target) === pin) return;
    if (existsSync(target)) renameSync(target, join(work, "replaced"));
    renameSync(tree, target);
  } catch (error) {
    if (pinOf(target) !== pin) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Of a tree that was fetched whole. */
function pinOf(tree: string): string | undefined {
  const stamp = join(tree, ".pin");
  return existsSync(stamp) ? readFileSync(stamp, "utf8") : undefined;
}

function fetchWasm3(work: string, say: (line: string) => void): string {
  ensure(["cargo"], say);
  // cargo wants its manifest beside a writable target folder, so it gets a copy of the pins.
  for (const name of ["Cargo.toml", "Cargo.lock"]) cpSync(join(PINS, name), join(work, name));
  run(cargoPath() ?? "cargo", ["vendor", "--quiet", "--locked", "--versioned-dirs", "crates"], work, "cargo cannot fetch wasm3x-sys 0.2.1");
  const crate = join(work, "crates/wasm3x-sys-0.2.1/wasm3");
  if (!existsSync(join(crate, "source/wasm3.h"))) throw new Error("the crate wasm3x-sys 0.2.1 came without wasm3/source");
  return crate;
}

function fetchBearSsl(work: string, say: (line: string) => void): string {
  ensure(["apt-get", "xz"], say);
  const apt = aptFor(work);
  run("apt-get", [...apt, "--quiet", "update"], work, "apt cannot read the lists of source packages");
  run("apt-get", [...apt, "--quiet", "source", "--download-only", "bearssl"], work, "apt cannot fetch the source package bearssl");
  const { name, hash } = pinnedTarball();
  const tarball = join(work, name);
  if (!existsSync(tarball)) throw new Error(`apt brought no ${name}; this system's Debian offers another version of bearssl`);
  if (sha256(readFileSync(tarball)) !== hash)
    throw new Error(`${name} is not the file whose SHA-256 boards/thirdparty/bearssl.sha256 pins`);
  run("tar", ["-xJf", name], work, `cannot unpack ${name}`);
  return join(work, "bearssl-0.6");
}

/** Options that give apt-get lists and a state of its own, so that the system's stay as they are and no privilege is needed. */
function aptFor(work: string): string[] {
  const parts = join(work, "sources");
  for (const folder of [parts, join(work, "state/lists/partial"), join(work, "cache/archives/partial")])
    mkdirSync(folder, { recursive: true });
  const lists = sourceLists();
  if (lists.length === 0) throw new Error("found no package list in /etc/apt from which to derive one for source packages");
  for (const [name, text] of lists) writeFileSync(join(parts, name), text);
  const options = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": parts,
    "Dir::State": join(work, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(work, "cache"),
    "APT::Sandbox::User": "",
  };
  return Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
}

/** The system's Debian lists with `deb` made `deb-src`: same mirrors, same keys. */
function sourceLists(): [string, string][] {
  const folder = "/etc/apt/sources.list.d";
  const paths = ["/etc/apt/sources.list", ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [])];
  const out: [string, string][] = [];
  for (const [index, path] of paths.entries()) {
    if (!existsSync(path)) continue;
    const text = readFileSync(path, "utf8");
    if (path.endsWith(".list")) out.push([`${index}.list`, oneLineSources(text)]);
    else if (path.endsWith(".sources")) out.push([`${index}.sources`, stanzaSources(text)]);
  }
  return out.filter(([, text]) => text.trim() !== "");
}

function oneLineSources(text: string): string {
  const lines = text.split("\n").filter((line) => /^\s*deb\s/.test(line) && /debian/i.test(line));
  return `${lines.map((line) => line.replace(/^\s*deb\s/, "deb-src ")).join("\n")}\n`;
}

function stanzaSources(text: string): string {
  const stanzas = text.split(/\n\s*\n/).filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && /^(URIs|Signed-By):.*debian/im.test(stanza));
  return `${stanzas.map((stanza) => stanza.replace(/^Types:.*$/m, "Types: deb-src")).join("\n\n")}\n`;
}

function pinnedTarball(): { name: string; hash: string } {
  const [hash, name] = readFileSync(join(PINS, "bearssl.sha256"), "utf8").trim().split(/\s+/);
  return { name, hash };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function run(command: string, args: string[], cwd: string, what: string): void {
  try {
    execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const text = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    const line = text.split("\n").find((each) => /^(E:|error)/i.test(each)) ?? text.split("\n").pop() ?? "";
    throw new Error(`${what}: ${line}`);
  }
}
