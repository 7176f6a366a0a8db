// Firmware for the emulated board: the board's C, boards/common, wasm3, BearSSL and one module, linked for flash.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Role } from "../abi.ts";
import { replace, type Unit } from "../build/objects.ts";
import { BEARSSL, bearSslPin, fetchThirdParty, WASM3_SOURCE, wasm3Pin } from "../build/third_party.ts";
import { developmentIdentity, type Identity, publicFromPem } from "../image/keys.ts";
import { ROOT } from "../modules.ts";
import { fontHeader, readFont } from "./font.ts";
import { BOARD, COMMON, PRODUCTS } from "./paths.ts";
import { compile, link } from "./toolchain.ts";

/** What a hostile module can reach, and a reserve: tests/boards/stack.test.ts. */
export const STACK_SIZE = 10 << 10;
/** What reads the recording stands on the stack of a replaying board, below the module that is measured. */
const REPLAY_STACK_SIZE = STACK_SIZE + (1 << 10);
/** Everything wasm3 allocates: linear memory, its own structures, and a cache of translated code in what is left (docs/memory.md). */
export const ARENA_SIZE = 159 << 10;
/** A meter needs less of its code at once. */
export const METER_ARENA_SIZE = 149 << 10;
/** Of modules of phase 2, with their two sessions of TLS. */
export const SEP2_ARENA_SIZES = { meter: 224 << 10, ihd: 224 << 10 } as const;
const OURS = [
  "-Wall",
  "-Wextra",
  "-Werror",
  `-I${COMMON}`,
  `-I${BOARD}`,
  `-I${PRODUCTS}`,
  "-isystem",
  WASM3_SOURCE,
  "-isystem",
  join(BEARSSL, "inc"),
];

export interface FirmwareOptions {
  /** Name of the product: build/boards/mps2-an386/NAME.elf. */
  name: string;
  /** The factory module, linked into flash; none in the replay firmware, which reads its module from a file. */
  wasm?: string;
  /** What the board is, and whose modules it runs; see `boardIdentity`. */
  identity?: Identity;
  arenaSize?: number;
  stackSize?: number;
  say?: (line: string) => void;
}

const DRIVERS = ["startup.c", "uart.c", "clock.c", "semihost.c", "flash.c", "oled.c", "console.c"];
/** The flags of shared/notes/wasm3.md that boards/common wants everywhere that wasm3's headers are read. */
/** What boards/common is made of; Node's add-on reads the same list. */
const SOURCES = JSON.parse(readFileSync(join(COMMON, "sources.json"), "utf8")) as {
  common: string[];
  wasm3Units: string[];
  wasm3: string[];
  bearssl: string[];
  forceInclude: string;
};
const WASM3_CONFIG = join(ROOT, SOURCES.forceInclude);
const COMMON_FLAGS = ["-include", WASM3_CONFIG];

/** The firmware of a device. */
export async function buildFirmware(options: FirmwareOptions): Promise<string> {
  return buildWith(["main.c", "platform.c"], options);
}

/** The firmware that runs a module from a file over a recording and measures it. */
export async function buildReplay(options: Partial<FirmwareOptions> = {}): Promise<string> {
  return buildWith(["replay.c"], { name: "replay", stackSize: REPLAY_STACK_SIZE, ...options });
}

async function buildWith(mains: string[], options: FirmwareOptions): Promise<string> {
  const say = options.say ?? (() => {});
  fetchThirdParty(say);
  const defines = [`-DKW_ARENA_SIZE=${options.arenaSize ?? ARENA_SIZE}`];
  if (!options.wasm) defines.push("-DKW_FLASH_WRITABLE");
  const units: Unit[] = [
    ...[...mains, ...DRIVERS].map((file) => ({ source: join(BOARD, file), flags: [...OURS, ...COMMON_FLAGS, ...defines] })),
    ...commonUnits(),
    ...wasm3Units(),
    ...bearSslUnits(),
  ];
  return finish(units, options);
}

/** A test's own main over the drivers alone. */
export async function buildBare(main: string, name: string): Promise<string> {
  const flags = [...OURS];
  return finish(
    [
      { source: main, flags },
      ...[...DRIVERS.map((file) => join(BOARD, file)), join(COMMON, "spinel.c")].map((source) => ({ source, flags })),
    ],
    { name },
  );
}

async function finish(units: Unit[], options: FirmwareOptions): Promise<string> {
  mkdirSync(PRODUCTS, { recursive: true });
  const header = fontHeader(readFont());
  await replace(join(PRODUCTS, "font.h"), async (draft) => writeFileSync(draft, header));
  if (options.wasm)
    units.push(await moduleUnit(options.wasm), await identityUnit(options.identity ?? boardIdentity(Role.Ihd, options.say)));
  const objects = await compile(units, options.say ?? (() => {}));
  const target = join(PRODUCTS, `${options.name}.elf`);
  await link(objects, join(BOARD, "mps2-an386.ld"), [`-Wl,--defsym=KW_STACK_SIZE=${options.stackSize ?? STACK_SIZE}`], target);
  return target;
}

/** The board of the development, with the root key of the file that `KW_ROOT_KEY` names, or the development key, which protects nothing. */
export function boardIdentity(role: number, say: (line: string) => void = () => {}): Identity {
  const identity = developmentIdentity(role);
  const file = process.env.KW_ROOT_KEY;
  if (!file) {
    say("the firmware trusts the development root key, which protects nothing; KW_ROOT_KEY=FILE names another public key in PEM");
    return identity;
  }
  try {
    return { ...identity, root: publicFromPem(readFileSync(file)) };
  } catch (error) {
    throw new Error(`KW_ROOT_KEY, ${file}: ${(error as Error).message}`);
  }
}

async function identityUnit(identity: Identity): Promise<Unit> {
  const list = (octets: Uint8Array): string => `{ ${[...octets].join(",")} }`;
  const { root, vendor, classId, manufacturer, type, hardware, role, phases, nativeVersion, memoryMax } = identity;
  const numbers = [manufacturer, type, hardware, role, phases, nativeVersion, memoryMax];
  const members = [...[root, vendor, classId].map(list), ...numbers].join(", ");
  const text = `#include "manifest.h"\nconst struct kw_image_identity kw_identity = { ${members} };\n`;
  const source = join(PRODUCTS, `identity-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.c`);
  await replace(source, async (draft) => writeFileSync(draft, text));
  return { source, flags: OURS };
}

/** The module's octets as a C array, in a file named by them: builds of several modules can run side by side. */
async function moduleUnit(wasm: string): Promise<Unit> {
  const octets = readFileSync(wasm);
  const source = join(PRODUCTS, `module-${createHash("sha256").update(octets).digest("hex").slice(0, 16)}.c`);
  const text = `const unsigned char kw_module[] __attribute__((section(".module"), aligned(4))) = { ${[...octets].join(",")} };\nconst unsigned kw_module_size = sizeof kw_module;\n`;
  await replace(source, async (draft) => writeFileSync(draft, text));
  return { source, flags: [] };
}

function commonUnits(): Unit[] {
  const flags = [...OURS, ...COMMON_FLAGS];
  return [...SOURCES.common, ...SOURCES.wasm3Units, "spinel.c"].map((file) => ({ source: join(COMMON, file), flags }));
}

function wasm3Units(): Unit[] {
  const pin = wasm3Pin() + readFileSync(WASM3_CONFIG, "utf8");
  return SOURCES.wasm3.map((file) => ({ source: join(WASM3_SOURCE, file), flags: [...COMMON_FLAGS, `-I${WASM3_SOURCE}`], pin }));
}

function bearSslUnits(): Unit[] {
  const pin = bearSslPin();
  // With -O2 a secured frame of 83 octets takes 7,500 instructions less than with -Os.
  const flags = ["-O2", `-I${join(BEARSSL, "inc")}`, `-I${join(BEARSSL, "src")}`];
  return SOURCES.bearssl.map((file) => ({ source: join(BEARSSL, "src", file), flags, pin }));
}
