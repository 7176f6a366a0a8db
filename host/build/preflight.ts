// What the project needs from the machine: looks, installs by apt where that is possible, and says the one command otherwise.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Tool {
  packages: string[];
  present: () => boolean;
}

const CARGO_MINIMUM = [1, 85]; // the manifest of wasm3x-sys is of edition 2024

const TOOLS: Record<string, Tool> = {
  cc: { packages: ["gcc", "libc6-dev"], present: () => onPath("cc") && compilesWith("cc", ["-fsyntax-only"]) },
  "arm-none-eabi-gcc": {
    packages: ["gcc-arm-none-eabi", "libnewlib-arm-none-eabi"],
    present: () => onPath("arm-none-eabi-gcc") && compilesWith("arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mthumb", "-fsyntax-only"]),
  },
  "qemu-system-arm": { packages: ["qemu-system-arm"], present: () => onPath("qemu-system-arm") },
  tshark: { packages: ["tshark"], present: () => onPath("tshark") },
  "python3-zigpy": {
    packages: ["python3-zigpy"],
    present: () => spawnSync("/usr/bin/python3", ["-c", "import zigpy.ota.image"]).status === 0,
  },
  // What MCUboot's imgtool imports, and the installer that brings it: tests/image/imgtool.ts.
  imgtool: {
    packages: ["python3-pip", "python3-click", "python3-intelhex", "python3-cbor2", "python3-yaml", "python3-cryptography"],
    present: () => spawnSync("/usr/bin/python3", ["-c", "import pip, click, intelhex, cbor2, yaml, cryptography"]).status === 0,
  },
  cargo: { packages: ["cargo-web"], present: () => cargoPath() !== undefined },
  "clang-format": { packages: ["clang-format"], present: () => onPath("clang-format") },
  cppcheck: { packages: ["cppcheck"], present: () => onPath("cppcheck") },
  curl: { packages: ["curl"], present: () => onPath("curl") },
  eapol_test: { packages: ["eapoltest"], present: () => onPath("eapol_test") },
  hostapd: { packages: ["hostapd"], present: () => onPath("hostapd") },
  scapy: { packages: ["python3-scapy"], present: () => spawnSync("/usr/bin/python3", ["-c", "import scapy.all"]).status === 0 },
  dig: { packages: ["bind9-dnsutils"], present: () => onPath("dig") },
  zeroconf: { packages: ["python3-zeroconf"], present: () => spawnSync("/usr/bin/python3", ["-c", "import zeroconf"]).status === 0 },
  ip: { packages: ["iproute2"], present: () => onPath("ip") },
  chromium: { packages: ["chromium"], present: () => onPath("chromium") },
  ping: { packages: ["iputils-ping"], present: () => onPath("ping") },
  traceroute: { packages: ["traceroute"], present: () => onPath("traceroute") },
  mosquitto: { packages: ["mosquitto", "mosquitto-clients"], present: () => onPath("mosquitto") && onPath("mosquitto_sub") },
  xmllint: { packages: ["libxml2-utils"], present: () => onPath("xmllint") },
  "apt-get": { packages: ["apt"], present: () => onPath("apt-get") },
  xz: { packages: ["xz-utils"], present: () => onPath("xz") && onPath("tar") },
};

const found = new Set<string>();

/** Makes the named tools present, or throws one sentence with the command that would. */
export function ensure(names: string[], say: (line: string) => void = () => undefined): void {
  const missing = names.filter((name) => !isPresent(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((name) => TOOLS[name].packages))];
  const command = `apt-get install ${packages.join(" ")}`;
  if (!mayInstall()) throw new Error(`${list(missing)} missing or too old here; ${advice(packages)}`);
  say(`${list(missing)} missing: installing ${packages.join(", ")} with apt, which can take some minutes`);
  install(packages, say);
  const still = missing.filter((name) => !isPresent(name));
  if (still.length > 0) throw new Error(`${list(still)} missing even after apt installed ${packages.join(", ")}; look at: ${command}`);
  say(`installed ${packages.join(", ")}`);
}

/** What a person can type on this system, as far as we know it. */
export function advice(packages: string[], has: (program: string) => boolean = onPath, root = process.getuid?.() === 0): string {
  const command = `apt-get install ${packages.join(" ")}`;
  if (!has("apt-get")) return `Debian calls the packages ${packages.join(", ")}: install what your system calls them`;
  if (root) return `type: ${command}`;
  return has("sudo") ? `type: sudo ${command}` : `type: su -c "${command}"`;
}

function list(names: string[]): string {
  return `${names.join(", ")} ${names.length === 1 ? "is" : "are"}`;
}

function isPresent(name: string): boolean {
  const tool = TOOLS[name];
  if (!tool) throw new Error(`host/build/preflight.ts knows no tool named ${name}`);
  if (!found.has(name) && tool.present()) found.add(name);
  return found.has(name);
}

function install(packages: string[], say: (line: string) => void): void {
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["--quiet", "update"],
    ["--quiet", "--yes", "--no-install-recommends", "install", ...packages],
  ]) {
    say(`apt-get ${args.filter((arg) => !arg.startsWith("--")).join(" ")}`);
    try {
      execFileSync("apt-get", args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
    } catch (error) {
      const text = String((error as { stderr?: Buffer }).stderr ?? error).trim();
      const line = text.split("\n").find((each) => each.startsWith("E:")) ?? text.split("\n").pop() ?? "";
      throw new Error(`apt cannot install ${packages.join(", ")}: ${line.replace(/\.$/, "")}; try: apt-get install ${packages.join(" ")}`);
    }
  }
}

/** Root on Debian 12 or later: elsewhere the packages have other names, and a user's machine is not ours to change. */
function mayInstall(): boolean {
  if (process.getuid?.() !== 0 || !onPath("apt-get") || !existsSync("/etc/os-release")) return false;
  const release = readFileSync("/etc/os-release", "utf8");
  const version = /^VERSION_ID="?(\d+)/m.exec(release);
  // Testing and unstable carry no version number.
  return /^ID=debian$/m.test(release) && (version === null || Number(version[1]) >= 12);
}

function onPath(name: string): boolean {
  return everyOnPath(name).length > 0;
}

/** All programs of a name, in the order in which a shell would find them. */
function everyOnPath(name: string): string[] {
  return (process.env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder || ".", name))
    .filter((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A compiler without its C library is no use, and has its own package. */
function compilesWith(command: string, args: string[]): boolean {
  const input = "#include <stdlib.h>\n#include <string.h>\nint kw;\n";
  return spawnSync(command, [...args, "-x", "c", "-"], { input, stdio: ["pipe", "ignore", "ignore"] }).status === 0;
}

/** The first cargo that works and is recent enough: rustup's stand-in in front of Debian's may have no toolchain behind it. */
export function cargoPath(): string | undefined {
  return everyOnPath("cargo").find((path) => {
    const version = /^cargo (\d+)\.(\d+)/.exec(spawnSync(path, ["--version"], { encoding: "utf8" }).stdout ?? "");
    if (!version) return false;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    return major > CARGO_MINIMUM[0] || (major === CARGO_MINIMUM[0] && minor >= CARGO_MINIMUM[1]);
  });
}
