// Labs: modules with doors to one layer, for tests, vectors and oracles.  Their sources are tests/labs; no device imports them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../modules.ts";
import { type Built, compileAll, compileEntry, compileText, type Wanted } from "./compile.ts";
import { withDoors } from "./procedures.ts";

/** As a device's module, from which a lab differs in nothing but its doors: asconfig.json alone. */
const SHIPPED = { options: [] };
/** With the display's number of neighbours. */
const AS_THE_DISPLAY = { options: ["--use", "abort=,LIMIT_NEIGHBOURS=16"] };
/** As a module of phase 2. */
const AS_PHASE_2 = { options: ["--use", "abort=,DROPS_FROM_LAYER=4"] };
/** The clusters on a table: the edge below ZCL is a stub. */
const ON_A_TABLE = {
  options: ["-O2"],
  edit: (name: string, text: string): string =>
    name === "assembly/zigbee/aps/aps.ts" ? readFileSync(join(ROOT, "tests/labs/sep1/aps_stub.ts"), "utf8") : text,
};

/** A mesh: the edge below its routes is a medium of the test. */
const ON_A_MEDIUM = {
  options: ["--use", "abort=,DROPS_FROM_LAYER=4,LIMIT_REGISTRATIONS=48"],
  edit: (name: string, text: string): string =>
    name === "assembly/ip/link/radio.ts" ? readFileSync(join(ROOT, "tests/labs/ip/radio_stub.ts"), "utf8") : text,
};

/** As a module of phase 2, with room for documents of strangers. */
const WITH_ROOM = { options: ["--use", "abort=,LIMIT_STRINGS=2048", "--initialMemory", "16", "--maximumMemory", "16"] };

/** The transport on a wire: packets go to the test. */
const ON_A_WIRE = {
  options: ["--use", "abort=,DROPS_FROM_LAYER=4"],
  edit: (name: string, text: string): string => {
    const stub = { "assembly/ip/route.ts": "route_stub", "assembly/ip/own.ts": "own_stub" }[name];
    return stub ? readFileSync(join(ROOT, `tests/labs/ip/${stub}.ts`), "utf8") : text;
  },
};

/** Names on a table: what is sent stays there. */
const NAMES_ALONE = {
  options: ["--use", "abort=,DROPS_FROM_LAYER=4,LIMIT_NAMES_LINKS=2"],
  edit: (name: string, text: string): string =>
    name === "assembly/ip/route.ts" ? readFileSync(join(ROOT, "tests/labs/ip/names_route.ts"), "utf8") : text,
};

/** A device as it ships, and each file with a procedure has one door more. */
const withStates = (target: string): Omit<Wanted, "entry"> => ({ options: ["--target", target], edit: withDoors });

/** PANA on a medium that is the test. */
const PANA_ALONE = {
  ...AS_PHASE_2,
  edit: (name: string, text: string): string =>
    name === "assembly/ip/pana/send.ts" ? readFileSync(join(ROOT, "tests/labs/ip/pana_send.ts"), "utf8") : text,
};
/** MLE likewise. */
const MLE_ALONE = {
  ...AS_PHASE_2,
  edit: (name: string, text: string): string =>
    name === "assembly/ip/link/radio.ts" ? readFileSync(join(ROOT, "tests/labs/ip/mle_radio.ts"), "utf8") : text,
};

/** tests/labs/NAME.ts and how it is compiled. */
const LABS = {
  "mac/parsers": SHIPPED,
  "nwk/parsers": SHIPPED,
  "nwk/coordinator": SHIPPED,
  "nwk/router": SHIPPED,
  "nwk/end_device": AS_THE_DISPLAY,
  "aps/parsers": SHIPPED,
  "aps/coordinator": SHIPPED,
  "aps/router": SHIPPED,
  "aps/end_device": SHIPPED,
  "zcl/parsers": SHIPPED,
  "zcl/reporting": ON_A_TABLE,
  "sep1/parsers": SHIPPED,
  "sep1/key_establishment": SHIPPED,
  "sep1/ota": SHIPPED,
  "sep1/device": ON_A_TABLE,
  "sep1/ota_device": ON_A_TABLE,
  "crypto/doors": SHIPPED,
  "ip/transport": ON_A_WIRE,
  "ip/pieces": AS_PHASE_2,
  "ip/low": AS_PHASE_2,
  "ip/node": AS_PHASE_2,
  "ip/auth_parsers": AS_PHASE_2,
  "ip/firewall": AS_PHASE_2,
  "ip/eap": AS_PHASE_2,
  "ip/pana": PANA_ALONE,
  "ip/mle": MLE_ALONE,
  "ip/names": NAMES_ALONE,
  "states/hub": withStates("hub_sep1"),
  "states/ihd": withStates("ihd_sep1"),
  "states/meter": withStates("meter_sep1"),
  "boards/probe": SHIPPED,
  "boards/update": SHIPPED,
  "sep2/documents": WITH_ROOM,
  "sep2/documents_small": { options: ["--use", "abort=,LIMIT_STRINGS=4", "--initialMemory", "16", "--maximumMemory", "16"] },
  "tls/party": SHIPPED,
  "ip/mesh": SHIPPED,
  "ip/mesh_router": ON_A_MEDIUM,
  "ip/mesh_host": ON_A_MEDIUM,
  "ip/mesh_border": ON_A_MEDIUM,
} satisfies Record<string, Omit<Wanted, "entry">>;

export type LabName = keyof typeof LABS;
export const LAB_NAMES = Object.keys(LABS) as LabName[];

const wanted = (name: LabName): Wanted => ({ entry: `tests/labs/${name}.ts`, ...LABS[name] });
const modules = new Map<LabName, WebAssembly.Module>();

/** A lab's binary, compiled where its sources have changed. */
export function lab(name: LabName): Built["wasm"] {
  return compileEntry(wanted(name)).wasm;
}

export function labModule(name: LabName): WebAssembly.Module {
  let module = modules.get(name);
  if (!module) {
    module = new WebAssembly.Module(lab(name));
    modules.set(name, module);
  }
  return module;
}

/** A lab as the compiler writes it down, one instruction a line. */
export function labText(name: LabName): string {
  return compileText(wanted(name));
}

/** Compiles every lab that is not there, as `npm test` does beforehand. */
export async function ensureLabs(processes: number, say: (entry: string) => void): Promise<void> {
  await compileAll(LAB_NAMES.map(wanted), processes, say);
}
